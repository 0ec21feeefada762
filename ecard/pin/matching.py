"""Ways in which a text can lean on a number that is known: a run of it, a piece of it padded, pieces joined.

Every function is pure, looks in one direction only, and answers yes or no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

_SHORTEST_RUN: Final = 4


def shares_run(text: str, haystack: str, length: int) -> bool:
    """Whether ``length`` characters in a row of ``text`` occur in ``haystack``.

    A text shorter than ``length`` counts as a whole, from four characters on.
    """
    size = min(length, len(text))
    if size < _SHORTEST_RUN or not haystack:
        return False
    return any(text[i : i + size] in haystack for i in range(len(text) - size + 1))


def is_beginning_and_end(text: str, numbers: Iterable[str]) -> bool:
    """Whether ``text`` is the beginning of one of ``numbers`` followed by the end of the same."""
    if not text:
        return False
    first, last = text[0], text[-1]
    return any(
        _common_start(text, number) + _common_start(text[::-1], number[::-1]) >= len(text)
        for number in numbers
        if number[0] == first and number[-1] == last
    )


def _common_start(one: str, other: str) -> int:
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def is_padded(text: str, pieces: Iterable[str], padding: int) -> bool:
    """Whether ``text`` is one of ``pieces`` with at most ``padding`` characters around it, both sides together."""
    return any(len(text) - len(piece) <= padding and piece in text for piece in pieces)


def is_padded_each_side(text: str, pieces: Iterable[str], padding: int) -> bool:
    """Whether ``text`` is one of ``pieces`` with at most ``padding`` characters before and as many after it."""
    return any(_is_padded_each_side(text, piece, padding) for piece in pieces)


def _is_padded_each_side(text: str, piece: str, padding: int) -> bool:
    latest_end = padding + len(piece)
    earliest_start = max(0, len(text) - latest_end)
    return text.find(piece, earliest_start, latest_end) >= 0


def is_repeated(text: str, pieces: Iterable[str]) -> bool:
    """Whether ``text`` is one of ``pieces`` said again, begun and ended anywhere: 8203 in 820382 and 038203."""
    periods = {size for size in range(1, len(text)) if text[size:] == text[:-size]}
    return bool(periods) and any(len(p) in periods and text[: len(p)] in 2 * p for p in pieces)


@dataclass(frozen=True, repr=False, eq=False)
class Pieces:
    """Pieces of numbers, each with the kinds of number it is from (a set of bits)."""

    kinds: Mapping[str, int]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, *sources: Iterable[str]) -> Self:
        """The pieces of each source, which is one kind, together."""
        kinds: dict[str, int] = {}
        for kind, source in enumerate(sources):
            for piece in source:
                kinds[piece] = kinds.get(piece, 0) | 1 << kind
        return cls(kinds, tuple(sorted({len(piece) for piece in kinds})))

    def cover(self, text: str) -> bool:
        """Whether ``text`` is pieces one after the other; one may return, and one may be the whole."""
        reached = [True] + [False] * len(text)
        for start in range(len(text)):
            if reached[start]:
                for end in self._ends(text, start):
                    reached[end] = True
        return bool(text) and reached[-1]

    def cover_with_two_kinds(self, text: str) -> bool:
        """Whether ``text`` is pieces one after the other of which one is of one kind and one of another."""
        if not self.kinds:
            return False
        reached: list[set[int]] = [{0}, *(set() for _ in text)]
        for start, masks in enumerate(reached[:-1]):
            for end in self._ends(text, start) if masks else ():
                bits = _single_bits(self.kinds[text[start:end]])
                reached[end] |= {mask | bit for mask in masks for bit in bits}
        return any(mask & (mask - 1) for mask in reached[-1])

    def _ends(self, text: str, start: int) -> list[int]:
        return [
            start + size
            for size in self.sizes
            if start + size <= len(text) and text[start : start + size] in self.kinds
        ]


def _single_bits(mask: int) -> list[int]:
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
