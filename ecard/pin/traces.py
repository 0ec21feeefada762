"""What a known number leaves behind for a policy to look for, in both directions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from ecard.pin.candidate import Candidate
from ecard.pin.matching import Pieces, is_beginning_and_end, is_padded, is_repeated, shares_run

SEPARATOR: Final = "|"
"""Stands between the written forms in a haystack; plain text has none."""

_SHORTEST_PIECE: Final = 3


@dataclass(frozen=True, repr=False, eq=False)
class Traces:
    """The traces of some numbers of one kind, forwards and backwards.

    ``haystack`` holds the written forms in which runs are looked for; ``numbers`` those whose beginning and
    end may be joined; ``short`` pieces that stay recognisable with a little padding; ``pieces`` those that
    may be repeated or joined.
    """

    haystack: str
    numbers: tuple[str, ...]
    short: tuple[str, ...]
    pieces: tuple[str, ...]
    joined: Pieces

    @classmethod
    def of(
        cls,
        *,
        forms: Iterable[str] = (),
        numbers: Iterable[str] = (),
        short: Iterable[str] = (),
        pieces: Iterable[str] = (),
    ) -> Self:
        """The traces of numbers written as ``forms``. Pieces of fewer than three characters are left out."""
        blocks = both_ways(piece for piece in pieces if len(piece) >= _SHORTEST_PIECE)
        return cls(
            haystack=SEPARATOR.join(both_ways(forms)),
            numbers=both_ways(numbers),
            short=both_ways(short),
            pieces=blocks,
            joined=Pieces.of(blocks),
        )

    @classmethod
    def together(cls, parts: Iterable[Traces]) -> Self:
        """The traces of several numbers of one kind as one."""
        all_parts = tuple(parts)
        return cls.of(
            forms=[form for part in all_parts for form in part.haystack.split(SEPARATOR)],
            numbers=[number for part in all_parts for number in part.numbers],
            short=[piece for part in all_parts for piece in part.short],
            pieces=[piece for part in all_parts for piece in part.pieces],
        )

    def lead_to(self, candidate: Candidate, *, part_length: int, padding: int) -> bool:
        """Whether the candidate is made from these numbers.

        It is where it has ``part_length`` characters in a row of one, is a beginning of one followed by its
        end, a short piece with ``padding`` added characters, or pieces repeated or joined.
        """
        if not self.haystack:
            return False
        return any(self._lead_to(text, part_length, padding) for text in candidate.spellings(padding))

    def _lead_to(self, text: str, part_length: int, padding: int) -> bool:
        return (
            shares_run(text, self.haystack, part_length)
            or is_beginning_and_end(text, self.numbers)
            or is_padded(text, self.short, padding)
            or is_repeated(text, self.pieces)
            or self.joined.cover(text)
        )


def both_ways(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty, and each backwards, once each, in their order."""
    kept = [text for text in texts if text]
    return tuple(dict.fromkeys([*kept, *(text[::-1] for text in kept)]))
