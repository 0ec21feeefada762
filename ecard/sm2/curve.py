"""The SM2 curve on pycryptodome's engine: the one file that knows names which pycryptodome keeps to itself.

The engine is loaded at first use and must then reproduce the signature example of GB/T 32918.5. Where it
does not, or where its names have moved, every use of SM2 gives one error; importing this file always works.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ecard.errors import UnsupportedAlgorithmError
from ecard.sm2 import equations
from ecard.sm2.parameters import GX, GY, SIZE, B, N, P

MANY_USES: Final = 10
"""From this use on a public point gets a table: building it costs as much as the table saves in ten verifications."""
MAX_KNOWN: Final = 64
"""How many public points are remembered, those not used longest forgotten first; a table takes 70 KiB."""

_ZERO: Final = bytes(SIZE)
_ORDER: Final = N.to_bytes(SIZE, "big")


class Affine(NamedTuple):
    """The affine coordinates of a point that is not the one at infinity, 32 bytes each."""

    x: bytes
    y: bytes


@dataclass(slots=True)
class _Known:
    """What is remembered of a public point. Threads may share it: at worst two of them build the same table."""

    uses: int = 0
    table: tuple[Any, Any] | None = None
    """The curve on which the point is the generator, and the point on that curve."""


class Curve:
    """Point and scalar arithmetic. Threads may share it; the engine works without the GIL.

    The engine multiplies the generator of a curve through a table, four times as fast as any other point. A public
    key that is used often, such as an authority's, therefore becomes the generator of a curve of its own.
    """

    def __init__(self) -> None:
        from Crypto import version_info
        from Crypto.Math import Numbers
        from Crypto.PublicKey import _nist_ecc
        from Crypto.Util import _raw_api

        if not (4, 4) <= version_info[:2] < (5, 0):
            raise ImportError("a version whose private functions are not known")
        self._engine: Any = _nist_ecc
        self._memory: Any = _raw_api
        self._integers: Any = Numbers.Integer
        self._context = self._with_generator(GX, GY)
        self._functions = self._context.rawlib
        self._base = self._point(self._context, GX, GY)
        self._order = self._integers(N, public=True)
        self._known = lru_cache(maxsize=MAX_KNOWN)(lambda x, y: _Known())

    def integer(self, data: bytes) -> Any:
        """A secret number from big-endian bytes; only the length of ``data`` shows in the time taken."""
        return self._integers.from_bytes(data)

    def random_scalar(self) -> bytes:
        """A secret number, uniform in 1 to n - 1, from the operating system's randomness, 32 bytes, big-endian.

        Draws out of range are thrown away, never folded into it, so that no value is likelier than another.
        How long the comparison takes tells only how many leading bytes are those of n, or zero.
        """
        while True:
            drawn = secrets.token_bytes(SIZE)
            if _ZERO < drawn < _ORDER:
                return drawn

    def product(self, a: Any, b: Any) -> Any:
        """a * b mod n for secret factors."""
        return a._mul_mod(b, self._order)

    def inverse(self, a: Any) -> Any:
        """a^-1 mod n for a secret ``a`` that is no multiple of n."""
        return a.inverse(self._order)

    def multiply_base(self, k: bytes) -> Affine:
        """k * G for a secret ``k`` in 1 to n - 1, 32 bytes, big-endian."""
        return self._affine(self._multiply(self._base, k))

    def multiply(self, k: bytes, x: int, y: int) -> Affine:
        """k * (x, y) for a secret ``k`` in 1 to n - 1, 32 bytes, big-endian, and a point of the curve."""
        return self._affine(self._multiply(self._point(self._context, x, y), k))

    def combine(self, s: int, t: int, x: int, y: int) -> Affine | None:
        """s * G + t * (x, y) for a point of the curve and public factors, ``t`` not 0; None for the point at infinity.

        The engine writes infinity as (0, 0), which is no point of the curve.
        """
        total, addend = self._multiply_public(self._base, s), self._multiple(t, x, y)
        self._check(self._functions.add(total.get(), addend.get()))
        result = self._affine(total)
        return result if any(result.x) or any(result.y) else None

    def prepare(self, x: int, y: int) -> None:
        """Build the table of a public point of the curve now, and not when it has been used often."""
        context = self._with_generator(x, y)
        self._known(x, y).table = context, self._point(context, x, y)

    def _multiple(self, factor: int, x: int, y: int) -> Any:
        known = self._known(x, y)
        known.uses += 1
        if known.uses >= MANY_USES and known.table is None:
            self.prepare(x, y)
        table = known.table  # held here as long as its point is used: another thread may put a new one in its place
        if table is None:
            return self._multiply_public(self._point(self._context, x, y), factor)
        # a point belongs to its curve, so that the product has to be brought over to the common one
        product = self._affine(self._multiply_public(table[1], factor))
        return self._point(self._context, *(int.from_bytes(coordinate, "big") for coordinate in product))

    def _with_generator(self, x: int, y: int) -> Any:
        return self._engine._new_curve(P, B, N, x, y, 8 * SIZE, None, "SM2", None)

    # A point is a handle that frees the engine's memory with it: while the engine has what ``get`` gives,
    # a variable must hold the handle.

    def _point(self, context: Any, x: int, y: int) -> Any:
        new, size = self._memory.VoidPointer(), self._memory.c_size_t(SIZE)
        coordinates = x.to_bytes(SIZE, "big"), y.to_bytes(SIZE, "big")
        self._check(self._functions.new_point(new.address_of(), *coordinates, size, context.context.get()))
        return self._memory.SmartPointer(new.get(), self._functions.free_point)

    def _copy(self, point: Any) -> Any:
        new = self._memory.VoidPointer()
        self._check(self._functions.clone(new.address_of(), point.get()))
        return self._memory.SmartPointer(new.get(), self._functions.free_point)

    def _multiply(self, point: Any, k: bytes) -> Any:
        """The engine blinds a secret factor with a random number, and always walks over all of its 32 bytes."""
        product, memory = self._copy(point), self._memory
        blinding = memory.c_ulonglong(secrets.randbits(64))
        self._check(self._functions.scalar(product.get(), k, memory.c_size_t(SIZE), blinding))
        return product

    def _multiply_public(self, point: Any, factor: int) -> Any:
        product, size = self._copy(point), self._memory.c_size_t(SIZE)
        self._check(self._functions.scalar_public(product.get(), factor.to_bytes(SIZE, "big"), size))
        return product

    def _affine(self, point: Any) -> Affine:
        memory = self._memory
        x, y = memory.create_string_buffer(SIZE), memory.create_string_buffer(SIZE)
        self._check(self._functions.get_xy(x, y, memory.c_size_t(SIZE), point.get()))
        return Affine(memory.get_raw_buffer(x), memory.get_raw_buffer(y))

    @staticmethod
    def _check(code: int) -> None:
        if code:
            raise UnsupportedAlgorithmError(f"pycryptodome's curve engine failed with error {code}")


@lru_cache(maxsize=1)
def curve() -> Curve:
    """The engine, loaded and tested at the first call.

    Raises UnsupportedAlgorithmError where pycryptodome is missing, has changed or computes something else.
    """
    try:
        loaded = Curve()
        good = _reproduces_the_standard(loaded)
    except Exception as error:  # a name that moved can fail in any way
        raise _unusable(f"its curve engine is not where it was ({type(error).__name__})") from error
    if not good:
        raise _unusable("its curve engine does not reproduce the example of GB/T 32918.5")
    return loaded


def _unusable(why: str) -> UnsupportedAlgorithmError:
    try:
        from Crypto import __version__ as version
    except ImportError:
        what = "SM2 cannot be used: pycryptodome is not installed"
    else:
        what = f"SM2 cannot be used with pycryptodome {version}: {why}"
    return UnsupportedAlgorithmError(what, remedy='install "pycryptodome>=4.4,<5"')


def _reproduces_the_standard(tested: Curve) -> bool:
    """Whether key pair, signature and verification of GB/T 32918.5-2017, annex A.2, come out as printed there."""
    d = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    k = bytes.fromhex("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21")
    public = (
        0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
        0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
    )
    e = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
    r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
    s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
    pair = tested.multiply_base(d), tested.multiply(d, GX, GY)
    inverse = equations.signing_factor(tested, d)
    good = (
        all((int.from_bytes(p.x, "big"), int.from_bytes(p.y, "big")) == public for p in pair)
        and equations.sign(tested, inverse, e, k) == (r, s)
        and _tells_apart(tested, public, e, r, s)
    )
    tested.prepare(*public)
    return good and _tells_apart(tested, public, e, r, s)


def _tells_apart(tested: Curve, public: tuple[int, int], e: int, r: int, s: int) -> bool:
    return equations.holds(tested, *public, e, r, s) and not equations.holds(tested, *public, e + 1, r, s)
