"""Writing a file so that it is either wholly there or not there at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ecard.errors import InvalidInputError


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path``, replacing what was there; a crash leaves the old file or the new one.

    InvalidInputError where the file cannot be written; nothing is left behind then.
    """
    # named before it is made: an interruption (Ctrl-C, SIGTERM) may come at any moment, and has to take it away too
    temporary = path.parent / f".{path.name[:32]}.{secrets.token_hex(8)}"
    try:
        if path.exists() and not path.is_file():
            # a device or a pipe is written to; putting a file in its place would break it for everybody
            path.write_bytes(data)
            return
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError, ValueError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise InvalidInputError(f"{path}: cannot be written: {error.strerror}") from None
        raise
