"""A file with a secret in it, for its owner's eyes: there before the card has the secret, lest it be lost between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ecard.errors import InvalidInputError
from ecard.files import write_atomically

_PRIVATE: Final = 0o600


@contextmanager
def secret_file(
    file: Path, secret: bytes, what: str, *, gone_after: type[BaseException] | tuple[type[BaseException], ...]
) -> Iterator[None]:
    """Write a secret and a line feed to a new file; it goes again where the block ends with one of ``gone_after``.

    ``what`` names the secret in messages. Raises InvalidInputError where there is such a file, or it cannot be made.
    """
    if file.exists():
        raise InvalidInputError(f"{file} exists already", remedy=f"name another file for {what}")
    write_atomically(file, secret + b"\n", mode=_PRIVATE)
    try:
        yield
    except gone_after:
        file.unlink(missing_ok=True)
        raise
