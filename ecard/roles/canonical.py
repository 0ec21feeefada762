"""Canonical JSON: one text for one value, so that what is signed and hashed can be compared byte by byte.

Keys are sorted, no space is put between tokens, text is UTF-8 and not escaped, and numbers are integers (the subset
of RFC 8785 without fractions).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from ecard.errors import EncodingError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
MAX_SIZE: Final = 64 * 1024
"""The largest text that is read, in bytes."""
_MAX_DEPTH: Final = 8
_MAX_INTEGER: Final = 2**53 - 1
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def encode(value: Json) -> bytes:
    """The canonical text of a value. Raises EncodingError for what the subset does not have."""
    _require_plain(value, _MAX_DEPTH)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        raise EncodingError("a text has half of a character pair") from None


def decode(text: bytes, what: str) -> dict[str, Any]:
    """The object whose canonical text this is. Raises EncodingError where it is none, or is written otherwise."""
    if len(text) > MAX_SIZE:
        raise EncodingError(f"the {what} has {len(text)} bytes, more than {MAX_SIZE}")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise EncodingError(f"the {what} is not JSON") from None
    if not isinstance(value, dict):
        raise EncodingError(f"the {what} is not a JSON object")
    if encode(value) != text:
        raise EncodingError(
            f"the {what} is not canonical JSON", remedy="sort the keys, leave out spaces, and give every key once"
        )
    return value


def _require_plain(value: Json, depth: int) -> None:
    if depth < 0:
        raise EncodingError(f"JSON nested deeper than {_MAX_DEPTH}")
    # what comes most often and is told fastest stands first
    if value is None or isinstance(value, str):
        return
    if isinstance(value, int):
        if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
            raise EncodingError("a number is too large for JSON")
    elif isinstance(value, (dict, Mapping)):
        for key, part in value.items():
            if not isinstance(key, str):
                raise EncodingError("a key of a JSON object is not a text")
            _require_plain(part, depth - 1)
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for part in value:
            _require_plain(part, depth - 1)
    else:
        raise EncodingError("a value is neither a text, an integer, true, false nor null")
