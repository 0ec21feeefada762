"""PINs remembered as salted hashes, so that a later PIN can be told to be the same."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final, Self

from ecard.errors import InvalidInputError
from ecard.pin.masked import Pin

ITERATIONS: Final = 500
"""PBKDF2 iterations, about an eighth of a millisecond: see docs/pin-policy.md for what that is worth."""

_MOST_ITERATIONS: Final = 100_000
_SALT_BYTES: Final = 16
_DIGEST_BYTES: Final = 32
_NAME: Final = "pbkdf2-sha256"
_TEXT: Final = re.compile(rf"{_NAME}:([0-9]{{1,6}}):([A-Za-z0-9+/=]{{24}}):([A-Za-z0-9+/=]{{44}})", re.ASCII)


@dataclass(frozen=True, repr=False)
class RememberedPin:
    """The salted hash of a PIN (PBKDF2 with HMAC-SHA-256, RFC 8018 section 5.2).

    ``salt`` has 16 bytes and ``digest`` 32. Whoever has the hash can find a PIN of few digits by trying
    them all, however many ``iterations`` there are: keep it where the register is kept.

    Raises InvalidInputError where a part has another length, or the iterations are out of range.
    """

    salt: bytes
    iterations: int
    digest: bytes

    def __post_init__(self) -> None:
        for name, part, size in (("salt", self.salt, _SALT_BYTES), ("digest", self.digest, _DIGEST_BYTES)):
            if not isinstance(part, bytes) or len(part) != size:
                raise InvalidInputError(f"the {name} of a remembered PIN is not {size} bytes")
        _require_iterations(self.iterations)

    @classmethod
    def of(cls, pin: Pin, *, like: RememberedPin | None = None, iterations: int = ITERATIONS) -> Self:
        """Remember ``pin``, with the salt and iterations of ``like`` where that is given.

        One salt for all PINs of one holder lets a new PIN be compared with all of them for the price of one.
        Raises InvalidInputError for iterations out of range.
        """
        salt = secrets.token_bytes(_SALT_BYTES) if like is None else like.salt
        rounds = iterations if like is None else like.iterations
        # before the hash: a wrong number has an exception of its own there, and a high one takes its time
        _require_iterations(rounds)
        return cls(salt, rounds, pin_hash(pin.reveal(), salt, rounds))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what ``to_text`` wrote. Raises InvalidInputError for anything else."""
        match = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise InvalidInputError(f"a remembered PIN is not written as {_NAME}:iterations:salt:hash")
        iterations, salt, digest = match.groups()
        try:
            parts = base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)
        except ValueError:
            raise InvalidInputError("the salt or the hash of a remembered PIN is not Base64") from None
        return cls(parts[0], int(iterations), parts[1])

    def to_text(self) -> str:
        """One line of ASCII to keep it by: ``pbkdf2-sha256:iterations:salt:hash``, salt and hash in Base64."""
        salt, digest = (base64.b64encode(part).decode("ascii") for part in (self.salt, self.digest))
        return f"{_NAME}:{self.iterations}:{salt}:{digest}"

    def __repr__(self) -> str:
        return "RememberedPin(****)"


def _require_iterations(iterations: object) -> None:
    if not isinstance(iterations, int) or not 1 <= iterations <= _MOST_ITERATIONS:
        raise InvalidInputError(f"the iterations of a remembered PIN are not 1 to {_MOST_ITERATIONS:_}")


def pin_hash(pin: bytes, salt: bytes, iterations: int) -> bytes:
    """The 32 bytes that a PIN is remembered by."""
    return hashlib.pbkdf2_hmac("sha256", pin, salt, iterations, _DIGEST_BYTES)
