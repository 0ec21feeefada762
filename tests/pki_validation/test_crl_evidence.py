"""Which CRLs count: their signers, partitions, kinds of certificates, reasons, indirect lists and deltas."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ObjectIdentifier

from ecard.certificate import Certificate
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.policy import ValidationPolicy
from tests.pki_validation.asking import (
    HOLD,
    PARTITIONS,
    REMOVED,
    STOLEN,
    Register,
    ask,
    at_point,
    code,
    delta,
    points,
)
from tests.pki_validation.chains import (
    CARD_USAGE,
    DAY,
    T0,
    Issuer,
    key,
    plain_ca,
    plain_card,
    root,
)

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


def test_what_a_separate_key_told_of_stays_told_when_its_certificate_has_ended(ca: Issuer, card: Certificate) -> None:
    """Its list, still current, must not be heard before and after, and be missed in between."""
    second = key("second key for lists")
    certificate = ca.issue(ca.subject, extensions=plain_ca(), subject_key=second, not_after=T0 + 3 * DAY)
    signer = Issuer(ca.subject, second, certificate)
    told, silent = (
        signer.crl(entries, this_update=T0 + DAY, days=9)
        for entries in ([(card, T0, STOLEN)], [(certificate, T0, None)])
    )
    clean = ca.crl(days=30)
    for day in (0.5, 2, 5, 11):
        assert code(card, ca, day, clean, told, helpers=[certificate]) is F.REVOKED, day
        assert code(card, ca, day, clean, silent, helpers=[certificate]) is None, day
    assert code(card, ca, 5, told, helpers=[certificate]) is F.REVOKED
    assert code(card, ca, 5, signer.crl(this_update=T0 + DAY), helpers=[certificate]) is F.REVOCATION_UNKNOWN
    late = signer.crl([(card, T0, STOLEN)], this_update=T0 + 5 * DAY)
    assert code(card, ca, 2, clean, late, helpers=[certificate]) is None, "made when its certificate had ended"


# partitions, kinds of certificates, reasons, indirect lists


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


# deltas


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
