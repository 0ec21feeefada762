"""Which OCSP responses count: what they say, and who may say it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from ecard import der
from ecard.certificate import Certificate
from ecard.findings import FindingCode as F
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.policy import ValidationPolicy
from tests.pki_validation.asking import (
    HOLD,
    PARTITIONS,
    STOLEN,
    ask,
    at_point,
    code,
    points,
)
from tests.pki_validation.chains import (
    DAY,
    T0,
    Issuer,
    key,
    plain_card,
    root,
)
from tests.pki_validation.judging import codes


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


def test_revoked_is_revoked_whatever_the_reason(ca: Issuer, card: Certificate) -> None:
    """Only a delta CRL removes; the status of an answer decides (RFC 6960, section 4.2.1)."""
    for reason in set(x509.ReasonFlags) - {HOLD}:
        answer = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, revoked_at=T0, reason=reason)
        assert code(card, ca, 1, ocsp=[answer]) is F.REVOKED, reason


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


@pytest.mark.parametrize(("begin", "day"), [(30, 1), (0, 21)], ids=["later", "earlier"])
def test_a_responder_of_another_time_tells_of_revocations_only(
    ca: Issuer, card: Certificate, begin: int, day: int
) -> None:
    """Certificates of responders last for weeks, and revocation is for good."""
    options = {"not_before": T0 + begin * DAY, "not_after": T0 + (begin + 10) * DAY}
    who = responder(ca, OCSP_SIGNING, NO_CHECK, **options)
    made = T0 + (begin + 4) * DAY
    bad = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, this_update=made, revoked_at=T0, responder=who)  # type: ignore[arg-type]
    good = ca.ocsp(card, this_update=made, next_update=T0 + 60 * DAY, responder=who)  # type: ignore[arg-type]
    clean = ca.crl(this_update=T0 + (day - 1) * DAY)
    assert code(card, ca, day, clean) is None
    assert code(card, ca, day, clean, ocsp=[bad]) is F.REVOKED
    assert code(card, ca, day, ocsp=[good]) is F.REVOCATION_UNKNOWN


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
