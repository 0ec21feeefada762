"""What a policy can be told: lengths, characters, thresholds, and PINs of its own to refuse."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final

from ecard.errors import InvalidInputError
from ecard.pin.masked import MAXIMUM_BYTES

LAST_DAY: Final = date(2049, 12, 31)
"""What a policy takes for today until it is told: dates up to this day are refused."""

_MAXIMUM_LISTED: Final = 100_000

_LIMITS: Final = {
    "minimum_length": (1, MAXIMUM_BYTES),
    "maximum_length": (1, MAXIMUM_BYTES),
    "part_length": (4, MAXIMUM_BYTES),
    "padding": (0, 4),
    "different_characters": (1, 10),
    "earliest_year": (1, 9999),
}


class Characters(Enum):
    """The characters that a card takes in a PIN."""

    DIGITS = "digits"
    """0 to 9 (SP 800-73-5 part 2, section 2.4.3)."""
    LETTERS_AND_DIGITS = "letters-and-digits"
    """ASCII letters and digits."""
    PRINTABLE = "printable"
    """Every printing ASCII character, the space not among them."""

    @property
    def alphabet(self) -> str:
        """The characters, each once."""
        return _ALPHABETS[self]


_ALPHABETS: Final = {
    Characters.DIGITS: string.digits,
    Characters.LETTERS_AND_DIGITS: string.digits + string.ascii_letters,
    Characters.PRINTABLE: string.digits + string.ascii_letters + string.punctuation,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """The settings of a policy; each rule says which it uses.

    ``minimum_length`` and ``maximum_length`` count characters (a PIV PIN has 6 to 8). ``part_length`` is how
    many digits in a row of a known number a PIN may not have; ``padding`` with how many added characters a
    pattern or short piece is still recognised; ``different_characters`` the fewest that a PIN needs. Dates
    are refused from ``earliest_year`` to ``today``. ``common`` and ``factory`` are PINs to refuse beside
    those that ecard knows.

    Raises InvalidInputError for a value out of its range.
    """

    minimum_length: int = 6
    maximum_length: int = 8
    characters: Characters = Characters.DIGITS
    part_length: int = 6
    padding: int = 2
    different_characters: int = 3
    earliest_year: int = 1900
    today: date = LAST_DAY
    common: frozenset[str] = frozenset()
    factory: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            _require_number(name, getattr(self, name), low, high)
        if self.minimum_length > self.maximum_length:
            raise InvalidInputError("minimum_length of the PIN policy is greater than its maximum_length")
        if not isinstance(self.characters, Characters):
            raise InvalidInputError("characters of the PIN policy is not a member of Characters")
        if not isinstance(self.today, date) or isinstance(self.today, datetime):
            raise InvalidInputError("today of the PIN policy is not a date without a time")
        object.__setattr__(self, "common", _listed("common", self.common))
        object.__setattr__(self, "factory", _listed("factory", self.factory))

    def __repr__(self) -> str:
        return f"Settings({self.minimum_length} to {self.maximum_length} {self.characters.value})"


def _require_number(name: str, number: object, low: int, high: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise InvalidInputError(f"{name} of the PIN policy is not a whole number from {low} to {high}")


def _listed(name: str, pins: object) -> frozenset[str]:
    if isinstance(pins, str) or not isinstance(pins, (frozenset, set, tuple, list)):
        raise InvalidInputError(f"the {name} PINs of the PIN policy are not given as a list or set of texts")
    if len(pins) > _MAXIMUM_LISTED:
        raise InvalidInputError(f"the PIN policy lists more than {_MAXIMUM_LISTED:_} {name} PINs")
    if not all(isinstance(pin, str) and 0 < len(pin) <= MAXIMUM_BYTES and pin.isascii() for pin in pins):
        raise InvalidInputError(
            f"one of the {name} PINs of the PIN policy is not an ASCII text of 1 to {MAXIMUM_BYTES} characters"
        )
    return frozenset(pins)
