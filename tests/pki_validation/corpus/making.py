"""Certificates and CRLs of the corpus, written field by field so that each field can be wrong."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from ecard import der
from ecard.findings import FindingCode
from tests.pki_validation.chains import DAY, T0, rsa_key

AKI, SKI, KU, BC, SAN, NC = (f"2.5.29.{n}" for n in (35, 14, 15, 19, 17, 30))
CDP, CP, PM, PC, EKU, IAP = (f"2.5.29.{n}" for n in (31, 32, 33, 36, 37, 54))
AIA = "1.3.6.1.5.5.7.1.1"
ECDSA_SHA1 = "1.2.840.10045.4.1"
ECDSA_SHA256, ECDSA_SHA384 = "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3"
RSA_SHA256 = "1.2.840.113549.1.1.11"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_serials = itertools.count(0x7000_0001)


@dataclass(frozen=True)
class Ext:
    """One extension as bytes."""

    oid: str
    value: bytes
    critical: bool = False

    @property
    def der(self) -> bytes:
        critical = der.boolean(True) if self.critical else b""
        return der.sequence(der.oid(self.oid), critical, der.octet_string(self.value))


def ext(extension: x509.ExtensionType, critical: bool = False) -> Ext:
    return Ext(extension.oid.dotted_string, extension.public_bytes(), critical)


Changes = Mapping[str, Ext | None]
"""Extensions to put instead of the usual ones, or beside them; None takes one away."""


@cache
def key(label: str) -> Key:
    if label.startswith("rsa"):
        return rsa_key(int(label[3:].split(maxsplit=1)[0]))
    return ec.generate_private_key(ec.SECP384R1() if label.startswith("p384") else ec.SECP256R1())


def spki(own: Key) -> bytes:
    return own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(own: Key) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest


def name(common: str, *more: x509.NameAttribute[Any]) -> bytes:
    return x509.Name([*more, x509.NameAttribute(NameOID.COMMON_NAME, common)]).public_bytes()


_BITS = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def usage(*bits: str, critical: bool = True) -> Ext:
    return ext(x509.KeyUsage(**{each: each in bits for each in _BITS}), critical)


def constraints(ca: bool, path_length: int | None = None, *, critical: bool = True) -> Ext:
    return ext(x509.BasicConstraints(ca, path_length), critical)


def dns(*names: str) -> Ext:
    return ext(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]))


def sign(own: Key, data: bytes, algorithm: str) -> bytes:
    digest = {ECDSA_SHA384: hashes.SHA384(), ECDSA_SHA1: hashes.SHA1()}.get(algorithm, hashes.SHA256())
    if isinstance(own, rsa.RSAPrivateKey):
        return own.sign(data, padding.PKCS1v15(), digest)
    return own.sign(data, ec.ECDSA(digest))


def algorithm_of(own: Key) -> str:
    if isinstance(own, rsa.RSAPrivateKey):
        return RSA_SHA256
    return ECDSA_SHA384 if own.key_size == 384 else ECDSA_SHA256


def identifier(oid: str) -> bytes:
    return der.sequence(der.oid(oid), der.null() if oid == RSA_SHA256 else b"")


def signed(own: Key, body: bytes, algorithm: str, outer: str | None = None) -> bytes:
    return der.sequence(body, identifier(outer or algorithm), der.bit_string(sign(own, body, algorithm)))


@dataclass
class Authority:
    """A CA of the corpus."""

    subject: bytes
    key: Key
    certificate: bytes = b""
    crl_numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def issue(
        self,
        subject: bytes,
        own: Key,
        extensions: Sequence[Ext],
        *,
        version: int = 3,
        serial: bytes | None = None,
        issuer: bytes | None = None,
        begin: datetime = T0,
        end: datetime = T0 + 3650 * DAY,
        times: bytes | None = None,
        outer: str | None = None,
        public: bytes | None = None,
        signer: Key | None = None,
        algorithm: str | None = None,
        last: bytes | None = None,
    ) -> bytes:
        """``last`` stands in the place of the extensions."""
        algorithm = algorithm or algorithm_of(signer or self.key)
        listed = b"".join(each.der for each in extensions)
        if last is None:
            last = der.element(der.context(3), der.sequence(listed)) if extensions else b""
        body = der.sequence(
            der.element(der.context(0), der.integer(version - 1)) if version != 1 else b"",
            der.integer(next(_serials)) if serial is None else serial,
            identifier(algorithm),
            self.subject if issuer is None else issuer,
            times or der.sequence(der.time(begin), der.time(end)),
            subject,
            public or spki(own),
            last,
        )
        return signed(signer or self.key, body, algorithm, outer)

    def extensions(self, own: Key, usual: Sequence[Ext], changes: Changes | None) -> list[Ext]:
        usual = [
            *usual,
            Ext(SKI, der.octet_string(key_id(own))),
            Ext(AKI, der.sequence(der.element(0x80, key_id(self.key)))),
        ]
        changes = dict(changes or {})
        kept = [changes.pop(each.oid, each) for each in usual]
        return [each for each in (*kept, *changes.values()) if each is not None]

    def ca(
        self,
        common: str,
        changes: Changes | None = None,
        *,
        path_length: int | None = None,
        label: str | None = None,
        subject: bytes | None = None,
        **fields: Any,
    ) -> Authority:
        own = key(label or f"CA {common}")
        usual = [constraints(True, path_length), usage("key_cert_sign", "crl_sign")]
        subject = name(common) if subject is None else subject
        certificate = self.issue(subject, own, self.extensions(own, usual, changes), **fields)
        return Authority(subject, own, certificate)

    def leaf(
        self, changes: Changes | None = None, *, common: str = "holder", subject: bytes | None = None, **fields: Any
    ) -> bytes:
        own = fields.pop("own", None) or key("leaf")
        usual = [constraints(False, critical=False), usage("digital_signature"), dns("example.com")]
        subject = name(common) if subject is None else subject
        return self.issue(subject, own, self.extensions(own, usual, changes), **fields)

    def crl(
        self,
        entries: Sequence[bytes] = (),
        *,
        begin: datetime = T0,
        end: datetime | None = T0 + 30 * DAY,
        extensions: Sequence[Ext] = (),
        number: Ext | str | None = "next",
        key_identifier: Ext | str | None = "own",
        signer: Key | None = None,
        issuer: bytes | None = None,
        version: int = 2,
        outer: str | None = None,
        times: bytes | None = None,
    ) -> bytes:
        own = signer or self.key
        if number == "next":
            number = ext(x509.CRLNumber(next(self.crl_numbers)))
        if key_identifier == "own":
            key_identifier = Ext(AKI, der.sequence(der.element(0x80, key_id(self.key))))
        usual = [number, key_identifier] if version == 2 else []
        listed = [each for each in (*usual, *extensions) if isinstance(each, Ext)]
        body = der.sequence(
            der.integer(version - 1) if version != 1 else b"",
            identifier(algorithm_of(own)),
            self.subject if issuer is None else issuer,
            times or der.time(begin) + (der.time(end) if end else b""),
            der.sequence(*entries) if entries else b"",
            der.element(der.context(0), der.sequence(*(each.der for each in listed))) if listed else b"",
        )
        return signed(own, body, algorithm_of(own), outer)


def root(
    common: str = "corpus root",
    changes: Changes | None = None,
    *,
    label: str | None = None,
    subject: bytes | None = None,
    **fields: Any,
) -> Authority:
    subject = name(common) if subject is None else subject
    own = Authority(subject, key(label or f"root {common}"))
    return own.ca(common, changes, label=label or f"root {common}", subject=subject, **fields)


def entry(serial: int, at: datetime = T0, *extensions: Ext) -> bytes:
    listed = der.sequence(*(each.der for each in extensions)) if extensions else b""
    return der.sequence(der.integer(serial), der.time(at), listed)


def serial_of(certificate: bytes) -> int:
    return x509.load_der_x509_certificate(certificate).serial_number


@dataclass(frozen=True)
class Case:
    """A chain and what is to come out."""

    name: str
    peer: bytes
    roots: tuple[bytes, ...]
    helpers: tuple[bytes, ...] = ()
    expected: FindingCode | None = None
    """What is found wrong under the default profile, among other things perhaps; None where it is good."""
    tolerant: FindingCode | str | None = "same"
    """The same under the tolerant profile, where it differs."""
    pedantic: FindingCode | str | None = "same"
    """The same under the pedantic profile, where it differs."""
    at: datetime = T0 + DAY
    crls: tuple[bytes, ...] | None = None
    """Where given, revocation is judged."""
    policy: Mapping[str, Any] = field(default_factory=dict)


def case(title: str, peer: bytes, above: Sequence[Authority], expected: FindingCode | None = None, **more: Any) -> Case:
    """A case whose chain is ``above``, the root first."""
    top, *others = above
    helpers = tuple(each.certificate for each in others) + tuple(more.pop("also", ()))
    return Case(title, peer, (top.certificate, *more.pop("roots", ())), helpers, expected, **more)
