"""The calendar, judged by counting all days."""

from datetime import date, timedelta

import pytest

from ecard.pin.dates import is_calendar_date, writings

from .sample import BIRTH

pytestmark = pytest.mark.exhaustive

FIRST, LAST = date(1900, 1, 1), date(2049, 12, 31)


def six_digit_dates():
    """Every date in every usual writing of six digits, written out day by day."""
    found, day = set(), FIRST
    while day <= LAST:
        y, m, d, republic = day.year, day.month, day.day, day.year - 1911
        short = f"{y % 100:02}"
        texts = [
            f"{short}{m:02}{d:02}",
            f"{d:02}{m:02}{short}",
            f"{m:02}{d:02}{short}",
            f"{y}{m}{d}",
            f"{d}{m}{y}",
            f"{m}{d}{y}",
        ]
        if republic > 0:
            texts.append(f"{republic:02}{m:02}{d:02}")
        if republic >= 100:
            texts.append(f"{republic}{m}{d}")
        found.update(text for text in texts if len(text) == 6)
        day += timedelta(1)
    return found


def test_of_all_six_digits_exactly_the_dates_are_dates():
    expected = six_digit_dates()
    assert len(expected) == 111_711
    assert all(is_calendar_date(text, earliest_year=1900, today=LAST) for text in expected)
    others = (f"{number:06}" for number in range(0, 10**6, 7))
    assert not any(is_calendar_date(text, earliest_year=1900, today=LAST) for text in others if text not in expected)


@pytest.mark.parametrize(
    ("digits", "is_one"),
    [
        ("20240229", True), ("20230229", False), ("19000229", False), ("000229", True),
        ("19891301", False), ("18991231", False),
        ("20260701", True), ("20260702", False), ("01072026", True), ("31072026", False),
        ("19890000", False), ("1989001", False),
        ("1150701", True), ("1150702", False), ("0010101", True), ("0000101", False), ("1988401", True),
        ("1988041", True),
        ("077401", False), ("114401", False), ("11441", True), ("8841", True), ("1988", True),
        ("0401", False),
        ("401", False), ("", False), ("198804011", False),
    ],
)  # fmt: skip
def test_edges(digits, is_one):
    assert is_calendar_date(digits, earliest_year=1900, today=date(2026, 7, 1)) is is_one


def test_the_writings_of_one_day():
    short = {"8841", "8814", "1488", "4188", "7741", "7714", "1477", "4177"}
    assert short <= writings(BIRTH)
    assert {
        "19880401",
        "880401",
        "198841",
        "1988401",
        "01041988",
        "04011988",
        "770401",
        "0770401",
        "040177",
    } <= writings(BIRTH)
    assert all(text.isdecimal() and 4 <= len(text) <= 8 for text in writings(BIRTH))
    assert not any(text.startswith("-") for text in writings(date(1, 1, 1)))
