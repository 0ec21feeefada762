"""What stands on a simulated card when it leaves the factory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ecard.algorithms import KeyKind
from ecard.apdu import tlv, words
from ecard.apdu.words import ManagementAlgorithm, Object, Origin, PinUse, Slot, TouchUse
from ecard.moments import after
from ecard.simulator.attestation import AttestationAuthority, self_signed
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.curve_key import CurveKey
from ecard.simulator.profile import Profile
from ecard.simulator.randomness import Randomness
from ecard.simulator.reference import RetryReference
from ecard.simulator.slots import SlotKey
from ecard.simulator.state import ManagementKey, Memory

_FASCN: Final = bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB")
"""Agency 9999: "not a federal card", so that programs identify the card by its GUID (SP 800-73-5 part 1, 3.1.2)."""
_CARD_LIFE: Final = timedelta(days=365 * 20)


def new_memory(
    profile: Profile,
    source: Randomness,
    *,
    serial: int | None,
    at: datetime,
    maker: AttestationAuthority | None = None,
) -> Memory:
    """A card fresh from the factory at the moment ``at``: known PIN, PUK and management key.

    The only key is the one for attestation, certified by ``maker``, or by itself where there is none.
    """
    if serial is None:
        serial = int.from_bytes(source.take(4), "big") % 90_000_000 + 10_000_000
    memory = Memory(
        profile=profile,
        serial=serial,
        pin=RetryReference.new(words.FACTORY_PIN, source),
        puk=RetryReference.new(words.FACTORY_PUK, source),
        management=factory_management_key(profile.management),
        objects=_objects(source, at),
        keys={},
        source=source,
    )
    if Behaviour.NO_ATTESTATION not in profile.behaviours:
        _add_attestation(memory, maker, at)
    return memory


def renew(memory: Memory, *, at: datetime) -> None:
    """Make ``memory`` as it was when the card was new. Serial number, attestation and settings stay."""
    memory.pin = RetryReference.new(words.FACTORY_PIN, memory.source)
    memory.puk = RetryReference.new(words.FACTORY_PUK, memory.source)
    memory.management = factory_management_key(memory.profile.management)
    kept = Slot.ATTESTATION.certificate_object
    attestation = {tag: content for tag, content in memory.objects.items() if tag == kept}
    memory.objects = _objects(memory.source, at) | attestation
    memory.keys = {slot: key for slot, key in memory.keys.items() if slot is Slot.ATTESTATION}


def factory_management_key(algorithm: ManagementAlgorithm) -> ManagementKey:
    """The management key that everybody knows: 01 to 08, as often as the algorithm needs it."""
    return ManagementKey(algorithm, (words.FACTORY_MANAGEMENT_KEY * 2)[: algorithm.key_size])


def _add_attestation(memory: Memory, maker: AttestationAuthority | None, at: datetime) -> None:
    key = CurveKey.generate(KeyKind.P256, memory.source)
    name = f"ecard simulated card {memory.serial}"
    if maker is None:
        certificate = self_signed(key, name, at=at, source=memory.source)
    else:
        certificate = maker.certify(key, name, at=at, source=memory.source)
    content = tlv.encode(0x70, certificate.der) + tlv.encode(0x71, b"\0") + tlv.encode(0xFE)
    memory.objects[Slot.ATTESTATION.certificate_object] = content
    held = SlotKey.holding(key, pin=PinUse.NEVER, touch=TouchUse.NEVER, origin=Origin.GENERATED)
    memory.keys[Slot.ATTESTATION] = held


def _objects(source: Randomness, at: datetime) -> dict[int, bytes]:
    return {
        Object.CHUID: _holder(source.take(16), at),
        Object.CAPABILITY_CONTAINER: _capabilities(source.take(14)),
        Object.KEY_HISTORY: b"".join((tlv.encode(0xC1, b"\0"), tlv.encode(0xC2, b"\0"), tlv.encode(0xFE))),
    }


def _holder(guid: bytes, at: datetime) -> bytes:
    """The card holder unique identifier (SP 800-73-5 part 1, table 9), unsigned."""
    # RFC 9562: the GUID is a random UUID
    uuid = bytes((*guid[:6], guid[6] & 0x0F | 0x40, guid[7], guid[8] & 0x3F | 0x80, *guid[9:]))
    expiry = after(at, _CARD_LIFE).date().isoformat().replace("-", "").encode()
    parts = (0x30, _FASCN), (0x34, uuid), (0x35, expiry), (0x3E, b""), (0xFE, b"")
    return b"".join(tlv.encode(tag, value) for tag, value in parts)


def _capabilities(identifier: bytes) -> bytes:
    """The card capability container (SP 800-73-5 part 1, table 8), with no registered applications."""
    parts = [(0xF0, bytes.fromhex("A000000116FF02") + identifier), (0xF1, b"\x21"), (0xF2, b"\x21"), (0xF3, b"")]
    parts += [(0xF4, b"\0"), (0xF5, b"\x10")]
    parts += [(tag, b"") for tag in (0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE)]
    return b"".join(tlv.encode(tag, value) for tag, value in parts)
