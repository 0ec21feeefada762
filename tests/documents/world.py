"""One invented data centre per kind of key, with an operator's and a legal person's key in software."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from ecard import der
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import cms
from ecard.documents.cms import Shape
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.findings import FindingCode
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.trust import Trust

FOUNDED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SIGNED = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CODE = "M000100Y4"
CREDIT_CODE = "91350100M000100Y43"
OTHER_CODE = "M000200Y0"
ENTERPRISE = "示例进出口有限公司"
OPERATOR_NAME = "甲某"
LEGAL_PERSON_NAME = "乙某"
DOCUMENT = "合同: ten tonnes of tea\n".encode()

KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2]
OPENSSL_KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384]


@lru_cache(maxsize=64)
def key_of(kind: KeyKind, name: str) -> SoftwareKey:
    """Keys are shared by all tests: making RSA keys is slow."""
    return SoftwareKey.generate(kind)


def subject(card_type: CardType, *, name: str, number: int, code: str = CODE) -> CertificateSubject:
    return CertificateSubject(
        holder_name=name,
        enterprise_name=ENTERPRISE,
        organisation_code=code,
        card_number=f"03-JJ0A9{number:08d}",
        card_type=card_type,
    )


@dataclass(frozen=True)
class World:
    kind: KeyKind

    @cached_property
    def root(self) -> CertificateAuthority:
        return CertificateAuthority.create_root("示例根", at=FOUNDED, key=key_of(self.kind, "root"))

    @cached_property
    def issuing(self) -> CertificateAuthority:
        return self.root.create_subordinate("示例数据分中心", at=FOUNDED, key=key_of(self.kind, "issuing"))

    def card(self, card_type: CardType, name: str, number: int, code: str = CODE) -> SoftwareKeyHolder:
        key = key_of(self.kind, f"card {number}")
        whom = subject(card_type, name=name, number=number, code=code)
        certificate = self.issuing.issue_for_key(key.public_key, whom, at=FOUNDED, usage=Usage.SIGNING)
        return SoftwareKeyHolder(key, certificate, (self.issuing.certificate,))

    def card_again(self) -> Certificate:
        """A second certificate for the operator's key, as after a renewal that kept the key."""
        whom = subject(CardType.OPERATOR, name=OPERATOR_NAME, number=2)
        key = self.operator.certificate.public_key
        return self.issuing.issue_for_key(key, whom, at=FOUNDED, usage=Usage.SIGNING)

    @cached_property
    def login(self) -> SoftwareKeyHolder:
        """The operator's key and certificate for logging in."""
        key = key_of(self.kind, "login")
        whom = subject(CardType.OPERATOR, name=OPERATOR_NAME, number=2)
        certificate = self.issuing.issue_for_key(key.public_key, whom, at=FOUNDED, usage=Usage.LOGIN)
        return SoftwareKeyHolder(key, certificate, (self.issuing.certificate,))

    @cached_property
    def operator(self) -> SoftwareKeyHolder:
        return self.card(CardType.OPERATOR, OPERATOR_NAME, 2)

    @cached_property
    def legal_person(self) -> SoftwareKeyHolder:
        return self.card(CardType.LEGAL_PERSON, LEGAL_PERSON_NAME, 1)

    @cached_property
    def evidence(self) -> Evidence:
        self.operator, self.legal_person, self.login  # noqa: B018 - issued before the CRL is made
        until = NOW + timedelta(days=7)
        return Evidence([ca.crl(at=SIGNED, next_update=until) for ca in (self.root, self.issuing)])

    @cached_property
    def trust(self) -> Trust:
        return Trust([self.root.certificate], evidence=self.evidence)

    @property
    def chain(self) -> tuple[Certificate, ...]:
        return (self.issuing.certificate, self.root.certificate)


@lru_cache
def world(kind: KeyKind) -> World:
    return World(kind)


def write_pem(path: Path, *certificates: Certificate) -> Path:
    path.write_text("".join(certificate.pem() for certificate in certificates))
    return path


