"""SM2 public keys: what is verified with, encrypted to and agreed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import DecryptionError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.sm2 import digest as digests
from ecard.sm2 import encryption, equations
from ecard.sm2.curve import curve
from ecard.sm2.parameters import CURVE_OID, EC_KEY_OID, SIZE, P
from ecard.sm2.point import Point, solve

ALGORITHM_IDENTIFIER: Final = der.sequence(der.oid(EC_KEY_OID), der.oid(CURVE_OID))
"""id-ecPublicKey with the SM2 curve, in DER."""

MAX_SIGNATURE: Final = 80
"""Bytes of the longest signature that is looked at. Good ones have 72 at most; the rest is for naming the fault."""
MAX_SPKI: Final = 128
"""Bytes of the longest SubjectPublicKeyInfo that is looked at. Good ones have 91 at most."""


@dataclass(frozen=True, slots=True, repr=False)
class PublicKey:
    """A point of the SM2 curve, checked: InvalidKeyError where it is not on it. A value, safe to share and pickle."""

    x: int
    """The affine coordinates, 0 to p - 1."""
    y: int

    def __post_init__(self) -> None:
        Point.checked(self.x, self.y)

    def __repr__(self) -> str:
        return f"<sm2.PublicKey {self.point(compressed=True).hex()}>"

    @staticmethod
    def from_point(data: bytes) -> PublicKey:
        """Read 04 || X || Y (65 bytes) or 02/03 || X (33 bytes), SEC 1 section 2.3.4.

        Raises EncodingError (the hybrid form included) or InvalidKeyError.
        """
        return PublicKey(*Point.decode(data))

    @staticmethod
    def from_spki(data: bytes) -> PublicKey:
        """Read a SubjectPublicKeyInfo in DER (RFC 5480; GM/T 0009, section 7.1).

        Raises EncodingError, InvalidKeyError, or UnsupportedAlgorithmError for a key that is not on the named curve.
        """
        if len(data) > MAX_SPKI:
            raise EncodingError(f"SubjectPublicKeyInfo: {len(data)} bytes are too many for an SM2 key")
        parts = der.parse(data, "SubjectPublicKeyInfo").expect(der.SEQUENCE, "SubjectPublicKeyInfo").children()
        if len(parts) != 2:
            raise EncodingError("SubjectPublicKeyInfo: not exactly an algorithm and a key")
        if parts[0].encoded != ALGORITHM_IDENTIFIER:
            raise UnsupportedAlgorithmError("SubjectPublicKeyInfo: not a key on the named SM2 curve")
        return PublicKey.from_point(der.read_bits(parts[1]))

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo in DER, with the uncompressed point."""
        return der.sequence(ALGORITHM_IDENTIFIER, der.bit_string(self.point()))

    def point(self, compressed: bool = False) -> bytes:
        """04 || X || Y (65 bytes), or 02/03 || X (33 bytes)."""
        return Point(self.x, self.y).encode(compressed=compressed)

    def z(self, user_id: bytes = digests.DEFAULT_ID) -> bytes:
        """Z, 32 bytes: SM3 over the id, the curve and this key (GB/T 32918.2, section 5.5).

        Raises InvalidInputError where ``user_id`` is longer than 8191 bytes.
        """
        return digests.z(self.x, self.y, user_id)

    def digest(self, message: bytes, user_id: bytes = digests.DEFAULT_ID) -> bytes:
        """e = SM3(Z || message), 32 bytes: what is signed (GB/T 32918.2, section 6.1), and what a card is given."""
        return digests.e(self.z(user_id), message)

    def verify_digest(self, signature: Signature, e: bytes) -> None:
        """Raise InvalidSignatureError unless ``signature`` is this key's signature of the 32-byte ``e``.

        GB/T 32918.2, section 7.1. Raises UnsupportedAlgorithmError for a signature of another algorithm.
        """
        r, s = _integers(signature)
        if len(e) != SIZE:
            raise InvalidSignatureError(f"an SM2 signature signs {SIZE} bytes, not {len(e)}")
        if not self._signed(e, r, s):
            raise InvalidSignatureError("the SM2 signature does not verify")

    def verify(self, signature: Signature, message: bytes, *, user_id: bytes = digests.DEFAULT_ID) -> None:
        """Raise InvalidSignatureError unless ``signature`` is this key's signature of ``message`` under ``user_id``.

        Where it would verify under the empty or the default id, or without Z, the error says so; it is no less
        an error. Such a failure costs four verifications instead of one. Raises UnsupportedAlgorithmError for a
        signature of another algorithm, InvalidInputError where ``user_id`` is longer than 8191 bytes.
        """
        r, s = _integers(signature)
        if self._signed(self.digest(message, user_id), r, s):
            return
        asked = "the default id" if user_id == digests.DEFAULT_ID else "the id asked for"
        for z, meaning in (
            (self.z(), "it was made with the default id 1234567812345678"),
            (self.z(b""), "it was made with the empty id, as programs do that were given none"),
            (b"", "it signs SM3 of the message alone: whoever signed left out Z"),
        ):
            if self._signed(digests.e(z, message), r, s):
                raise InvalidSignatureError(f"the SM2 signature does not verify under {asked}", remedy=meaning)
        raise InvalidSignatureError("the SM2 signature does not verify")

    def _signed(self, e: bytes, r: int, s: int) -> bool:
        return equations.holds(curve(), self.x, self.y, int.from_bytes(e, "big"), r, s)

    def encrypt(self, plaintext: bytes, *, raw: bool = False) -> bytes:
        """Encrypt 1 byte to 1 MiB to this key (GB/T 32918.4), meant for keys, not for documents.

        Gives the SM2Cipher of GM/T 0009, section 7.2, in DER; with ``raw`` C1 || C3 || C2 with 04 || X || Y as C1,
        97 bytes more than the plaintext. Raises InvalidInputError for an empty or too long plaintext.
        """
        made = encryption.encrypt(Point(self.x, self.y), plaintext)
        return made.raw() if raw else made.der()


def _integers(signature: Signature) -> tuple[int, int]:
    if signature.algorithm is not SignatureAlgorithm.SM2_SM3:
        raise UnsupportedAlgorithmError(f"{signature.algorithm.label} does not fit an SM2 key")
    if len(signature.der) > MAX_SIGNATURE:
        raise InvalidSignatureError(f"not an SM2 signature: {len(signature.der)} bytes are too many")
    try:
        return signature.integers()
    except EncodingError as error:
        raise InvalidSignatureError(f"not an SM2 signature in DER: {error.what}") from None


def decrypt_with(agree: Callable[[PublicKey], bytes], ciphertext: bytes, *, raw: bool = False) -> bytes:
    """Decrypt with a key that only agrees: ``agree`` gives the 32-byte x coordinate of d * its argument.

    That is what a card's key agreement gives. Two points have that x; SM2's own check value tells which one was
    meant. Raises EncodingError, InvalidKeyError (a point off the curve, before ``agree`` is called), DecryptionError.
    """
    read = encryption.Ciphertext.read(ciphertext, raw=raw)
    shared = agree(PublicKey(*read.c1))
    x = int.from_bytes(shared, "big")
    y = solve(x) if len(shared) == SIZE and x < P else None
    if y is None:
        raise DecryptionError("SM2 decryption: the key agreement gave no point of the curve")
    for candidate in (y, P - y):
        plaintext = encryption.open_with(read, shared + candidate.to_bytes(SIZE, "big"))
        if plaintext is not None:
            return plaintext
    raise DecryptionError("SM2 decryption: the ciphertext is damaged or meant for another key")
