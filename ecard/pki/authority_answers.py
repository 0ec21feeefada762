"""The file of OCSP answers: for which certificates an answer told the state of which moment, since the state was saved.

One line per certificate is added before an answer leaves, so that another process cannot withdraw a certificate from
before the moment for which it was called good. Saving the state takes the lines into it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ecard.errors import AuthorityStateError

ANSWERS_FILE: Final = "authority.answers"
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


def read(directory: Path) -> Iterator[tuple[int, datetime]]:
    """(serial number, moment) of every line. Raises AuthorityStateError where the file cannot be read.

    A line that is not whole is passed over: its answer never left.
    """
    path = directory / ANSWERS_FILE
    try:
        with path.open("rb") as file:
            for line in file:
                if match := _LINE.fullmatch(line):
                    with suppress(ValueError):
                        yield int(match[1], 16), datetime.strptime(match[2].decode(), _TIME).replace(tzinfo=UTC)
    except FileNotFoundError:
        return
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be read: {error.strerror}") from None


def clear(directory: Path) -> None:
    """Forget all lines: the state has them now. Raises AuthorityStateError."""
    path = directory / ANSWERS_FILE
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None
