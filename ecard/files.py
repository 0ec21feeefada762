"""Writing a file so that it is either wholly there or not there at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ecard.errors import InvalidInputError


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path``, replacing what was there; a crash leaves the old file or the new one.

    InvalidInputError where the file cannot be written; nothing is left behind then.
    """
    temporary: str | None = None
    try:
        if path.exists() and not path.is_file():
            # a device or a pipe is written to; putting a file in its place would break it for everybody
            path.write_bytes(data)
            return
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:32]}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise InvalidInputError(f"{path}: cannot be written: {error.strerror}") from None
