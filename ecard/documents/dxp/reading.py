"""Reading a transport envelope by its schema: elements, their order and texts. Further attributes are passed over."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.kinds import ENVELOPE
from ecard.documents.ceb.reasons import Reason
from ecard.documents.ceb.spans import SIGNATURE
from ecard.documents.dxp.envelope import CHINA, Envelope
from ecard.documents.source import Document
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, find_comment, parse_xml, read_xml
from ecard.errors import MessageError

_PREFIX: Final = f"{{{names.DXP}}}"
_BLANK: Final = " \t\r\n"
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?",
    re.ASCII,
)
"""xs:dateTime (XML Schema part 2, section 3.2.7), of the years that a datetime has."""


def parse(source: Document, limits: XmlLimits = DEFAULT_LIMITS) -> Envelope:
    """The envelope in ``source``. A signature in it is not looked at: for a signed one, parse what ``verify`` verified.

    Raises XmlError for XML that is malformed or hostile, MessageError for what is no envelope or breaks its schema,
    and InvalidInputError where the source cannot be read.
    """
    root = parse_xml(read_xml(source, limits))
    if root.tag != ENVELOPE:
        raise _refused("the root element is not DxpMsg")
    if root.get("ver") != "1.0":
        raise _refused("the version of the envelope is not 1.0")
    if find_comment(root) is not None:
        raise _refused("the envelope has comments or processing instructions")
    parts = _children(root, optional=("AddInfo",), required=("TransInfo", "Data"), signature=True)
    info = _children(
        parts["TransInfo"], required=("CopMsgId", "SenderId", "ReceiverIds", "CreatTime", "MsgType"), optional=()
    )
    additional = _read_additional(parts.get("AddInfo"))
    return Envelope(
        message_id=_text(info["CopMsgId"]),
        sender=_text(info["SenderId"]),
        receivers=tuple(_text(receiver) for receiver in _repeated(info["ReceiverIds"], "ReceiverId")),
        created=_time(_text(info["CreatTime"])),
        message_type=_text(info["MsgType"]),
        data=_data(_text(parts["Data"])),
        file_name=_optional(additional, "FileName"),
        card_number=_optional(additional, "IcCard"),
        business_keys=_keys(additional.get("BizKey")),
        text_encoding=_encoding(additional.get("IsText")),
    )


def _read_additional(element: etree._Element | None) -> dict[str, etree._Element]:
    if element is None:
        return {}
    return _children(element, required=(), optional=("FileName", "IcCard", "BizKey", "IsText", "RecMapId"))


def _children(
    element: etree._Element, *, required: tuple[str, ...], optional: tuple[str, ...], signature: bool = False
) -> dict[str, etree._Element]:
    """The children of an element by local name: the required ones, the optional ones, in this order, each once.

    ``signature`` lets one signature stand after them.
    """
    found = list(element)
    if signature and found and found[-1].tag == SIGNATURE:
        found.pop()
    tags = [str(child.tag) for child in found]
    expected = [name for name in (*required, *optional) if name in required or _PREFIX + name in tags]
    if tags != [_PREFIX + name for name in expected]:
        local = etree.QName(element).localname
        raise _refused(f"{local} must hold {', '.join(required + optional)} in this order, each once")
    _require_no_text(element)
    return dict(zip(expected, found, strict=True))


def _require_no_text(element: etree._Element) -> None:
    if any((text or "").strip(_BLANK) for text in (element.text, *(child.tail for child in element))):
        raise _refused(f"{etree.QName(element).localname} has text beside its elements")


def _repeated(element: etree._Element, name: str) -> list[etree._Element]:
    found = list(element)
    if any(child.tag != _PREFIX + name for child in found):
        raise _refused(f"{etree.QName(element).localname} holds something else than {name}")
    _require_no_text(element)
    return found


def _keys(element: etree._Element | None) -> tuple[tuple[str, str], ...]:
    if element is None:
        return ()
    keys = _repeated(element, "Key")
    if not keys or any(key.get("name") == "" for key in keys):
        raise _refused("BizKey must hold a Key, and the name of a Key must not be empty")
    return tuple((key.get("name", ""), _text(key)) for key in keys)


def _encoding(element: etree._Element | None) -> str | None:
    if element is None:
        return None
    encoding: str | None = element.get("Encode")
    if encoding is None:
        raise _refused("IsText names no Encode")
    if len(element) or (element.text or "").strip(_BLANK):
        raise _refused("IsText must hold nothing, its attribute Encode says it all")
    return encoding


def _optional(elements: dict[str, etree._Element], name: str) -> str | None:
    return _text(elements[name]) if name in elements else None


def _text(element: etree._Element) -> str:
    if len(element):
        raise _refused(f"{etree.QName(element).localname} must hold text alone")
    return str(element.text or "")


def _time(text: str) -> datetime:
    """An xs:dateTime; one without a time zone is taken for the time of China."""
    try:
        if not _TIME.fullmatch(text.strip(_BLANK)):
            raise ValueError
        moment = datetime.fromisoformat(text.strip(_BLANK))
        return (moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MessageError("CreatTime is no time as 2026-06-01T12:00:00+08:00", reason=Reason.FIELD) from None


def _data(text: str) -> bytes:
    try:
        encoded = text.encode("ascii").translate(None, _BLANK.encode())
        data = b64decode(encoded, validate=True)
    except ValueError:
        raise MessageError("Data is not Base64", reason=Reason.FIELD) from None
    if b64encode(data) != encoded:
        raise MessageError("Data is not in the one spelling of its Base64", reason=Reason.FIELD)
    return data


def _refused(message: str) -> MessageError:
    return MessageError(message, reason=Reason.SHAPE)
