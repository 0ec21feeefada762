"""Revocation at a moment: revoked, on hold, released, unknown; by CRLs, deltas, partitions, OCSP and the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.policy import Profile, Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import (
    CARD_USAGE,
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
from tests.pki_validation.judging import codes

HOLD = x509.ReasonFlags.certificate_hold
STOLEN = x509.ReasonFlags.key_compromise
REMOVED = x509.ReasonFlags.remove_from_crl
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def ca() -> Issuer:
    return root("Evidence root")


@pytest.fixture(scope="module")
def card(ca: Issuer) -> Certificate:
    return ca.issue("evidence holder")


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


# moments and coverage


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


# hold, release, later


@pytest.fixture(scope="module")
def story(ca: Issuer, card: Certificate) -> dict[str, Crl]:
    """On hold from day 10 to day 20; a list every ten days, each for ten days."""
    return {
        "before": ca.crl(this_update=T0, days=10),
        "during": ca.crl([(card, T0 + 10 * DAY, HOLD)], this_update=T0 + 10 * DAY, days=10),
        "after": ca.crl(this_update=T0 + 20 * DAY, days=10),
    }


HISTORY = Register(Interval(T0 + 10 * DAY, T0 + 20 * DAY))


@pytest.mark.parametrize(
    ("day", "expected"),
    [(5, None), (9.99, None), (10, F.ON_HOLD), (15, F.ON_HOLD), (19.99, F.ON_HOLD), (20, None), (25, None)],
)
def test_with_the_lists_of_every_time_the_hold_is_seen(
    ca: Issuer, card: Certificate, story: dict[str, Crl], day: float, expected: F | None
) -> None:
    for register in (None, HISTORY):
        found = ask(card, ca, day, *story.values(), register=register)
        assert (found and found.code) is expected
        if found:
            assert (found.since, found.reason) == (T0 + 10 * DAY, "certificateHold")


@pytest.mark.parametrize(
    ("day", "without", "with_history"),
    [
        (5, F.REVOCATION_UNKNOWN, None),
        (15, F.REVOCATION_UNKNOWN, F.ON_HOLD),
        (25, None, None),
    ],
)
def test_todays_list_alone_does_not_know_of_the_hold_but_the_register_does(
    ca: Issuer, card: Certificate, story: dict[str, Crl], day: float, without: F | None, with_history: F | None
) -> None:
    assert code(card, ca, day, story["after"]) is without
    assert code(card, ca, day, story["after"], register=HISTORY) is with_history
    assert code(card, ca, day, story["after"], register=Stranger()) is without


def test_a_later_list_with_a_hold_that_began_before_tells_of_it(
    ca: Issuer, card: Certificate, story: dict[str, Crl]
) -> None:
    later = ca.crl([(card, T0 + 10 * DAY, HOLD)], this_update=T0 + 12 * DAY)
    assert code(card, ca, 11, later) is F.ON_HOLD
    assert code(card, ca, 9, later) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 9, later, register=HISTORY) is None


def test_the_newest_of_two_lists_for_the_moment_decides_about_a_hold(ca: Issuer, card: Certificate) -> None:
    held = ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=30)
    released = ca.crl(this_update=T0 + 5 * DAY, days=30)
    for order in ((held, released), (released, held)):
        assert code(card, ca, 4, *order) is F.ON_HOLD
        assert code(card, ca, 5, *order) is None


def test_a_hold_on_a_list_that_ended_says_nothing_of_today(ca: Issuer, card: Certificate) -> None:
    held = ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY)
    assert code(card, ca, 100, held) is F.REVOCATION_UNKNOWN


def test_hold_then_revoked_later_lists(ca: Issuer, card: Certificate) -> None:
    final = ca.crl([(card, T0 + 10 * DAY, STOLEN)], this_update=T0 + 30 * DAY)
    assert code(card, ca, 10, final) is F.REVOKED
    assert code(card, ca, 9, final) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 9, final, register=Register()) is None


def test_a_release_counts_at_once_where_the_register_is_asked(ca: Issuer, card: Certificate) -> None:
    """The list of the moment still shows the hold; a hold that the register does not know counts all the same."""
    held = ca.crl([(card, T0 + 1 * DAY, HOLD)], this_update=T0 + 1 * DAY)
    known = Register(Interval(T0 + 1 * DAY + timedelta(milliseconds=500), T0 + 3 * DAY))
    unknown = Register(Interval(T0 - 9 * DAY, T0 - 8 * DAY))
    assert code(card, ca, 2, held, register=known) is F.ON_HOLD
    assert code(card, ca, 4, held, register=known) is None
    assert code(card, ca, 4, held, register=unknown) is F.ON_HOLD
    assert code(card, ca, 4, held) is F.ON_HOLD


def test_the_register_alone_is_not_enough(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 5, register=Register()) is F.REVOCATION_UNKNOWN


def test_the_register_tells_of_revocations_too(ca: Issuer, card: Certificate) -> None:
    register = Register(Interval(T0 + 3 * DAY, None, "superseded"))
    found = ask(card, ca, 4, ca.crl(days=10), register=register)
    assert found is not None
    assert (found.code, found.since, found.reason) == (F.REVOKED, T0 + 3 * DAY, "superseded")


def test_a_later_list_does_not_speak_of_certificates_that_had_expired(ca: Issuer) -> None:
    short = ca.issue("short", not_after=T0 + 10 * DAY)
    later = ca.crl(this_update=T0 + 20 * DAY)
    assert code(short, ca, 5, later, register=Register()) is F.REVOCATION_UNKNOWN
    keeps = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), b"\x18\x0f20260101000000Z")
    keeping = ca.crl(this_update=T0 + 20 * DAY, extensions=[(keeps, False)])
    assert code(short, ca, 5, keeping, register=Register()) is None


# who may sign a CRL


def test_a_list_of_another_key_is_not_believed(ca: Issuer, card: Certificate) -> None:
    forged = ca.crl(signer=key("forger"))
    found = ask(card, ca, 1, forged)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "signature" in found.message


def test_a_list_of_another_issuer_is_not_looked_at(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 1, root("Somebody else").crl()) is F.REVOCATION_UNKNOWN


def test_an_issuer_without_the_usage_may_not_sign_lists() -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    mute = root("Mute", extensions=[(x509.BasicConstraints(True, None), True), (usage, True)])
    found = ask(mute.issue(), mute, 1, mute.crl())
    assert found is not None
    assert "cRLSign" in found.message


def test_a_list_signed_with_sha1_is_not_used(ca: Issuer, card: Certificate) -> None:
    allowed = frozenset(a for a in ValidationPolicy().algorithms if a.what.name != "ECDSA_SHA384")
    policy = replace(ValidationPolicy(), algorithms=allowed)
    found = ask(card, ca, 1, ca.crl(hash_=hashes.SHA384()), policy=policy)
    assert found is not None
    assert "ECDSA-SHA384" in found.message
    assert code(card, ca, 1, ca.crl(hash_=hashes.SHA384())) is None


def test_a_list_with_an_unknown_critical_extension_is_not_used(ca: Issuer, card: Certificate) -> None:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"")
    found = ask(card, ca, 1, ca.crl(extensions=[(unknown, True)]))
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "1.2.3" in found.message
    assert code(card, ca, 1, ca.crl(extensions=[(unknown, False)])) is None


def crl_signer(ca: Issuer, usage: x509.KeyUsage | None = None) -> Issuer:
    """A certificate with the CA's own name and another key, for signing CRLs alone."""
    only_crls = x509.KeyUsage(False, False, False, False, False, False, True, False, False)
    extensions = [(x509.BasicConstraints(False, None), True), (usage or only_crls, True)]
    certificate = ca.issue(ca.subject, extensions=extensions, subject_key=key("CRL signer"))
    return Issuer(ca.subject, key("CRL signer"), certificate, ca.numbers)


