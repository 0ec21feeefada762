"""Yubico's commands about keys: IMPORT KEY, MOVE KEY, ATTEST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecard.algorithms import KeyFamily, KeyKind
from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Origin, Slot
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.simulator import attestation, policies
from ecard.simulator.application import Application
from ecard.simulator.card_key import CardKey
from ecard.simulator.curve_key import CurveKey
from ecard.simulator.refusal import Refusal, require
from ecard.simulator.rsa_key import RsaKey
from ecard.simulator.slots import SlotKey
from ecard.simulator.sm2_key import Sm2Key

_P: Final = 0x01
_Q: Final = 0x02
_SCALAR: Final = 0x06
_DELETE: Final = 0xFF
_CERTIFICATE: Final = 0x70


def import_key(card: Application, command: Command) -> bytes:
    """Put a key made elsewhere into a slot, in place of what was there."""
    slot = card.slot(command.p2)
    card.require_management()
    kind = card.memory.profile.algorithms.get(command.p1)
    if kind is None:
        raise Refusal(Status.WRONG_P1P2)
    fields = tlv.decode(command.data, strict=True)
    pin, touch = policies.read(card.memory.profile, slot, fields)
    key = _key_from(kind, fields)
    card.memory.keys[slot] = SlotKey.holding(key, pin=pin, touch=touch, origin=Origin.IMPORTED)
    card.changed = True
    return b""


def _key_from(kind: KeyKind, fields: Mapping[int, bytes]) -> CardKey:
    if kind.family is KeyFamily.RSA:
        # the other three numbers follow from the primes, so they are not asked for
        p, q = (int.from_bytes(fields.get(tag, b""), "big") for tag in (_P, _Q))
        require((p * q).bit_length() == 8 * kind.size and p != q, Status.WRONG_DATA)
        return RsaKey.from_primes(p, q)
    scalar = fields.get(_SCALAR, b"")
    require(0 < len(scalar) <= kind.size, Status.WRONG_DATA)
    value = int.from_bytes(scalar, "big")
    return Sm2Key.from_scalar(value) if kind is KeyKind.SM2 else CurveKey.from_scalar(kind, value)


def move_key(card: Application, command: Command) -> bytes:
    """Move a key from the slot P2 to the empty slot P1, or delete it where P1 is FF. Its certificate stays."""
    source = card.slot(command.p2)
    card.require_management()
    card.key_in(source, missing=Status.REFERENCE_NOT_FOUND)
    if command.p1 != _DELETE:
        target = card.slot(command.p1)
        require(Slot.ATTESTATION not in (source, target), Status.WRONG_P1P2)
        require(target not in card.memory.keys, Status.CONDITIONS_NOT_SATISFIED)
        card.memory.keys[target] = card.memory.keys[source]
    del card.memory.keys[source]
    card.changed = True
    return b""


def attest(card: Application, command: Command) -> bytes:
    """The certificate, signed with the attestation key, that says that the key in slot P1 was made on this card."""
    require(command.p2 == 0, Status.WRONG_P1P2)
    slot = card.slot(command.p1)
    held = card.key_in(slot, missing=Status.REFERENCE_NOT_FOUND)
    require(held.origin is Origin.GENERATED, Status.WRONG_DATA)
    signer = card.key_in(Slot.ATTESTATION, missing=Status.REFERENCE_NOT_FOUND)
    made = attestation.attest(
        signer.key,
        _issuer(card),
        held.key,
        slot=slot,
        policies=(held.pin, held.touch),
        version=card.memory.profile.version,
        serial=card.memory.serial,
        source=card.memory.source,
    )
    return made.der


def _issuer(card: Application) -> Certificate:
    content = card.memory.objects.get(Slot.ATTESTATION.certificate_object, b"")
    try:
        return Certificate(tlv.decode(content).get(_CERTIFICATE, b""))
    except EncodingError:
        raise Refusal(Status.CONDITIONS_NOT_SATISFIED) from None
