"""Public and private keys in software: RSA, ECDSA and SM2 behind one interface.

Nothing above this floor asks which kind a key is; it asks the key to verify, or for the digest that a
card has to sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ecard import der, sm2
from ecard.algorithms import Digest, KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.errors import (
    EncodingError,
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    UnsupportedAlgorithmError,
)
from ecard.sm2 import pbes2

_SM2_CURVE: Final = "1.2.156.10197.1.301"
_EC_KEY: Final = "1.2.840.10045.2.1"
_PSS_KEY: Final = "1.2.840.113549.1.1.10"
_HASHES: Final[dict[Digest, hashes.HashAlgorithm]] = {
    Digest.SHA1: hashes.SHA1(),  # noqa: S303 - reached only through the legacy profile's algorithm
    Digest.SHA256: hashes.SHA256(),
    Digest.SHA384: hashes.SHA384(),
    Digest.SHA512: hashes.SHA512(),
}
_HEAD: Final = 32
"""Bytes of a PKCS#8 key in which its kind is named, before anything that is random."""
MAX_PASSWORD: Final = 1023
"""Bytes of the longest password under which a private key is written: more, ``cryptography`` does not take."""
_CURVES: Final[dict[str, KeyKind]] = {"secp256r1": KeyKind.P256, "secp384r1": KeyKind.P384}

type_of_public_key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | sm2.PublicKey
type_of_private_key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | sm2.PrivateKey


def _require_family(kind: KeyKind, algorithm: SignatureAlgorithm) -> None:
    if algorithm.family is not kind.family:
        raise UnsupportedAlgorithmError(f"{algorithm.label} does not fit a key of kind {kind.value}")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of a known kind. ``native`` is the object of the library that computes with it."""

    kind: KeyKind
    spki: bytes
    """SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7)."""
    native: type_of_public_key = field(repr=False, compare=False)

    @staticmethod
    def from_spki(spki: bytes) -> PublicKey:
        """Read a SubjectPublicKeyInfo in DER.

        Raises EncodingError, InvalidKeyError, or UnsupportedAlgorithmError for a key that is not one of ``KeyKind``.
        """
        return _load_spki(bytes(spki))

    @staticmethod
    def from_native(native: type_of_public_key) -> PublicKey:
        """Wrap a key of ``cryptography`` or of ``ecard.sm2``; UnsupportedAlgorithmError for one not of ``KeyKind``."""
        if isinstance(native, sm2.PublicKey):
            return PublicKey(KeyKind.SM2, native.spki, native)
        encoding, shape = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return PublicKey(_kind_of(native), native.public_bytes(encoding, shape), native)

    @property
    def key_bits(self) -> bytes:
        """The content of the subjectPublicKey BIT STRING, over which key identifiers are computed."""
        return der.read_bits(der.parse(self.spki, "SubjectPublicKeyInfo").children()[1])

    @property
    def canonical(self) -> bytes:
        """The SubjectPublicKeyInfo in the one form that every encoding of this key leads to: points uncompressed."""
        return PublicKey.from_native(self.native).spki

    def digest(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """What the private key signs for ``message``: its digest; for SM2, SM3(Z || message) with the default id."""
        _require_family(self.kind, algorithm)
        if isinstance(self.native, sm2.PublicKey):
            return self.native.digest(message)
        return algorithm.digest.hash(message)

    def begin_digest(self, algorithm: SignatureAlgorithm) -> Any:
        """A running hash (``update(data)``, ``digest()``) that gives what ``digest`` gives, of a message in parts."""
        _require_family(self.kind, algorithm)
        running = algorithm.digest.new()
        if isinstance(self.native, sm2.PublicKey):
            running.update(self.native.z())
        return running

    def verify(self, signature: Signature, message: bytes) -> None:
        """Raise InvalidSignatureError unless ``signature`` is this key's signature of ``message``."""
        _require_family(self.kind, signature.algorithm)
        if isinstance(self.native, sm2.PublicKey):
            self.native.verify(signature, message)
        else:
            self._verify(signature, message, _HASHES[signature.algorithm.digest])

    def verify_digest(self, signature: Signature, digest: bytes) -> None:
        """Raise InvalidSignatureError unless ``signature`` signs what ``digest`` is the digest of."""
        _require_family(self.kind, signature.algorithm)
        if isinstance(self.native, sm2.PublicKey):
            self.native.verify_digest(signature, digest)
        elif len(digest) != signature.algorithm.digest.size:
            raise InvalidSignatureError("the digest has not the size of the signature's digest algorithm")
        else:
            self._verify(signature, digest, Prehashed(_HASHES[signature.algorithm.digest]))

    @property
    def recovers_digest(self) -> bool:
        """Whether a signature gives back the digest that it signs: RSA's do, those of the curves do not."""
        return isinstance(self.native, rsa.RSAPublicKey)

    def signed_digest(self, signature: Signature) -> bytes | None:
        """The digest that ``signature`` signs, where ``recovers_digest``; otherwise None.

        None also where nothing of the shape that ``pkcs1_block`` writes comes out: another key, or a changed value.
        """
        if signature.algorithm.family is not self.kind.family or not isinstance(self.native, rsa.RSAPublicKey):
            return None
        try:
            return self.native.recover_data_from_signature(
                signature.der, padding.PKCS1v15(), _HASHES[signature.algorithm.digest]
            )
        except InvalidSignature:
            return None

    def _verify(self, signature: Signature, data: bytes, hash_: hashes.HashAlgorithm | Prehashed) -> None:
        try:
            if isinstance(self.native, rsa.RSAPublicKey):
                self.native.verify(signature.der, data, padding.PKCS1v15(), hash_)
            elif isinstance(self.native, ec.EllipticCurvePublicKey):
                self.native.verify(signature.der, data, ec.ECDSA(hash_))
            else:
                raise UnsupportedAlgorithmError(f"a key of kind {self.kind.value} without anything to compute with")
        except InvalidSignature:
            raise InvalidSignatureError(f"the {signature.algorithm.label} signature does not verify") from None


