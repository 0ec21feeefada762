"""A file with a secret in it, for its owner's eyes: there before the card has the secret, lest it be lost between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ecard.errors import (
    CardStatusError,
    EcardError,
    InvalidInputError,
    ManagementKeyError,
    NotSupportedByCardError,
    PinError,
)
from ecard.files import write_atomically

_PRIVATE: Final = 0o600
_REFUSALS: Final = (InvalidInputError, PinError, ManagementKeyError, NotSupportedByCardError, CardStatusError)
_MEMORY_CHANGED: Final = 0x65
_NO_DIAGNOSIS: Final = 0x6F


def is_refusal(error: BaseException) -> bool:
    """Whether after an error in sending a secret the card certainly has its old one (ISO/IEC 7816-4, status words)."""
    if isinstance(error, CardStatusError):
        return error.status >> 8 not in (_MEMORY_CHANGED, _NO_DIAGNOSIS)
    return isinstance(error, _REFUSALS)


@contextmanager
def secret_file(
    file: Path, secret: bytes, what: str, *, gone_after: Callable[[BaseException], bool] = is_refusal
) -> Iterator[None]:
    """Write a secret and a line feed to a new file; it goes again where the block ends with an error of ``gone_after``.

    ``what`` names the secret in messages. Raises InvalidInputError where there is such a file, or it cannot be made.
    """
    if os.path.lexists(file):
        raise InvalidInputError(f"{file} exists already", remedy=f"name another file for {what}")
    write_atomically(file, secret + b"\n", mode=_PRIVATE)
    try:
        yield
    except BaseException as error:
        if gone_after(error):
            file.unlink(missing_ok=True)
        raise


@contextmanager
def told_in_doubt(what: str, remedy: str, *, unless: Callable[[BaseException], bool] = is_refusal) -> Iterator[None]:
    """Say with an error after which nobody knows whether the card has ``what``, its new secret, that it is so."""
    try:
        yield
    except (EcardError, KeyboardInterrupt) as error:
        if unless(error):
            raise
        doubt = f"whether the card has {what} is not known"
        if isinstance(error, EcardError):
            # the same error, of which more is known here than where it was raised
            EcardError.__init__(error, f"{error.what}, and {doubt}", remedy=remedy)
            raise
        raise KeyboardInterrupt(f"interrupted, and {doubt}: {remedy}") from None
