"""Cards that no profile has: a simulated card whose answers a test twists."""

from __future__ import annotations

from collections.abc import Callable

from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import with_key
from tests.apdu.scripted import Scripted

Send = Callable[[bytes], tuple[bytes, int]]
Twist = Callable[[Command, bytes, Send], tuple[bytes, int] | None]
"""What an odd card answers, given the command, its bytes and the card beneath; None where it is not odd."""


def odd(twist: Twist, *behaviours: Behaviour, profile: str = "factory") -> tuple[SimulatedCard, Scripted]:
    """A card with a P-256 key and its certificate in 9C, which answers as ``twist`` says."""
    card = SimulatedCard.new(profile, seed=1, behaviours=behaviours)
    with_key(InProcess(card))
    card.power_on()

    def answer(encoded: bytes) -> tuple[bytes, int]:
        twisted = twist(Command.parse(encoded), encoded, card.transmit)
        return card.transmit(encoded) if twisted is None else twisted

    return card, Scripted(answer, atr=card.atr)


def has_pin(command: Command) -> bool:
    """Whether a command carries a PIN or PUK."""
    with_secret = (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER)
    return command.ins in with_secret and bool(command.data)


def is_query(command: Command) -> bool:
    """Whether a command asks for the state of the PIN."""
    return command.ins == Ins.VERIFY and not command.data and command.p1 == 0
