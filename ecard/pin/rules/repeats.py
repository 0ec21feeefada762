"""PINs that say the same thing again: 888888, 121212, 123123, 112233, 123321, 800000."""

from __future__ import annotations

from itertools import groupby

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings


def repeats(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A unit said again, every digit next to its like, a mirror image, or hardly any different digits.

    Uses ``different_characters``, and ``padding`` for one digit that fills all places but so many.
    """
    text = candidate.text
    repeated = (
        len(set(text)) < settings.different_characters
        or _is_unit_again(text)
        or text == text[::-1]
        or _is_in_pairs(text)
        or _is_mostly_one_digit(text, settings.padding)
    )
    return Reason.REPEATED if repeated else None


def _is_unit_again(text: str) -> bool:
    """A unit said twice or more, the last time perhaps not to its end: 121212, 1231231, 82038203."""
    return any(text[size:] == text[:-size] for size in range(1, len(text) // 2 + 1))


def _is_in_pairs(text: str) -> bool:
    """Each digit twice or more before the next: 112233, 111222, 118888."""
    return all(length >= 2 for length in _lengths(text))


def _is_mostly_one_digit(text: str, padding: int) -> bool:
    """The same digit in a row, at least four times, with at most ``padding`` others around: 800000, 000012."""
    return max(_lengths(text)) >= max(4, len(text) - padding)


def _lengths(text: str) -> list[int]:
    return [len(list(same)) for _, same in groupby(text)]