def test_a_separate_key_for_lists(ca: Issuer, card: Certificate) -> None:
    signer = crl_signer(ca)
    own, other = ca.crl(), signer.crl([(card, T0 + DAY, STOLEN)], this_update=T0 + DAY)
    assert code(card, ca, 2, other, own) is None, "nobody knows who signed the other list"
    assert code(card, ca, 2, other, own, helpers=[signer.certificate]) is F.REVOKED
    assert code(card, ca, 2, signer.crl(), helpers=[signer.certificate]) is None


def test_a_separate_key_must_itself_be_good(ca: Issuer, card: Certificate) -> None:
    wrong = crl_signer(ca, CARD_USAGE)
    assert code(card, ca, 1, wrong.crl(), ca.crl(days=0.5), helpers=[wrong.certificate]) is F.REVOCATION_UNKNOWN
    signer = crl_signer(ca)
    gone = ca.crl([(signer.certificate, T0, STOLEN)])
    assert code(card, ca, 8, signer.crl(days=20), gone, helpers=[signer.certificate]) is F.REVOCATION_UNKNOWN


# partitions, kinds of certificates, reasons, indirect lists


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


def test_the_partition_that_the_certificate_names_counts(ca: Issuer) -> None:
    card = ca.issue("partitioned", extensions=points(PARTITIONS[0]))
    mine = ca.crl(extensions=[at_point(PARTITIONS[0])])
    other = ca.crl([(card, T0, STOLEN)], extensions=[at_point(PARTITIONS[1])])
    assert code(card, ca, 1, mine) is None
    assert code(card, ca, 1, other, mine) is None
    found = ask(card, ca, 1, other)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "does not speak of this certificate" in found.message
    assert code(card, ca, 1, ca.crl()) is None, "a full list speaks of every certificate"


