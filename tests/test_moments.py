"""Moments of every time zone in UTC, and refusals of what is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ecard.errors import InvalidInputError
from ecard.moments import after, in_utc

CHINA, WEST = timezone(timedelta(hours=8)), timezone(timedelta(hours=-8))


def test_the_same_moment_in_utc() -> None:
    moment = datetime(2026, 5, 4, 8, 30, 0, 500, tzinfo=CHINA)
    assert in_utc(moment) == moment
    assert in_utc(moment).isoformat() == "2026-05-04T00:30:00.000500+00:00"
    assert in_utc(in_utc(moment)).tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        (datetime(2026, 5, 4), "the day of reckoning has no time zone"),
        (datetime.max.replace(tzinfo=WEST), "the day of reckoning is outside the years 1 to 9999 in UTC"),
        (datetime.min.replace(tzinfo=CHINA), "the day of reckoning is outside the years 1 to 9999 in UTC"),
        (date(2026, 5, 4), "the day of reckoning is of type date"),
        ("2026-05-04T08:30:00Z", "the day of reckoning is of type str"),
        (None, "the day of reckoning is of type NoneType"),
    ],
)
def test_what_is_no_moment_is_refused_by_its_name(moment: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        in_utc(moment, "day of reckoning")  # type: ignore[arg-type]


def test_what_lives_past_the_calendar_ends_with_it() -> None:
    day = timedelta(days=1)
    assert after(datetime(2026, 5, 4, 8, tzinfo=CHINA), day) == datetime(2026, 5, 5, tzinfo=UTC)
    assert after(datetime(9999, 12, 31, 8, tzinfo=UTC), day) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
