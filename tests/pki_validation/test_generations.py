"""Both generations of E-Port certificates, SM2 chains, and ecard's own authority, judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyhanko_certvalidator.errors import PathValidationError

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import FindingCode as F
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.evidence import Evidence
from ecard.pki.path import policy_findings
from ecard.pki.policy import EPORT_2021_ALGORITHMS, Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_extensions import KeyUsage
from ecard.pki.withdrawal import RevocationReason
from tests.pki_authority import centre, lookalikes
from tests.pki_validation.judging import UNCHECKED, codes, findings

AT = centre.AT + timedelta(hours=1)
LOOKALIKE_AT = datetime(2025, 1, 1, tzinfo=UTC)
SIGNING = ValidationPolicy(
    revocation=Revocation.UNSAFE_NOT_CHECKED, required_usage=KeyUsage.DIGITAL_SIGNATURE | KeyUsage.NON_REPUDIATION
)


def issuer_of(card: Certificate, key: SoftwareKey, algorithm: bytes) -> Certificate:
    """A root with the name of the card's issuer and the key that signed the card."""
    from ecard import der

    names = [node.encoded for node in der.parse(card.issuer).children()]
    constraints = lookalikes.extension("2.5.29.19", der.sequence(der.boolean(True)), critical=True)
    return Certificate(
        lookalikes.certificate(
            serial=b"\0", issuer=names, subject=names, extensions=[constraints], algorithm=algorithm, key=key
        )
    )


def test_a_card_of_the_rsa_generation_needs_the_legacy_list_and_nothing_else() -> None:
    key = centre.key_of(KeyKind.RSA1024)
    card = Certificate(lookalikes.rsa_card(key))
    root = issuer_of(card, key, lookalikes.SHA1_WITH_RSA)
    assert codes(card, [root], at=LOOKALIKE_AT, policy=SIGNING) == [F.ALGORITHM_NOT_ALLOWED]
    legacy = ValidationPolicy(
        revocation=Revocation.UNSAFE_NOT_CHECKED,
        required_usage=SIGNING.required_usage,
        algorithms=EPORT_2021_ALGORITHMS,
    )
    assert codes(card, [root], at=LOOKALIKE_AT, policy=legacy) == []


def test_a_card_of_the_sm2_generation_passes_as_it_is() -> None:
    key = centre.key_of(KeyKind.SM2)
    card = Certificate(lookalikes.sm2_card(key))
    root = issuer_of(card, key, lookalikes.SM2_WITH_SM3_AND_NULL)
    assert codes(card, [root], at=LOOKALIKE_AT, policy=SIGNING) == []
    changed = Certificate(card.der[:-1] + bytes([card.der[-1] ^ 1]))
    assert codes(changed, [root], at=LOOKALIKE_AT, policy=SIGNING) == [F.CERTIFICATE_SIGNATURE_INVALID]


@pytest.mark.parametrize("kind", centre.KINDS, ids=lambda kind: kind.value)
def test_chains_of_every_kind_of_key_with_their_lists(kind: KeyKind) -> None:
    top, issuing, card = centre.chain_of(kind)
    crls = [authority.crl(at=centre.AT, next_update=centre.AT + centre.WEEK) for authority in (top, issuing)]
    trust = Trust([top.certificate], [issuing.certificate], Evidence(crls))
    result = validate(card, at=AT, trust=trust)
    assert result.path == (card, issuing.certificate, top.certificate)
    assert len(result.evidence) == 2


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.P256], ids=lambda kind: kind.value)
def test_certvalidator_judges_with_ecards_keys(kind: KeyKind) -> None:
    """Also SM2, which certvalidator itself cannot verify; a wrong signature is noticed."""
    top, issuing, card = centre.chain_of(kind)
    path = (card, issuing.certificate, top.certificate)
    strict = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, inhibit_any_policy=True)
    assert policy_findings(path, AT, strict, only_constraints=False) == []
    other = centre.root(kind)
    wrong = (card, issuing.certificate, other.certificate)
    if other.certificate.spki == top.certificate.spki:
        changed = Certificate(card.der[:-1] + bytes([card.der[-1] ^ 1]))
        wrong = (changed, issuing.certificate, top.certificate)
    (found,) = policy_findings(wrong, AT, strict, only_constraints=False)
    assert found.code is F.CONSTRAINT_BROKEN
    assert policy_findings(wrong, AT, strict, only_constraints=True) == []


