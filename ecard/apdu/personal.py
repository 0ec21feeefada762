"""Where an identity number (证件号码) stands in clear among bytes that are no secret otherwise, as in a certificate.

It is found by its form: fifteen to eighteen digits, the last perhaps an X. No date in a certificate is as long.
"""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = re.compile(rb"[0-9]+[Xx]?")
_SHORTEST: Final = 15
"""Digits of an identity number of the first generation (GB 11643-1989)."""
_SUSPICIOUS: Final = 4
"""Digits at the end of a piece that may go on in the next; fewer tell nothing of anybody."""
_DATES: Final = (b"\x17\x0d", b"\x18\x0f")
"""What stands before the digits of a date in DER: UTCTime and GeneralizedTime with their lengths."""


class IdentityNumbers:
    """Finds them in the pieces of one chain or one answer, in order: a number may be cut in two."""

    def __init__(self) -> None:
        self._before = 0

    def find(self, piece: bytes) -> list[tuple[int, int]]:
        """The spans (begin, end) in ``piece`` that are, or may be a part of, an identity number."""
        spans, before = [], self._before
        self._before = 0
        for match in _DIGITS.finditer(piece):
            begin, end = match.span()
            length = end - begin + (0 if begin else before)
            cut_off = end == len(piece) and length >= _SUSPICIOUS and piece[max(begin - 2, 0) : begin] not in _DATES
            if length >= _SHORTEST or cut_off:
                spans.append((begin, end))
            if end == len(piece):
                self._before = length
        return spans