@lru_cache(maxsize=256)
def _load_spki(spki: bytes) -> PublicKey:
    parts = der.parse(spki, "SubjectPublicKeyInfo").expect(der.SEQUENCE, "SubjectPublicKeyInfo").children()
    if len(parts) != 2:
        raise EncodingError("SubjectPublicKeyInfo: not exactly an algorithm and a key")
    algorithm = [node.encoded for node in parts[0]]
    if algorithm == [der.oid(_EC_KEY), der.oid(_SM2_CURVE)]:
        return PublicKey(KeyKind.SM2, spki, sm2.PublicKey.from_spki(spki))
    if algorithm[:1] == [der.oid(_PSS_KEY)]:
        # cryptography forgets that such a key must not sign in any other way (RFC 4055, section 1.2)
        raise UnsupportedAlgorithmError("a public key for RSASSA-PSS alone, which is not one of ecard's algorithms")
    if algorithm[:1] == [der.oid(_EC_KEY)] and algorithm[1:2] and algorithm[1][0] != der.OID:
        raise UnsupportedAlgorithmError("a curve that is not given by its name (RFC 5480, section 2.1.1)")
    try:
        native: Any = serialization.load_der_public_key(spki)
    except UnsupportedAlgorithm:
        raise UnsupportedAlgorithmError("a public key of a kind that ecard does not know") from None
    except ValueError:
        raise InvalidKeyError("the public key is not a valid key of its kind") from None
    return PublicKey(_kind_of(native), spki, native)


def _kind_of(native: object) -> KeyKind:
    if isinstance(native, ec.EllipticCurvePublicKey):
        if native.curve.name in _CURVES:
            return _CURVES[native.curve.name]
        raise UnsupportedAlgorithmError(f"curve {native.curve.name} is not one of ecard's")
    if not isinstance(native, rsa.RSAPublicKey):
        raise UnsupportedAlgorithmError("a public key that is neither RSA, ECDSA nor SM2")
    try:
        return KeyKind(f"rsa{native.key_size}")
    except ValueError:
        raise UnsupportedAlgorithmError(f"RSA keys of {native.key_size} bits are not allowed") from None