def test_a_policy_that_the_card_does_not_have() -> None:
    top, issuing, card = centre.chain_of(KeyKind.P256)
    policy = ValidationPolicy(
        revocation=Revocation.UNSAFE_NOT_CHECKED,
        explicit_policy=True,
        inhibit_any_policy=True,
        acceptable_policies=frozenset({"1.2.3.4.5"}),
    )
    found = findings(card, [top.certificate], [issuing.certificate], at=AT, policy=policy)
    assert [f.code for f in found] == [F.CONSTRAINT_BROKEN]
    assert "certificate policy" in found[0].message


def test_what_certvalidator_says_of_dates_is_translated() -> None:
    top, issuing, card = centre.chain_of(KeyKind.P256)
    path = (card, issuing.certificate, top.certificate)
    strict = ValidationPolicy()
    for moment, code in ((AT - timedelta(days=9), F.NOT_YET_VALID), (AT + timedelta(days=36500), F.EXPIRED)):
        (found,) = policy_findings(path, moment, strict, only_constraints=False)
        assert found.code is code
        assert found.since is not None
        assert policy_findings(path, moment, strict, only_constraints=True) == []
    assert policy_findings((top.certificate,), AT, strict, only_constraints=False) == []


def test_whatever_certvalidator_raises_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    top, issuing, card = centre.chain_of(KeyKind.P256)
    path = (card, issuing.certificate, top.certificate)

    async def broken(*_: object, **__: object) -> None:
        raise KeyError("a name that must not be shown")

    monkeypatch.setattr("ecard.pki.path.async_validate_path", broken)
    (found,) = policy_findings(path, AT, ValidationPolicy(), only_constraints=False)
    assert found.code is F.CERTIFICATE_MALFORMED
    assert "must not be shown" not in found.message
    assert issubclass(PathValidationError, Exception)


def test_the_register_of_the_authority_knows_of_a_hold_that_no_list_shows() -> None:
    """On hold, released, and judged with today's list alone: by the register and without it."""
    top = centre.root()
    card = centre.operator(top, 77)
    day = centre.DAY
    before = top.crl(at=centre.AT, next_update=centre.AT + 20 * day)
    top.hold(card, at=centre.AT + 2 * day)
    top.release(card, at=centre.AT + 4 * day)
    today = top.crl(at=centre.AT + 5 * day, next_update=centre.AT + 20 * day)
    trust = Trust([top.certificate])

    def outcome(days: float, evidence: Evidence) -> set[F]:
        try:
            validate(card, at=centre.AT + days * day, trust=trust, evidence=evidence)
        except ValidationError as error:
            return {f.code for f in error.findings}  # type: ignore[attr-defined]
        return set()

    without, with_register = Evidence([today]), Evidence([today], history=top.history)
    assert [outcome(d, without) for d in (1, 3, 4.5, 6)] == [{F.REVOCATION_UNKNOWN}] * 3 + [set()]
    assert [outcome(d, with_register) for d in (1, 3, 4.5, 6)] == [set(), {F.ON_HOLD}, set(), set()]
    assert outcome(1, Evidence([before])) == set()


def test_a_revocation_with_an_earlier_invalidity_date() -> None:
    top: CertificateAuthority = centre.root()
    card = centre.operator(top, 78)
    day = centre.DAY
    first = top.crl(at=centre.AT, next_update=centre.AT + 3 * day)
    top.revoke(
        card,
        reason=RevocationReason.KEY_COMPROMISE,
        at=centre.AT + 2 * day,
        invalidity_date=centre.AT + 1 * day,
    )
    second = top.crl(at=centre.AT + 3 * day, next_update=centre.AT + 9 * day)
    policy = ValidationPolicy()
    for days, expected in ((0.5, []), (1, [F.REVOKED]), (2.5, [F.REVOKED]), (4, [F.REVOKED])):
        evidence = Evidence([first, second])
        at = centre.AT + days * day
        assert codes(card, [top.certificate], at=at, policy=policy, evidence=evidence) == expected


def test_unchecked_is_only_for_those_who_say_so() -> None:
    top, issuing, card = centre.chain_of(KeyKind.P256)
    assert codes(card, [top.certificate], [issuing.certificate], at=AT, policy=UNCHECKED) == []
    assert codes(card, [top.certificate], [issuing.certificate], at=AT, policy=ValidationPolicy()) == [
        F.REVOCATION_UNKNOWN
    ]
