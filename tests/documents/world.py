"""One invented data centre per kind of key, with an operator's and a legal person's key in software."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.keyholder import SoftwareKeyHolder
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

    @cached_property
    def operator(self) -> SoftwareKeyHolder:
        return self.card(CardType.OPERATOR, OPERATOR_NAME, 2)

    @cached_property
    def legal_person(self) -> SoftwareKeyHolder:
        return self.card(CardType.LEGAL_PERSON, LEGAL_PERSON_NAME, 1)

    @cached_property
    def evidence(self) -> Evidence:
        self.operator, self.legal_person  # noqa: B018 - issued before the CRL is made
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
