"""What a card that judges PINs finds too weak."""

from __future__ import annotations

from itertools import pairwise


def is_trivial(value: bytes) -> bool:
    """Whether a PIN or PUK is one character repeated, or characters that go up or down by one."""
    steps = {after - before for before, after in pairwise(value)}
    return steps in ({0}, {1}, {-1})
