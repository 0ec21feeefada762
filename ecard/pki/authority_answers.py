"""The file of OCSP answers: for which certificates an answer told the state of which moment, since the state was saved.

One line per certificate is added before an answer leaves, so that another process cannot withdraw a certificate from
before the moment for which it was called good. Saving the state takes the lines into it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from ecard.errors import AuthorityStateError

ANSWERS_FILE: Final = "authority.answers"
MANY: Final = 1 << 20
"""From so many bytes on, the notes are to be taken into the state: whoever changes something has to read them all."""
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_LINE: Final = re.compile(rb"([0-9a-f]{1,40}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n", re.ASCII)


def append(directory: Path, serials: Iterable[int], moment: datetime) -> None:
    """Add a line for each certificate. Raises AuthorityStateError where that fails: then no answer may leave."""
    text = moment.astimezone(UTC).strftime(_TIME)
    # the first line end closes what a crash may have left half written
    lines = "".join(("\n", *(f"{serial:x} {text}\n" for serial in serials))).encode()
    path = directory / ANSWERS_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            complete = os.write(descriptor, lines) == len(lines)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None
    if not complete:
        raise AuthorityStateError(f"{path} cannot be written: the disk is full")


def are_many(directory: Path) -> bool:
    """Whether there are so many lines that they should be taken into the state."""
    try:
        return (directory / ANSWERS_FILE).stat().st_size >= MANY
    except OSError:
        return False


def read(directory: Path) -> Iterator[tuple[int, datetime]]:
    """(serial number, moment) of every line. Raises AuthorityStateError where the file cannot be read.

    A line that is not whole is passed over: its answer never left.
    """
    path = directory / ANSWERS_FILE
    try:
        with path.open("rb") as file:
            for line in file:
                if (match := _LINE.fullmatch(line)) and (moment := _moment(match[2])):
                    yield int(match[1], 16), moment
    except FileNotFoundError:
        return
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=1024)
def _moment(text: bytes) -> datetime | None:
    # many lines have few moments, and reading one takes longer than the rest of a line
    try:
        return datetime.strptime(text.decode(), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def clear(directory: Path) -> None:
    """Forget all lines: the state has them now. Raises AuthorityStateError."""
    path = directory / ANSWERS_FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None
