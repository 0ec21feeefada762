"""The report: for people, for programs, and nothing personal where it does not belong."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyLegalPerson, AnyOperator
from ecard.errors import VerificationError
from ecard.findings import Finding, FindingCode, Indication
from ecard.lines import one_line
from ecard.pki.identity import CardIdentity, CardType
from tests.documents.world import (
    CODE,
    DOCUMENT,
    ENTERPRISE,
    KINDS,
    NOW,
    OPERATOR_NAME,
    SIGNED,
    inspected,
    parts,
    signed,
    world,
)


@pytest.mark.parametrize("kind", KINDS)
def test_for_programs(kind: KeyKind) -> None:
    report = inspected(DOCUMENT, signed(kind), kind)
    found = json.loads(json.dumps(report.as_dict()))
    evidence = found.pop("evidence")
    number = f"{world(kind).operator.certificate.serial_number:016x}"
    assert found == {
        "accepted": True,
        "indication": "TOTAL-PASSED",
        "reasons": [],
        "signer": {
            "name": OPERATOR_NAME,
            "role": "operator",
            "enterprise": ENTERPRISE,
            "organisation_code": CODE,
            "card_number": "03-JJ0A900000002",
            "certificate_number": number,
        },
        "signing_time": "2026-03-02T08:30:00Z",
        "algorithm": world(kind).operator.algorithm.label,
        "at": "2026-03-02T12:00:00Z",
        "notes": [],
    }
    assert len(evidence) == 3
    assert "示例数据分中心 under " in evidence[0]
    assert all("CRL" in line for line in evidence[1:])


def test_for_programs_when_refused() -> None:
    report = inspected(DOCUMENT + b"!", signed(KeyKind.P256), KeyKind.P256, signer=AnyLegalPerson(of=CODE))
    found = report.as_dict()
    assert found["accepted"] is False
    assert found["indication"] == "TOTAL-FAILED"
    assert [reason["code"] for reason in found["reasons"]] == ["document-changed", "signer-not-allowed"]
    assert all(set(reason) == {"code", "message"} for reason in found["reasons"])
    assert found["signer"]["role"] == "operator", "what the certificate says is known all the same"


def test_for_programs_when_unreadable() -> None:
    found = inspected(DOCUMENT, b"nothing", KeyKind.P256).as_dict()
    assert [reason["code"] for reason in found["reasons"]] == ["malformed"]
    assert (found["signer"], found["signing_time"], found["algorithm"], found["evidence"]) == (None, None, None, [])
    assert found["at"] == "2026-03-02T12:00:00Z"


def test_for_people() -> None:
    kind = KeyKind.P256
    number = f"{world(kind).operator.certificate.serial_number:016x}"
    lines = str(inspected(DOCUMENT, signed(kind), kind)).splitlines()
    assert lines[:5] == [
        "ACCEPTED (TOTAL-PASSED)",
        f"signed by {OPERATOR_NAME} (operator), card 03-JJ0A900000002, certificate {number}",
        f"for {ENTERPRISE} (organisation code {CODE})",
        "signing time, as the signer says: 2026-03-02T08:30:00Z",
        "judged for 2026-03-02T12:00:00Z, ECDSA-SHA256",
    ]
    assert all(line.startswith("on ") for line in lines[5:])
    assert len(lines) == 8


def test_for_people_when_refused() -> None:
    text = str(inspected(DOCUMENT + b"!", signed(KeyKind.P256), KeyKind.P256))
    assert text.startswith("NOT ACCEPTED (TOTAL-FAILED)\n  - the document was changed")
    assert f"claims to be signed by {OPERATOR_NAME}" in text
    assert "\nsigned by" not in text


def test_repr_shows_nothing_of_a_person() -> None:
    for report in (
        inspected(DOCUMENT, signed(KeyKind.P256), KeyKind.P256),
        inspected(DOCUMENT + b"!", signed(KeyKind.P256), KeyKind.P256, signer=AnyLegalPerson(of=CODE)),
    ):
        assert OPERATOR_NAME not in repr(report)
        assert OPERATOR_NAME not in "".join(map(repr, report.reasons))
        assert all(OPERATOR_NAME not in finding.message for finding in report.reasons)
    assert repr(report) == "<Report TOTAL-FAILED: document-changed, signer-not-allowed>"
    with pytest.raises(VerificationError) as caught:
        report.require_accepted()
    assert OPERATOR_NAME not in str(caught.value)
    assert OPERATOR_NAME not in repr(caught.value)


def test_verify_returns_the_report_that_inspect_returns() -> None:
    kind = KeyKind.RSA2048
    report = cms.verify(DOCUMENT, signed(kind), trust=world(kind).trust, signer=AnyOperator(of=CODE), at=NOW)
    assert report == inspected(DOCUMENT, signed(kind), kind)
    assert report.require_accepted() is report


def test_a_report_cannot_be_changed() -> None:
    report = inspected(DOCUMENT + b"!", signed(KeyKind.P256), KeyKind.P256)
    with pytest.raises(FrozenInstanceError):
        report.reasons = ()  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        report.accepted = True  # type: ignore[misc]


@pytest.mark.parametrize("code", FindingCode)
def test_any_reason_at_all_means_not_accepted(code: FindingCode) -> None:
    report = Report(at=NOW, reasons=(Finding(code, "because"),))
    assert not report.accepted
    assert report.indication is code.indication is not Indication.PASSED
    with pytest.raises(VerificationError, match="because"):
        report.require_accepted()


def test_failed_weighs_more_than_indeterminate() -> None:
    found = (Finding(FindingCode.EXPIRED, "old"), Finding(FindingCode.DOCUMENT_CHANGED, "changed"))
    assert Report(at=NOW, reasons=found).indication is Indication.FAILED
    assert Report(at=NOW, reasons=found[:1]).indication is Indication.INDETERMINATE


def test_texts_of_a_certificate_cannot_forge_lines() -> None:
    hostile = CardIdentity(
        "01",
        "甲\nACCEPTED (TOTAL-PASSED)\x1b[2J",
        "乙\r\u2028\u202e" + "x" * 1000,
        "M000\n",
        "03\t",
        CardType.OPERATOR,
    )
    report = Report(at=NOW, reasons=(Finding(FindingCode.REVOKED, "revoked"),), signer=hostile)
    lines = str(report).split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)
    assert lines[0] == "NOT ACCEPTED (INDETERMINATE)"
    assert max(map(len, lines)) < 300


def test_a_signer_of_whom_little_is_known() -> None:
    report = Report(at=NOW, signer=CardIdentity("0a"))
    assert "signed by a holder without a name, certificate 0a" in str(report)
    assert "for " not in str(report).replace("judged for", "")
    no_name = replace(report, signer=CardIdentity("0a", organisation_code=CODE))
    assert f"for an enterprise without a name (organisation code {CODE})" in str(no_name)


def test_moments_are_iso_8601() -> None:
    early = Report(at=datetime(1, 1, 1, tzinfo=UTC), signing_time=SIGNED)
    assert early.as_dict()["at"] == "0001-01-01T00:00:00Z"


def test_one_line() -> None:
    assert one_line("示例") == "示例"
    assert one_line("x" * 121) == "x" * 120 + "…"
    assert one_line("a\x00b\nc\u200fd") == "a\ufffdb\ufffdc\ufffdd"


def test_notes_are_shown() -> None:
    assert str(Report(at=NOW, notes=("an old algorithm",))).endswith("note: an old algorithm")


def test_a_certificate_that_is_trusted_itself() -> None:
    """A root that signs: the path is the certificate alone."""
    from ecard.documents.signers import UnsafeAnyone
    from ecard.pki.trust import Trust

    operator = world(KeyKind.P256).operator.certificate
    trust = Trust([operator], evidence=world(KeyKind.P256).evidence)
    report = inspected(DOCUMENT, parts(KeyKind.P256).encoded(), KeyKind.P256, trust=trust, signer=UnsafeAnyone())
    assert report.accepted
    assert report.evidence == ("a certificate that is itself trusted",)
