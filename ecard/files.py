"""Writing a file so that it is either wholly there or not there at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecard.errors import InvalidInputError

_STANDARD_OUTPUT: Final = 1


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path``, replacing what was there; a crash leaves the old file or the new one.

    A link stays, and what it leads to is written.
    InvalidInputError where the file cannot be written; nothing is left behind then.
    """
    try:
        if not path.exists() or (path.is_file() and not _is_standard_output(path)):
            _replace(Path(os.path.realpath(path)), data, mode)
        elif _is_standard_output(path):
            with os.fdopen(os.dup(_STANDARD_OUTPUT), "wb") as output:
                output.write(data)
        else:
            # a device or a pipe is written to; putting a file in its place would break it for everybody
            path.write_bytes(data)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be written: {error.strerror}") from None


def _replace(place: Path, data: bytes, mode: int) -> None:
    # named before it is made: an interruption (Ctrl-C, SIGTERM) may come at any moment, and has to take it away too
    temporary = place.parent / f".{place.name[:32]}.{secrets.token_hex(8)}"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except BaseException:
        with suppress(OSError, ValueError):
            temporary.unlink()
        raise


def _is_standard_output(path: Path) -> bool:
    """Whether ``path`` is what this process prints to, as /dev/stdout is: a shell that appends there loses nothing."""
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(_STANDARD_OUTPUT))
    return False
