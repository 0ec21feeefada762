"""Making a simulated card somebody's within milliseconds, with made-up keys and secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ecard.algorithms import KeyKind
from ecard.apdu.session import Session
from ecard.apdu.words import Origin, PinUse, Slot, TouchUse
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError
from ecard.keys import PublicKey
from ecard.pin import Pin
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import Usage
from ecard.roles.personalising import SLOTS, personalise
from ecard.roles.secrets import CardSecrets
from ecard.simulator.card import SimulatedCard
from ecard.simulator.inprocess import InProcess
from ecard.simulator.randomness import SeededRandomness
from ecard.simulator.slots import SlotKey
from ecard.testing.keys import made_up_key, public_half

PIN: Final = "481527"
"""The holder's PIN of every card that a testing centre makes."""
PUK: Final = "73920154"
"""Its PUK."""
_PIN_USE: Final = {Slot.SIGNATURE: PinUse.ALWAYS, Slot.AUTHENTICATION: PinUse.ONCE}


def made_up_secrets(seed: bytes) -> CardSecrets:
    """PIN and PUK that are always the same, and a management key drawn from ``seed``."""
    return CardSecrets(Pin(PIN), Pin(PUK), SeededRandomness(seed + b" management key").take(24))


def make_card(
    card: SimulatedCard,
    *,
    kind: KeyKind,
    seed: bytes,
    secrets: CardSecrets,
    issue: Callable[[PublicKey, Usage], Certificate],
    authority: CertificateAuthority,
) -> Mapping[Usage, Certificate]:
    """Personalise a factory card as the centre does, except that its keys are put into it ready-made.

    The card counts them as generated. ``issue`` makes the certificate for a key; ``authority`` is whose certificates
    of issuers the card carries. InvalidInputError where the card has no keys of ``kind``.
    """
    if card.memory.profile.algorithm_number(kind) is None:
        raise InvalidInputError(f"a {card.memory.profile.name} card has no {kind.value} keys")
    keys = {usage: _put_key(card, slot, kind, seed) for usage, slot in SLOTS.items()}
    with Session(InProcess(card)) as session:
        return personalise(
            session,
            name="",
            kind=kind,
            secrets=secrets,
            issue=lambda _: {usage: issue(key, usage) for usage, key in keys.items()},
            issuers=(authority.certificate, *authority.chain),
            usages=(),
        )


def _put_key(card: SimulatedCard, slot: Slot, kind: KeyKind, seed: bytes) -> PublicKey:
    key = made_up_key(kind, seed + f" key {slot:02X}".encode())
    # an RSA key takes too long to generate to be generated for every test
    held = SlotKey.holding(key, pin=_PIN_USE[slot], touch=TouchUse.NEVER, origin=Origin.GENERATED)
    card.memory.keys[slot] = held
    return public_half(key)
