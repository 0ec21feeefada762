"""The ways to write a date in digits alone, and whether digits are one of them."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Final

REPUBLIC: Final = 1911
"""The year before the first of the Republic of China (民国), from which its years are counted."""

_DAYS: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ORDERS: Final = ("ymd", "ydm", "dmy", "mdy")
_RARE_ORDERS: Final = ("dym", "myd")
_CALENDAR_ORDERS: Final = ("ymd", "dmy", "mdy")


def writings(day: date) -> frozenset[str]:
    """Every usual writing of ``day``: year first or last, day and month in either order, of any length from 4.

    The year is in the middle as well, from six digits on. Years have four digits, two, or are
    counted by the Republic of China (one to three digits); months and days have two digits or, below ten, one.

    >>> sorted(w for w in writings(date(1988, 4, 1)) if len(w) == 8)
    ['01041988', '01198804', '04011988', '04198801', '19880104', '19880401']
    """
    months, days = _numbers(day.month), _numbers(day.day)
    parts = [{"y": y, "m": m, "d": d} for y, m, d in product(_years(day.year), months, days)]
    orders = [*((order, 4) for order in _ORDERS), *((order, 6) for order in _RARE_ORDERS)]
    return frozenset(
        w for (order, fewest), p in product(orders, parts) if len(w := "".join(p[c] for c in order)) >= fewest
    )


def _years(year: int) -> set[str]:
    republic = year - REPUBLIC
    counted = {f"{republic}", f"{republic:02}", f"{republic:03}"} if republic >= 1 else set()
    return {f"{year:04}", f"{year % 100:02}", *counted}


def _numbers(number: int) -> set[str]:
    return {f"{number}", f"{number:02}"}


def parts_of_writings(day: date) -> frozenset[str]:
    """The four digits that stand for part of a date: the year, and month and day in either order."""
    return frozenset({f"{day.year:04}", f"{day.month:02}{day.day:02}", f"{day.day:02}{day.month:02}"})


def blocks(day: date) -> frozenset[str]:
    """The numbers of two to four digits that a date is put together from."""
    return frozenset({f"{day.month:02}", f"{day.day:02}"} | {y for y in _years(day.year) if len(y) >= 2})


def pairs(day: date) -> frozenset[str]:
    """Parts of three or four digits that join with other numbers: the year, month and day, year and month."""
    year, month = f"{day.year % 100:02}", f"{day.month:02}"
    days = {a + b for m, d in product(_numbers(day.month), _numbers(day.day)) for a, b in ((m, d), (d, m))}
    return frozenset({f"{day.year:04}", year + month, month + year} | {d for d in days if len(d) >= 3})


def is_calendar_date(digits: str, *, earliest_year: int, today: date) -> bool:
    """Whether ``digits`` are a date from ``earliest_year`` to ``today`` in a usual writing, forwards.

    The writings have the year first or last, of four or two digits, and day and month in either order; or
    the year of the Republic of China first, of two or three digits. Months and days below ten may go
    without their zero, but not beside a year of three digits that keeps its own.
    """
    for layout in _LAYOUTS.get(len(digits), ()):
        year, month, day = (digits[part] for part in layout)
        if int(month) <= 12 and int(day) <= 31 and not _mixes_zeros(year, month, day):
            candidates = _years_read(year, earliest_year, today, year_first=layout[0].start == 0)
            if any(_exists(y, int(month), int(day), earliest_year, today) for y in candidates):
                return True
    return False


def _layouts() -> dict[int, list[tuple[slice, slice, slice]]]:
    """The places of year, month and day in every writing that is looked for, by its length."""
    found: dict[int, list[tuple[slice, slice, slice]]] = {}
    for order, year, month, day in product(_CALENDAR_ORDERS, (2, 3, 4), (1, 2), (1, 2)):
        if year == 3 and order != "ymd":
            continue
        sizes, start, places = {"y": year, "m": month, "d": day}, 0, {}
        for part in order:
            places[part] = slice(start, start := start + sizes[part])
        found.setdefault(start, []).append((places["y"], places["m"], places["d"]))
    return found


_LAYOUTS: Final = _layouts()


def _mixes_zeros(year: str, month: str, day: str) -> bool:
    """A year of three digits with its zero, or a month or day with one, beside another without."""
    written_short = len(month) == 1 or len(day) == 1
    return len(year) == 3 and written_short and "0" in {year[0], *(part[0] for part in (month, day))}


def _years_read(year: str, earliest: int, today: date, *, year_first: bool) -> Iterator[int]:
    number = int(year)
    if len(year) == 4:
        yield number
    if len(year) == 2:
        yield from range(earliest - earliest % 100 + number, today.year + 1, 100)
    if len(year) < 4 and year_first and number:
        yield number + REPUBLIC


def _exists(year: int, month: int, day: int, earliest: int, today: date) -> bool:
    if not earliest <= year <= today.year or not 1 <= month <= 12 or not 1 <= day <= _DAYS[month]:
        return False
    if month == 2 and day == 29 and not isleap(year):
        return False
    return year < today.year or (month, day) <= (today.month, today.day)
