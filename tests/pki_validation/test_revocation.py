"""Revocation at a moment: revoked or not known, from whom, and along the whole path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ObjectIdentifier

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Profile, Revocation, ValidationPolicy
from ecard.pki.revocation import Question, Source, SourceKind, Statement
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.asking import (
    HOLD,
    SECOND,
    STOLEN,
    ask,
    code,
)
from tests.pki_validation.chains import (
    DAY,
    T0,
    Issuer,
    key,
    make,
    name,
    plain_ca,
    plain_card,
    root,
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (timedelta(0), None),
        (-SECOND, F.REVOCATION_UNKNOWN),
        (7 * DAY, None),
        (7 * DAY + SECOND, F.REVOCATION_UNKNOWN),
    ],
)
def test_a_crl_speaks_of_the_time_between_its_updates(
    ca: Issuer, card: Certificate, moment: timedelta, expected: F | None
) -> None:
    crl = ca.crl(this_update=T0 + DAY)
    assert code(card, ca, 1 + moment / DAY, crl) is expected


def test_clocks_may_differ_by_what_the_policy_allows(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl(this_update=T0 + DAY)
    policy = ValidationPolicy(evidence_tolerance=timedelta(minutes=5))
    minute = 1 / 24 / 60
    assert code(card, ca, 1 - 5 * minute, crl, policy=policy) is None
    assert code(card, ca, 8 + 5 * minute, crl, policy=policy) is None
    assert code(card, ca, 1 - 6 * minute, crl, policy=policy) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 8 + 6 * minute, crl, policy=policy) is F.REVOCATION_UNKNOWN


def test_evidence_may_last_until_the_calendar_ends(ca: Issuer, card: Certificate) -> None:
    last = datetime.max.replace(microsecond=0, tzinfo=UTC)
    policy = ValidationPolicy(evidence_tolerance=timedelta(minutes=5), freshness=timedelta.max)
    crl, answer = ca.crl(next_update=last), ca.ocsp(card, next_update=last)
    assert code(card, ca, 1, crl, policy=policy) is None
    assert code(card, ca, 1, ocsp=[answer], policy=policy) is None
    endless = ValidationPolicy(evidence_tolerance=timedelta.max)
    assert code(card, ca, 100, ca.crl(days=1), policy=endless) is None
    statement = Statement(Source(SourceKind.CRL, None, T0), datetime.min.replace(tzinfo=UTC), None, None)
    assert Question("it", T0, timedelta.max, timedelta.max).covers(statement)
    assert not Question("it", T0, timedelta(1), timedelta(1)).covers(statement)


def test_no_evidence_is_unknown_and_says_what_is_missing_and_from_whom(ca: Issuer, card: Certificate) -> None:
    found = ask(card, ca, 1)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca.key.public_key()).digest.hex()
    assert "CN=Evidence root" in found.message
    assert key_id in found.message
    assert "2026-01-02 00:00:00 UTC" in found.message
    assert "none was given" in found.message


def test_unchecked_only_when_told_so(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 1, policy=ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)) is None


def test_revocation_counts_from_its_date_to_the_second(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0 + 3 * DAY, STOLEN)], this_update=T0 + 3 * DAY)
    before = ca.crl(this_update=T0)
    found = ask(card, ca, 3, before, crl)
    assert found is not None
    assert (found.code, found.since, found.reason) == (F.REVOKED, T0 + 3 * DAY, "keyCompromise")
    assert "keyCompromise" in found.message
    assert code(card, ca, 3 - 1 / 86400, before, crl) is None
    assert code(card, ca, 5, before, crl) is F.REVOKED


def test_an_earlier_invalidity_date_counts(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0 + 3 * DAY, STOLEN)], this_update=T0 + 3 * DAY, invalidity=T0 + 2 * DAY)
    before = ca.crl(this_update=T0)
    found = ask(card, ca, 2, before, crl)
    assert found is not None
    assert (found.code, found.since) == (F.REVOKED, T0 + 2 * DAY)
    assert code(card, ca, 2 - 1 / 86400, before, crl) is None


def test_a_later_invalidity_date_does_not_put_the_revocation_off(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0 + 1 * DAY, STOLEN)], this_update=T0 + 1 * DAY, invalidity=T0 + 5 * DAY)
    assert code(card, ca, 2, crl) is F.REVOKED


def test_revocation_is_for_good_even_when_the_list_is_old(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0, STOLEN)], this_update=T0)
    assert code(card, ca, 300, crl) is F.REVOKED
    assert code(card, ca, 300, crl, ca.crl(this_update=T0 + 299 * DAY)) is F.REVOKED


def test_what_a_list_names_is_withdrawn_with_the_list_whatever_its_date(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0 + 3 * DAY, STOLEN)], this_update=T0 + DAY)
    assert code(card, ca, 0.5, ca.crl(), crl) is None
    assert code(card, ca, 1, crl) is F.REVOKED
    assert code(card, ca, 3, crl) is F.REVOKED
    said = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, revoked_at=T0 + 3 * DAY)
    assert code(card, ca, 1, ocsp=[said]) is F.REVOKED


def test_the_earliest_of_several_revocations_is_told(ca: Issuer, card: Certificate) -> None:
    one = ca.crl([(card, T0 + 3 * DAY, STOLEN)], this_update=T0 + 3 * DAY)
    two = ca.crl([(card, T0 + 2 * DAY, x509.ReasonFlags.superseded)], this_update=T0 + 4 * DAY)
    found = ask(card, ca, 5, one, two)
    assert found is not None
    assert (found.since, found.reason) == (T0 + 2 * DAY, "superseded")


# the whole path


def test_every_certificate_of_the_path_but_the_root_is_judged(ca: Issuer) -> None:
    middle = ca.ca("Middle of the evidence")
    card = middle.issue()
    trust = Trust([ca.certificate], [middle.certificate])

    def found(*crls: Crl) -> list[tuple[F, bool]]:
        try:
            validate(card, at=T0 + DAY, trust=trust, evidence=Evidence(crls))
        except ValidationError as error:
            return [(f.code, "CA certificate" in f.message) for f in error.findings if isinstance(f, Finding)]
        return []

    assert found() == [(F.REVOCATION_UNKNOWN, True), (F.REVOCATION_UNKNOWN, False)]
    assert found(ca.crl()) == [(F.REVOCATION_UNKNOWN, False)]
    assert found(middle.crl()) == [(F.REVOCATION_UNKNOWN, True)]
    assert found(ca.crl(), middle.crl()) == []
    assert found(ca.crl([(middle.certificate, T0, STOLEN)]), middle.crl()) == [(F.REVOKED, True)]
    assert found(ca.crl(), middle.crl([(card, T0, HOLD)])) == [(F.ON_HOLD, False)]


def test_a_list_whose_entries_are_malformed_is_unknown_and_not_an_error(ca: Issuer, card: Certificate) -> None:
    crl = ca.crl([(card, T0, STOLEN), (card, T0 + DAY, HOLD)])
    found = ask(card, ca, 1, crl)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "more than once" in found.message


def test_a_root_with_a_revoked_twin_certificate_is_still_trusted() -> None:
    own = root("Twin root")
    card = own.issue()
    assert code(card, own, 1, own.crl([(own.certificate, T0, STOLEN)])) is None


def test_a_plain_ca_key_makes_lists_for_every_certificate_with_its_key() -> None:
    top = root("Two certificates")
    one, two = (make(name("Same CA"), key("same CA"), top.subject, top.key, extensions=plain_ca()) for _ in range(2))
    issuer = Issuer(name("Same CA"), key("same CA"), one)
    card = issuer.issue()
    for certificate in (one, two):
        trust = Trust([top.certificate], [certificate])
        assert (
            validate(card, at=T0 + DAY, trust=trust, evidence=Evidence([top.crl(), issuer.crl()])).path[1]
            == certificate
        )


def test_a_signer_of_lists_must_lead_to_the_root_of_the_path() -> None:
    """Two trusted roots, and a certificate under the second with the name of a CA under the first."""
    first, second = root("First root"), root("Second root")
    ca = first.ca("Shared name")
    twin = second.ca("Shared name", label="twin of the shared name")
    card = ca.issue()
    trust = Trust([first.certificate, second.certificate], [ca.certificate, twin.certificate])
    own = [first.crl(), second.crl()]
    with pytest.raises(ValidationError, match="not valid for signing CRLs"):
        validate(card, at=T0 + DAY, trust=trust, evidence=Evidence([*own, twin.crl()]))
    validate(card, at=T0 + DAY, trust=trust, evidence=Evidence([*own, ca.crl(), twin.crl([(card, T0, STOLEN)])]))


def test_evidence_that_cannot_be_read_far_enough_is_unknown(ca: Issuer) -> None:
    """A distribution point that is no list in the certificate itself, under the tolerant profile."""
    point = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.31"), b"\x02\x01\x05")
    odd = ca.issue("odd points", extensions=[*plain_card(), (point, False)])
    policy = ValidationPolicy(profile=Profile.TOLERANT)
    found = ask(odd, ca, 1, ca.crl(), policy=policy)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "cannot be judged" in found.message
