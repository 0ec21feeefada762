"""Moments as the register keeps them: UTC, in whole seconds, as a text that sorts as the moments do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ecard.errors import EncodingError
from ecard.moments import in_utc

_WITHOUT_ZONE: Final = 19
"""Characters of ``2026-05-04T08:30:00``."""


def whole(moment: datetime) -> datetime:
    """``moment`` in UTC without its fraction of a second. InvalidInputError where it has no time zone."""
    return in_utc(moment).replace(microsecond=0)


def write(moment: datetime) -> str:
    """The text of a moment, 20 characters."""
    return f"{whole(moment).isoformat()[:_WITHOUT_ZONE]}Z"


def read(text: object) -> datetime:
    """The moment that a text stands for. Raises EncodingError for any other writing."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    # fromisoformat knows other writings too: only the one that ``write`` makes is a moment
    if found is None or found.tzinfo is not UTC or write(found) != text:
        raise EncodingError("a moment is not written as 2026-05-04T08:30:00Z")
    return found
