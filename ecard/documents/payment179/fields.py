"""The fields of posted payment data, read into the object that checks them: order, types, lengths, spellings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ecard.documents.ceb.reasons import Reason
from ecard.documents.payment179.data import Goods, Order, PaymentData, PaymentHead
from ecard.documents.payment179.reading import load_json
from ecard.documents.payment179.text import PaymentText
from ecard.errors import MessageError

_HEAD: Final = {
    "guid": "guid",
    "initalRequest": "initial_request",
    "initalResponse": "initial_response",
    "ebpCode": "platform_code",
    "payCode": "payment_firm_code",
    "payTransactionId": "transaction_id",
    "totalAmount": "total_amount",
    "currency": "currency",
    "verDept": "verifier",
    "payType": "pay_type",
    "tradingTime": "trading_time",
    "note": "note",
}
_ORDER: Final = {
    "orderNo": "number",
    "goodsInfo": "goods",
    "recpAccount": "receiving_account",
    "recpCode": "receiving_code",
    "recpName": "receiving_name",
}
_GOODS: Final = {"gname": "name", "itemLink": "link"}
_OPTIONAL: Final = frozenset({"payType", "note", "recpCode"})
_SPELLINGS: Final = {"initialRequest": "initalRequest", "initialResponse": "initalResponse"}
_MAX_DIGITS: Final = 14
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def data_of(text: PaymentText) -> PaymentData:
    """The payment data in a text. MessageError names the first field that breaks its rule."""
    head = load_json(text.head, "payExchangeInfoHead", parse_float=_number, parse_int=_number)
    lists = load_json(text.lists, "payExchangeInfoLists", parse_float=_number, parse_int=_number)
    if not isinstance(lists, list):
        raise _refused("payExchangeInfoLists is no list")
    return PaymentData(
        session_id=text.session_id,
        head=PaymentHead(**_members(head, _HEAD, "payExchangeInfoHead")),
        orders=tuple(_order(order) for order in lists),
        service_time=_moment(text.service_time),
    )


def _number(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise _refused("a number has an exponent that no amount has") from None


def _order(value: Any) -> Order:
    members = _members(value, _ORDER, "an order")
    goods = members["goods"]
    if not isinstance(goods, list):
        raise _refused("goodsInfo is no list")
    members["goods"] = tuple(Goods(**_members(item, _GOODS, "goodsInfo")) for item in goods)
    return Order(**members)


def _members(value: Any, names: dict[str, str], what: str) -> dict[str, Any]:
    """The members of an object under the names of the dataclass; they must stand in the order of ``names``."""
    if not isinstance(value, dict):
        raise _refused(f"{what} is no object")
    for wrong, right in _SPELLINGS.items():
        if wrong in value:
            raise MessageError(f"{what} has {wrong}", reason=Reason.FIELD, remedy=f"the official spelling is {right}")
    expected = [name for name in names if name in value or name not in _OPTIONAL]
    if list(value) != expected:
        raise _refused(f"{what} must have {', '.join(names)} in this order")
    return {names[name]: member for name, member in value.items() if member is not None or name not in _OPTIONAL}


def _moment(text: str) -> datetime:
    if not text.isascii() or not text.isdecimal() or len(text) > _MAX_DIGITS:
        raise _refused("serviceTime is not a number of milliseconds")
    return _EPOCH + timedelta(milliseconds=int(text))


def _refused(message: str) -> MessageError:
    return MessageError(message, reason=Reason.FIELD)