def test_a_certificate_that_names_no_partition_needs_the_full_list(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 1, ca.crl(extensions=[at_point(PARTITIONS[0])])) is F.REVOCATION_UNKNOWN


def test_lists_of_users_and_of_authorities(ca: Issuer, card: Certificate) -> None:
    users, authorities = (
        ca.crl(extensions=[at_point("", **{kind: True})]) for kind in ("only_users", "only_authorities")
    )  # type: ignore[arg-type]
    assert code(card, ca, 1, users) is None
    assert code(card, ca, 1, authorities) is F.REVOCATION_UNKNOWN
    below = ca.ca("Below the evidence root")
    assert code(below.certificate, ca, 1, authorities) is None
    assert code(below.certificate, ca, 1, users) is F.REVOCATION_UNKNOWN


def test_lists_of_some_reasons_must_cover_all_together(ca: Issuer, card: Certificate) -> None:
    keys = frozenset({STOLEN, x509.ReasonFlags.ca_compromise, x509.ReasonFlags.aa_compromise})
    rest = frozenset(set(x509.ReasonFlags) - keys - {x509.ReasonFlags.unspecified, REMOVED})
    one, two = (ca.crl(extensions=[at_point("", reasons=r)]) for r in (keys, rest))
    found = ask(card, ca, 1, one)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "speaks of some reasons only" in found.message
    assert code(card, ca, 1, one, two) is None
    revoked = ca.crl([(card, T0, x509.ReasonFlags.superseded)], extensions=[at_point("", reasons=rest)])
    assert code(card, ca, 1, one, revoked) is F.REVOKED


def indirect_entry(serial: int, issuer: x509.Name | None) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(serial, T0)
    if issuer is not None:
        builder = builder.add_extension(x509.CertificateIssuer([x509.DirectoryName(issuer)]), True)
    return builder.build()


