"""The words of the data centre's procedures: acts, actors, offices, channels, kinds and states of cards."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ecard.pki.identity import CardType


class CardKind(Enum):
    """Whose card it is."""

    LEGAL_PERSON = "legal-person"
    """A legal-person card (法人卡), the enterprise's seal."""
    OPERATOR = "operator"
    """An operator card (操作员卡), the holder's personal seal."""
    OFFICER = "officer"
    """An officer's card: of the data centre, a bureau or a competent department."""
    CENTRE = "centre"
    """The data centre's own seal, which signs receipts."""

    @property
    def card_type(self) -> CardType:
        """What the card's certificates say: the centre's seal is a legal-person card, an officer's an operator card."""
        return CardType.LEGAL_PERSON if self in {CardKind.LEGAL_PERSON, CardKind.CENTRE} else CardType.OPERATOR


class CardState(Enum):
    """What a card is at a moment."""

    TRANSPORT = "transport"
    """Made or unlocked: it has a PIN that the centre knows, and may do nothing until the holder changed it."""
    ACTIVE = "active"
    LOST = "lost"
    """挂失"""
    FROZEN = "frozen"
    """冻结"""
    VOID = "void"
    """作废: terminal."""


class Office(Enum):
    """What an officer is an officer of."""

    CENTRE = "centre"
    """数据分中心 or 制卡代理点"""
    TECHNICAL_SUPERVISION = "technical-supervision"
    """技术监督局"""
    INDUSTRY_AND_COMMERCE = "industry-and-commerce"
    """工商局"""
    TAX = "tax"
    """税务局"""
    CUSTOMS = "customs"
    """海关"""
    FOREIGN_EXCHANGE = "foreign-exchange"
    """外汇局"""
    FOREIGN_TRADE = "foreign-trade"
    """外经贸"""


BUREAUS: Final = (Office.TECHNICAL_SUPERVISION, Office.INDUSTRY_AND_COMMERCE, Office.TAX)
"""The three bureaus, all of which approve before a legal-person card is made."""
DEPARTMENTS: Final = (Office.CUSTOMS, Office.FOREIGN_EXCHANGE, Office.FOREIGN_TRADE)
"""The competent departments (主管部门), each of which approves its own business."""


class Channel(Enum):
    """How an order reaches the centre."""

    COUNTER = "counter"
    ONLINE = "online"


class Act(Enum):
    """What an order asks for."""

    FOUND_CENTRE = "found-centre"
    APPOINT = "appoint"
    DISMISS = "dismiss"
    APPLY = "apply"
    """企业提出入网申请"""
    FILE = "file"
    """企业信息备案"""
    APPROVE_ENTRY = "approve-entry"
    """入网资格审批"""
    REFUSE_ENTRY = "refuse-entry"
    REGISTER_OPERATOR = "register-operator"
    """申报"""
    APPROVE_OPERATOR = "approve-operator"
    """在线审批"""
    REFUSE_OPERATOR = "refuse-operator"
    MAKE = "make"
    """制卡"""
    FILE_BUSINESS = "file-business"
    """数据备案"""
    APPROVE_BUSINESS = "approve-business"
    """业务部门审批"""
    REFUSE_BUSINESS = "refuse-business"
    WITHDRAW_BUSINESS = "withdraw-business"
    COLLECT = "collect"
    """领取"""
    REGISTER_CHANNEL = "register-channel"
    """安全技术接入通道注册"""
    REPORT_LOSS = "report-loss"
    """挂失"""
    REPORT_FOUND = "report-found"
    """解挂"""
    FREEZE = "freeze"
    """冻结"""
    UNFREEZE = "unfreeze"
    """解冻"""
    VOID = "void"
    """作废"""
    REPLACE = "replace"
    """补办"""
    RENEW = "renew"
    """延期"""
    UNLOCK = "unlock"
    """解锁"""
    CHANGE_PIN = "change-pin"
    """修改密码"""
    ERASE_PERSON = "erase-person"
    PUBLISH_CRL = "publish-crl"


class Refusal(Enum):
    """Why an order is not carried out."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    """The signature is not good, or is of no card of this register."""
    NOT_ALLOWED = "not-allowed"
    """Whoever signed may not give this order."""
    OTHER_ENTERPRISE = "other-enterprise"
    SIGNER_STATE = "signer-state"
    """The card that signed is not active."""
    STATE = "state"
    """What the order is about is not in a state for it."""
    REPLAYED = "replayed"
    STALE = "stale"
    """Something changed since the order was written."""
    OUT_OF_ORDER = "out-of-order"
    """The signer gave a later order before, or the order refers to what has not happened."""
    UNTIMELY = "untimely"
    """Signed too long ago, or in the future."""
    PAPERS = "papers"
    """A document or a form is missing."""
    UNKNOWN = "unknown"
    """What the order is about does not exist."""
    EXISTS = "exists"
    """What the order would make exists already."""
    DETAILS = "details"
    """Something that the order must say is missing or wrong."""
