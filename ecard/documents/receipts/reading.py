"""Reading a receipt: the answer of the customs to a message, unsigned, with a status for each of its business nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.message_types import MessageType, message_type_of
from ecard.documents.ceb.reasons import Reason
from ecard.documents.dxp.envelope import CHINA
from ecard.documents.receipts.codes import CODES, TAX_STATES, Code, explain
from ecard.documents.source import Document
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, parse_xml, read_xml
from ecard.errors import MessageError

_TAX_MESSAGES: Final = frozenset({816, 818})
_STATUS: Final = ("returnStatus", "status")
_TIMES: Final = ("returnTime", "opDate")
_WHAT: Final = dict.fromkeys(_STATUS, "status") | dict.fromkeys(_TIMES, "time")
"""What stands under two names, of which each schema has one; every other field is called by its name."""
_ORIGINAL: Final = "oriBizMessage"
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_MOMENT: Final = re.compile(r"([0-9]{14})([0-9]{0,3})", re.ASCII)
_CODE_IN_TEXT: Final = re.compile(
    r"(?:[Cc]ode|代码|错误码)\s*[:：=]\s*([+-]?[0-9]{1,9})|(?<![0-9])(-[0-9]{6})(?![0-9])"
)
_MAX_CODES: Final = 20
_PREFIX: Final = f"{{{names.CEB}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """What a receipt says of one business node."""

    entity: str
    """``InventoryReturn`` for example."""
    guid: str | None
    status: int | None
    """The operation result; None where there is none or it is no number."""
    time: datetime | None
    """When the customs acted, in UTC; the receipt gives the time of China."""
    text: str = field(default="", repr=False)
    """The customs' words. They can quote the message, so they are not in ``repr``."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All other fields by name: order, waybill and declaration numbers."""
    codes: tuple[Code, ...] = ()
    """What the status and the codes in the text mean, each once."""

    @property
    def is_failure(self) -> bool:
        """Whether the message could not be used, or came back."""
        return any(code.progress.value in {"failed", "refused"} for code in self.codes)

    def explain(self) -> str:
        """The codes in words, a line each."""
        if not self.codes:
            return f"{self.entity}: no status that could be read"
        return "\n".join(
            f"{code.number}: {code.meaning} ({code.chinese})" + (f"; {code.remedy}" if code.remedy else "")
            for code in self.codes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt: its type, its own number, and an item for each business node."""

    message_type: MessageType
    guid: str | None
    items: tuple[ReceiptItem, ...]
    original: str | None = field(default=None, repr=False)
    """The message that could not be read, as message 900 gives it back. It holds personal data."""


def parse(source: Document, limits: XmlLimits = DEFAULT_LIMITS) -> Receipt:
    """The receipt in ``source``. Nobody signs receipts: what they say is as true as the way on which they came.

    Raises XmlError for XML that is malformed or hostile, MessageError for what is no receipt, and InvalidInputError
    where the source cannot be read.
    """
    root = parse_xml(read_xml(source, limits))
    message_type = message_type_of(root.tag)
    if message_type is None:
        raise MessageError("the root element is no customs message", reason=Reason.UNKNOWN_TYPE)
    if not message_type.is_receipt:
        raise MessageError(f"{message_type.root} is sent to the customs, it is no receipt", reason=Reason.UNKNOWN_TYPE)
    # nobody signs a receipt, so a comment is no fault; but a text that one stands in must be read whole
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    nodes = list(root.iterchildren(_PREFIX + message_type.entity))
    if not nodes:
        raise MessageError(f"the receipt has no {message_type.entity}", reason=Reason.SHAPE)
    fields = [_fields_once(node) for node in nodes]
    return Receipt(
        message_type=message_type,
        guid=root.get("guid"),
        items=tuple(_item(message_type, found) for found in fields),
        original=fields[0].get(_ORIGINAL),
    )


def _fields_once(node: etree._Element) -> dict[str, str]:
    """The fields by name. What a receipt says twice, under either name for it, it may say in two ways."""
    found: dict[str, str] = {}
    said: dict[str, str] = {}
    for name, value in _fields(node):
        what = _WHAT.get(name, name)
        if what in said:
            both = f"{name[:60]} twice" if said[what] == name else f"{said[what]} and {name}"
            raise MessageError(
                f"the receipt has {both} in one node",
                reason=Reason.SHAPE,
                remedy="do not go by it; ask for the receipt again",
            )
        said[what] = name
        found[name] = value
    return found


def _fields(node: etree._Element) -> Iterator[tuple[str, str]]:
    """The simple fields of a node, and those of its head where it has one; lists of goods are left out."""
    for child in node.iterchildren(f"{_PREFIX}*"):
        name = etree.QName(child).localname
        if not len(child):
            yield name, (child.text or "").strip()
        elif "List" not in name:
            yield from _fields(child)


def _item(message_type: MessageType, fields: dict[str, str]) -> ReceiptItem:
    status = _first(fields, _STATUS)
    number = int(status) if status and _NUMBER.fullmatch(status) else None
    text = fields.get("returnInfo", "")
    known = {*_STATUS, *_TIMES, "guid", "returnInfo", _ORIGINAL}
    return ReceiptItem(
        entity=message_type.entity,
        guid=fields.get("guid"),
        status=number,
        time=_time(_first(fields, _TIMES)),
        text=text,
        keys={name: value for name, value in fields.items() if name not in known},
        codes=tuple(dict.fromkeys(_codes(message_type, number, text))),
    )


def _codes(message_type: MessageType, status: int | None, text: str) -> Iterator[Code]:
    if status is not None:
        tax_state = TAX_STATES.get(status) if message_type.number in _TAX_MESSAGES else None
        yield tax_state or explain(status)
    for _, match in zip(range(_MAX_CODES), _CODE_IN_TEXT.finditer(text), strict=False):
        number = int(match.group(1) or match.group(2))
        if number in CODES or number < 0:
            yield explain(number)


def _first(fields: Mapping[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((fields[name] for name in wanted if fields.get(name)), None)


def _time(text: str | None) -> datetime | None:
    """yyyyMMddHHmmssSSS in the time of China, milliseconds optional; None for anything else."""
    match = _MOMENT.fullmatch(text or "")
    if match is None:
        return None
    try:
        moment = datetime.strptime(match.group(1), "%Y%m%d%H%M%S").replace(tzinfo=CHINA).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=int(match.group(2).ljust(3, "0")) * 1000)
