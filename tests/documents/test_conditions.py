"""What every kind of document shares in judging who signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents import conditions as shared
from ecard.documents.conditions import Conditions, judge_signer
from ecard.documents.signers import AnyLegalPerson, AnyOperator
from ecard.errors import InvalidInputError, ValidationError
from ecard.findings import FindingCode as Code
from ecard.pki.policy import EPORT_2021_ALGORITHMS, Allowed, Revocation, ValidationPolicy
from ecard.pki.validation_extensions import KeyUsage
from tests.documents.test_reader import without_extensions
from tests.documents.world import CODE, DOCUMENT, NOW, codes, inspected, signed, world

P256 = KeyKind.P256


def conditions(**changes: object) -> Conditions:
    usual = {"trust": world(P256).trust, "signer": AnyOperator(of=CODE), "at": NOW} | changes
    return Conditions(**usual)  # type: ignore[arg-type]


def test_a_good_signer() -> None:
    holder = world(P256).operator
    verdict = judge_signer(holder.certificate, conditions(), untrusted=tuple(holder.chain))
    assert verdict.findings == ()
    assert verdict.validated is not None
    assert verdict.validated.path == (holder.certificate, *world(P256).chain)
    assert verdict.identity is not None
    assert verdict.identity.organisation_code == CODE


def test_certificate_and_holder_are_judged_both() -> None:
    holder = world(P256).operator
    verdict = judge_signer(holder.certificate, conditions(signer=AnyLegalPerson(of=CODE)))
    assert [finding.code for finding in verdict.findings] == [Code.PATH_NOT_FOUND, Code.SIGNER_NOT_ALLOWED]
    assert verdict.validated is None
    assert verdict.identity is not None


def test_a_refusal_without_findings_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise ValidationError("no reason given", findings=["a text"])

    monkeypatch.setattr(shared, "validate", refuse)
    report = inspected(DOCUMENT, signed(P256), P256)
    assert codes(report) == [Code.PATH_NOT_FOUND]
    assert "no reason given" in str(report)


def test_an_identity_that_cannot_be_read() -> None:
    broken = Certificate(without_extensions(world(P256).operator.certificate, b"\x05\x00"))
    verdict = judge_signer(broken, conditions())
    assert Code.CERTIFICATE_MALFORMED in [finding.code for finding in verdict.findings]
    assert verdict.identity is None


def test_the_usage_that_is_demanded() -> None:
    assert conditions().document_policy.required_usage is KeyUsage.NON_REPUDIATION
    own = ValidationPolicy(one_of_usage=KeyUsage.DIGITAL_SIGNATURE)
    assert conditions(policy=own).document_policy is own
    loose = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)
    assert conditions(policy=loose).document_policy.required_usage is KeyUsage.NON_REPUDIATION
    assert conditions(policy=loose).document_policy.revocation is Revocation.UNSAFE_NOT_CHECKED
    holder = world(P256).login
    verdict = judge_signer(holder.certificate, conditions(policy=own), untrusted=tuple(holder.chain))
    assert verdict.findings == (), "whoever asks for it may accept a login certificate"


def test_weak_algorithms() -> None:
    usual, legacy = conditions(), conditions(policy=ValidationPolicy(algorithms=EPORT_2021_ALGORITHMS))
    for what in (SignatureAlgorithm.RSA_SHA1, KeyKind.RSA1024):
        (finding,) = usual.weakness(what)
        assert finding.code is Code.ALGORITHM_NOT_ALLOWED
        assert legacy.weakness(what) == ()
    for fine in (*set(SignatureAlgorithm) - {SignatureAlgorithm.RSA_SHA1}, *set(KeyKind) - {KeyKind.RSA1024}):
        assert usual.weakness(fine) == ()


def test_an_algorithm_allowed_until_a_day() -> None:
    until = NOW + timedelta(days=1)
    policy = ValidationPolicy(algorithms=frozenset({Allowed(SignatureAlgorithm.RSA_SHA1, until)}))
    assert conditions(policy=policy).weakness(SignatureAlgorithm.RSA_SHA1) == ()
    assert conditions(policy=policy, at=until).weakness(SignatureAlgorithm.RSA_SHA1) != ()


def test_moments() -> None:
    east = timezone(timedelta(hours=8))
    assert conditions(at=NOW.astimezone(east)).at == NOW
    assert conditions(at=NOW.astimezone(east)).at.tzinfo is UTC
    with pytest.raises(InvalidInputError, match="time zone"):
        conditions(at=datetime(2026, 1, 1))
    with pytest.raises(InvalidInputError, match="years"):
        conditions(at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))
