"""An independent SM2 in textbook affine arithmetic over Python integers: slow, not constant-time, a judge only."""

from __future__ import annotations

from ecard.sm2.parameters import GX, GY, A, N, P

type_of_point = tuple[int, int] | None
G = (GX, GY)


def add(left: type_of_point, right: type_of_point) -> type_of_point:
    if left is None or right is None:
        return left or right
    if left[0] == right[0] and (left[1] + right[1]) % P == 0:
        return None
    if left == right:
        slope = (3 * left[0] * left[0] + A) * pow(2 * left[1], -1, P) % P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P) % P
    x = (slope * slope - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def multiply(k: int, point: type_of_point) -> type_of_point:
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total


def sign(d: int, e: int, k: int) -> tuple[int, int] | None:
    """The signature as GB/T 32918.2, section 6.1, writes it: s = (1 + d)^-1 (k - r d)."""
    r = (e + multiply(k, G)[0]) % N
    if r == 0 or r + k == N:
        return None
    s = pow(1 + d, -1, N) * (k - r * d) % N
    return (r, s) if s else None


def verifies(public: tuple[int, int], e: int, r: int, s: int) -> bool:
    """The verification as GB/T 32918.2, section 7.1, writes it."""
    if not (1 <= r < N and 1 <= s < N) or (r + s) % N == 0:
        return False
    point = add(multiply(s, G), multiply((r + s) % N, public))
    return point is not None and (e + point[0]) % N == r
