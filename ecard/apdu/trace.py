"""A trace: every exchange of a session in a text file, secrets masked, readable by people and by ``ReplayReader``.

One line each: ``> command`` and ``< data status`` in hexadecimal, ``! kind`` for a connection that failed; ``**`` is
a secret byte. Lines with ``#`` say what the trace is of.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from ecard.apdu.masking import MASK, Masker
from ecard.apdu.transport import Connector, Transport
from ecard.errors import EcardError, InvalidInputError

MAX_SIZE: Final = 16 * 1024 * 1024
"""The most bytes of a trace that is read."""
MAX_EXCHANGES: Final = 200_000
"""The most exchanges of a trace that is read."""
_MAX_LINE: Final = 2 * 65_544 + 16
"""The longest extended command in hexadecimal, and room for what stands before and after."""
_TITLE: Final = "# ecard trace 1"
_ATR: Final = "# atr: "
_READER: Final = "# reader: "
_FAILED: Final = "! "
_BYTES: Final = r"((?:[0-9A-F]{2}|\*\*)*)"
_COMMAND: Final = re.compile(f"> {_BYTES}")
_ANSWER: Final = re.compile(f"< (?:{_BYTES} )?([0-9A-F]{{4}})")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command and its answer; in both ``**`` stands for a secret byte."""

    command: str
    """Hexadecimal."""
    data: str
    """Hexadecimal."""
    status: int | None
    """None where the connection failed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a trace file says."""

    reader: str
    atr: bytes
    exchanges: tuple[Exchange, ...]


class TraceWriter:
    """A Transport that writes every exchange with another one to ``file``."""

    def __init__(self, transport: Transport, file: TextIO) -> None:
        self._transport = transport
        self._file = file
        self._masker = Masker()

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """Pass the command on, and write it and its answer down.

        Raises what the other transport raises, and InvalidInputError where the file cannot be written.
        """
        try:
            data, status = self._transport.transmit(command)
        except (EcardError, OSError, EOFError) as error:
            _write(self._file, f"> {self._masker.mask(command, b'')[0]}\n{_FAILED}{type(error).__name__}\n")
            raise
        shown, answer = self._masker.mask(command, data)
        _write(self._file, f"> {shown}\n< {answer + ' ' if answer else ''}{status:04X}\n")
        return data, status


def _write(file: TextIO, text: str) -> None:
    try:
        file.write(text)
        file.flush()
    except OSError as error:
        raise InvalidInputError(f"the trace cannot be written: {error.strerror}") from None


class TracedReader:
    """A Connector that adds a trace of every session with another one to the file at ``path``."""

    def __init__(self, connector: Connector, path: Path) -> None:
        self._connector: Final = connector
        self._path: Final = path

    @property
    def name(self) -> str:
        """The name of the other connector."""
        return self._connector.name

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._connector.atr

    def open(self) -> AbstractContextManager[Transport]:
        """Take the card.

        Raises what the other connector raises, and InvalidInputError for a file that cannot be written or is no trace.
        """
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        try:
            _require_trace_or_nothing(self._path)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise InvalidInputError(f"{self._path}: cannot be written: {error.strerror}") from None
        except ValueError as error:
            raise InvalidInputError(f"{str(self._path)!r}: cannot be written: {error}") from None
        with _closing(os.fdopen(descriptor, "a", encoding="ascii")) as file, self._connector.open() as transport:
            _write(file, f"{_TITLE}\n{_READER}{_on_one_line(self.name)}\n{_ATR}{self.atr.hex().upper()}\n")
            yield TraceWriter(transport, file)


def _require_trace_or_nothing(path: Path) -> None:
    """Keep a trace from being added to something else, as to the card's own file, which would not be read any more."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(_TITLE)) != _TITLE.encode():
                raise InvalidInputError(
                    f"{path}: is another file than a trace, so none is added to it", remedy="name a new file"
                )


@contextmanager
def _closing(file: TextIO) -> Iterator[TextIO]:
    try:
        yield file
    finally:
        # what could not be written was said when it could not
        with suppress(OSError):
            file.close()


def _on_one_line(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name).encode("ascii", "backslashreplace").decode()


def read_trace(path: Path) -> Trace:
    """Read a trace file; of several sessions in it all exchanges, and reader and answer to reset of the last.

    Raises InvalidInputError for a file that cannot be read, is no trace, or has more than ``MAX_SIZE`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"{str(path)!r}: cannot be read: {error}") from None
    if len(content) > MAX_SIZE:
        raise InvalidInputError(f"{path}: more than {MAX_SIZE} bytes are no trace")
    return parse_trace(content.decode("ascii", "replace"), str(path))


def parse_trace(text: str, what: str = "trace") -> Trace:
    """Read the text of a trace. Raises InvalidInputError naming the line that is wrong."""
    lines = text.splitlines()
    if lines[:1] != [_TITLE]:
        raise InvalidInputError(f"{what}: is no trace: the first line is not {_TITLE!r}")
    reader, atr, command = "", b"", None
    exchanges: list[Exchange] = []
    for number, line in enumerate(lines, 1):
        if len(line) > _MAX_LINE or len(exchanges) > MAX_EXCHANGES:
            raise InvalidInputError(f"{what}: line {number} is too long, or one of too many")
        if line.startswith(_READER):
            reader = line[len(_READER) :]
        elif line.startswith(_ATR):
            atr = _from_hex(line[len(_ATR) :], what, number)
        elif command is None and (match := _COMMAND.fullmatch(line)):
            command = match[1]
        elif command is not None:
            exchanges.append(_answer(command, line, what, number))
            command = None
        elif line and not line.startswith("#"):
            raise InvalidInputError(f"{what}: line {number} is none of a trace")
    return Trace(reader, atr, tuple(exchanges))


def _answer(command: str, line: str, what: str, number: int) -> Exchange:
    if line.startswith(_FAILED):
        return Exchange(command, "", None)
    match = _ANSWER.fullmatch(line)
    if match is None:
        raise InvalidInputError(f"{what}: line {number} is no answer to the command before it")
    return Exchange(command, match[1] or "", int(match[2], 16))


def _from_hex(text: str, what: str, number: int) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidInputError(f"{what}: line {number} is not hexadecimal") from None


def unmask(text: str) -> bytes:
    """The bytes of a command or of data in a trace, with zero for every secret one."""
    return bytes.fromhex(text.replace(MASK, "00"))
