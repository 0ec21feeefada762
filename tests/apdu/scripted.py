"""Transports of the tests' own: cards that say what they are told to, and one that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from ecard.apdu.transport import Connector, Transport


class Scripted:
    """A Connector and Transport at once: answers come from a list, or from a function of the command."""

    def __init__(
        self,
        answers: Sequence[tuple[bytes, int]] | Callable[[bytes], tuple[bytes, int]],
        *,
        atr: bytes = b"",
    ) -> None:
        self._answers = answers if callable(answers) else None
        self._queue = [] if callable(answers) else list(answers)
        self.atr = atr
        self.name = "scripted card"
        self.commands: list[bytes] = []
        self.opened = 0
        self.closed = 0

    def open(self) -> AbstractContextManager[Transport]:
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        self.commands.append(command)
        return self._answers(command) if self._answers else self._queue.pop(0)


class Counting:
    """A Connector that notes every command sent through it to another one's card."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.commands: list[bytes] = []

    @property
    def name(self) -> str:
        return self._connector.name

    @property
    def atr(self) -> bytes:
        return self._connector.atr

    @property
    def instructions(self) -> list[int]:
        return [command[1] for command in self.commands]

    def open(self) -> AbstractContextManager[Transport]:
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        with self._connector.open() as transport:
            yield _Counted(transport, self.commands)


class _Counted:
    def __init__(self, transport: Transport, commands: list[bytes]) -> None:
        self._transport = transport
        self._commands = commands

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        self._commands.append(command)
        return self._transport.transmit(command)
