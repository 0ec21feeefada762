"""Points of the SM2 curve as other people send them: read, checked and written. Nothing here is secret.

The checks are ours and do not lean on the engine: coordinates below p, on the curve, never infinity.
"""

from __future__ import annotations

from typing import NamedTuple

from ecard.errors import EncodingError, InvalidKeyError
from ecard.sm2.parameters import SIZE, A, B, P


class Point(NamedTuple):
    """Affine coordinates. Made by ``checked`` or ``decode``, it is a point of the curve."""

    x: int
    y: int

    @staticmethod
    def checked(x: int, y: int) -> Point:
        """The point (x, y); InvalidKeyError where a coordinate is not below p or the point is off the curve.

        Infinity has no affine coordinates, and the curve's order is prime: a checked point has order n.
        """
        if not (0 <= x < P and 0 <= y < P):
            raise InvalidKeyError("SM2 point: a coordinate is not below the prime of the field")
        if (y * y - _right_side(x)) % P:
            raise InvalidKeyError("SM2 point: not on the curve")
        return Point(x, y)

    @staticmethod
    def decode(data: bytes) -> Point:
        """Read 04 || X || Y or the compressed 02/03 || X (SEC 1, section 2.3.4).

        Raises EncodingError for anything else, among it the hybrid form 06/07, which GM/T 0009 leaves out, and
        InvalidKeyError for a point that is not on the curve.
        """
        if len(data) == 1 + 2 * SIZE and data[0] == 4:
            return Point.checked(int.from_bytes(data[1 : 1 + SIZE], "big"), int.from_bytes(data[1 + SIZE :], "big"))
        if len(data) == 1 + SIZE and data[0] in (2, 3):
            return _decompress(int.from_bytes(data[1:], "big"), data[0] & 1)
        if data[:1] in (b"\6", b"\7"):
            raise EncodingError(
                "SM2 point: the hybrid form is not accepted", remedy="send it uncompressed (04 || X || Y)"
            )
        if data == b"\0":
            raise InvalidKeyError("SM2 point: the point at infinity is no key")
        raise EncodingError(f"SM2 point: {len(data)} bytes that are neither 04 || X || Y nor 02/03 || X")

    def encode(self, *, compressed: bool = False) -> bytes:
        """04 || X || Y (65 bytes), or 02/03 || X (33 bytes)."""
        x = self.x.to_bytes(SIZE, "big")
        return bytes((2 | self.y & 1,)) + x if compressed else b"\4" + x + self.y.to_bytes(SIZE, "big")


def solve(x: int) -> int | None:
    """One y with (x, y) on the curve, the other being p - y; None where there is none. p = 3 mod 4."""
    square = _right_side(x)
    y = pow(square, (P + 1) // 4, P)
    return y if (y * y - square) % P == 0 else None


def _right_side(x: int) -> int:
    return (x * x * x + A * x + B) % P


def _decompress(x: int, odd: int) -> Point:
    y = solve(x) if x < P else None
    if y is None:
        raise InvalidKeyError("SM2 point: no point of the curve has this X")
    return Point(x, y if y & 1 == odd else P - y)
