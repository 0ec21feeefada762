"""Moments as the register keeps them: UTC, in whole seconds, as a text that sorts as the moments do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ecard.errors import EncodingError, InvalidInputError

_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_LENGTH: Final = 20


def whole(moment: datetime) -> datetime:
    """``moment`` in UTC without its fraction of a second. InvalidInputError where it has no time zone."""
    if moment.utcoffset() is None:
        raise InvalidInputError(
            "a moment without a time zone is no moment", remedy="pass an aware datetime, datetime.now(UTC) for example"
        )
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise InvalidInputError("the moment is outside the years 1 to 9999 in UTC") from None


def write(moment: datetime) -> str:
    """The text of a moment, 20 characters."""
    found = whole(moment)
    return f"{found.year:04d}-{found:%m-%dT%H:%M:%SZ}"


def read(text: object) -> datetime:
    """The moment that a text stands for. Raises EncodingError for any other writing."""
    if not isinstance(text, str) or len(text) != _LENGTH or not text.isascii():
        raise EncodingError("a moment is not written as 2026-05-04T08:30:00Z")
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise EncodingError("a moment is not written as 2026-05-04T08:30:00Z") from None
