"""What SM2 signs: e = SM3(Z || M), where Z binds the signer's id, the curve and the public key.

GB/T 32918.2, section 5.5 (Z) and section 6.1 (e); GM/T 0009, section 10, gives the default id.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ecard.algorithms import Digest
from ecard.errors import InvalidInputError
from ecard.sm2.parameters import GX, GY, SIZE, A, B

DEFAULT_ID: Final = b"1234567812345678"
"""The user id of everybody who has agreed on none (GM/T 0009, section 10)."""
MAX_ID: Final = 8191
"""Bytes of the longest id: its length in bits is written into two bytes."""

_CURVE: Final = b"".join(v.to_bytes(SIZE, "big") for v in (A, B, GX, GY))


def z(x: int, y: int, user_id: bytes) -> bytes:
    """Z of the public point (x, y), 32 bytes. InvalidInputError where the id is longer than 8191 bytes."""
    return _default_z(x, y) if user_id == DEFAULT_ID else _z(x, y, user_id)


def e(z_value: bytes, message: bytes) -> bytes:
    """SM3(Z || M), 32 bytes."""
    running = Digest.SM3.new()
    running.update(z_value)
    running.update(message)
    result: bytes = running.digest()
    return result


def _z(x: int, y: int, user_id: bytes) -> bytes:
    if len(user_id) > MAX_ID:
        raise InvalidInputError(f"an SM2 user id has at most {MAX_ID} bytes, not {len(user_id)}")
    length = (8 * len(user_id)).to_bytes(2, "big")
    return Digest.SM3.hash(b"".join((length, user_id, _CURVE, x.to_bytes(SIZE, "big"), y.to_bytes(SIZE, "big"))))


@lru_cache(maxsize=1024)
def _default_z(x: int, y: int) -> bytes:
    return _z(x, y, DEFAULT_ID)
