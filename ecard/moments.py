"""Moments: always with a time zone, and in UTC wherever they are kept or compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ecard.errors import InvalidInputError


def in_utc(moment: datetime, what: str = "moment") -> datetime:
    """``moment``, that messages call ``what``, in UTC.

    Raises InvalidInputError where it is no datetime, has no time zone, or leaves the years 1 to 9999.
    """
    if not isinstance(moment, datetime):
        # a date is one to the eye, and a text out of JSON
        raise InvalidInputError(
            f"the {what} is of type {type(moment).__name__}",
            remedy="pass an aware datetime, datetime.now(UTC) for example",
        )
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise InvalidInputError(
            f"the {what} has no time zone", remedy="pass an aware datetime, datetime.now(UTC) for example"
        )
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInputError(f"the {what} is outside the years 1 to 9999 in UTC") from None


def after(moment: datetime, life: timedelta) -> datetime:
    """The end, in UTC, of what lives for ``life`` from ``moment`` on: at the latest that of the year 9999."""
    try:
        return in_utc(moment) + life
    except OverflowError:
        return datetime.max.replace(microsecond=0, tzinfo=UTC)
