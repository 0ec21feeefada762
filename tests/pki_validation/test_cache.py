"""Remembered verdicts: they are used, they are never wrong, and they are never used too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.pki import validation_cache
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_engine import Engine, Verdict
from tests.pki_validation.chains import DAY, T0, Issuer, key, plain_card, root
from tests.pki_validation.judging import NOW, UNCHECKED

pytestmark = pytest.mark.exhaustive

HOUR = timedelta(hours=1)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments at which a validation was really made."""
    moments: list[datetime] = []
    original = Engine.judge

    def counted(self: Engine, certificate: Certificate, at: datetime, *, root: Certificate | None = None) -> Verdict:
        moments.append(at)
        return original(self, certificate, at, root=root)

    monkeypatch.setattr(Engine, "judge", counted)
    return moments


@pytest.fixture
def top() -> Issuer:
    return root("Remembering")


def test_a_verdict_is_used_again_within_its_interval(top: Issuer, judged: list[datetime]) -> None:
    card = top.issue()
    trust = Trust([top.certificate], evidence=Evidence([top.crl()]))
    results = [validate(card, at=T0 + n * HOUR, trust=trust) for n in (1, 2, 100, 1)]
    assert judged == [T0 + HOUR]
    assert [r.at for r in results] == [T0 + n * HOUR for n in (1, 2, 100, 1)]
    assert {r.valid_until for r in results} == {T0 + 7 * DAY}


def test_a_verdict_ends_with_the_evidence(top: Issuer, judged: list[datetime]) -> None:
    card = top.issue()
    trust = Trust([top.certificate], evidence=Evidence([top.crl()]))
    validate(card, at=NOW, trust=trust)
    validate(card, at=T0 + 7 * DAY, trust=trust)
    with pytest.raises(ValidationError):
        validate(card, at=T0 + 7 * DAY + timedelta(seconds=1), trust=trust)
    assert len(judged) == 3


def test_a_verdict_ends_with_the_certificate(top: Issuer) -> None:
    card = top.issue(not_after=T0 + 3 * DAY)
    trust = Trust([top.certificate], evidence=Evidence([top.crl(days=30)]))
    assert validate(card, at=NOW, trust=trust).valid_until == T0 + 3 * DAY
    with pytest.raises(ValidationError):
        validate(card, at=T0 + 3 * DAY + timedelta(seconds=1), trust=trust)


def test_other_evidence_policy_or_helpers_are_another_question(top: Issuer, judged: list[datetime]) -> None:
    ca = top.ca("Helper")
    card = ca.issue()
    trust = Trust([top.certificate], evidence=Evidence([top.crl(), ca.crl()]))
    validate(card, at=NOW, trust=trust, untrusted=[ca.certificate])
    with pytest.raises(ValidationError):
        validate(card, at=NOW, trust=trust)
    revoked = Evidence([ca.crl([(card, T0, None)])])
    with pytest.raises(ValidationError):
        validate(card, at=NOW, trust=trust, untrusted=[ca.certificate], evidence=revoked)
    validate(card, at=NOW, trust=trust, untrusted=[ca.certificate], policy=UNCHECKED)
    validate(card, at=NOW, trust=trust, untrusted=[ca.certificate])
    assert len(judged) == 4


def test_refusals_are_not_remembered(top: Issuer, judged: list[datetime]) -> None:
    trust = Trust([top.certificate])
    for _ in range(2):
        with pytest.raises(ValidationError):
            validate(top.issue("same", serial=4), at=NOW, trust=trust)
    assert len(judged) == 2


def test_nothing_is_remembered_where_a_register_is_asked(top: Issuer, judged: list[datetime]) -> None:
    class Register:
        known: tuple[Interval, ...] = ()

        def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval]:
            return self.known

    card, register = top.issue(), Register()
    trust = Trust([top.certificate], evidence=Evidence([top.crl()], history=register))
    validate(card, at=NOW, trust=trust)
    register.known = (Interval(T0),)
    with pytest.raises(ValidationError, match="on hold"):
        validate(card, at=NOW, trust=trust)
    assert len(judged) == 2


def test_the_memory_is_bounded(top: Issuer, monkeypatch: pytest.MonkeyPatch, judged: list[datetime]) -> None:
    monkeypatch.setattr(validation_cache, "MAX_VERDICTS", 2)
    trust = Trust([top.certificate])
    cards = [top.issue(f"card {n}") for n in range(3)]
    for card in (*cards, cards[2], cards[1], cards[0]):
        validate(card, at=NOW, trust=trust, policy=UNCHECKED)
    assert len(judged) == 4


def test_trusts_do_not_share_verdicts_unless_they_are_equal(top: Issuer) -> None:
    card = top.issue()
    validate(card, at=NOW, trust=Trust([top.certificate]), policy=UNCHECKED)
    with pytest.raises(ValidationError):
        validate(card, at=NOW, trust=Trust([root("Other").certificate]), policy=UNCHECKED)


