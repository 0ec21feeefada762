"""SM2 public key encryption (GB/T 32918.4): C1 = kG, C2 = M xor KDF, C3 = SM3(x2 || M || y2)."""

from __future__ import annotations

import hmac
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes

from ecard import der
from ecard.errors import EncodingError, InvalidInputError
from ecard.sm2.curve import curve
from ecard.sm2.parameters import SIZE
from ecard.sm2.point import Point

MAX_PLAINTEXT: Final = 1 << 20
"""Bytes of the longest plaintext, and so of the longest ciphertext that is looked at."""
_OVERHEAD: Final = 1024


class Ciphertext(NamedTuple):
    """The parts of a ciphertext: the sender's point, the check value of 32 bytes, and the masked plaintext."""

    c1: Point
    c3: bytes
    c2: bytes

    @staticmethod
    def read(data: bytes, *, raw: bool) -> Ciphertext:
        """Read an SM2Cipher in DER or, with ``raw``, C1 || C3 || C2. Raises EncodingError or InvalidKeyError."""
        if len(data) > MAX_PLAINTEXT + _OVERHEAD:
            raise EncodingError(f"SM2 ciphertext: {len(data)} bytes are more than ecard looks at")
        read = _read_raw(data) if raw else _read_der(data)
        if not read.c2:
            raise EncodingError("SM2 ciphertext: nothing is encrypted in it")
        return read

    def der(self) -> bytes:
        """SM2Cipher of GM/T 0009, section 7.2: SEQUENCE { x, y, hash, ciphertext }."""
        return der.sequence(
            der.integer(self.c1.x), der.integer(self.c1.y), der.octet_string(self.c3), der.octet_string(self.c2)
        )

    def raw(self) -> bytes:
        """C1 || C3 || C2, C1 uncompressed."""
        return self.c1.encode() + self.c3 + self.c2


def _read_der(data: bytes) -> Ciphertext:
    parts = der.parse(data, "SM2 ciphertext").expect(der.SEQUENCE, "SM2Cipher").children()
    if len(parts) != 4:
        raise EncodingError(f"SM2 ciphertext: {len(parts)} elements instead of x, y, hash and ciphertext")
    c1 = Point.checked(der.read_integer(parts[0]), der.read_integer(parts[1]))
    c3, c2 = (part.expect(der.OCTET_STRING, "an OCTET STRING").content for part in parts[2:])
    if len(c3) != SIZE:
        raise EncodingError(f"SM2 ciphertext: the hash has {len(c3)} bytes instead of {SIZE}")
    return Ciphertext(c1, c3, c2)


def _read_raw(data: bytes) -> Ciphertext:
    start = 1 + 2 * SIZE
    if len(data) < start + SIZE or data[0] != 4:
        raise EncodingError("SM2 ciphertext: too short, or it does not begin with 04 || X || Y")
    return Ciphertext(Point.decode(data[:start]), data[start : start + SIZE], data[start + SIZE :])


def encrypt(recipient: Point, plaintext: bytes) -> Ciphertext:
    """Encrypt to a checked point (section 6.1). Raises InvalidInputError for an empty or too long plaintext."""
    if not 1 <= len(plaintext) <= MAX_PLAINTEXT:
        raise InvalidInputError(f"SM2 encrypts 1 to {MAX_PLAINTEXT} bytes, not {len(plaintext)}")
    engine = curve()
    while True:
        k = engine.random_scalar()
        c1 = engine.multiply_base(k)
        shared = engine.multiply(k, *recipient)
        mask = _mask(shared.x + shared.y, len(plaintext))
        if any(mask):
            check = _sm3(shared.x, plaintext, shared.y)
            return Ciphertext(Point(*(int.from_bytes(v, "big") for v in c1)), check, _xor(plaintext, mask))


def open_with(ciphertext: Ciphertext, shared: bytes) -> bytes | None:
    """The plaintext under the shared point x2 || y2 (section 7.1); None where the check value disagrees."""
    mask = _mask(shared, len(ciphertext.c2))
    plaintext = _xor(ciphertext.c2, mask)
    good = hmac.compare_digest(_sm3(shared[:SIZE], plaintext, shared[SIZE:]), ciphertext.c3)
    return plaintext if good and any(mask) else None


def _mask(shared: bytes, length: int) -> bytes:
    """The key derivation function of GB/T 32918.4, section 5.4.3: SM3(x2 || y2 || counter), from 1, concatenated."""
    start = hashes.Hash(hashes.SM3())
    start.update(shared)
    blocks = []
    for counter in range(1, -(-length // SIZE) + 1):
        running = start.copy()
        running.update(counter.to_bytes(4, "big"))
        blocks.append(running.finalize())
    return b"".join(blocks)[:length]


def _sm3(*parts: bytes) -> bytes:
    running = hashes.Hash(hashes.SM3())
    for part in parts:
        running.update(part)
    return running.finalize()


def _xor(data: bytes, mask: bytes) -> bytes:
    return (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(data), "big")
