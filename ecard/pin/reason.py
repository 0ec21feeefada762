"""Why a policy refuses a PIN, in English and in Chinese; never with the PIN or the datum that matched."""

from __future__ import annotations

from enum import Enum
from typing import Self


class PolicyReason(Enum):
    """The base of reasons: an enum whose members have a code, an English and a Chinese sentence.

    A rule of one's own returns a member of a subclass of one's own:

    >>> class HouseReason(PolicyReason):
    ...     DOOR_CODE = "door-code", "the PIN opens the door", "PIN 与门禁密码相同"
    >>> HouseReason.DOOR_CODE.chinese
    'PIN 与门禁密码相同'
    """

    english: str
    chinese: str

    def __new__(cls, code: str, english: str, chinese: str) -> Self:
        """A member whose value is ``code``."""
        member = object.__new__(cls)
        member._value_ = code
        member.english = english
        member.chinese = chinese
        return member

    def __str__(self) -> str:
        return self.english


class Reason(PolicyReason):
    """The reasons of the rules that come with ecard."""

    TOO_SHORT = "too-short", "the PIN is shorter than the policy allows", "PIN 长度不足"
    TOO_LONG = "too-long", "the PIN is longer than the card takes", "PIN 超过卡片允许的长度"
    WRONG_CHARACTERS = (
        "wrong-characters",
        "the PIN has characters that the card does not take",
        "PIN 含有卡片不接受的字符",
    )
    REPEATED = (
        "repeated",
        "the PIN repeats or mirrors itself, or has too few different digits",
        "PIN 由重复或对称的数字组成",
    )
    RUN = "run", "the PIN is a run of digits up or down, or nearly so", "PIN 为连续递增或递减的数字"
    KEYPAD_WALK = "keypad-walk", "the PIN is a walk over the keypad", "PIN 为键盘上的连线图形"
    FACTORY_PIN = "factory-pin", "the PIN is one that cards leave the factory with", "PIN 为出厂默认值"
    COMMON_PIN = "common-pin", "the PIN is one of the most common ones", "PIN 属于最常用的弱口令"
    CALENDAR_DATE = "calendar-date", "the PIN is a date of the calendar", "PIN 是一个日历日期"
    BIRTH_DATE = "birth-date", "the PIN is made from a birth date", "PIN 由出生日期构成"
    TELEPHONE_NUMBER = "telephone-number", "the PIN is made from a telephone number", "PIN 由电话号码构成"
    IDENTITY_NUMBER = "identity-number", "the PIN is made from an identity number", "PIN 由公民身份号码构成"
    ORGANISATION_CODE = (
        "organisation-code",
        "the PIN is made from an organisation code or unified social credit code",
        "PIN 由组织机构代码或统一社会信用代码构成",
    )
    CARD_NUMBER = "card-number", "the PIN is made from a card number", "PIN 由卡号构成"
    CERTIFICATE_NUMBER = "certificate-number", "the PIN is made from a certificate number", "PIN 由证书号构成"
    POSTAL_CODE = "postal-code", "the PIN is made from a postal code", "PIN 由邮政编码构成"
    COMBINED_FACTS = (
        "combined-facts",
        "the PIN joins pieces of the holder's numbers and dates",
        "PIN 由持卡人的多项号码或日期拼接而成",
    )
    EQUAL_TO_PUK = "equal-to-puk", "the PIN is equal to the PUK", "PIN 与解锁码 (PUK) 相同"
    USED_BEFORE = "used-before", "the PIN was used before", "PIN 与近期使用过的 PIN 相同"
