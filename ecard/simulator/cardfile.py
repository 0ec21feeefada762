"""A simulated card kept in one file: whatever happens, the file holds the card before a command or the card after it.

A command's answer is given only after what it changed is on the disk. One process at a time uses the card: it
holds a lock on the file, and takes the lock on the new file before that replaces the old one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from ecard.errors import CardError, CardFileError
from ecard.simulator import locked_file, storage
from ecard.simulator.card import SimulatedCard
from ecard.simulator.locked_file import LockedFile
from ecard.simulator.powered import PoweredCard

_LIMIT: Final = 1024 * 1024
"""The most bytes of a card file that are read; a full card is a quarter of it."""


class CardFile:
    """A Connector to the simulated card in the file at ``path``.

    ``wait`` is how many seconds a card in use by another process is waited for.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: float = 10.0) -> None:
        self.path: Final = Path(path)
        self._wait = wait
        self._atr = b""

    @property
    def name(self) -> str:
        """Which card this is."""
        return f"simulated card {self.path}"

    @property
    def atr(self) -> bytes:
        """The card's answer to reset; empty while not open."""
        return self._atr

    def open(self) -> AbstractContextManager[PoweredCard]:
        """Lock the file, read the card from it, and power it.

        Raises CardBusyError where another process uses it for too long, and CardFileError where it is missing or
        damaged, or cannot be written. The file is left as it is then.
        """
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[PoweredCard]:
        path = _real(self.path)
        held = locked_file.open_existing(path, wait=self._wait)
        try:
            card = _read(held)
            self._atr = card.atr
            yield _SavedCard(card, held)
        finally:
            self._atr = b""
            held.close()

    @staticmethod
    def create(path: str | os.PathLike[str], card: SimulatedCard, *, wait: float = 10.0) -> CardFile:
        """Put ``card`` into a new file, readable by its owner only.

        Raises CardFileError where there is such a file already or it cannot be written, and CardBusyError where
        another program has been making it for ``wait`` seconds.
        """
        target = _real(path)
        locked_file.create(target, storage.write(card.memory), wait=wait).close()
        card.mark_saved()
        return CardFile(path, wait=wait)


class _SavedCard:
    """The card of an open file: a PoweredCard."""

    def __init__(self, card: SimulatedCard, held: LockedFile) -> None:
        self._card = card
        self._held = held
        self.power_on()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def power_on(self) -> None:
        """Give the card power, or reset it."""
        self._card.power_on()

    def power_off(self) -> None:
        """Take the power away."""
        self._card.power_off()

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """Answer one command, after what it changed was saved. Raises CardFileError or CardBusyError where that fails.

        The card is dead for this session after such a failure: the file knows nothing of the command.
        """
        answer = self._card.transmit(command)
        if self._card.changed:
            try:
                self._held.replace(storage.write(self._card.memory))
            except CardError:
                self._card.power_off()
                raise
            self._card.mark_saved()
        return answer


def _real(path: str | os.PathLike[str]) -> Path:
    """Where ``path`` leads to, links followed. Raises CardFileError for one that no file can have."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        raise CardFileError(f"{os.fspath(path)!r} is the path of no file", remedy="leave the zero byte out") from None


def _read(held: LockedFile) -> SimulatedCard:
    content = held.read(_LIMIT)
    if len(content) > _LIMIT:
        raise _unusable(held.path, "it is far too large")
    if not content:
        raise _unusable(held.path, "it is empty")
    try:
        return SimulatedCard(storage.read(content))
    except storage.UnreadableError as error:
        raise _unusable(held.path, str(error), error.remedy) from None


def _unusable(path: Path, why: str, remedy: str | None = None) -> CardFileError:
    remedy = remedy or "restore it from a copy, or make a new card with: ecard simulator new FILE"
    return CardFileError(f"{path} is no usable card file: {why}", remedy=remedy)
