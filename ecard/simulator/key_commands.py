"""GENERATE ASYMMETRIC KEY PAIR and GENERAL AUTHENTICATE with a key in a slot (SP 800-73-5 part 2, 3.3.2 and 3.2.4)."""

from __future__ import annotations

from typing import Final

from ecard.algorithms import KeyFamily
from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Origin, PinUse, Reference, Slot, TouchUse
from ecard.simulator import management, policies, slots
from ecard.simulator.application import Application
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.refusal import Refusal, require
from ecard.simulator.slots import SlotKey

_TEMPLATE: Final = 0xAC
_ALGORITHM: Final = 0x80
_DYNAMIC_AUTHENTICATION: Final = 0x7C
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82
_EXPONENTIATION: Final = 0x85
_PUBLIC_KEY: Final = 0x7F49


def generate(card: Application, command: Command) -> bytes:
    """Make a key pair in a slot, in place of what was there; answer the public key."""
    require(command.p1 == 0, Status.WRONG_P1P2)
    slot = card.slot(command.p2)
    card.require_management()
    fields = _fields(command, _TEMPLATE, "GENERATE")
    kind = card.memory.profile.algorithms.get(int.from_bytes(fields.get(_ALGORITHM, b""), "big"))
    if kind is None:
        raise Refusal(Status.WRONG_DATA)
    pin, touch = policies.read(card.memory.profile, slot, fields)
    key = slots.generate(kind, card.memory.source)
    card.memory.keys[slot] = SlotKey.holding(key, pin=pin, touch=touch, origin=Origin.GENERATED)
    card.changed = True
    return tlv.encode(_PUBLIC_KEY, key.public_template)


def general_authenticate(card: Application, command: Command) -> bytes:
    """Use a private key, or authenticate with the management key."""
    fields = _fields(command, _DYNAMIC_AUTHENTICATION, "GENERAL AUTHENTICATE")
    if command.p2 == Reference.MANAGEMENT_KEY:
        answer = management.authenticate(card, command.p1, fields)
    else:
        answer = tlv.encode(_RESPONSE, _use_key(card, command, fields))
    return tlv.encode(_DYNAMIC_AUTHENTICATION, answer) if answer else b""


def _fields(command: Command, template: int, what: str) -> dict[int, bytes]:
    return tlv.decode(tlv.unwrap(command.data, template, what, strict=True), strict=True)


def _use_key(card: Application, command: Command, fields: dict[int, bytes]) -> bytes:
    slot = card.slot(command.p2)
    held = card.key_in(slot, missing=Status.REFERENCE_NOT_FOUND)
    require(card.memory.profile.algorithms.get(command.p1) is held.kind, Status.WRONG_P1P2)
    require(slot is not Slot.ATTESTATION, Status.WRONG_P1P2)
    _require_consent(card, held)
    if fields.get(_EXPONENTIATION):
        return held.key.agree(fields[_EXPONENTIATION])
    challenge = fields.get(_CHALLENGE)
    if not challenge:
        raise Refusal(Status.WRONG_DATA)
    if held.kind.family is KeyFamily.RSA:
        require(not card.behaves(Behaviour.RSA_SIGN_FAILS), Status.WRONG_DATA)
    return held.key.respond(challenge)


def _require_consent(card: Application, held: SlotKey) -> None:
    power = card.power
    if held.pin is not PinUse.NEVER:
        require(power.pin_verified, Status.SECURITY_NOT_SATISFIED)
    if held.pin is PinUse.ALWAYS:
        require(power.pin_fresh, Status.SECURITY_NOT_SATISFIED)
    # one VERIFY is good for one use of a key, also for a use that fails
    power.pin_fresh = False
    if held.touch is not TouchUse.NEVER:
        require(card.touched(), Status.TIMEOUT)
