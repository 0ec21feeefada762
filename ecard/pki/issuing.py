"""Making a certificate: its body in DER, signed by whoever holds the issuer's key, and checked before it leaves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError
from ecard.keyholder import KeyHolder
from ecard.keys import PublicKey
from ecard.moments import in_utc

SERIAL_OCTETS: Final = 8
_FIRST_OCTET: Final = 0x03


class SigningKey(Protocol):
    """A private key that has no certificate yet: a ``SoftwareKey``, or a key on a card or in a security module."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""

    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign ``message`` with ``algorithm``, by default the one that the kind of key is for."""


@runtime_checkable
class DigestSigningKey(SigningKey, Protocol):
    """A signing key that need not see the message: most are. Only such a key signs a CRL that memory cannot hold."""

    def sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign the message of which ``digest`` is what ``PublicKey.digest`` gives."""


@dataclass(frozen=True, slots=True)
class DelegatedKey:
    """A signing key that something else holds and uses: a card's key before it has a certificate, for example.

    ``sign_with`` is given what ``PublicKey.digest`` gives for the message, and the algorithm.
    """

    public_key: PublicKey
    sign_with: Callable[[bytes, SignatureAlgorithm], Signature] = field(repr=False)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign ``message``. Raises what ``sign_with`` raises."""
        algorithm = algorithm or SignatureAlgorithm.default_for(self.public_key.kind)
        return self.sign_digest(self.public_key.digest(message, algorithm), algorithm)

    def sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign the message that ``digest`` belongs to. Raises what ``sign_with`` raises."""
        return self.sign_with(digest, algorithm or SignatureAlgorithm.default_for(self.public_key.kind))


class CertifiedKey(KeyHolder):
    """A signing key with the certificate that was made for it, as a key holder."""

    def __init__(self, key: SigningKey, certificate: Certificate, chain: Sequence[Certificate] = ()) -> None:
        self._key = key
        self._certificate = certificate
        self._chain = tuple(chain)

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self._certificate

    @property
    def chain(self) -> Sequence[Certificate]:
        """The certificates of the issuers, as given."""
        return self._chain

    @property
    def key(self) -> SigningKey:
        """The key without its certificate."""
        return self._key

    @property
    def signs_digests(self) -> bool:
        """Whether the key does."""
        return isinstance(self._key, DigestSigningKey)

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._key.sign(message, algorithm)

    def _sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        if not isinstance(self._key, DigestSigningKey):
            return super()._sign_digest(digest, algorithm)
        return self._key.sign_digest(digest, algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateBody:
    """What a certificate says, names and key in DER, its issuer's part left out."""

    serial: int
    not_before: datetime
    not_after: datetime
    subject: bytes
    public_key: PublicKey
    extensions: tuple[bytes, ...]


def sign_certificate(
    body: CertificateBody, *, issuer: bytes, algorithm: SignatureAlgorithm, sign: Callable[[bytes], Signature]
) -> Certificate:
    """The certificate with ``body``, in the name of ``issuer`` (DER), signed through ``sign`` with ``algorithm``.

    Raises what ``sign`` raises. The caller verifies: ``KeyHolder.sign`` does, and a root is checked against itself.
    """
    tbs = der.sequence(
        der.element(der.context(0), der.integer(2)),
        der.integer(body.serial),
        algorithm.identifier,
        issuer,
        der.sequence(der.time(body.not_before), der.time(body.not_after)),
        body.subject,
        body.public_key.spki,
        der.element(der.context(3), der.sequence(*body.extensions)),
    )
    return Certificate(der.sequence(tbs, algorithm.identifier, der.bit_string(sign(tbs).der)))


def self_signed(body: CertificateBody, key: SigningKey) -> Certificate:
    """A root's certificate. Raises what ``key`` raises, InvalidSignatureError where it signed wrongly."""
    algorithm = SignatureAlgorithm.default_for(key.public_key.kind)
    certificate = sign_certificate(body, issuer=body.subject, algorithm=algorithm, sign=key.sign)
    certificate.verify_issued_by(certificate)
    return certificate


def new_serial(used: Container[int]) -> int:
    """A serial number of eight octets that is not in ``used``: 03, as on SM2 cards, then 56 random bits."""
    while True:
        serial = int.from_bytes(bytes((_FIRST_OCTET,)) + secrets.token_bytes(SERIAL_OCTETS - 1), "big")
        if serial not in used:
            return serial


def partition_index(serial: int, partitions: int) -> int:
    """The index, from 0, of the CRL partition that a certificate belongs to, of ``partitions`` (1 to 65536) many.

    Real cards with serial number 0300 00... are on crl030000: the name is 03 and two octets, here the two octets after
    the first, modulo the number of partitions.

    >>> partition_name(partition_index(0x0300000000012345, 256))
    'crl030000'
    """
    return (serial >> (8 * (SERIAL_OCTETS - 3)) & 0xFFFF) % partitions


def partition_name(index: int) -> str:
    """The name of the partition with this index, from 0."""
    return f"crl03{index:04x}"


def whole_second(moment: datetime, what: str) -> datetime:
    """``moment`` in UTC without its fraction of a second. Raises InvalidInputError as ``in_utc`` does."""
    return in_utc(moment, what).replace(microsecond=0)


def add_years(moment: datetime, years: int) -> datetime:
    """The same day and time ``years`` later; 29 February becomes 28 February.

    Raises InvalidInputError beyond the calendar.
    """
    try:
        return moment.replace(year=moment.year + years)
    except (ValueError, OverflowError):
        if moment.year + years > 9999 or moment.year + years < 1:
            raise InvalidInputError(f"{years} years from then is no year of the calendar") from None
        return moment.replace(year=moment.year + years, day=28)
