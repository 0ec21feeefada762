"""Holders of other kinds than the one of the examples: what is made from their numbers is refused for that reason.

The variants are made here anew, from the words of the rules and not from the code that looks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest

from ecard.codes import identity_check_character
from ecard.pin import HolderFacts, Pin, Reason
from tests.pin.sample import POLICY

pytestmark = pytest.mark.exhaustive

TELEPHONES = {
    "139 1107 6652": ["13911076652", "8613911076652", "008613911076652"],
    "＋８６　１５９　２７４０　８８１３": ["15927408813", "8615927408813"],
    "0592-5671283 转 317": ["05925671283", "5671283", "865925671283", "5671283317"],
    "(0755) 8234-9071 ext 66": ["075582349071", "82349071", "8234907166"],
    "+86 (21) 6433-7790 分机 5512": ["02164337790", "64337790", "862164337790", "643377905512"],
    "0086 10 8847 2219": ["01088472219", "88472219", "1088472219", "861088472219"],
    "００８６－１０－８８４７２２１９－４４０５": ["01088472219", "88472219", "884722194405"],
    "0086-139-1107-6652": ["13911076652", "8613911076652"],
    "86-532-8590-4471": ["053285904471", "85904471", "8653285904471"],
    "传真：020-37609114": ["02037609114", "37609114"],
    "0471 4392 817x22": ["04714392817", "4392817", "439281722"],
    "400-820-7135": ["4008207135"],
    "(+852) 2738 4419": ["27384419", "85227384419"],
    "0044 20 7946 0958": ["442079460958", "2079460958"],
}
BORN = [date(1991, 12, 30), date(2003, 1, 9), date(1975, 10, 10), date(1966, 7, 23), date(2000, 2, 29)]
PADDING = ("", "0", "00", "7", "39")


def refused_only_for_something_else(facts: HolderFacts, pins: set[str], *reasons: Reason) -> list[str]:
    lengths = [pin for pin in sorted(pins) if 6 <= len(pin) <= 8]
    assert len(lengths) > 30
    return [pin for pin in lengths if not {*reasons} & {*POLICY.violations(Pin(pin), facts)}]


def runs(number: str) -> Iterator[str]:
    for size in (6, 7, 8):
        for start in range(len(number) - size + 1):
            yield number[start : start + size]
            yield number[start : start + size][::-1]


def beginnings_and_ends(number: str) -> Iterator[str]:
    yield from (number[:a] + number[-b:] for a, b in product((3, 4, 5), (3, 4, 5)))


@pytest.mark.parametrize("written", TELEPHONES)
def test_telephones_however_they_are_written(written: str) -> None:
    pins: set[str] = set()
    for number in TELEPHONES[written]:
        pins |= {*runs(number), *(() if number.startswith("00") else beginnings_and_ends(number))}
        pins |= {number[-6:] + more for more in PADDING} | {more + number[:6] for more in PADDING}
    local = min(TELEPHONES[written], key=len)
    pins |= {local[-4:] * 2, local[:4] * 2, local[-3:] * 2}
    assert refused_only_for_something_else(HolderFacts(telephones=[written]), pins, Reason.TELEPHONE_NUMBER) == []


def writings(day: date) -> set[str]:
    years = {f"{day.year}", f"{day.year % 100:02}", f"{day.year - 1911}", f"{day.year - 1911:03}"}
    months, days = {f"{day.month}", f"{day.month:02}"}, {f"{day.day}", f"{day.day:02}"}
    return {w for y, m, d in product(years, months, days) for w in (y + m + d, y + d + m, d + m + y, m + d + y)}


@pytest.mark.parametrize("day", BORN, ids=str)
def test_birth_dates_however_they_are_written(day: date) -> None:
    both = {way for writing in writings(day) for way in (writing, writing[::-1])}
    pins = {before + writing + after for writing in both for before, after in product(PADDING, PADDING)}
    assert refused_only_for_something_else(HolderFacts(birth_dates=[day]), pins, Reason.BIRTH_DATE) == []


@pytest.mark.parametrize(
    "first_17", ["35020319880401102", "11010119911230204", "44030619660723331", "32010619751010001"]
)
@pytest.mark.parametrize("length", [15, 18])
def test_identity_numbers_of_both_lengths(first_17: str, length: int) -> None:
    long = first_17 + identity_check_character(first_17)
    short = long[:6] + long[8:17]
    given = long if length == 18 else short
    digits = [n for n in (long, short) if n.isdecimal()]
    pins = {pin for number in digits for pin in (*runs(number), *beginnings_and_ends(number))}
    pins |= {n[-4:] + more for n in digits for more in ("00", "47")} | {more + long[:6] for more in PADDING}
    pins |= {long[10:14] + long[:4], long[:4] + long[10:14], long[:3] + short[-4:], long[:6] + short[-2:]}
    facts = HolderFacts(identity_numbers=[given])
    reasons = (Reason.IDENTITY_NUMBER, Reason.BIRTH_DATE, Reason.COMBINED_FACTS)
    assert refused_only_for_something_else(facts, pins, *reasons) == []
