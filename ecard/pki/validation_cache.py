"""Verdicts remembered with the trust that they were made under, each for the interval in which it cannot change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from ecard.pki.trust import Trust
from ecard.pki.validation_engine import Verdict

MAX_VERDICTS: Final = 4096
"""How many verdicts are remembered for one trust; the one not asked for longest is forgotten first."""


class Verdicts:
    """A bounded memory of successful verdicts. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, Verdict] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, at: datetime) -> Verdict | None:
        """The verdict remembered for ``key``, if it holds at ``at``."""
        with self._lock:
            verdict = self._known.get(key)
            if verdict is None or not verdict.holds_at(at):
                return None
            self._known.move_to_end(key)
            return verdict

    def remember(self, key: Hashable, verdict: Verdict) -> None:
        """Keep a verdict; it replaces an older one for the same key."""
        with self._lock:
            self._known[key] = verdict
            self._known.move_to_end(key)
            if len(self._known) > MAX_VERDICTS:
                self._known.popitem(last=False)


_by_trust: Final[WeakKeyDictionary[Trust, Verdicts]] = WeakKeyDictionary()
_lock: Final = Lock()


def verdicts_of(trust: Trust) -> Verdicts:
    """The verdicts made under ``trust``; they go when it goes."""
    with _lock:
        return _by_trust.setdefault(trust, Verdicts())
