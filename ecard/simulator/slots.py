"""The key slots of the simulated card and what is kept in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ecard.algorithms import KeyFamily, KeyKind
from ecard.apdu.status import Status
from ecard.apdu.words import Origin, PinUse, Slot, TouchUse
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.card_key import CardKey
from ecard.simulator.curve_key import CurveKey
from ecard.simulator.profile import Profile
from ecard.simulator.randomness import Randomness
from ecard.simulator.refusal import Refusal
from ecard.simulator.rsa_key import RsaKey
from ecard.simulator.sm2_key import Sm2Key

_SIX: Final = frozenset({Slot.AUTHENTICATION, Slot.SIGNATURE, Slot.KEY_MANAGEMENT, Slot.CARD_AUTHENTICATION}) | {
    Slot.RETIRED_1,
    Slot.RETIRED_2,
}


@dataclass(slots=True)
class SlotKey:
    """A key in a slot, with the policies that were set when it came there. Loaded when it is first used."""

    kind: KeyKind
    pkcs8: bytes = field(repr=False)
    pin: PinUse
    touch: TouchUse
    origin: Origin
    _key: CardKey | None = field(default=None, repr=False, compare=False)

    @staticmethod
    def holding(key: CardKey, *, pin: PinUse, touch: TouchUse, origin: Origin) -> SlotKey:
        """A slot that holds ``key``."""
        return SlotKey(key.kind, key.pkcs8, pin, touch, origin, key)

    @property
    def key(self) -> CardKey:
        """The key itself; refused with 6F00 where what is stored is none."""
        if self._key is None:
            try:
                self._key = load(self.kind, self.pkcs8)
            except ValueError:
                raise Refusal(Status.NO_PRECISE_DIAGNOSIS) from None
        return self._key


def generate(kind: KeyKind, source: Randomness) -> CardKey:
    """A new key of ``kind``."""
    if kind.family is KeyFamily.RSA:
        return RsaKey.generate(kind, source)
    return Sm2Key.generate(source) if kind is KeyKind.SM2 else CurveKey.generate(kind, source)


def load(kind: KeyKind, pkcs8: bytes) -> CardKey:
    """A key as it was stored; ValueError for anything else."""
    if kind.family is KeyFamily.RSA:
        key: CardKey = RsaKey.load(pkcs8)
    else:
        key = Sm2Key.load(pkcs8) if kind is KeyKind.SM2 else CurveKey.load(pkcs8)
    if key.kind is not kind:
        raise ValueError("a key of another kind than its slot says")
    return key


def exists(profile: Profile, number: int) -> bool:
    """Whether the card has a key slot of that number."""
    if Behaviour.SIX_SLOTS_ONLY in profile.behaviours:
        return number in _SIX
    return number in _ALL


def default_pin_use(profile: Profile, slot: Slot) -> PinUse:
    """When a key wants the PIN if nothing was said (SP 800-73-5 part 1, table 4b)."""
    if slot in (Slot.CARD_AUTHENTICATION, Slot.ATTESTATION):
        return PinUse.NEVER
    always = slot is Slot.SIGNATURE and Behaviour.SIGNATURE_PIN_ONCE not in profile.behaviours
    return PinUse.ALWAYS if always else PinUse.ONCE


_ALL: Final = frozenset(Slot)
