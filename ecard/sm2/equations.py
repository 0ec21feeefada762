"""The two equations of GB/T 32918.2: signing (section 6.1) and verifying (section 7.1), over an engine and an e.

The nonce is an argument of signing, so that the standard's examples and the rejected cases can be computed.
Only ``PrivateKey`` calls it, with a nonce drawn for that one signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecard.sm2.parameters import N

if TYPE_CHECKING:
    from ecard.sm2.curve import Curve


def signing_factor(curve: Curve, d: bytes) -> Any:
    """(1 + d)^-1 mod n, computed once for a key; ``d`` in 1 to n - 2."""
    return curve.inverse(curve.integer(d) + 1)


def sign(curve: Curve, factor: Any, e: int, k: bytes) -> tuple[int, int] | None:
    """(r, s) for the nonce ``k`` in 1 to n - 1, or None where the standard asks for another nonce.

    s = (1 + d)^-1 (k + r) - r. The product is r + s, which anybody can compute from the signature, so from there
    on the numbers are public; what comes before stays in the engine's fixed-width arithmetic.
    """
    r = (e + int.from_bytes(curve.multiply_base(k).x, "big")) % N
    t = int(curve.product(factor, curve.integer(k) + r))
    s = (t - r) % N
    return (r, s) if r and s and t else None


def holds(curve: Curve, x: int, y: int, e: int, r: int, s: int) -> bool:
    """Whether (r, s) is a signature of ``e`` under the public point (x, y), which must be on the curve."""
    if not (0 < r < N and 0 < s < N):
        return False
    t = (r + s) % N
    if t == 0:
        return False
    point = curve.combine(s, t, x, y)
    return point is not None and (e + int.from_bytes(point.x, "big")) % N == r
