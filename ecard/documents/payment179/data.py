"""The payment data of notice 179 as an object that checks itself, and its text: the only place where it is written.

Field names, order and lengths are those of the annex to the customs' notice 2018-179, with its spelling of "inital".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ecard.documents.ceb.reasons import Reason
from ecard.documents.payment179.text import PaymentText
from ecard.errors import MessageError
from ecard.moments import in_utc

_SESSION: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,60}", re.ASCII)
_GUID: Final = re.compile(r"[0-9A-Z-]{36}", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{14}", re.ASCII)
_VERIFICATION: Final = frozenset("123")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PAY_TYPES: Final = frozenset("1234")


def _require_text(value: str, name: str, most: int, least: int = 1) -> None:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise _refused(f"{name} must be a text of {least} to {most} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _refused(f"{name} has half a character in it")


def _refused(message: str) -> MessageError:
    return MessageError(message, reason=Reason.FIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One kind of goods in an order."""

    name: str
    """gname (商品名称), at most 250 characters."""
    link: str
    """itemLink (商品展示链接地址), at most 3000 characters; several addresses are joined with ``;``."""

    def __post_init__(self) -> None:
        _require_text(self.name, "gname", 250)
        _require_text(self.link, "itemLink", 3000)

    def members(self) -> dict[str, object]:
        """The members in their order."""
        return {"gname": self.name, "itemLink": self.link}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order that the payment was for."""

    number: str
    """orderNo (订单编号), at most 60 characters."""
    goods: tuple[Goods, ...]
    receiving_account: str = field(repr=False)
    """recpAccount (收款账号), at most 60 characters."""
    receiving_name: str
    """recpName (收款企业名称), at most 100 characters."""
    receiving_code: str = ""
    """recpCode (收款企业代码), at most 18 characters; empty for an enterprise abroad."""

    def __post_init__(self) -> None:
        _require_text(self.number, "orderNo", 60)
        if not self.goods:
            raise _refused("goodsInfo must have at least one entry")
        _require_text(self.receiving_account, "recpAccount", 60)
        _require_text(self.receiving_code, "recpCode", 18, least=0)
        _require_text(self.receiving_name, "recpName", 100)

    def members(self) -> dict[str, object]:
        """The members in their order."""
        return {
            "orderNo": self.number,
            "goodsInfo": [goods.members() for goods in self.goods],
            "recpAccount": self.receiving_account,
            "recpCode": self.receiving_code,
            "recpName": self.receiving_name,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHead:
    """The payment itself."""

    guid: str
    """36 characters, letters in upper case."""
    initial_request: str = field(repr=False)
    """initalRequest (原始请求): what the platform sent to the payment firm, at most 8000 characters."""
    initial_response: str = field(repr=False)
    """initalResponse (原始响应): what the payment firm answered, at most 8000 characters."""
    platform_code: str
    """ebpCode (电商平台代码), at most 18 characters."""
    payment_firm_code: str
    """payCode (支付企业代码), at most 18 characters."""
    transaction_id: str
    """payTransactionId (交易流水号), at most 60 characters."""
    total_amount: Decimal
    """totalAmount (交易金额), at most 19 digits, 5 of them after the point. It is written with the digits it has."""
    currency: str
    """The customs' code, at most 4 characters: 142 for yuan."""
    verifier: str
    """verDept (验核机构): 1 UnionPay, 2 NetsUnion, 3 another."""
    trading_time: str
    """tradingTime (交易成功时间), yyyyMMddHHmmss in the time of China."""
    pay_type: str = ""
    """payType (支付类型): 1 app, 2 PC, 3 scan, 4 other; may be left out."""
    note: str = ""
    """At most 1000 characters."""

    def __post_init__(self) -> None:
        _require_text(self.guid, "guid", 36, least=36)
        if not _GUID.fullmatch(self.guid):
            raise _refused("guid must have 36 characters: digits, capital letters and hyphens")
        _require_text(self.initial_request, "initalRequest", 8000)
        _require_text(self.initial_response, "initalResponse", 8000)
        _require_text(self.platform_code, "ebpCode", 18)
        _require_text(self.payment_firm_code, "payCode", 18)
        _require_text(self.transaction_id, "payTransactionId", 60)
        amount_text(self.total_amount)
        _require_text(self.currency, "currency", 4)
        _require_text(self.verifier, "verDept", 1)
        _require_text(self.pay_type, "payType", 1, least=0)
        if self.verifier not in _VERIFICATION:
            raise _refused("verDept must be 1, 2 or 3")
        if self.pay_type and self.pay_type not in _PAY_TYPES:
            raise _refused("payType must be 1, 2, 3, 4 or nothing")
        _require_trading_time(self.trading_time)
        _require_text(self.note, "note", 1000, least=0)

    def text(self) -> str:
        """The head as compact JSON. The amount is written as it is: no float ever touches it."""
        before = {
            "guid": self.guid,
            "initalRequest": self.initial_request,
            "initalResponse": self.initial_response,
            "ebpCode": self.platform_code,
            "payCode": self.payment_firm_code,
            "payTransactionId": self.transaction_id,
        }
        after = {
            "currency": self.currency,
            "verDept": self.verifier,
            "payType": self.pay_type,
            "tradingTime": self.trading_time,
            "note": self.note,
        }
        amount = f',"totalAmount":{amount_text(self.total_amount)},'
        return _compact(before)[:-1] + amount + _compact(after)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentData:
    """All that is posted for one request of the customs. Raises MessageError for a field that breaks its rule."""

    session_id: str
    """sessionID, as the customs gave it in their request, at most 60 printing ASCII characters."""
    head: PaymentHead
    orders: tuple[Order, ...]
    service_time: datetime
    """serviceTime, when the platform answers; milliseconds are written."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "service_time", in_utc(self.service_time))
        if not isinstance(self.session_id, str) or not _SESSION.fullmatch(self.session_id):
            raise _refused("sessionID must have 1 to 60 printing ASCII characters, no quotation mark and no backslash")
        if not self.orders:
            raise _refused("payExchangeInfoLists must have at least one order")

    def text(self) -> PaymentText:
        """The text that is signed and posted."""
        milliseconds = (self.service_time - _EPOCH) // timedelta(milliseconds=1)
        return PaymentText(
            session_id=self.session_id,
            head=self.head.text(),
            lists=_compact([order.members() for order in self.orders]),
            service_time=str(milliseconds),
        )


def amount_text(amount: Decimal) -> str:
    """An amount in digits; MessageError unless it has at most 19, at most 5 of them after the point."""
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount.is_signed():
        raise _refused("totalAmount must be a number that is not negative, in Python a Decimal")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -5 or amount.adjusted() > 18 or len(f"{amount:f}") > 20:
        raise _refused("totalAmount must have at most 19 digits, 5 of them after the point")
    return f"{amount:f}"


def _require_trading_time(text: str) -> None:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        datetime.strptime(text, "%Y%m%d%H%M%S")
    except (ValueError, TypeError):
        raise _refused("tradingTime must be yyyyMMddHHmmss and a time of the calendar") from None


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
