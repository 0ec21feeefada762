"""Faults that a test sets and takes back while it runs, for all cards of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ecard.simulator.faults import Fault, FaultScript, Rule


class Faults(FaultScript):
    """What goes wrong between the program and the cards of a test. Nothing does until ``inject``."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        """``sleep`` is how a slow card spends its seconds."""
        super().__init__(())
        self.sleep: Final = sleep

    def inject(self, *faults: Fault | Rule) -> None:
        """From the next command on these faults happen, and no others. A bare Fault happens to that next command.

        A ``ecard.simulator.Rule`` says more: to which command, how often. Commands are counted from here, the next
        one being 1, over all cards and sessions; ``commands`` is how many there were.
        """
        super().__init__(Rule(fault) if isinstance(fault, Fault) else fault for fault in faults)

    def clear(self) -> None:
        """Nothing goes wrong any more. A card that was removed is in again at the next session."""
        self.inject()
