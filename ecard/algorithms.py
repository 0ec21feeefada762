"""Signature algorithms as a table, and the value that a signature is.

What is not in the table does not exist for ecard: algorithms are allowed by name, never refused by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from ecard import der
from ecard.errors import EncodingError, UnsupportedAlgorithmError

_SM3: Final = hashes.SM3()


class _Sm3:
    """SM3 with hashlib's interface: many OpenSSL builds under hashlib have none, cryptography always has."""

    def __init__(self) -> None:
        self._context = hashes.Hash(_SM3)

    def update(self, data: bytes | bytearray | memoryview) -> None:
        self._context.update(data)

    def digest(self) -> bytes:
        return self._context.copy().finalize()


_ELSEWHERE: Final = {
    "1.2.840.113549.2.5": "MD5",
    "2.16.840.1.101.3.4.2.4": "SHA-224",
    "2.16.840.1.101.3.4.2.8": "SHA3-256",
    "2.16.840.1.101.3.4.2.9": "SHA3-384",
    "2.16.840.1.101.3.4.2.10": "SHA3-512",
    "1.2.840.113549.1.1.4": "RSA-MD5",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.14": "RSA-SHA224",
    "1.2.840.10045.4.1": "ECDSA-SHA1",
    "1.2.840.10045.4.3.1": "ECDSA-SHA224",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
"""Algorithms that ecard does not have, by what people call them: for messages alone."""


def algorithm_words(oid: str) -> str:
    """An object identifier for a message, with the name of the algorithm where it is a common one."""
    known = _DIGEST_BY_OID.get(oid) or _ALGORITHM_BY_OID.get(oid)
    name = known.label if known else _ELSEWHERE.get(oid)
    return f"{name} ({oid})" if name else oid


class Digest(Enum):
    """A digest algorithm: its name, object identifier and size in bytes."""

    SHA1 = ("SHA-1", "1.3.14.3.2.26", 20)
    """FIPS 180-4. Only where a named legacy profile asks for it."""
    SHA256 = ("SHA-256", "2.16.840.1.101.3.4.2.1", 32)
    """FIPS 180-4."""
    SHA384 = ("SHA-384", "2.16.840.1.101.3.4.2.2", 48)
    """FIPS 180-4."""
    SHA512 = ("SHA-512", "2.16.840.1.101.3.4.2.3", 64)
    """FIPS 180-4."""
    SM3 = ("SM3", "1.2.156.10197.1.401", 32)
    """GB/T 32905."""

    # members are compared by identity, and Enum's own hash, of the name, takes five times as long
    __hash__ = object.__hash__

    def __init__(self, label: str, oid: str, size: int) -> None:
        self.label = label
        self.oid = oid
        self.size = size

    def new(self) -> Any:
        """A running hash with ``update(data)`` and ``digest()``."""
        return _HASHERS[self]()

    def hash(self, data: bytes | bytearray | memoryview) -> bytes:
        """The digest of ``data``."""
        running = _HASHERS[self]()
        running.update(data)
        result: bytes = running.digest()
        return result

    @staticmethod
    def by_oid(oid: str) -> Digest:
        """The digest with this object identifier; UnsupportedAlgorithmError where there is none."""
        try:
            return _DIGEST_BY_OID[oid]
        except KeyError:
            raise UnsupportedAlgorithmError(f"digest algorithm {algorithm_words(oid)} is not one of ecard's") from None


_HASHERS: Final[dict[Digest, Callable[[], Any]]] = {
    Digest.SHA1: lambda: hashlib.sha1(usedforsecurity=False),
    Digest.SHA256: hashlib.sha256,
    Digest.SHA384: hashlib.sha384,
    Digest.SHA512: hashlib.sha512,
    Digest.SM3: _Sm3,
}
_DIGEST_BY_OID: Final = {d.oid: d for d in Digest}


class KeyFamily(Enum):
    """What signature algorithms a key can be used with."""

    RSA = "RSA"
    EC = "EC"
    SM2 = "SM2"


class KeyKind(Enum):
    """A kind of asymmetric key; the value is the name that options and reports use."""

    RSA1024 = "rsa1024"
    """Only where a named legacy profile asks for it."""
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA4096 = "rsa4096"
    P256 = "p256"
    """secp256r1, FIPS 186-5."""
    P384 = "p384"
    """secp384r1, FIPS 186-5."""
    SM2 = "sm2"
    """GB/T 32918.5."""

    __hash__ = object.__hash__

    @property
    def family(self) -> KeyFamily:
        """Which family of signature algorithms the key is for."""
        return _FAMILIES[self]

    @property
    def size(self) -> int:
        """Bytes of the modulus (RSA) or of one coordinate (curves)."""
        return int(self.value[3:]) // 8 if self.family is KeyFamily.RSA else 48 if self is KeyKind.P384 else 32


_FAMILIES: Final = {
    kind: KeyFamily.RSA if kind.value.startswith("rsa") else KeyFamily.SM2 if kind is KeyKind.SM2 else KeyFamily.EC
    for kind in KeyKind
}


class SignatureAlgorithm(Enum):
    """A signature algorithm: its name, object identifier in certificates, key family and digest."""

    RSA_SHA1 = ("RSA-SHA1", "1.2.840.113549.1.1.5", KeyFamily.RSA, Digest.SHA1)
    """RSASSA-PKCS1-v1_5. Only where a named legacy profile asks for it."""
    RSA_SHA256 = ("RSA-SHA256", "1.2.840.113549.1.1.11", KeyFamily.RSA, Digest.SHA256)
    """RSASSA-PKCS1-v1_5, RFC 8017 section 8.2."""
    RSA_SHA384 = ("RSA-SHA384", "1.2.840.113549.1.1.12", KeyFamily.RSA, Digest.SHA384)
    RSA_SHA512 = ("RSA-SHA512", "1.2.840.113549.1.1.13", KeyFamily.RSA, Digest.SHA512)
    ECDSA_SHA256 = ("ECDSA-SHA256", "1.2.840.10045.4.3.2", KeyFamily.EC, Digest.SHA256)
    """FIPS 186-5, section 6."""
    ECDSA_SHA384 = ("ECDSA-SHA384", "1.2.840.10045.4.3.3", KeyFamily.EC, Digest.SHA384)
    ECDSA_SHA512 = ("ECDSA-SHA512", "1.2.840.10045.4.3.4", KeyFamily.EC, Digest.SHA512)
    SM2_SM3 = ("SM2-SM3", "1.2.156.10197.1.501", KeyFamily.SM2, Digest.SM3)
    """GB/T 32918.2 over SM3(Z || M)."""

    __hash__ = object.__hash__

    def __init__(self, label: str, oid: str, family: KeyFamily, digest: Digest) -> None:
        self.label = label
        self.oid = oid
        self._family = family
        self.digest = digest

    @property
    def family(self) -> KeyFamily:
        """What family of keys it is for."""
        return self._family

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier in DER; RSA has NULL parameters (RFC 4055), the others none (RFC 5758, GM/T 0015)."""
        return _IDENTIFIERS[self]

    @staticmethod
    def by_oid(oid: str) -> SignatureAlgorithm:
        """The algorithm with this object identifier; UnsupportedAlgorithmError where there is none."""
        try:
            return _ALGORITHM_BY_OID[oid]
        except KeyError:
            raise UnsupportedAlgorithmError(
                f"signature algorithm {algorithm_words(oid)} is not one of ecard's"
            ) from None

    @staticmethod
    def for_cms(oid: str, digest: Digest) -> SignatureAlgorithm:
        """The algorithm that a CMS SignerInfo names with a signature or bare key OID and a digest.

        RFC 5652 section 10.1.2 and RFC 3370 section 3.2 let an RSA signature name only the key type;
        GM/T 0010 does the same with SM2. UnsupportedAlgorithmError where the two do not fit.
        """
        family = _KEY_OIDS.get(oid)
        for algorithm in SignatureAlgorithm:
            if algorithm.digest is digest and (algorithm.oid == oid or algorithm.family is family):
                return algorithm
        name = algorithm_words(oid)
        raise UnsupportedAlgorithmError(f"signature algorithm {name} with digest {digest.label} is not one of ecard's")

    @staticmethod
    def default_for(kind: KeyKind) -> SignatureAlgorithm:
        """What a key of this kind signs with when nothing else is asked for."""
        if kind is KeyKind.P384:
            return SignatureAlgorithm.ECDSA_SHA384
        return _DEFAULTS[kind.family]


_IDENTIFIERS: Final = {
    a: der.sequence(der.oid(a.oid), der.null() if a.family is KeyFamily.RSA else b"") for a in SignatureAlgorithm
}
_ALGORITHM_BY_OID: Final = {a.oid: a for a in SignatureAlgorithm}
_KEY_OIDS: Final = {
    "1.2.840.113549.1.1.1": KeyFamily.RSA,
    "1.2.840.10045.2.1": KeyFamily.EC,
    "1.2.156.10197.1.301.1": KeyFamily.SM2,
    "1.2.156.10197.1.301": KeyFamily.SM2,
}
_DEFAULTS: Final = {
    KeyFamily.RSA: SignatureAlgorithm.RSA_SHA256,
    KeyFamily.EC: SignatureAlgorithm.ECDSA_SHA256,
    KeyFamily.SM2: SignatureAlgorithm.SM2_SM3,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature value and the algorithm that made it.

    ``der`` is what certificates and CMS carry: SEQUENCE { r, s } for the curves, the plain octets for RSA.
    """

    algorithm: SignatureAlgorithm
    der: bytes

    def raw(self, size: int) -> bytes:
        """r || s with ``size`` bytes each, as XML signatures and smart-card APIs carry it; RSA: the octets.

        EncodingError where ``der`` is not strict DER of two positive integers of that size.
        """
        if self.algorithm.family is KeyFamily.RSA:
            return self.der
        r, s = self.integers()
        if max(r, s) >> (8 * size):
            raise EncodingError(f"the signature's integers do not fit {size} bytes")
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def integers(self) -> tuple[int, int]:
        """(r, s) of a curve's signature; EncodingError where it is not strict DER of two positive integers."""
        parts = der.parse(self.der, "signature").expect(der.SEQUENCE, "SEQUENCE { r, s }").children()
        if len(parts) != 2:
            raise EncodingError(f"signature: {len(parts)} elements instead of r and s")
        r, s = map(der.read_integer, parts)
        if r <= 0 or s <= 0:
            raise EncodingError("signature: r or s is not positive")
        return r, s

    @staticmethod
    def from_raw(algorithm: SignatureAlgorithm, raw: bytes, *, size: int | None = None) -> Signature:
        """A signature from r || s, both halves of one length, ``size`` if given; RSA: from the octets.

        Raises EncodingError. Without ``size``, halves that were cut or padded alike pass and mean the same.
        """
        if algorithm.family is KeyFamily.RSA:
            return Signature(algorithm, raw)
        if not raw or len(raw) % 2 or (size is not None and len(raw) != 2 * size):
            raise EncodingError(f"signature: r || s cannot have {len(raw)} bytes")
        half = len(raw) // 2
        r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        return Signature(algorithm, der.sequence(der.integer(r), der.integer(s)))