def test_indirect_lists_tell_whose_certificate_an_entry_is(ca: Issuer) -> None:
    lister = ca.ca("List keeper")
    named = x509.DistributionPoint(None, None, None, [x509.DirectoryName(lister.subject)])
    named = x509.DistributionPoint(
        [x509.UniformResourceIdentifier("http://e.example/i")], None, None, [x509.DirectoryName(lister.subject)]
    )
    extensions = [*plain_card(), (x509.CRLDistributionPoints([named]), False)]
    mine, another = (ca.issue(f"indirect {n}", extensions=extensions, serial=5000 + n) for n in range(2))

    def indirect(*entries: x509.RevokedCertificate, flag: bool = True) -> Crl:
        builder = x509.CertificateRevocationListBuilder(lister.subject, T0, T0 + 7 * DAY)
        scope, critical = at_point("http://e.example/i", indirect=flag)
        builder = builder.add_extension(scope, critical)
        for entry in entries:
            builder = builder.add_revoked_certificate(entry)
        return Crl(builder.sign(lister.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))

    helpers = [lister.certificate]
    own = ca.crl(extensions=[at_point("", only_authorities=True)])
    empty = indirect()
    assert code(mine, ca, 1, own, empty, helpers=helpers) is None
    assert code(mine, ca, 1, own, indirect(indirect_entry(5000, None)), helpers=helpers) is None, (
        "the keeper's own 5000"
    )
    # the issuer of an entry holds for those that follow it
    both = indirect(indirect_entry(7, None), indirect_entry(8, ca.subject), indirect_entry(5001, None))
    assert code(mine, ca, 1, own, both, helpers=helpers) is None
    assert code(another, ca, 1, own, both, helpers=helpers) is F.REVOKED
    assert code(mine, ca, 1, own, indirect(flag=False), helpers=helpers) is F.REVOCATION_UNKNOWN
    assert code(mine, ca, 1, own, empty) is F.REVOCATION_UNKNOWN, "nobody knows the keeper"


# deltas


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


def test_a_delta_adds_and_removes(ca: Issuer, card: Certificate) -> None:
    good, held = ca.crl(number=100), ca.crl([(card, T0, HOLD)], number=100)
    revokes = delta(ca, 100, (card, T0 + 2 * DAY, STOLEN), number=101, day=2)
    holds = delta(ca, 100, (card, T0 + 2 * DAY, HOLD), number=101, day=2)
    releases = delta(ca, 100, (card, T0 + 2 * DAY, REMOVED), number=101, day=2)
    assert code(card, ca, 2.5, good, revokes) is F.REVOKED
    assert code(card, ca, 2.5, good, holds) is F.ON_HOLD
    assert code(card, ca, 2.5, held, releases) is None
    assert code(card, ca, 1.5, held, releases) is F.ON_HOLD
    assert code(card, ca, 2.5, held, delta(ca, 100, number=101, day=2)) is F.ON_HOLD


def test_a_delta_carries_an_old_list_on(ca: Issuer, card: Certificate) -> None:
    base = ca.crl(number=100, days=1)
    assert code(card, ca, 2.5, base) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 2.5, base, delta(ca, 100, number=101, day=2)) is None


@pytest.mark.parametrize(
    ("base", "number", "why"),
    [(101, 102, "it starts from a later list"), (90, 100, "it is not newer"), (90, 99, "it is older")],
)
def test_a_delta_that_does_not_fit_its_base_is_left_out(
    ca: Issuer, card: Certificate, base: int, number: int, why: str
) -> None:
    old = ca.crl(number=100, days=1)
    assert code(card, ca, 2.5, old, delta(ca, base, number=number, day=2)) is F.REVOCATION_UNKNOWN, why


def test_a_delta_has_the_scope_of_its_base(ca: Issuer) -> None:
    card = ca.issue("delta scope", extensions=points(PARTITIONS[0]))
    scope = at_point(PARTITIONS[0])
    base = ca.crl(number=100, days=1, extensions=[scope])
    assert code(card, ca, 2.5, base, delta(ca, 100, number=101, day=2)) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 2.5, base, delta(ca, 100, number=101, day=2, more=[scope])) is None


def test_a_delta_without_a_base_tells_only_of_what_it_lists(ca: Issuer, card: Certificate) -> None:
    alone = delta(ca, 100, number=101, day=2)
    found = ask(card, ca, 2.5, alone)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "delta without its base" in found.message
    assert code(card, ca, 2.5, alone, register=Register()) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 2.5, delta(ca, 100, (card, T0, STOLEN), number=101, day=2)) is F.REVOKED


