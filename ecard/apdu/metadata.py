"""What GET METADATA says of a key, a PIN or the management key (Yubico's instruction F7, firmware 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.keycodes import kind_of, read_public_key
from ecard.apdu.words import ManagementAlgorithm, Origin, PinUse, TouchUse
from ecard.errors import CardProtocolError
from ecard.keys import PublicKey

_ALGORITHM, _POLICY, _ORIGIN, _PUBLIC_KEY, _IS_DEFAULT, _TRIES = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
_E = TypeVar("_E", bound=IntEnum)
_WHAT: Final = "metadata"


@dataclass(frozen=True, slots=True)
class KeyMetadata:
    """What the card says of the key in a slot. A member is None where the card is silent or ecard knows it not."""

    algorithm_id: int
    """The card's number for the key's algorithm."""
    kind: KeyKind | None
    pin_use: PinUse | None
    touch_use: TouchUse | None
    origin: Origin | None
    public_key: PublicKey | None


@dataclass(frozen=True, slots=True)
class PinMetadata:
    """What the card says of the PIN or PUK."""

    is_default: bool
    """Whether it is still the one from the factory."""
    total: int
    """The tries there are after a success."""
    left: int
    """The tries that are left now."""


@dataclass(frozen=True, slots=True)
class ManagementKeyMetadata:
    """What the card says of the management key."""

    algorithm: ManagementAlgorithm | None
    touch_use: TouchUse | None
    is_default: bool


def read_key(answer: bytes, sm2_id: int) -> KeyMetadata:
    """Metadata of a slot with a key. Raises CardProtocolError."""
    found = tlv.decode(answer)
    number = _byte(found, _ALGORITHM)
    public = found.get(_PUBLIC_KEY, b"")
    kind = kind_of(number, public, sm2_id)
    policy = found.get(_POLICY, b"\xff\xff")
    return KeyMetadata(
        algorithm_id=number,
        kind=kind,
        pin_use=_member(PinUse, policy[:1]),
        touch_use=_member(TouchUse, policy[1:2]),
        origin=_member(Origin, found.get(_ORIGIN, b"")),
        public_key=read_public_key(public, kind) if kind and public else None,
    )


def read_pin(answer: bytes) -> PinMetadata:
    """Metadata of the PIN or PUK. Raises CardProtocolError."""
    found = tlv.decode(answer)
    tries = found.get(_TRIES, b"")
    if len(tries) != 2:
        raise CardProtocolError(f"{_WHAT}: the card does not say how many tries are left")
    return PinMetadata(is_default=_flag(found), total=tries[0], left=tries[1])


def read_management_key(answer: bytes) -> ManagementKeyMetadata:
    """Metadata of the management key. Raises CardProtocolError."""
    found = tlv.decode(answer)
    return ManagementKeyMetadata(
        algorithm=_member(ManagementAlgorithm, found.get(_ALGORITHM, b"")),
        touch_use=_member(TouchUse, found.get(_POLICY, b"")[1:2]),
        is_default=_flag(found),
    )


def _byte(found: dict[int, bytes], tag: int) -> int:
    if len(found.get(tag, b"")) != 1:
        raise CardProtocolError(f"{_WHAT}: data object {tag:02X} is missing or not one byte")
    return found[tag][0]


def _flag(found: dict[int, bytes]) -> bool:
    return found.get(_IS_DEFAULT, b"\0") == b"\1"


def _member(enum: type[_E], value: bytes) -> _E | None:
    try:
        return enum(value[0]) if value else None
    except ValueError:
        return None
