"""What a card is and what it holds, gathered in one value; what a card does not tell is None."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from ecard.apdu.metadata import KeyMetadata, ManagementKeyMetadata, PinMetadata
from ecard.apdu.piv import PivSession
from ecard.apdu.pivdata import Version
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    InvalidKeyError,
    NotSupportedByCardError,
    ObjectNotFoundError,
)

MAIN_SLOTS: Final = (Slot.AUTHENTICATION, Slot.SIGNATURE, Slot.KEY_MANAGEMENT, Slot.CARD_AUTHENTICATION)
"""The slots that every PIV card has."""
RETIRED_SLOTS: Final = tuple(slot for slot in Slot if slot.is_retired)
"""Slots 82 to 95, for keys that are in use no more. Most cards have nothing there, and are asked 40 times to say so."""
_REFUSALS: Final = (NotSupportedByCardError, ObjectNotFoundError, CardStatusError, InvalidKeyError)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SlotInfo:
    """What is in a slot."""

    slot: Slot
    key: KeyMetadata | None
    certificate: Certificate | None
    damaged: bool
    """Whether there is a certificate object that holds no whole certificate."""


@dataclass(frozen=True, slots=True)
class CardInfo:
    """What a card says of itself, without anything that needs a PIN."""

    reader: str
    atr: bytes
    label: str | None
    version: Version | None
    serial: int | None
    guid: UUID | None
    expires: date | None
    pin_tries: int | None
    puk_tries: int | None
    pin: PinMetadata | None
    puk: PinMetadata | None
    management_key: ManagementKeyMetadata | None
    slots: tuple[SlotInfo, ...]
    """The slots that hold a key or a certificate."""


def card_info(piv: PivSession, *, slots: Iterable[Slot] = MAIN_SLOTS) -> CardInfo:
    """Ask the card for everything about itself and ``slots``. Spends no try of any PIN.

    What it refuses to tell, or tells without sense, is None as what it lacks. Raises CardConnectionError.
    """
    chuid = _told(piv.chuid)
    found = [_slot(piv, slot) for slot in slots]
    return CardInfo(
        reader=piv.name,
        atr=piv.session.atr,
        label=piv.properties.label,
        version=_told(piv.version),
        serial=_told(piv.serial),
        guid=chuid.guid if chuid else None,
        expires=chuid.expires if chuid else None,
        pin_tries=_told(piv.pin_tries),
        puk_tries=_told(piv.puk_tries),
        pin=_told(piv.pin_metadata),
        puk=_told(piv.puk_metadata),
        management_key=_told(piv.management_key_metadata),
        slots=tuple(info for info in found if info.key or info.certificate or info.damaged),
    )


def _told(ask: Callable[[], _T]) -> _T | None:
    try:
        return ask()
    except (CardProtocolError, *_REFUSALS):
        return None


def _slot(piv: PivSession, slot: Slot) -> SlotInfo:
    certificate, damaged = None, False
    try:
        certificate = piv.read_certificate(slot)
    except CardProtocolError:
        damaged = True
    except _REFUSALS:
        pass
    return SlotInfo(slot, _told(lambda: piv.metadata(slot)), certificate, damaged)
