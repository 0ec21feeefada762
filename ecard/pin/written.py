"""Numbers as people write them, turned into plain ASCII: full-width digits, spaces, hyphens, brackets."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ecard.errors import InvalidInputError

MAXIMUM_LENGTH: Final = 64
"""The most characters that one number may be written with."""


def folded(text: str, *, what: str) -> str:
    """``text`` in compatibility form (full-width to half-width), upper case, every decimal digit as ASCII.

    Raises InvalidInputError, naming ``what``, where it is no text or has more than 64 characters.
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"a {what} is given as a text, not as {type(text).__name__}")
    if len(text) > MAXIMUM_LENGTH:
        raise InvalidInputError(
            f"a {what} is written with at most {MAXIMUM_LENGTH} characters, and one has {len(text)}"
        )
    normal = unicodedata.normalize("NFKC", text)[:MAXIMUM_LENGTH]
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal).upper()


def letters_and_digits(text: str, *, what: str) -> str:
    """``text`` folded, with everything but ASCII letters and digits left out. Raises InvalidInputError."""
    return re.sub(r"[^0-9A-Z]", "", folded(text, what=what))


def digits_of(text: str) -> str:
    """The ASCII digits of ``text``."""
    return re.sub(r"[^0-9]", "", text)
