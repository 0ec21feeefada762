"""ECDSA and ECDH on the NIST curves inside the simulated card."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.status import Status
from ecard.simulator.card_key import CardKey
from ecard.simulator.native import read_pkcs8, write_pkcs8, write_spki
from ecard.simulator.randomness import Randomness, scalar
from ecard.simulator.refusal import Refusal, require

_CURVES: Final[dict[KeyKind, tuple[ec.EllipticCurve, int, hashes.HashAlgorithm]]] = {
    KeyKind.P256: (
        ec.SECP256R1(),
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        hashes.SHA256(),
    ),
    KeyKind.P384: (
        ec.SECP384R1(),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        hashes.SHA384(),
    ),
}
"""Curve, its order (SP 800-186, section 3.2.1), and a hash with digests as long as the field."""
_KINDS: Final = {"secp256r1": KeyKind.P256, "secp384r1": KeyKind.P384}


class CurveKey(CardKey):
    """A key on P-256 or P-384."""

    def __init__(self, native: ec.EllipticCurvePrivateKey) -> None:
        self.kind = _KINDS[native.curve.name]
        self._native = native
        # deterministic nonces (RFC 6979): a card made from a seed answers the same bytes again
        self._ecdsa = ec.ECDSA(Prehashed(_CURVES[self.kind][2]), deterministic_signing=True)

    @staticmethod
    def generate(kind: KeyKind, source: Randomness) -> CurveKey:
        """A new key; from a seeded ``source`` the same one again."""
        return CurveKey.from_scalar(kind, scalar(source, _CURVES[kind][1]))

    @staticmethod
    def from_scalar(kind: KeyKind, value: int) -> CurveKey:
        """The key with this private scalar. Refused with 6A80 where it is not from 1 to the order less 1."""
        curve, order, _ = _CURVES[kind]
        require(0 < value < order, Status.WRONG_DATA)
        return CurveKey(ec.derive_private_key(value, curve))

    @staticmethod
    def load(pkcs8: bytes) -> CurveKey:
        """A key that was written by ``pkcs8``; ValueError for anything else."""
        native = read_pkcs8(pkcs8)
        if not isinstance(native, ec.EllipticCurvePrivateKey) or native.curve.name not in _KINDS:
            raise ValueError("not a key on one of the curves")
        return CurveKey(native)

    @property
    def pkcs8(self) -> bytes:
        """The key as PKCS#8 in DER, unprotected."""
        return write_pkcs8(self._native)

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return write_spki(self._public)

    @property
    def public_template(self) -> bytes:
        """86 uncompressed point."""
        point = self._public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return tlv.encode(0x86, point)

    def respond(self, challenge: bytes) -> bytes:
        """The ECDSA signature, in DER, of a digest no longer than the field; a shorter one counts as a small number."""
        require(0 < len(challenge) <= self.kind.size, Status.WRONG_DATA)
        return self._native.sign(challenge.rjust(self.kind.size, b"\0"), self._ecdsa)

    def agree(self, point: bytes) -> bytes:
        """The x-coordinate shared with the other side's uncompressed ``point`` (SP 800-56A, section 5.7.1.2)."""
        require(len(point) == 1 + 2 * self.kind.size and point[0] == 0x04, Status.WRONG_DATA)
        try:
            other = ec.EllipticCurvePublicKey.from_encoded_point(self._native.curve, point)
        except ValueError:
            raise Refusal(Status.WRONG_DATA) from None
        return self._native.exchange(ec.ECDH(), other)

    @cached_property
    def _public(self) -> ec.EllipticCurvePublicKey:
        return self._native.public_key()