class SoftwareKey:
    """A private key in memory. It never shows itself: ``repr`` names the kind alone."""

    def __init__(self, native: type_of_private_key) -> None:
        self._native = native
        public = native.public_key if isinstance(native, sm2.PrivateKey) else native.public_key()
        self.public_key: Final = PublicKey.from_native(public)
        """The public half."""

    def __repr__(self) -> str:
        return f"<SoftwareKey {self.public_key.kind.value}>"

    def __reduce__(self) -> str:
        raise InvalidKeyError("a private key is not pickled", remedy="use SoftwareKey.pkcs8() with a password")

    @property
    def native(self) -> type_of_private_key:
        """The object of ``cryptography`` or of ``ecard.sm2``."""
        return self._native

    @staticmethod
    def generate(kind: KeyKind) -> SoftwareKey:
        """A new key from the operating system's randomness."""
        if kind is KeyKind.SM2:
            return SoftwareKey(sm2.PrivateKey.generate())
        if kind.family is KeyFamily.RSA:
            return SoftwareKey(rsa.generate_private_key(65537, kind.size * 8))
        return SoftwareKey(ec.generate_private_key(ec.SECP384R1() if kind is KeyKind.P384 else ec.SECP256R1()))

    @staticmethod
    def from_pkcs8(data: bytes, password: bytes | None = None) -> SoftwareKey:
        """Read a PKCS#8 key in DER, encrypted if ``password`` is given (RFC 5958).

        Raises InvalidKeyError where it cannot be read, whatever its kind, or not without more work than a key is
        worth, and UnsupportedAlgorithmError for a key of a kind, or under a protection, that ecard does not know.
        """
        if der.oid(_SM2_CURVE) in data:
            return SoftwareKey(_read_sm2(data, password))
        if der.oid(_PSS_KEY) in data[:_HEAD]:
            # cryptography forgets it, as with the public key; an encrypted one does not show it
            raise UnsupportedAlgorithmError(
                "a private key for RSASSA-PSS alone, which is not one of ecard's algorithms"
            )
        try:
            if password is not None:
                pbes2.require_bounded_cost(data)
            native = serialization.load_der_private_key(data, password)
        except UnsupportedAlgorithm:
            # an encrypted SM2 key shows its curve only after decryption
            return SoftwareKey(_read_sm2(data, password))
        except (ValueError, TypeError, InternalError, EncodingError):
            # InternalError: numbers of scrypt that fit together for nobody
            raise _unreadable() from None
        if not isinstance(native, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise UnsupportedAlgorithmError("a private key that is neither RSA, ECDSA nor SM2")
        return SoftwareKey(native)

    def pkcs8(self, password: bytes | None = None) -> bytes:
        """The key as PKCS#8 in DER, encrypted if ``password`` is given, of 1 to MAX_PASSWORD bytes.

        Raises InvalidInputError for another password: an empty one protects no key.
        """
        if password is not None and not (isinstance(password, bytes) and 1 <= len(password) <= MAX_PASSWORD):
            raise InvalidInputError(
                f"the password of a private key has 1 to {MAX_PASSWORD} bytes", remedy="give one, or None at all"
            )
        if isinstance(self._native, sm2.PrivateKey):
            return self._native.pkcs8(password)
        protection: serialization.KeySerializationEncryption = (
            serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
        )
        return self._native.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, protection)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign ``message`` with ``algorithm``, by default the one that the kind of key is for."""
        return self._sign(message, algorithm, is_digest=False)

    def sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign the message of which ``digest`` is what ``PublicKey.digest`` gives; InvalidInputError for its size."""
        return self._sign(digest, algorithm, is_digest=True)

    def _sign(self, data: bytes, algorithm: SignatureAlgorithm | None, *, is_digest: bool) -> Signature:
        algorithm = algorithm or SignatureAlgorithm.default_for(self.public_key.kind)
        _require_family(self.public_key.kind, algorithm)
        if is_digest and len(data) != algorithm.digest.size:
            raise InvalidInputError(f"{algorithm.label} signs {algorithm.digest.size} bytes, not {len(data)}")
        if isinstance(self._native, sm2.PrivateKey):
            return self._native.sign_digest(data) if is_digest else self._native.sign(data)
        hash_ = Prehashed(_HASHES[algorithm.digest]) if is_digest else _HASHES[algorithm.digest]
        if isinstance(self._native, rsa.RSAPrivateKey):
            return Signature(algorithm, self._native.sign(data, padding.PKCS1v15(), hash_))
        return Signature(algorithm, self._native.sign(data, ec.ECDSA(hash_)))


def _read_sm2(data: bytes, password: bytes | None) -> sm2.PrivateKey:
    try:
        return sm2.PrivateKey.from_pkcs8(data, password)
    except EncodingError:
        raise _unreadable() from None


def _unreadable() -> InvalidKeyError:
    return InvalidKeyError(
        "the private key cannot be read", remedy="check that it is PKCS#8 and that the password is right"
    )


def digest_info(digest: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """The DigestInfo that an RSA signature pads (RFC 8017, section 9.2): what a token signs that pads by itself."""
    return der.sequence(der.sequence(der.oid(algorithm.digest.oid), der.null()), der.octet_string(digest))


def pkcs1_block(digest: bytes, algorithm: SignatureAlgorithm, size: int) -> bytes:
    """The EMSA-PKCS1-v1_5 block of ``size`` bytes that an RSA card signs raw (RFC 8017, section 9.2)."""
    info = digest_info(digest, algorithm)
    return b"\0\x01" + b"\xff" * (size - len(info) - 3) + b"\0" + info
