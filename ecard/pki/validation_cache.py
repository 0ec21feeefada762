"""Verdicts remembered with the trust that they were made under, each for the interval in which it cannot change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol

MAX_VERDICTS: Final = 4096
"""How many verdicts are remembered for one trust; the one not asked for longest is forgotten first."""


class Lasting(Protocol):
    """A verdict that knows how long it holds."""

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is the same at ``moment``."""


class Verdicts:
    """A bounded memory of successful verdicts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Lasting] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, at: datetime) -> Any:
        """The verdict remembered for ``key``, if it holds at ``at``; otherwise None."""
        with self._lock:
            verdict = self._known.get(key)
            if verdict is None or not verdict.holds_at(at):
                return None
            self._known.move_to_end(key)
            return verdict

    def remember(self, key: Hashable, verdict: Lasting) -> None:
        """Keep a verdict; it replaces an older one for the same key."""
        with self._lock:
            self._known[key] = verdict
            self._known.move_to_end(key)
            if len(self._known) > MAX_VERDICTS:
                self._known.popitem(last=False)