# OCSP


def test_ocsp_good_revoked_unknown(ca: Issuer, card: Certificate) -> None:
    good = ca.ocsp(card)
    assert code(card, ca, 1, ocsp=[good]) is None
    assert code(card, ca, 8, ocsp=[good]) is F.REVOCATION_UNKNOWN
    bad = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, revoked_at=T0, reason=STOLEN)
    found = ask(card, ca, 1, ocsp=[good, bad])
    assert found is not None
    assert (found.code, found.since, found.reason) == (F.REVOKED, T0, "keyCompromise")
    held = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, revoked_at=T0, reason=HOLD)
    assert code(card, ca, 1, ocsp=[held]) is F.ON_HOLD
    unknown = ask(card, ca, 1, ocsp=[ca.ocsp(card, ocsp.OCSPCertStatus.UNKNOWN)])
    assert unknown is not None
    assert unknown.code is F.REVOCATION_UNKNOWN
    assert "unknown" in unknown.message


@pytest.mark.parametrize("hash_", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384()])
def test_ocsp_identifies_the_certificate_by_any_digest(
    ca: Issuer, card: Certificate, hash_: hashes.HashAlgorithm
) -> None:
    assert code(card, ca, 1, ocsp=[ca.ocsp(card, hash_=hash_)]) is None


def test_an_answer_about_another_certificate_or_issuer_says_nothing(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 1, ocsp=[ca.ocsp(ca.issue("other"))]) is F.REVOCATION_UNKNOWN
    twin = root("Evidence root", label="another evidence root")
    same_serial = twin.issue("evidence holder", serial=card.serial_number)
    assert code(card, ca, 1, ocsp=[twin.ocsp(same_serial)]) is F.REVOCATION_UNKNOWN


OCSP_SIGNING = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
NO_CHECK = (x509.OCSPNoCheck(), False)


def responder(ca: Issuer, *more: tuple[x509.ExtensionType, bool], **options: datetime) -> tuple[Certificate, object]:
    extensions = [*plain_card(), *more]
    return ca.issue("responder", extensions=extensions, subject_key=key("responder"), **options), key("responder")  # type: ignore[arg-type]


def test_a_delegated_responder(ca: Issuer, card: Certificate) -> None:
    def answer(who: tuple[Certificate, object]) -> F | None:
        return code(card, ca, 1, ocsp=[ca.ocsp(card, responder=who)])  # type: ignore[arg-type]

    assert answer(responder(ca, OCSP_SIGNING, NO_CHECK)) is None
    assert answer(responder(ca, NO_CHECK)) is F.REVOCATION_UNKNOWN, "no purpose"
    assert answer(responder(ca, OCSP_SIGNING)) is F.REVOCATION_UNKNOWN, "its own status is not known"
    assert answer(responder(ca, OCSP_SIGNING, NO_CHECK, not_after=T0 + DAY / 2)) is F.REVOCATION_UNKNOWN, "expired"
    stranger = root("Evidence root", label="a third evidence root")
    assert answer(responder(stranger, OCSP_SIGNING, NO_CHECK)) is F.REVOCATION_UNKNOWN, "another CA's"
    below = ca.ca("Below")
    assert answer(responder(below, OCSP_SIGNING, NO_CHECK)) is F.REVOCATION_UNKNOWN, "not the issuer's own"


def test_a_responder_of_another_ca_of_the_same_root_does_not_answer(ca: Issuer, card: Certificate) -> None:
    """It has a good path and the purpose, and is not certified by the issuer that it speaks for."""
    below = ca.ca("Neighbour")
    who = responder(below, OCSP_SIGNING, NO_CHECK)
    authorities = ca.crl(extensions=[at_point("", only_authorities=True)])
    own = below.issue("neighbour's card")
    answers = [ca.ocsp(card, responder=who), below.ocsp(own, responder=who)]  # type: ignore[arg-type]
    options = {"ocsp": answers, "helpers": [below.certificate]}
    assert code(own, ca, 1, authorities, **options) is None
    assert code(card, ca, 1, authorities, **options) is F.REVOCATION_UNKNOWN


