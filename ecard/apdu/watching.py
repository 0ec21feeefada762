"""Readers and cards as they come and go, as an iterator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ecard.apdu import pcsc_errors as errors
from ecard.apdu.pcsc import Context, context, reason_of
from ecard.apdu.pcsc_errors import Code, code

_NEW_READERS: Final = "\\\\?PnP?\\Notification"
_SLICE: Final = 0.5
"""Seconds of one call: in between, the program can be interrupted and a new reader is seen even without notice."""


class Change(Enum):
    """What happened."""

    READER_ADDED = "reader-added"
    READER_REMOVED = "reader-removed"
    CARD_INSERTED = "card-inserted"
    CARD_REMOVED = "card-removed"


@dataclass(frozen=True, slots=True)
class CardEvent:
    """A change of a reader; ``atr`` is the inserted card's answer to reset, empty otherwise and for a mute card."""

    change: Change
    reader: str
    atr: bytes = b""


def watch(*, timeout: float | None = None) -> Iterator[CardEvent]:
    """Yield what happens to readers and cards, beginning with the readers and cards that are there.

    It ends after ``timeout`` seconds without an event; without ``timeout``, never. It holds no card, and waits only
    while the caller asks for the next event. Raises MissingDependencyError, NoCardError (SERVICE_NOT_RUNNING), and
    ServiceLostError where the service ends: a new ``watch`` works as soon as it runs again.
    """
    with context() as pcsc:
        watcher = _Watcher(pcsc)
        while True:
            events = watcher.wait(timeout)
            if not events:
                return
            yield from events


class _Watcher:
    """The state in which each reader was last seen."""

    def __init__(self, pcsc: Context) -> None:
        self._pcsc: Final = pcsc
        self._scard: Final[Any] = pcsc.scard
        self._seen: dict[str, int] = {}
        self._cards: dict[str, bytes] = {}

    def wait(self, timeout: float | None) -> list[CardEvent]:
        """The next events, at least one; none where the time is up."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            events = self._readers() + self._states(0 if end is None else min(_SLICE, max(0.0, end - time.monotonic())))
            if events or (end is not None and time.monotonic() >= end):
                return events

    def _readers(self) -> list[CardEvent]:
        names = self._pcsc.readers()
        events = [event for name in list(self._seen) if name not in names for event in self._gone(name)]
        for name in names:
            if name not in self._seen:
                self._seen[name] = self._scard.SCARD_STATE_UNAWARE
                events.append(CardEvent(Change.READER_ADDED, name))
        return events

    def _gone(self, name: str) -> list[CardEvent]:
        del self._seen[name]
        card = [CardEvent(Change.CARD_REMOVED, name)] if self._cards.pop(name, None) is not None else []
        return [*card, CardEvent(Change.READER_REMOVED, name)]

    def _states(self, seconds: float) -> list[CardEvent]:
        asked = [*self._seen.items(), (_NEW_READERS, self._scard.SCARD_STATE_UNAWARE)]
        result, states = self._scard.SCardGetStatusChange(self._pcsc.handle, int(seconds * 1000), asked)
        if code(result) in errors.SERVICE_GONE:
            raise errors.connection_lost("", result)
        if code(result) != Code.OK:
            return []  # the time is up, or a reader went away: the next look at the readers tells
        return [event for name, bits, atr in states if name in self._seen for event in self._changed(name, bits, atr)]

    def _changed(self, name: str, bits: int, atr: list[int]) -> list[CardEvent]:
        self._seen[name] = bits & ~self._scard.SCARD_STATE_CHANGED
        before, present = self._cards.get(name), bool(bits & self._scard.SCARD_STATE_PRESENT)
        card = bytes(atr) if present and reason_of(self._scard, bits) is None else b""
        if present and before is None:
            self._cards[name] = card
            return [CardEvent(Change.CARD_INSERTED, name, card)]
        if not present and before is not None:
            del self._cards[name]
            return [CardEvent(Change.CARD_REMOVED, name)]
        return []
