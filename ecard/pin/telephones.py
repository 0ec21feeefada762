"""What a telephone number leaves behind: every way to dial it, its natural blocks, its extension.

Numbers are read as Chinese ones (country code 86, ITU-T E.164) unless they begin with another country code;
nothing is lost where that is wrong, because the digits as they were written always count too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ecard.errors import InvalidInputError
from ecard.pin.traces import Traces
from ecard.pin.written import digits_of, folded

_WHAT: Final = "telephone number"
_EXTENSION_WORD: Final = re.compile(r"EXT[A-Z]*\.?|分机号?|内线|转|轉|#|(?<=[0-9 )])X(?=[ .]*[0-9])", re.ASCII)
_BETWEEN_NUMBERS: Final = re.compile(r"[/;,|、]")
_DIALLED_TRUNK_ZERO: Final = re.compile(r"\(0\)")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_COUNTRY: Final = "86"
_SHORTEST: Final = 3
_SHORTEST_LOCAL: Final = 7


@dataclass(frozen=True, repr=False)
class _Number:
    """A number in parts: ``groups`` as written, ``area`` and ``local`` without trunk zero, ``extension``."""

    groups: tuple[str, ...]
    area: str
    local: str
    extension: str
    foreign: bool

    @property
    def national(self) -> str:
        return self.area + self.local


def telephone_traces(text: str) -> Traces:
    """The traces of one telephone number, fax number or extension in any writing.

    Numbers that a stroke, comma or semicolon parts count as several. Raises InvalidInputError where there
    are fewer than three digits or more than 64 characters.
    """
    plain = folded(text, what=_WHAT)
    if len(digits_of(plain)) < _SHORTEST:
        raise InvalidInputError(f"a {_WHAT} has at least {_SHORTEST} digits, and one has fewer")
    return Traces.together(_traces(_parsed(part)) for part in _separate(plain))


def _separate(plain: str) -> list[str]:
    """The numbers in a text; what is too short for a number of its own stays with the one before it."""
    numbers: list[str] = []
    for part in _BETWEEN_NUMBERS.split(plain):
        if numbers and len(digits_of(part)) < _SHORTEST_LOCAL:
            numbers[-1] += f"#{part}"
        else:
            numbers.append(part)
    return numbers


def _traces(number: _Number) -> Traces:
    written = "".join(number.groups) + number.extension
    spoken = (number.national, "0" + number.national, number.local, number.local + number.extension, number.extension)
    return Traces.of(
        forms=[*_dialled(number), written, *(2 * part for part in (*spoken, "0" + number.area + number.extension))],
        numbers=[*spoken, _COUNTRY + number.national, *_without_country(number)],
        short=[piece for piece in (number.national[-4:], number.local, number.extension) if 4 <= len(piece) < 6],
        pieces=[*_blocks(number), *(end for part in (*spoken, *_without_country(number)) for end in _ends(part))],
    )


def _parsed(plain: str) -> _Number:
    main, *after = _EXTENSION_WORD.split(plain, maxsplit=1)
    groups = re.findall(r"[0-9]+", _DIALLED_TRUNK_ZERO.sub("", main))
    extension = digits_of(after[0]) if after else ""
    if not extension and _last_is_extension(groups):
        extension = groups.pop()
    whole = "".join(groups)
    national, foreign = _national(whole, international="+" in main)
    area = "" if foreign else _area(national)
    return _Number(tuple(groups), area, national[len(area) :], extension, foreign)


def _last_is_extension(groups: list[str]) -> bool:
    """A short last group after a number that is complete without it: 010-65195114-8203, 65195114-8203."""
    if len(groups) < 2 or len(groups[-1]) > 6:
        return False
    before = _from_home("".join(groups[:-1]))
    return len(before) >= 11 or (before.startswith("0") and len(before) >= 10) or len(groups[0]) >= 7


def _from_home(digits: str) -> str:
    """The digits as dialled within the country: after 0086 a trunk zero; after another 00 what follows."""
    if digits.startswith(f"00{_COUNTRY}"):
        return "0" + digits[2 + len(_COUNTRY) :].removeprefix("0")
    return digits.removeprefix("00")


def _national(digits: str, *, international: bool) -> tuple[str, bool]:
    """The number without country code and trunk zero, and whether the country code is another one than 86."""
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if digits.startswith(_COUNTRY) and (international or len(digits) >= 12):
        return digits[len(_COUNTRY) :].removeprefix("0"), False
    return (digits, True) if international else (digits.removeprefix("0"), False)


def _area(national: str) -> str:
    """The area code without its zero: 10 and 2x have two digits, all others three."""
    if _MOBILE.fullmatch(national) or len(national) < 9:
        return ""
    return national[:2] if national[0] in "12" else national[:3]


def _dialled(number: _Number) -> list[str]:
    """The number after every prefix that it is dialled with; shorter prefixes are ends of longer ones."""
    tail = number.national + number.extension
    if not number.foreign:
        return [f"0086{tail}", f"00860{tail}"]
    return [f"00{tail}", *(f"0{local}{number.extension}" for local in _without_country(number))]


def _without_country(number: _Number) -> list[str]:
    """What a foreign number is without a country code of one to three digits; which it has is not known."""
    return [number.national[size:] for size in (1, 2, 3)] if number.foreign else []


def _ends(part: str) -> list[str]:
    """Every beginning and end of a number, of three digits up to the whole."""
    return [end for size in range(_SHORTEST, len(part) + 1) for end in (part[:size], part[-size:])]


def _blocks(number: _Number) -> list[str]:
    """The blocks in which a number is said, beside its beginnings and ends."""
    national = number.national
    blocks = [*number.groups, number.area, "0" + number.area]
    if _MOBILE.fullmatch(national):
        blocks += [national[3:7], national[4:8]]
    return blocks
