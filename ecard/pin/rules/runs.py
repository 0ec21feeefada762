"""PINs that count up or down: 123456, 987654, 890123, 246802, 123789, 142536, 123400."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings

_UP: Final = 1
_DOWN: Final = 9
_SAME: Final = 0
_LETTER_STEP: Final = 10
"""Added to the steps between characters that are not both digits, so that they do not turn over at nine."""


def runs(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """One step from each digit to the next (nine is followed by nought), or nearly so.

    Runs up and down by one are found with at most ``padding`` digits around them, joined (123789) and
    interleaved (142536); runs by another step (246802) only as the whole PIN.
    """
    text = candidate.text
    steps = _steps(text)
    found = len(text) >= 3 and (
        (len(set(steps)) == 1 and steps[0] != _SAME)
        or _longest(steps) >= max(4, len(text) - settings.padding)
        or _is_joined(steps)
        or _is_interleaved(text)
    )
    return Reason.RUN if found else None


def _steps(text: str) -> list[int]:
    return [_step(a, b) for a, b in pairwise(text)]


def _step(a: str, b: str) -> int:
    if a.isdecimal() and b.isdecimal():
        return (int(b) - int(a)) % 10
    difference = ord(b) - ord(a)
    return {1: _UP, -1: _DOWN, 0: _SAME}.get(difference, _LETTER_STEP + abs(difference))


def _longest(steps: list[int]) -> int:
    """How many characters the longest run by one has."""
    longest = length = 1
    previous = None
    for step in steps:
        length = (length + 1 if step == previous else 2) if step in {_UP, _DOWN} else 1
        longest, previous = max(longest, length), step
    return longest


def _is_joined(steps: list[int]) -> bool:
    """Runs of three or more, one after the other."""
    position = 0
    while position < len(steps):
        end = position
        while end < len(steps) and steps[end] == steps[position] and steps[position] in {_UP, _DOWN}:
            end += 1
        if end - position < 2:
            return False
        position = end + 1
    return position == len(steps) + 1


def _is_interleaved(text: str) -> bool:
    """Every other digit is a run of three or more, and so are those between, one of them perhaps standing still."""
    steps = [_steps(text[start::2]) for start in (0, 1)]
    return all(len(s) >= 2 and len(set(s)) == 1 and s[0] in {_UP, _DOWN, _SAME} for s in steps)
