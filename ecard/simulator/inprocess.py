"""A simulated card in the reader that is this process: no PC/SC, no file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from ecard.errors import CardBusyError
from ecard.simulator.card import SimulatedCard
from ecard.simulator.powered import PoweredCard


class InProcess:
    """A Connector to a card in memory: powered while open, without power before and after."""

    def __init__(self, card: SimulatedCard, *, wait: float = 0.0) -> None:
        """``wait`` is how many seconds another thread's use of the card is waited for."""
        self.card = card
        self._wait = wait
        self._use = threading.Lock()

    @property
    def name(self) -> str:
        """Which card this is."""
        return f"simulated card {self.card.memory.serial}"

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self.card.atr

    def open(self) -> AbstractContextManager[PoweredCard]:
        """Power the card. Raises CardBusyError where it is already in use."""
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[PoweredCard]:
        if not self._use.acquire(timeout=min(max(self._wait, 0.0), threading.TIMEOUT_MAX)):
            raise CardBusyError(f"{self.name} is in use", remedy="end the other session first")
        try:
            self.card.power_on()
            yield self.card
        finally:
            self.card.power_off()
            self._use.release()
