"""Where a simulated card's random bytes come from: the operating system, or a seed that makes it repeatable."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Protocol


class Randomness(Protocol):
    """A source of random bytes."""

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        ...


class SystemRandomness:
    """The operating system's randomness."""

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        return os.urandom(size)


@dataclass(slots=True)
class SeededRandomness:
    """The same bytes again for the same seed: SHAKE-256 of the seed and a counter. For tests, never for real keys.

    ``drawn`` is how many times bytes were taken; a card keeps it, so that it does not make the same key twice.
    """

    seed: bytes
    drawn: int = 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        self.drawn += 1
        return hashlib.shake_256(self.drawn.to_bytes(8, "big") + self.seed).digest(size)

    def __repr__(self) -> str:
        # whoever knows the seed knows the keys
        return f"<SeededRandomness drawn={self.drawn}>"


def scalar(source: Randomness, order: int) -> int:
    """A private scalar from 1 to ``order`` - 1, without noticeable bias (FIPS 186-5, appendix A.2.1)."""
    wide = (order.bit_length() + 64 + 7) // 8
    return int.from_bytes(source.take(wide), "big") % (order - 1) + 1
