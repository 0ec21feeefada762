"""A trace played back as a card: the same answers to the same commands, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from ecard.apdu.masking import MASK
from ecard.apdu.trace import Trace, read_trace, unmask
from ecard.apdu.transport import Transport
from ecard.errors import CardConnectionError, CardProtocolError


class ReplayTransport:
    """Answers as the card of a trace did.

    A secret byte of a recorded command fits any byte; a secret byte of a recorded answer is played as zero. A command
    that is not the recorded one raises CardProtocolError; a connection that failed, or the end of the trace,
    CardConnectionError.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace: Final = trace
        self._position = 0

    @property
    def remaining(self) -> int:
        """How many recorded exchanges were not played yet."""
        return len(self._trace.exchanges) - self._position

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """The recorded answer to ``command``, which has to be the next in the trace.

        Raises CardProtocolError for another command, CardConnectionError where the trace or its connection ended.
        """
        if not self.remaining:
            raise CardConnectionError("the trace is at its end")
        exchange = self._trace.exchanges[self._position]
        if not _fits(command, exchange.command):
            number = self._position + 1
            raise CardProtocolError(f"the trace has another command at number {number}: {exchange.command[:8]}")
        self._position += 1
        if exchange.status is None:
            raise CardConnectionError("the connection failed here when the trace was made")
        return unmask(exchange.data), exchange.status


class ReplayReader:
    """A Connector to the card of the trace at ``path``; every session plays it from the beginning."""

    def __init__(self, path: Path) -> None:
        self._trace: Final = read_trace(path)

    @property
    def name(self) -> str:
        """The reader of the trace."""
        return self._trace.reader

    @property
    def atr(self) -> bytes:
        """The answer to reset of the trace's card."""
        return self._trace.atr

    def open(self) -> AbstractContextManager[Transport]:
        """Begin to play."""
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        yield ReplayTransport(self._trace)


def _fits(command: bytes, recorded: str) -> bool:
    shown = command.hex().upper()
    pairs = [recorded[i : i + 2] for i in range(0, len(recorded), 2)]
    return len(pairs) == len(command) and all(pair in (MASK, shown[2 * i : 2 * i + 2]) for i, pair in enumerate(pairs))
