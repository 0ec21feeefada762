"""PINs that are a figure on the keypad: 147258, 159753, 258456, 147896, 14789632."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings

_SHORTEST_FIGURE: Final = 6

_PLACES: Final = {key: (place % 3, place // 3) for place, key in enumerate("123456789")}

_NEXT_TO_ZERO: Final = {"telephone": "789", "calculator": "123"}
"""The keys around the nought: telephones have it below 8, calculators below 2; the rest is mirrored only."""

_LINES: Final = ("123", "456", "789", "147", "258", "369", "159", "357", "580", "2580", "014", "025", "0147", "0258")

_RINGS: Final = ("1397", "2684")


def keypad_walk(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A figure on the keypad of a telephone or calculator.

    That is a walk from key to neighbouring key without returning, straight lines one after the other, or
    the corners or edges in turn. In a longer PIN a figure of six keys and more is found with at most
    ``padding`` digits around it.
    """
    text = candidate.text
    if not text.isdecimal():
        return None
    shortest = min(len(text), max(_SHORTEST_FIGURE, len(text) - settings.padding))
    parts = {
        text[start : start + size] for size in range(shortest, len(text) + 1) for start in range(len(text) - size + 1)
    }
    return Reason.KEYPAD_WALK if any(_is_figure(part) for part in parts) else None


def _is_figure(keys: str) -> bool:
    return _is_walk(keys) or _is_lines(keys) or _is_ring(keys)


def _is_walk(keys: str) -> bool:
    return len(set(keys)) == len(keys) >= 4 and any(
        all(pair in pairs for pair in pairwise(keys)) for pairs in _NEIGHBOURS
    )


def _is_lines(keys: str) -> bool:
    """Covered by straight lines; the last may be left unfinished, after two others."""
    reached = {0}
    for start in range(len(keys)):
        if start in reached:
            reached |= {start + len(line) for line in _BOTH_WAYS if keys.startswith(line, start)}
    return len(keys) in reached or any(
        start >= _SHORTEST_FIGURE and any(line.startswith(keys[start:]) for line in _BOTH_WAYS) for start in reached
    )


def _is_ring(keys: str) -> bool:
    return any(keys in ring * (len(keys) // len(ring) + 2) for ring in (*_RINGS, *(r[::-1] for r in _RINGS)))


def _neighbours(next_to_zero: str) -> frozenset[tuple[str, str]]:
    beside = {
        (a, b)
        for a, (x, y) in _PLACES.items()
        for b, (v, w) in _PLACES.items()
        if a != b and abs(x - v) <= 1 and abs(y - w) <= 1
    }
    zero = {("0", key) for key in next_to_zero}
    return frozenset(beside | zero | {(b, a) for a, b in zero})


_NEIGHBOURS: Final = tuple(_neighbours(keys) for keys in _NEXT_TO_ZERO.values())
_BOTH_WAYS: Final = (*_LINES, *(line[::-1] for line in _LINES))