def test_a_delegated_responder_may_be_checked_by_crl(ca: Issuer) -> None:
    """The list speaks of the responder alone, as the card is in another partition."""
    card = ca.issue("in another partition", extensions=points(PARTITIONS[1]))
    extensions = [*points(PARTITIONS[0]), OCSP_SIGNING]
    who = ca.issue("checked responder", extensions=extensions, subject_key=key("responder"))
    response = ca.ocsp(card, responder=(who, key("responder")))
    good, bad = (ca.crl(listed, extensions=[at_point(PARTITIONS[0])]) for listed in ([], [(who, T0, STOLEN)]))
    assert code(card, ca, 1, good) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 1, good, ocsp=[response]) is None
    assert code(card, ca, 1, bad, ocsp=[response]) is F.REVOCATION_UNKNOWN


def test_a_responder_does_not_vouch_for_itself(ca: Issuer, card: Certificate) -> None:
    who = responder(ca, OCSP_SIGNING)
    own = ca.ocsp(who[0], responder=who)  # type: ignore[arg-type]
    assert code(card, ca, 1, ocsp=[ca.ocsp(card, responder=who), own]) is F.REVOCATION_UNKNOWN  # type: ignore[arg-type]


def test_a_responder_is_judged_by_an_answer_of_its_issuer(ca: Issuer, card: Certificate) -> None:
    who = responder(ca, OCSP_SIGNING)
    answer = ca.ocsp(card, responder=who)  # type: ignore[arg-type]
    assert code(card, ca, 1, ocsp=[answer, ca.ocsp(who[0])]) is None
    stolen = ca.ocsp(who[0], ocsp.OCSPCertStatus.REVOKED, revoked_at=T0)
    assert code(card, ca, 1, ocsp=[answer, stolen]) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 9, ocsp=[answer, ca.ocsp(who[0])]) is F.REVOCATION_UNKNOWN, "too old"


def test_two_responders_do_not_vouch_for_each_other(ca: Issuer, card: Certificate) -> None:
    pair = [
        (ca.issue(each, extensions=[*plain_card(), OCSP_SIGNING], subject_key=key(each)), key(each))
        for each in ("first responder", "second responder")
    ]
    circle = [ca.ocsp(one[0], responder=other) for one, other in (pair, pair[::-1])]
    answer = ca.ocsp(card, responder=pair[0])
    assert code(card, ca, 1, ocsp=[answer, *circle]) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 1, ocsp=[answer, *circle, ca.ocsp(pair[1][0])]) is None, "the issuer knows the second"


def test_no_check_counts_for_responders_only(ca: Issuer) -> None:
    marked = ca.issue("marked holder", extensions=[*plain_card(), OCSP_SIGNING, NO_CHECK])
    assert code(marked, ca, 1) is F.REVOCATION_UNKNOWN


@pytest.mark.parametrize("levels", [1, 2, 3, 6])
def test_answers_of_delegated_responders_alone_settle_every_level(ca: Issuer, levels: int) -> None:
    """Each CA has its responder, whose certificate needs no check, and no CRL anywhere."""
    authorities = [ca]
    for level in range(levels):
        authorities.append(authorities[-1].ca(f"Level {level}"))
    path = [*(a.certificate for a in authorities[1:]), authorities[-1].issue("deep holder")]
    answers = []
    for authority, certificate in zip(authorities, path, strict=True):
        extensions = [*plain_card(), OCSP_SIGNING, NO_CHECK]
        label = f"responder of {authority.subject}"
        who = authority.issue(label, extensions=extensions, subject_key=key(label))
        answers.append(authority.ocsp(certificate, responder=(who, key(label))))

    def outcome(given: list[OcspResponse]) -> list[F]:
        evidence = Evidence(ocsp=given)
        return codes(path[-1], [ca.certificate], path[:-1], policy=ValidationPolicy(), evidence=evidence)

    assert outcome(answers) == []
    for missing in range(len(answers)):
        assert outcome(answers[:missing] + answers[missing + 1 :]) == [F.REVOCATION_UNKNOWN]


