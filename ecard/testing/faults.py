"""Faults that a test sets and takes back while it runs, for all cards of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from ecard.simulator.faults import Fault, FaultScript, FaultyTransport, Rule
from ecard.simulator.powered import CardSource, PoweredCard


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


class FaultableReader:
    """A connector to the card in ``source``, through ``faults``."""

    def __init__(self, source: CardSource, faults: Faults) -> None:
        self._source = source
        self._faults = faults

    @property
    def name(self) -> str:
        """Which card this is."""
        return self._source.name

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._source.atr

    def open(self) -> AbstractContextManager[PoweredCard]:
        """Take the card. Raises CardBusyError where another session has it."""
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[PoweredCard]:
        with self._source.open() as card:
            yield FaultyTransport(card, self._faults, sleep=self._faults.sleep)
