"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ecard.errors import InvalidInputError
from ecard.moments import in_utc

START: Final = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""What the clock shows at the beginning of every test: a Monday morning."""


class Clock:
    """The time of a test, in whole seconds. Calling it gives the moment, so it can stand wherever a function that
    tells the time is wanted.

    >>> clock = Clock()
    >>> clock.advance(days=30).isoformat()
    '2026-04-01T08:30:00+00:00'

    Raises InvalidInputError for a first moment without time zone.
    """

    def __init__(self, start: datetime = START) -> None:
        """InvalidInputError where ``start`` has no time zone."""
        self._now = in_utc(start, "clock's first moment").replace(microsecond=0)

    @property
    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._now

    def __call__(self) -> datetime:
        """The moment, in UTC."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Let time pass, and return the new moment; fractions of a second are dropped.

        InvalidInputError for a time that would go backwards, as authorities publish forwards only, or past year 9999.
        """
        try:
            passed = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            then = (self._now + passed).replace(microsecond=0)
        except (OverflowError, ValueError):
            raise InvalidInputError(
                "the clock would leave the years 1 to 9999", remedy="let less time pass, or begin with another Clock"
            ) from None
        if passed < timedelta(0):
            raise InvalidInputError("time does not go backwards", remedy="begin with an earlier Clock(start)")
        self._now = then
        return self._now

    def __repr__(self) -> str:
        return f"<Clock {self._now:%Y-%m-%dT%H:%M:%SZ}>"