def test_an_answer_signed_by_somebody_else_is_not_believed(ca: Issuer, card: Certificate) -> None:
    twin = root("Evidence root", label="a forger's key")
    forged = twin.ocsp(card).der
    genuine = der.parse(ca.ocsp(card).der).children()
    basic = der.parse(genuine[1].children()[0].children()[1].content).children()
    other = der.parse(der.parse(forged).children()[1].children()[0].children()[1].content).children()
    mixed = der.sequence(basic[0].encoded, other[1].encoded, other[2].encoded)
    wrapped = der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), der.octet_string(mixed))
    response = OcspResponse(der.sequence(genuine[0].encoded, der.element(der.context(0), wrapped)))
    found = ask(card, ca, 1, ocsp=[response])
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "responder" in found.message


def test_ocsp_and_crl_together(ca: Issuer, card: Certificate) -> None:
    """The newest word counts for a hold, and any word of a revocation."""
    held = ca.crl([(card, T0, HOLD)])
    released = ca.ocsp(card, this_update=T0 + 2 * DAY)
    assert code(card, ca, 1, held, ocsp=[released]) is F.ON_HOLD
    assert code(card, ca, 3, held, ocsp=[released]) is None
    revoked = ca.crl([(card, T0, STOLEN)])
    assert code(card, ca, 3, revoked, ocsp=[released]) is F.REVOKED


def test_evidence_without_a_next_update_is_as_fresh_as_the_policy_says(ca: Issuer, card: Certificate) -> None:
    builder = ocsp.OCSPResponseBuilder().add_response(
        card.x509, ca.certificate.x509, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, T0 + DAY, None, None, None
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, ca.certificate.x509).sign(ca.key, hashes.SHA256())
    response = OcspResponse(signed.public_bytes(serialization.Encoding.DER))
    assert code(card, ca, 1, ocsp=[response]) is None
    assert code(card, ca, 1.1, ocsp=[response]) is F.REVOCATION_UNKNOWN
    policy = ValidationPolicy(freshness=timedelta(hours=4))
    assert code(card, ca, 1.1, ocsp=[response], policy=policy) is None
    assert code(card, ca, 1.2, ocsp=[response], policy=policy) is F.REVOCATION_UNKNOWN


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


def test_an_answer_with_an_algorithm_that_is_not_allowed_is_not_used(ca: Issuer, card: Certificate) -> None:
    allowed = frozenset(a for a in ValidationPolicy().algorithms if a.what.name != "ECDSA_SHA384")
    builder = ocsp.OCSPResponseBuilder().add_response(
        card.x509, ca.certificate.x509, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, T0, T0 + 7 * DAY, None, None
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, ca.certificate.x509).sign(ca.key, hashes.SHA384())
    response = OcspResponse(signed.public_bytes(serialization.Encoding.DER))
    assert code(card, ca, 1, ocsp=[response]) is None
    policy = replace(ValidationPolicy(), algorithms=allowed)
    found = ask(card, ca, 1, ocsp=[response], policy=policy)
    assert found is not None
    assert "not allowed" in found.message


def test_evidence_that_cannot_be_read_far_enough_is_unknown(ca: Issuer) -> None:
    """A distribution point that is no list in the certificate itself, under the tolerant profile."""
    point = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.31"), b"\x02\x01\x05")
    odd = ca.issue("odd points", extensions=[*plain_card(), (point, False)])
    policy = ValidationPolicy(profile=Profile.TOLERANT)
    found = ask(odd, ca, 1, ca.crl(), policy=policy)
    assert found is not None
    assert found.code is F.REVOCATION_UNKNOWN
    assert "cannot be judged" in found.message
