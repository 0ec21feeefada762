"""What a birth date leaves behind: its writings, and the parts that it is put together from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from ecard.pin.candidate import Candidate
from ecard.pin.dates import blocks, pairs, parts_of_writings, writings
from ecard.pin.matching import Pieces, is_padded, is_padded_each_side, is_repeated, shares_run
from ecard.pin.traces import SEPARATOR, both_ways

_FULL_WRITING: Final = 6
"""From this length on a writing stands out wherever it is; a shorter one only with little around it."""


@dataclass(frozen=True, repr=False, eq=False)
class DateTraces:
    """The traces of one date, forwards and backwards.

    ``haystack`` holds its writings of six digits and more, ``short`` those of four and five, ``parts`` the
    year and the day without the year, ``blocks`` what any arrangement of it is put together from, and
    ``pairs`` what joins with pieces of other numbers.
    """

    haystack: str
    short: tuple[str, ...]
    parts: tuple[str, ...]
    blocks: Pieces
    pairs: tuple[str, ...]

    @classmethod
    def of(cls, day: date) -> Self:
        """The traces of ``day``."""
        found = both_ways(writings(day))
        return cls(
            haystack=SEPARATOR.join(w for w in found if len(w) >= _FULL_WRITING),
            short=tuple(w for w in found if len(w) < _FULL_WRITING),
            parts=both_ways(parts_of_writings(day)),
            blocks=Pieces.of(both_ways(blocks(day))),
            pairs=both_ways(pairs(day)),
        )

    def lead_to(self, candidate: Candidate, *, padding: int) -> bool:
        """Whether the candidate is made from this date.

        It is where it has six digits in a row of a writing, is a short writing with up to ``padding``
        characters on each side, a part of the date with ``padding`` in all, or an arrangement of its parts.
        """
        return any(self._lead_to(text, padding) for text in candidate.spellings(padding))

    def _lead_to(self, text: str, padding: int) -> bool:
        return (
            shares_run(text, self.haystack, _FULL_WRITING)
            or is_padded_each_side(text, self.short, padding)
            or is_padded(text, self.parts, padding)
            or is_repeated(text, self.pairs)
            or self.blocks.cover(text)
        )
