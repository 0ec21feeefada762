"""Chains, CRLs and OCSP responses for the tests, made with `cryptography` and independent of ecard's own authority."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ecard.certificate import Certificate
from ecard.pki.crl import Crl
from ecard.pki.ocsp_response import OcspResponse

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
_serials = itertools.count(0x1000)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def key(label: str) -> ec.EllipticCurvePrivateKey:
    """One P-256 key per label, so that tests that need the same key name it."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def name(common: str, *more: x509.NameAttribute[str]) -> x509.Name:
    return x509.Name([*more, x509.NameAttribute(NameOID.COMMON_NAME, common)])


CA_USAGE = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
CARD_USAGE = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0")


def plain_ca(path_length: int | None = None) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(True, path_length), True), (CA_USAGE, True)]


def plain_card() -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(False, None), False), (CARD_USAGE, True)]


@dataclass
class Issuer:
    """A CA: its name, key and certificate."""

    subject: x509.Name
    key: Key
    certificate: Certificate
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def issue(
        self,
        common: str | x509.Name = "holder",
        *,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] | None = None,
        not_before: datetime = T0,
        not_after: datetime = T0 + 3650 * DAY,
        subject_key: Key | None = None,
        serial: int | None = None,
        hash_: hashes.HashAlgorithm | None = None,
        identifiers: bool = True,
    ) -> Certificate:
        subject = name(common) if isinstance(common, str) else common
        subject_key = subject_key or key(f"holder {common}")
        return make(
            subject,
            subject_key,
            self.subject,
            self.key,
            extensions=plain_card() if extensions is None else extensions,
            not_before=not_before,
            not_after=not_after,
            serial=serial,
            hash_=hash_,
            identifiers=identifiers,
        )

    def ca(
        self,
        common: str,
        *,
        path_length: int | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] | None = None,
        label: str | None = None,
        not_before: datetime = T0,
        not_after: datetime = T0 + 3650 * DAY,
        hash_: hashes.HashAlgorithm | None = None,
    ) -> Issuer:
        own = key(label or f"CA {common}")
        certificate = self.issue(
            common,
            extensions=plain_ca(path_length) if extensions is None else extensions,
            subject_key=own,
            not_before=not_before,
            not_after=not_after,
            hash_=hash_,
        )
        return Issuer(name(common), own, certificate)

    def crl(
        self,
        entries: Sequence[tuple[Certificate | int, datetime, x509.ReasonFlags | None]] = (),
        *,
        this_update: datetime = T0,
        next_update: datetime | None = None,
        days: float = 7,
        number: int | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
        invalidity: datetime | None = None,
        signer: Key | None = None,
        hash_: hashes.HashAlgorithm | None = None,
    ) -> Crl:
        builder = x509.CertificateRevocationListBuilder(
            self.subject, this_update, next_update or this_update + days * DAY
        )
        builder = builder.add_extension(x509.CRLNumber(next(self.numbers) if number is None else number), False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        for entry in entries:
            builder = builder.add_revoked_certificate(revoked(*entry, invalidity=invalidity))
        crl = builder.sign(signer or self.key, hash_ or hashes.SHA256())
        return Crl(crl.public_bytes(serialization.Encoding.DER))

    def ocsp(
        self,
        certificate: Certificate,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        *,
        this_update: datetime = T0,
        next_update: datetime | None = None,
        revoked_at: datetime | None = None,
        reason: x509.ReasonFlags | None = None,
        responder: tuple[Certificate, Key] | None = None,
        hash_: hashes.HashAlgorithm | None = None,
    ) -> OcspResponse:
        signer, signing_key = responder or (self.certificate, self.key)
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                certificate.x509,
                self.certificate.x509,
                hash_ or hashes.SHA1(),
                status,
                this_update,
                next_update or this_update + 7 * DAY,
                revoked_at,
                reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.x509)
        )
        if responder:
            builder = builder.certificates([signer.x509])
        response = builder.sign(signing_key, hashes.SHA256())
        return OcspResponse(response.public_bytes(serialization.Encoding.DER))


def make(
    subject: x509.Name,
    subject_key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    *,
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
    not_before: datetime = T0,
    not_after: datetime = T0 + 3650 * DAY,
    serial: int | None = None,
    hash_: hashes.HashAlgorithm | None = None,
    identifiers: bool = True,
) -> Certificate:
    builder = x509.CertificateBuilder(
        issuer, subject, subject_key.public_key(), serial or next(_serials), not_before, not_after
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    if identifiers:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject_key.public_key()), False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    certificate = builder.sign(issuer_key, hash_ or hashes.SHA256())
    return Certificate(certificate.public_bytes(serialization.Encoding.DER))


def revoked(
    certificate: Certificate | int,
    at: datetime,
    reason: x509.ReasonFlags | None = None,
    *,
    invalidity: datetime | None = None,
) -> x509.RevokedCertificate:
    serial = certificate if isinstance(certificate, int) else certificate.serial_number
    builder = x509.RevokedCertificateBuilder(serial, at)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), False)
    if invalidity is not None:
        builder = builder.add_extension(x509.InvalidityDate(invalidity), False)
    return builder.build()


def root(
    common: str = "Root", *, path_length: int | None = None, label: str | None = None, **options: object
) -> Issuer:
    own = key(label or f"root {common}")
    extensions = options.pop("extensions", None)
    certificate = make(
        name(common),
        own,
        name(common),
        own,
        extensions=plain_ca(path_length) if extensions is None else extensions,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
    return Issuer(name(common), own, certificate)
