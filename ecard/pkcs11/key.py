"""A key on a PKCS#11 token: alone, as an authority's key may be, and with its certificate, as a key holder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ecard.algorithms import KeyFamily, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import (
    CardProtocolError,
    InvalidInputError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    UnsupportedAlgorithmError,
    WrongCardError,
)
from ecard.keyholder import KeyHolder
from ecard.keys import PublicKey, digest_info
from ecard.pkcs11.library import library, read

if TYPE_CHECKING:
    from ecard.pkcs11.token import Pkcs11Token


class Pkcs11Key:
    """A private key on a token, made by ``Pkcs11Token.key``: a SigningKey, before or beside its certificate."""

    def __init__(self, token: Pkcs11Token, private: Any, public_key: PublicKey) -> None:
        self.token: Final = token
        """The session that the key lives in."""
        self.public_key: Final = public_key
        """The public half."""
        self._private: Final = private

    @property
    def id(self) -> bytes:
        """CKA_ID, which key and certificate share; may be empty. Raises CardError."""
        return bytes(read(self._private, library().Attribute.ID, b""))

    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign ``message`` with ``algorithm``, by default the one that the kind of key is for. Not verified yet.

        Raises UnsupportedAlgorithmError for an algorithm of other keys, and CardError or PinError from the token.
        """
        algorithm = algorithm or SignatureAlgorithm.default_for(self.public_key.kind)
        return self.sign_digest(self.public_key.digest(message, algorithm), algorithm)

    def sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign the message of which ``digest`` is what ``PublicKey.digest`` gives.

        Raises InvalidInputError for a digest of another length, UnsupportedAlgorithmError for an algorithm of other
        keys, and CardError or PinError from the token.
        """
        kind, mechanism = self.public_key.kind, library().Mechanism
        algorithm = algorithm or SignatureAlgorithm.default_for(kind)
        if algorithm.family is not kind.family or kind.family is KeyFamily.SM2:
            raise UnsupportedAlgorithmError(f"{algorithm.label} does not fit a key of kind {kind.value} on a token")
        if len(digest) != algorithm.digest.size:
            raise InvalidInputError(f"{algorithm.label} signs {algorithm.digest.size} bytes, not {len(digest)}")
        if not hasattr(self._private, "sign"):
            raise NotSupportedByCardError("the token keeps this key for another use than signing")
        if kind.family is KeyFamily.RSA:
            made = self.token.use(self._private, digest_info(digest, algorithm), mechanism.RSA_PKCS)
            return Signature(algorithm, made)
        # of a digest that is longer than the curve's order, the leftmost bits count (FIPS 186-5, section 6.4.1)
        made = self.token.use(self._private, digest[: kind.size], mechanism.ECDSA)
        if len(made) != 2 * kind.size:
            raise CardProtocolError(f"the token gave {len(made)} bytes instead of an ECDSA signature")
        return Signature.from_raw(algorithm, made)

    def __repr__(self) -> str:
        return f"<Pkcs11Key {self.public_key.kind.value} on {self.token!r}>"


class Pkcs11KeyHolder(KeyHolder):
    """A key on a token with its certificate, which is on the token too or given.

    Raises ObjectNotFoundError where it is neither, and WrongCardError where it is another key's.
    """

    def __init__(
        self, key: Pkcs11Key, certificate: Certificate | None = None, chain: Sequence[Certificate] | None = None
    ) -> None:
        found = [certificate] if certificate else key.token.certificates(key.id) if key.id else []
        if not found:
            raise ObjectNotFoundError("the token has no certificate with the id of the key")
        fitting = [c for c in found if c.public_key.canonical == key.public_key.canonical]
        if not fitting:
            raise WrongCardError("the certificate belongs to another key")
        self._key: Final = key
        self._certificate: Final = fitting[0]
        self._chain = chain

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self._certificate

    @property
    def chain(self) -> Sequence[Certificate]:
        """The issuers' certificates as given, otherwise those that the token carries, the nearest first."""
        if self._chain is None:
            self._chain = _issuers(self._certificate, self._key.token.certificates())
        return self._chain

    @property
    def key(self) -> Pkcs11Key:
        """The key without its certificate."""
        return self._key

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._key.sign(message, algorithm)

    def _sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._key.sign_digest(digest, algorithm)

    def __repr__(self) -> str:
        return f"<Pkcs11KeyHolder {self._certificate.serial_digits} with {self._key!r}>"


def _issuers(certificate: Certificate, found: Sequence[Certificate]) -> Sequence[Certificate]:
    path: list[Certificate] = []
    while not certificate.is_self_issued:
        above = next((c for c in found if c.subject == certificate.issuer and c not in path), None)
        if above is None:
            break
        path.append(above)
        certificate = above
    return tuple(path)
