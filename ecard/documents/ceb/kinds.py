"""What kinds of XML are signed this way, and how each is recognised."""

from __future__ import annotations

from enum import Enum
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.message_types import MessageType, message_type_of
from ecard.documents.ceb.profiles import CUSTOMS_VERIFYING, OTHER_XML, Profile
from ecard.documents.ceb.refusal import Refused
from ecard.findings import FindingCode

ENVELOPE: Final = f"{{{names.DXP}}}DxpMsg"
"""The root of the transport envelope."""


class Kind(Enum):
    """What the caller expects."""

    CUSTOMS = "a customs message"
    ENVELOPE = "a transport envelope"
    OTHER_XML = "XML that is no customs message"

    @property
    def profiles(self) -> frozenset[Profile]:
        """The profiles under which a signature of this kind can be good."""
        return OTHER_XML if self is Kind.OTHER_XML else CUSTOMS_VERIFYING

    def recognise(self, root: etree._Element) -> MessageType | None:
        """The message type, where this is a customs message; Refused where it is not what the caller expects."""
        message_type = message_type_of(root.tag)
        if self is Kind.CUSTOMS:
            return _require_signed_type(message_type)
        if message_type is not None:
            raise Refused(
                FindingCode.MESSAGE_UNKNOWN, f"this is a customs message, {message_type.root}, not {self.value}"
            )
        if self is Kind.ENVELOPE and root.tag != ENVELOPE:
            raise Refused(FindingCode.MESSAGE_UNKNOWN, "the root element is not DxpMsg")
        return None


def _require_signed_type(message_type: MessageType | None) -> MessageType:
    if message_type is None:
        raise Refused(FindingCode.MESSAGE_UNKNOWN, "the root element is no message type of the customs' specification")
    if message_type.is_receipt:
        what = f"{message_type.root} ({message_type.chinese}) is sent by the customs and never signed"
        raise Refused(FindingCode.MESSAGE_UNKNOWN, what)
    return message_type
