"""A card as a reader sees it: it can be powered, reset and asked for its answer to reset."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from ecard.apdu.transport import Transport


class PoweredCard(Transport, Protocol):
    """A transport whose power can be switched. SimulatedCard is one, and what its connectors give while open."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        ...

    def power_on(self) -> None:
        """Give the card power, or reset it."""
        ...

    def power_off(self) -> None:
        """Take the power away: what the card does not keep is gone."""
        ...


class CardSource(Protocol):
    """A connector to a card whose power can be switched: InProcess and CardFile are such."""

    @property
    def name(self) -> str:
        """Which card this is, for messages to people."""
        ...

    @property
    def atr(self) -> bytes:
        """The answer to reset, while open."""
        ...

    def open(self) -> AbstractContextManager[PoweredCard]:
        """Take the card."""
        ...
