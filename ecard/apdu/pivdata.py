"""The small data objects of a PIV card as values: version, CHUID, discovery, key history, what SELECT answers.

SP 800-73-5 part 1, sections 3.1 to 3.3; part 2, section 3.1.1. Members that a card leaves out are None.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from ecard.apdu import tlv
from ecard.errors import CardProtocolError

_PIN_POLICY = 0x5F2F
_GLOBAL_PIN_EXISTS, _GLOBAL_PIN_PREFERRED = 0x20, 0x20


class Version(NamedTuple):
    """The version of the card application."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class ApplicationProperties:
    """What SELECT answers (data object 61)."""

    label: str | None
    """The application's name, without characters that do not print."""

    @staticmethod
    def read(answer: bytes) -> ApplicationProperties:
        """Read leniently: cards answer in many ways, and nothing depends on it."""
        with suppress(CardProtocolError):
            template = tlv.decode(answer).get(0x61, b"")
            label = tlv.decode(template).get(0x50)
            if label:
                text = label.decode("utf-8", "replace")
                return ApplicationProperties("".join(c for c in text[:64] if c.isprintable()) or None)
        return ApplicationProperties(None)


@dataclass(frozen=True, slots=True)
class Chuid:
    """The card holder unique identifier (SP 800-73-5 part 1, section 3.1.2), without its signature."""

    fascn: bytes
    guid: UUID | None
    expires: date | None

    @staticmethod
    def read(content: bytes) -> Chuid:
        """Read the content of object 5FC102. Raises CardProtocolError."""
        found = tlv.decode(content)
        guid = found.get(0x34, b"")
        return Chuid(
            fascn=found.get(0x30, b""),
            guid=UUID(bytes=guid) if len(guid) == 16 else None,
            expires=_date(found.get(0x35, b"")),
        )


@dataclass(frozen=True, slots=True)
class Discovery:
    """The discovery object (SP 800-73-5 part 1, section 3.3.2)."""

    aid: bytes
    pin_policy: bytes
    """Two bytes."""

    @property
    def prefers_global_pin(self) -> bool:
        """Whether the card's PIN for everything (key reference 00) is to be used instead of the application's."""
        return bool(self.pin_policy[0] & _GLOBAL_PIN_EXISTS) and bool(self.pin_policy[1] & _GLOBAL_PIN_PREFERRED)

    @staticmethod
    def read(answer: bytes) -> Discovery:
        """Read the object, outer tag 7E included. Raises CardProtocolError."""
        found = tlv.decode(tlv.unwrap(answer, 0x7E, "discovery object"))
        policy = found.get(_PIN_POLICY, b"")
        if len(policy) != 2:
            raise CardProtocolError("discovery object: the PIN usage policy is missing")
        return Discovery(found.get(0x4F, b""), policy)


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """How many retired keys there are (SP 800-73-5 part 1, section 3.3.3)."""

    on_card: int
    """With their certificates on the card."""
    off_card: int
    """With their certificates elsewhere."""
    url: str | None

    @staticmethod
    def read(content: bytes) -> KeyHistory:
        """Read the content of object 5FC10C. Raises CardProtocolError."""
        found = tlv.decode(content)
        on_card, off_card = found.get(0xC1, b""), found.get(0xC2, b"")
        if len(on_card) != 1 or len(off_card) != 1:
            raise CardProtocolError("key history: the counts of keys are missing")
        return KeyHistory(on_card[0], off_card[0], found.get(0xF3, b"").decode("ascii", "replace") or None)


def _date(text: bytes) -> date | None:
    with suppress(ValueError):
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    return None