def inspected(document: object, signature: object, kind: KeyKind, **changes: object) -> Report:
    """The report of an ordinary verifier who expects an operator of the enterprise, unless told otherwise."""
    conditions = {"trust": world(kind).trust, "signer": AnyOperator(of=CODE), "at": NOW} | changes
    return cms.inspect(document, signature, **conditions)  # type: ignore[arg-type]


def codes(report: Report) -> list[FindingCode]:
    return [finding.code for finding in report.reasons]


@lru_cache
def signed(kind: KeyKind) -> bytes:
    return cms.sign(DOCUMENT, world(kind).operator, at=SIGNED)


@dataclass
class Parts:
    """The parts of a message, each of which can be another than it should.

    Where ``value`` is None, the holder signs the attributes as they are: everything else then is right.
    """

    holder: KeyHolder
    attributes: list[bytes]
    algorithm: SignatureAlgorithm
    value: bytes | None = None
    outer_type: bytes = Shape.RFC5652.signed_data
    inner_type: bytes = Shape.RFC5652.data
    version: int = 1
    digests: list[bytes] | None = None
    content: bytes = b""
    certificates: list[bytes] | None = None
    between: bytes = b""
    signer_version: int = 1
    identifier: bytes | None = None
    digest_identifier: bytes | None = None
    signature_identifier: bytes | None = None
    unsigned: bytes = b""
    signers: int = 1
    sort: bool = True

    def encoded(self) -> bytes:
        value = self.value
        if value is None:
            value = self.holder.sign(der.set_of(*self.attributes), self.algorithm).der
        digest = self.digest_identifier or der.sequence(der.oid(self.algorithm.digest.oid))
        certificates = self.certificates
        if certificates is None:
            certificates = [c.der for c in (self.holder.certificate, *self.holder.chain)]
        attributes = sorted(self.attributes) if self.sort else self.attributes
        signer = der.sequence(
            der.integer(self.signer_version),
            self.identifier or issuer_and_serial(self.holder.certificate),
            digest,
            der.element(der.context(0), *attributes) if attributes else b"",
            self.signature_identifier or self.algorithm.identifier,
            der.octet_string(value),
            self.unsigned,
        )
        signed_data = der.sequence(
            der.integer(self.version),
            der.set_of(*([digest] if self.digests is None else self.digests)),
            der.sequence(self.inner_type, self.content),
            der.element(der.context(0), *certificates) if certificates else b"",
            self.between,
            der.element(der.SET, *[signer] * self.signers),
        )
        return der.sequence(self.outer_type, der.element(der.context(0), signed_data))


def issuer_and_serial(certificate: Certificate) -> bytes:
    return der.sequence(certificate.issuer, der.integer(certificate.serial_number))


def attribute(oid: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.element(der.SET, *values))


CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"


def ess(certificate: Certificate) -> bytes:
    """SigningCertificateV2 with the hash alone: another way of writing it than ecard's own."""
    return der.sequence(der.sequence(der.sequence(der.octet_string(hashlib.sha256(certificate.der).digest()))))


def parts(kind: KeyKind, **changes: object) -> Parts:
    """The parts of a good message about DOCUMENT by the operator, by field name changed."""
    holder = world(kind).operator
    algorithm = holder.algorithm
    attributes = {
        CONTENT_TYPE: attribute(CONTENT_TYPE, Shape.RFC5652.data),
        MESSAGE_DIGEST: attribute(MESSAGE_DIGEST, der.octet_string(algorithm.digest.hash(DOCUMENT))),
        SIGNING_TIME: attribute(SIGNING_TIME, der.time(SIGNED)),
        SIGNING_CERTIFICATE_V2: attribute(SIGNING_CERTIFICATE_V2, ess(holder.certificate)),
    }
    made = Parts(holder, list(attributes.values()), algorithm)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def with_attribute(kind: KeyKind, oid: str, *encoded: bytes) -> Parts:
    """A message, rightly signed, whose attributes of one kind are those given."""
    made = parts(kind)
    made.attributes = [one for one in made.attributes if der.oid(oid) not in one] + list(encoded)
    return made
