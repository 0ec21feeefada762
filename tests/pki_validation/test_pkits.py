"""NIST PKITS: every end-entity certificate of the suite with every certificate and CRL of the suite at hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from ecard.certificate import Certificate
from ecard.errors import EncodingError, ValidationError
from ecard.findings import FindingCode
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Profile, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.pkits_cases import FIRST_TEST, SKIPPED, Case, parts_of

pytestmark = pytest.mark.exhaustive

vectors = pytest.importorskip("cryptography_vectors", reason="NIST PKITS is in the package cryptography-vectors")
SUITE = Path(vectors.__file__).parent / "x509" / "PKITS_data"
AT = datetime(2020, 6, 1, tzinfo=UTC)
NAMES = sorted(path.stem.removesuffix("EE") for path in (SUITE / "certs").glob("*EE.crt"))
PARTS = [
    pytest.param(name, part, id=f"{name}-{number}", marks=[pytest.mark.skip(SKIPPED[name])] if name in SKIPPED else [])
    for name in NAMES
    for number, part in enumerate(parts_of(name), 1)
]
UNREADABLE = {"BadSignedCACert", "InvalidDSASignatureTest6EE", "BadCRLSignatureCACRL"}
"""Their signature was changed so that the BIT STRING has unused bits: refused when they are read."""


def read(path: Path) -> Certificate | Crl | None:
    try:
        return Crl(path.read_bytes()) if path.suffix == ".crl" else Certificate(path.read_bytes())
    except EncodingError:
        assert path.stem in UNREADABLE
        return None


@cache
def trust() -> Trust:
    authorities = [read(p) for p in sorted((SUITE / "certs").glob("*.crt")) if not p.stem.endswith("EE")]
    crls = [crl for p in sorted((SUITE / "crls").glob("*.crl")) if isinstance(crl := read(p), Crl)]
    root = Certificate((SUITE / "certs" / "TrustAnchorRootCertificate.crt").read_bytes())
    return Trust([root], [c for c in authorities if isinstance(c, Certificate)], Evidence(crls))


def outcome(name: str, part: Case, profile: Profile = Profile.STRICT) -> tuple[FindingCode, ...]:
    """The codes of what was found wrong; none for a valid path."""
    certificate = read(SUITE / "certs" / f"{name}EE.crt")
    if certificate is None:
        return (FindingCode.CERTIFICATE_MALFORMED,)
    assert isinstance(certificate, Certificate)
    policy = ValidationPolicy(profile=profile, **part.settings)
    try:
        validate(certificate, at=AT, trust=trust(), policy=policy)
    except ValidationError as error:
        return tuple(finding.code for finding in error.findings)
    return ()


@pytest.mark.parametrize(("name", "part"), PARTS)
@pytest.mark.parametrize("profile", [Profile.STRICT, Profile.TOLERANT])
def test_part(name: str, part: Case, profile: Profile) -> None:
    assert (outcome(name, part, profile) == ()) is part.valid


@pytest.mark.parametrize("part", FIRST_TEST)
def test_all_certificates_same_policy(part: Case) -> None:
    assert (outcome("ValidCertificatePathTest1", part) == ()) is part.valid


def test_the_suite_is_whole_and_few_parts_are_skipped() -> None:
    parts = sum(len(parts_of(name)) for name in NAMES) + len(FIRST_TEST)
    assert len(NAMES) == 223
    assert parts == 247
    assert len(SKIPPED) / parts < 0.01


REASONS = {
    "InvalidCASignatureTest2": FindingCode.PATH_NOT_FOUND,
    "InvalidEESignatureTest3": FindingCode.CERTIFICATE_SIGNATURE_INVALID,
    "InvalidCAnotBeforeDateTest1": FindingCode.NOT_YET_VALID,
    "InvalidEEnotAfterDateTest6": FindingCode.EXPIRED,
    "InvalidNameChainingTest1": FindingCode.PATH_NOT_FOUND,
    "InvalidMissingCRLTest1": FindingCode.REVOCATION_UNKNOWN,
    "InvalidRevokedCATest2": FindingCode.REVOKED,
    "InvalidRevokedEETest3": FindingCode.REVOKED,
    "InvalidBadCRLSignatureTest4": FindingCode.REVOCATION_UNKNOWN,
    "InvalidUnknownCRLExtensionTest9": FindingCode.REVOCATION_UNKNOWN,
    "InvalidOldCRLnextUpdateTest11": FindingCode.REVOCATION_UNKNOWN,
    "InvalidMissingbasicConstraintsTest1": FindingCode.CONSTRAINT_BROKEN,
    "InvalidpathLenConstraintTest5": FindingCode.CONSTRAINT_BROKEN,
    "InvalidkeyUsageCriticalkeyCertSignFalseTest1": FindingCode.USAGE_WRONG,
    "InvalidkeyUsageCriticalcRLSignFalseTest4": FindingCode.REVOCATION_UNKNOWN,
    "InvalidDNnameConstraintsTest2": FindingCode.CONSTRAINT_BROKEN,
    "InvalidinhibitAnyPolicyTest1": FindingCode.CONSTRAINT_BROKEN,
    "InvalidUnknownCriticalCertificateExtensionTest2": FindingCode.CONSTRAINT_BROKEN,
    "InvaliddistributionPointTest3": FindingCode.REVOCATION_UNKNOWN,
    "InvalidonlySomeReasonsTest15": FindingCode.REVOKED,
    "InvaliddeltaCRLIndicatorNoBaseTest1": FindingCode.REVOCATION_UNKNOWN,
    "InvaliddeltaCRLTest3": FindingCode.REVOKED,
}


@pytest.mark.parametrize(("name", "code"), REASONS.items())
def test_the_reason_is_the_one_that_the_suite_means(name: str, code: FindingCode) -> None:
    assert set(outcome(name, parts_of(name)[0], Profile.TOLERANT)) == {code}


def test_the_document_tells_of_every_skipped_test() -> None:
    """docs/pkits.md has the table of skips with the reasons that are used here."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "pkits.md").read_text()
    rows = dict(re.findall(r"^\| (\w+Test\d+) \| (.+) \|$", text, re.MULTILINE))
    assert rows == SKIPPED
