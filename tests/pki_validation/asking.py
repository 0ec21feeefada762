"""The question of the revocation tests: what is found of one certificate at a moment, under given evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import DAY, T0, Issuer, plain_card

HOLD = x509.ReasonFlags.certificate_hold
STOLEN = x509.ReasonFlags.key_compromise
REMOVED = x509.ReasonFlags.remove_from_crl
SECOND = timedelta(seconds=1)


class Register:
    """A register that remembers."""

    def __init__(self, *intervals: Interval, serial: int | None = None) -> None:
        self.known = intervals
        self.serial = serial

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        return self.known if self.serial in (None, serial) else ()


class Stranger:
    """A register of another authority."""

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        return None


def ask(
    certificate: Certificate,
    issuer: Issuer,
    day: float,
    *crls: Crl,
    ocsp: Sequence[OcspResponse] = (),
    register: object = None,
    policy: ValidationPolicy | None = None,
    helpers: Sequence[Certificate] = (),
) -> Finding | None:
    """The one finding at a moment, or None for good."""
    evidence = Evidence(crls, ocsp, register)  # type: ignore[arg-type]
    try:
        trust = Trust([issuer.certificate])
        validate(certificate, at=T0 + day * DAY, trust=trust, evidence=evidence, policy=policy, untrusted=helpers)
    except ValidationError as error:
        found = error.findings
    else:
        return None
    (finding,) = found
    assert isinstance(finding, Finding)
    return finding


def code(*arguments: object, **options: object) -> F | None:
    found = ask(*arguments, **options)  # type: ignore[arg-type]
    return None if found is None else found.code


def at_point(
    url: str,
    *,
    only_users: bool = False,
    only_authorities: bool = False,
    reasons: frozenset[x509.ReasonFlags] | None = None,
    indirect: bool = False,
) -> tuple[x509.ExtensionType, bool]:
    names = [x509.UniformResourceIdentifier(url)] if url else None
    return x509.IssuingDistributionPoint(names, None, only_users, only_authorities, reasons, indirect, False), True


def points(*urls: str) -> list[tuple[x509.ExtensionType, bool]]:
    found = [x509.DistributionPoint([x509.UniformResourceIdentifier(u)], None, None, None) for u in urls]
    return [*plain_card(), (x509.CRLDistributionPoints(found), False)]


PARTITIONS = ["ldap://ldap.e.example/cn=crl030000,ou=crl00?x", "ldap://ldap.e.example/cn=crl030001,ou=crl00?x"]


def delta(
    ca: Issuer,
    base: int,
    *entries: tuple[Certificate, datetime, x509.ReasonFlags | None],
    number: int,
    day: float,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Crl:
    return ca.crl(
        entries,
        number=number,
        this_update=T0 + day * DAY,
        days=1,
        extensions=[(x509.DeltaCRLIndicator(base), True), *more],
    )
