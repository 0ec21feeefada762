"""Yubico's commands that ask what the card is and what it holds: GET VERSION, GET SERIAL, GET METADATA."""

from __future__ import annotations

from typing import Final

from ecard.apdu import tlv, words
from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Reference
from ecard.simulator.application import Application
from ecard.simulator.factory import factory_management_key
from ecard.simulator.reference import RetryReference
from ecard.simulator.refusal import require
from ecard.simulator.slots import SlotKey

_ALGORITHM: Final = 0x01
_POLICY: Final = 0x02
_ORIGIN: Final = 0x03
_PUBLIC_KEY: Final = 0x04
_IS_DEFAULT: Final = 0x05
_TRIES: Final = 0x06
_PIN_ALGORITHM: Final = b"\xff"


def get_version(card: Application, command: Command) -> bytes:
    """Three bytes: major, minor, patch."""
    require(command.p1 == command.p2 == 0, Status.WRONG_P1P2)
    return bytes(card.memory.profile.version)


def get_serial(card: Application, command: Command) -> bytes:
    """Four bytes."""
    require(command.p1 == command.p2 == 0, Status.WRONG_P1P2)
    return card.memory.serial.to_bytes(4, "big")


def get_metadata(card: Application, command: Command) -> bytes:
    """What is known of a key, PIN or PUK without using it."""
    require(command.p1 == 0, Status.WRONG_P1P2)
    if command.p2 == Reference.PIN:
        return _of_reference(card.memory.pin, words.FACTORY_PIN)
    if command.p2 == Reference.PUK:
        return _of_reference(card.memory.puk, words.FACTORY_PUK)
    if command.p2 == Reference.MANAGEMENT_KEY:
        return _of_management_key(card)
    require(command.p2 != Reference.BIOMETRIC, Status.REFERENCE_NOT_FOUND)
    return _of_key(card, card.key_in(card.slot(command.p2), missing=Status.REFERENCE_NOT_FOUND))


def _of_reference(reference: RetryReference, factory_value: bytes) -> bytes:
    is_default = bytes((reference.is_value(factory_value),))
    tries = bytes((reference.tries, reference.left))
    return _objects((_ALGORITHM, _PIN_ALGORITHM), (_IS_DEFAULT, is_default), (_TRIES, tries))


def _of_management_key(card: Application) -> bytes:
    key = card.memory.management
    is_default = bytes((key.value == factory_management_key(key.algorithm).value,))
    return _objects((_ALGORITHM, bytes((key.algorithm,))), (_POLICY, bytes((0, key.touch))), (_IS_DEFAULT, is_default))


def _of_key(card: Application, held: SlotKey) -> bytes:
    settable = {kind: number for number, kind in card.memory.settings.named.items()}
    number = card.memory.profile.algorithm_number(held.kind) or settable.get(held.kind, 0)
    return _objects(
        (_ALGORITHM, bytes((number,))),
        (_POLICY, bytes((held.pin, held.touch))),
        (_ORIGIN, bytes((held.origin,))),
        (_PUBLIC_KEY, held.key.public_template),
    )


def _objects(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(tlv.encode(tag, value) for tag, value in pairs)
