"""The PIV card application as its command handlers see it: memory, power, and the table of instructions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Slot
from ecard.simulator import slots
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.refusal import Refusal, require
from ecard.simulator.slots import SlotKey
from ecard.simulator.state import Memory, Power
from ecard.simulator.weak_pin import is_trivial

Handler = Callable[["Application", Command], bytes]
"""What executes one instruction: returns the response data of 9000, or raises Refusal."""


def always_touched() -> bool:
    """The default answer to "is somebody touching the card?"."""
    return True


@dataclass(slots=True)
class Application:
    """A card's application between power-on and power-off."""

    memory: Memory
    clock: Callable[[], datetime]
    touched: Callable[[], bool] = always_touched
    too_weak: Callable[[bytes], bool] = is_trivial
    power: Power = field(default_factory=Power)
    changed: bool = False
    """Whether ``memory`` differs from what was last saved."""

    def behaves(self, behaviour: Behaviour) -> bool:
        """Whether the card has this deviation."""
        return behaviour in self.memory.profile.behaviours

    def require_management(self) -> None:
        """Refuse with 6982 unless the management key was presented."""
        require(self.power.managed, Status.SECURITY_NOT_SATISFIED)

    def slot(self, number: int) -> Slot:
        """The key slot of that number; refused with 6A86 where the card has none."""
        require(slots.exists(self.memory.profile, number), Status.WRONG_P1P2)
        return Slot(number)

    def key_in(self, slot: Slot, *, missing: Status) -> SlotKey:
        """The key in ``slot``; refused with ``missing`` where it is empty."""
        try:
            return self.memory.keys[slot]
        except KeyError:
            raise Refusal(missing) from None
