"""What a transport envelope says and holds, and how it is written (terminal.xsd of May 2022)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ecard.documents.ceb import names
from ecard.documents.ceb.message_types import Direction, message_type_of
from ecard.documents.ceb.reasons import Reason
from ecard.documents.xml_guard import parse_xml, read_xml
from ecard.errors import MessageError
from ecard.moments import in_utc

RECEIVERS: Final = {Direction.IMPORT: "DXPEDCCEB0000002", Direction.EXPORT: "DXPEDCCEB0000003"}
"""Who receives customs messages, by the direction of the goods."""
CHINA: Final = timezone(timedelta(hours=8), "China")
"""The time zone of moments that name none."""
_LAST: Final = datetime.max.replace(tzinfo=CHINA)
_MAX_DATA: Final = 5 << 20
_MAX_REPEATED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What an envelope says and holds. Raises MessageError for a field that the schema does not allow."""

    message_id: str
    """CopMsgId, chosen by the sender, 1 to 255 characters."""
    sender: str
    """SenderId, the sender's number on the platform, 1 to 16 characters."""
    receivers: tuple[str, ...]
    """One to five ReceiverId of 1 to 16 characters."""
    created: datetime
    """CreatTime, aware; whole seconds are written."""
    message_type: str
    """MsgType, ``CEB621Message`` for example, at most 30 characters."""
    data: bytes = field(repr=False)
    """What is transported, at most 5 MiB."""
    file_name: str | None = None
    card_number: str | None = None
    """IcCard. The schema has room for 13 characters: ``03-`` before the number of an SM2 card is left out."""
    business_keys: tuple[tuple[str, str], ...] = ()
    """BizKey, at most five pairs of a name (1 to 32 characters, may be empty for none) and a key (1 to 64)."""
    text_encoding: str | None = None
    """The character set, where the data is declared to be text."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "created", in_utc(self.created))
        if self.created > _LAST:
            raise MessageError("CreatTime must be before the year 10000 in China", reason=Reason.FIELD)
        if self.card_number is not None:
            object.__setattr__(self, "card_number", self.card_number.removeprefix("03-"))
        _require_text(self.message_id, "CopMsgId", 1, 255)
        _require_text(self.sender, "SenderId", 1, 16)
        _require_count(self.receivers, "ReceiverId", 1)
        for receiver in self.receivers:
            _require_text(receiver, "ReceiverId", 1, 16)
        _require_text(self.message_type, "MsgType", 0, 30)
        _require_count(self.business_keys, "Key", 0)
        for name, key in self.business_keys:
            _require_text(name, "the name of a Key", 0, 32)
            _require_text(key, "Key", 1, 64)
        for value, what, limit in (
            (self.file_name, "FileName", 255),
            (self.card_number, "IcCard", 13),
            (self.text_encoding, "Encode", 50),
        ):
            if value is not None:
                _require_text(value, what, 1, limit)
        if len(self.data) > _MAX_DATA:
            raise MessageError(f"Data has more than {_MAX_DATA} bytes", reason=Reason.FIELD)

    @staticmethod
    def around(
        message: bytes, *, sender: str, message_id: str, created: datetime, card_number: str | None = None
    ) -> Envelope:
        """The envelope for a customs message, signed or not: its type and receiver follow from its root element.

        Raises XmlError where the message is malformed, MessageError where it is no customs message.
        """
        message_type = message_type_of(parse_xml(read_xml(message)).tag)
        if message_type is None:
            raise MessageError("the root element is no customs message", reason=Reason.UNKNOWN_TYPE)
        return Envelope(
            message_id=message_id,
            sender=sender,
            receivers=(RECEIVERS[message_type.direction],),
            created=created,
            message_type=message_type.root,
            data=message,
            file_name=f"{message_type.root}.xml",
            card_number=card_number,
        )

    def build(self) -> bytes:
        """The envelope as XML in UTF-8, unsigned, without white space between its elements."""
        receivers = "".join(_element("ReceiverId", receiver) for receiver in self.receivers)
        info = (
            _element("CopMsgId", self.message_id)
            + _element("SenderId", self.sender)
            + f"<dxp:ReceiverIds>{receivers}</dxp:ReceiverIds>"
            + _element("CreatTime", self.created.astimezone(CHINA).isoformat(timespec="seconds"))
            + _element("MsgType", self.message_type)
        )
        additional = "".join(self._additional())
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<dxp:DxpMsg xmlns:dxp="{names.DXP}" xmlns:ds="{names.DS}" ver="1.0"><dxp:TransInfo>{info}</dxp:TransInfo>'
            f"<dxp:Data>{b64encode(self.data).decode()}</dxp:Data>"
            + (f"<dxp:AddInfo>{additional}</dxp:AddInfo>" if additional else "")
            + "</dxp:DxpMsg>"
        ).encode()

    def _additional(self) -> Iterator[str]:
        if self.file_name is not None:
            yield _element("FileName", self.file_name)
        if self.card_number is not None:
            yield _element("IcCard", self.card_number)
        if self.business_keys:
            yield "<dxp:BizKey>"
            for name, key in self.business_keys:
                attribute = f" name={quoteattr(name)}" if name else ""
                yield f"<dxp:Key{attribute}>{escape(key)}</dxp:Key>"
            yield "</dxp:BizKey>"
        if self.text_encoding is not None:
            yield f"<dxp:IsText Encode={quoteattr(self.text_encoding)}></dxp:IsText>"


def _element(name: str, text: str) -> str:
    return f"<dxp:{name}>{escape(text)}</dxp:{name}>"


def _require_text(value: str, what: str, least: int, most: int) -> None:
    if not least <= len(value) <= most or not value.isprintable():
        raise MessageError(f"{what} must have {least} to {most} characters that print", reason=Reason.FIELD)


def _require_count(values: Sized, what: str, least: int) -> None:
    if not least <= len(values) <= _MAX_REPEATED:
        raise MessageError(f"there must be {least} to {_MAX_REPEATED} {what}, not {len(values)}", reason=Reason.FIELD)