moments = st.integers(0, 24 * 60).map(lambda minutes: T0 + timedelta(hours=minutes))
listed = st.one_of(
    st.none(),
    st.tuples(moments, st.sampled_from([None, x509.ReasonFlags.certificate_hold, x509.ReasonFlags.key_compromise])),
)
stories = st.lists(st.tuples(moments, st.integers(1, 500), listed), max_size=5)


@cache
def subject() -> tuple[Issuer, Certificate]:
    issuer = root("Story root")
    return issuer, issuer.issue("story", not_before=T0 + 30 * HOUR, not_after=T0 + 50 * DAY)


@settings(max_examples=100)
@given(story=stories, asked=st.lists(moments, min_size=2, max_size=12), tolerance=st.sampled_from([0, 3]))
def test_a_remembered_verdict_is_the_one_that_would_be_made(
    story: list[tuple[datetime, int, tuple[datetime, x509.ReasonFlags | None] | None]],
    asked: list[datetime],
    tolerance: int,
) -> None:
    issuer, card = subject()
    crls: list[Crl] = []
    for made, hours, entry in story:
        entries = [(card, *entry)] if entry else []
        crls.append(issuer.crl(entries, this_update=made, next_update=made + hours * HOUR))
    policy = ValidationPolicy(evidence_tolerance=tolerance * HOUR)
    trust = Trust([issuer.certificate], evidence=Evidence(crls))

    def outcome(at: datetime, under: Trust) -> object:
        try:
            return validate(card, at=at, trust=under, policy=policy).path
        except ValidationError as error:
            return [(f.code, f.since) for f in error.findings if isinstance(f, Finding)]

    edges = [moment + step for moment in asked for step in (-HOUR, timedelta(0), HOUR)]
    remembered = [outcome(at, trust) for at in edges]
    fresh = []
    for at in edges:
        fresh.append(outcome(at, Trust([issuer.certificate], evidence=trust.evidence)))
    assert remembered == fresh


def test_unchecked_revocation_is_a_policy_of_its_own() -> None:
    assert ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED) != ValidationPolicy()


def test_a_verdict_does_not_outlive_the_responder_that_it_rests_on() -> None:
    ca = root("Root of a short responder")
    purposes = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False), (x509.OCSPNoCheck(), False)]
    own = key("short responder")
    responder = ca.issue("short", extensions=[*plain_card(), *purposes], subject_key=own, not_after=T0 + 2 * DAY)
    card = ca.issue()
    trust, evidence = Trust([ca.certificate]), Evidence(ocsp=[ca.ocsp(card, responder=(responder, own))])
    assert validate(card, at=NOW, trust=trust, evidence=evidence).valid_until == T0 + 2 * DAY
    with pytest.raises(ValidationError, match="responder's certificate is not valid"):
        validate(card, at=T0 + 3 * DAY, trust=trust, evidence=evidence)


def test_a_verdict_does_not_outlive_the_signer_of_the_list_that_it_rests_on() -> None:
    top = root("Root of a short signer")
    ca = top.ca("Two keys")
    short = top.ca("Two keys", label="second key of the two", not_after=T0 + 2 * DAY)
    card = ca.issue()
    trust = Trust([top.certificate], [ca.certificate, short.certificate])
    evidence = Evidence([top.crl(), short.crl()])
    assert validate(card, at=NOW, trust=trust, evidence=evidence).valid_until == T0 + 2 * DAY
    with pytest.raises(ValidationError, match="not valid for signing CRLs"):
        validate(card, at=T0 + 3 * DAY, trust=trust, evidence=evidence)


def test_a_verdict_does_not_outlive_the_algorithm_that_it_rests_on(top: Issuer) -> None:
    card = top.issue()
    ending = frozenset(replace(a, until=T0 + 2 * DAY) for a in ValidationPolicy().algorithms)
    policy = replace(UNCHECKED, algorithms=ending)
    trust = Trust([top.certificate])
    assert validate(card, at=NOW, trust=trust, policy=policy).valid_until == T0 + 2 * DAY
    with pytest.raises(ValidationError, match="not allowed"):
        validate(card, at=T0 + 3 * DAY, trust=trust, policy=policy)


def test_a_verdict_ends_where_a_signer_of_bad_news_becomes_valid() -> None:
    """A list under a second key of the CA revokes the card; that key's certificate is valid from the second day on."""
    top = root("Root of a late signer")
    ca = top.ca("Early and late")
    late = top.ca("Early and late", label="late key", not_before=T0 + 2 * DAY)
    card = ca.issue()
    trust = Trust([top.certificate], [ca.certificate, late.certificate])
    evidence = Evidence([top.crl(), ca.crl(), late.crl([(card, T0, x509.ReasonFlags.key_compromise)])])
    assert validate(card, at=NOW, trust=trust, evidence=evidence).valid_until == T0 + 2 * DAY
    with pytest.raises(ValidationError, match="revoked since"):
        validate(card, at=T0 + 3 * DAY, trust=trust, evidence=evidence)
