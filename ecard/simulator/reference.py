"""A PIN or PUK as a card keeps it: something to compare with, and a counter of wrong tries that outlives the power."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from ecard.simulator.randomness import Randomness

REFERENCE_SIZE: Final = 8
"""Bytes of a PIN or PUK on the wire, padded with FF (SP 800-73-5 part 2, section 2.4.3)."""
SALT_SIZE: Final = 16
_PADDING: Final = b"\xff"


@dataclass(slots=True)
class RetryReference:
    """A PIN or PUK: its salted hash, and how many wrong tries are left of how many.

    The hash keeps the value out of files and dumps. It does not protect a short PIN from whoever holds the card file:
    there are only a million six-digit PINs, and the private keys stand in the same file.
    """

    salt: bytes = field(repr=False)
    hashed: bytes = field(repr=False)
    tries: int
    left: int

    @staticmethod
    def new(value: bytes, source: Randomness, *, tries: int = 3) -> RetryReference:
        """A reference with this ``value`` (padded or not) and all its ``tries``."""
        salt = source.take(SALT_SIZE)
        return RetryReference(salt, _hash(salt, pad(value)), tries, tries)

    @property
    def blocked(self) -> bool:
        """Whether no try is left."""
        return self.left == 0

    def is_value(self, value: bytes) -> bool:
        """Compare without counting."""
        return hmac.compare_digest(self.hashed, _hash(self.salt, pad(value)))

    def present(self, value: bytes) -> bool:
        """Compare and count: a wrong value costs a try, a right one gives all tries back. Never with no try left."""
        self.left -= 1
        if not self.is_value(value):
            return False
        self.left = self.tries
        return True

    def replace(self, value: bytes, source: Randomness) -> None:
        """Take a new value, with all tries."""
        self.salt = source.take(SALT_SIZE)
        self.hashed = _hash(self.salt, pad(value))
        self.left = self.tries


def pad(value: bytes) -> bytes:
    """``value`` filled up to eight bytes with FF."""
    return value.ljust(REFERENCE_SIZE, _PADDING)


def is_well_formed(padded: bytes, *, shortest: int) -> bool:
    """Whether ``padded`` is eight bytes: at least ``shortest`` other than FF, then nothing but FF."""
    value = padded.rstrip(_PADDING)
    return len(padded) == REFERENCE_SIZE and len(value) >= shortest and _PADDING not in value


def _hash(salt: bytes, padded: bytes) -> bytes:
    return hashlib.sha256(salt + padded).digest()
