"""Paths: one test per way in which a path can be wrong, and that all that is wrong is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidInputError, ValidationError
from ecard.findings import FindingCode as F
from ecard.pki.policy import EPORT_2021_ALGORITHMS, Allowed, Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_extensions import KeyUsage
from tests.pki_validation.chains import (
    CA_USAGE,
    CARD_USAGE,
    DAY,
    T0,
    UNKNOWN,
    Issuer,
    key,
    make,
    name,
    plain_ca,
    plain_card,
    root,
    rsa_key,
)
from tests.pki_validation.judging import NOW, UNCHECKED, codes, findings


@pytest.fixture(scope="module")
def ca(top: Issuer) -> Issuer:
    return top.ca("Issuing")


def test_a_good_path_is_told_from_the_certificate_to_the_root(top: Issuer, ca: Issuer) -> None:
    card = ca.issue()
    result = validate(card, at=NOW, trust=Trust([top.certificate], [ca.certificate]), policy=UNCHECKED)
    assert result.path == (card, ca.certificate, top.certificate)
    assert result.root == top.certificate
    assert result.certificate == card
    assert result.at == NOW
    assert result.valid_until == card.not_after
    assert result.evidence == ()


def test_the_moment_needs_a_time_zone(top: Issuer) -> None:
    for moment in (datetime(1, 1, 1, tzinfo=timezone(DAY / 3)), datetime.max.replace(tzinfo=timezone(-DAY / 3))):
        with pytest.raises(InvalidInputError, match="years 1 to 9999"):
            validate(top.certificate, at=moment, trust=Trust([top.certificate]))
    with pytest.raises(InvalidInputError, match="time zone"):
        validate(top.certificate, at=datetime(2026, 1, 1), trust=Trust([top.certificate]))


def test_the_moment_may_be_given_in_any_time_zone(top: Issuer, ca: Issuer) -> None:
    from datetime import timezone

    moment = NOW.astimezone(timezone(timedelta(hours=8)))
    result = validate(ca.issue(), at=moment, trust=Trust([top.certificate], [ca.certificate]), policy=UNCHECKED)
    assert result.at == NOW
    assert result.at.tzinfo is UTC


def test_a_root_is_good_by_itself(top: Issuer) -> None:
    assert codes(top.certificate, [top.certificate]) == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (T0 - timedelta(seconds=1), [F.NOT_YET_VALID]),
        (T0, []),
        (T0 + 10 * DAY, []),
        (T0 + 10 * DAY + timedelta(seconds=1), [F.EXPIRED]),
    ],
)
def test_dates_to_the_second(top: Issuer, moment: datetime, expected: list[F]) -> None:
    card = top.issue(not_before=T0, not_after=T0 + 10 * DAY)
    early = root("Top", label="root Top", not_before=T0 - DAY)
    assert codes(card, [early.certificate], at=moment) == expected


@pytest.mark.parametrize("place", ["root", "CA", "card"])
def test_expiry_anywhere_in_the_path_is_told_with_its_moment(place: str) -> None:
    short = {"not_after": T0 + DAY}
    top = root("Short", **(short if place == "root" else {}))
    ca = top.ca("Short CA", **(short if place == "CA" else {}))  # type: ignore[arg-type]
    card = ca.issue(**(short if place == "card" else {}))  # type: ignore[arg-type]
    found = findings(card, [top.certificate], [ca.certificate], at=T0 + 2 * DAY)
    assert [f.code for f in found] == [F.EXPIRED]
    assert found[0].since == T0 + DAY


def test_a_missing_issuer_is_named_with_its_key_and_what_was_tried(top: Issuer, ca: Issuer) -> None:
    card = ca.issue()
    (found,) = findings(card, [top.certificate])
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca.key.public_key()).digest.hex()
    assert found.code is F.PATH_NOT_FOUND
    assert "CN=Issuing" in found.message
    assert key_id in found.message
    assert "roots 1, intermediates 0, further certificates 0" in found.message


def test_an_issuer_of_the_right_name_and_another_key_is_told(top: Issuer, ca: Issuer) -> None:
    other = top.ca("Issuing", label="another issuing CA")
    (found,) = findings(ca.issue(), [top.certificate], [other.certificate])
    assert found.code is F.PATH_NOT_FOUND
    assert "of that name only with the key identifier" in found.message


def test_an_untrusted_root_is_told_as_such_and_a_self_signed_holder_is_not_named(top: Issuer) -> None:
    stranger = root("Stranger")
    (found,) = findings(stranger.issue(), [top.certificate], [stranger.certificate])
    assert found.code is F.PATH_NOT_FOUND
    assert "not one of the trusted roots" in found.message
    own = key("somebody")
    alone = make(name("Somebody Private"), own, name("Somebody Private"), own, extensions=plain_card())
    (found,) = findings(alone, [top.certificate])
    assert found.code is F.PATH_NOT_FOUND
    assert "Somebody" not in found.message


def test_holders_names_are_in_no_message(top: Issuer, ca: Issuer) -> None:
    card = ca.issue("Private Person", not_after=T0 + DAY, extensions=[(UNKNOWN, True), *plain_card()])
    with pytest.raises(ValidationError) as caught:
        validate(card, at=T0 + 2 * DAY, trust=Trust([top.certificate], [ca.certificate]))
    assert "Private Person" not in str(caught.value)
    assert "Private Person" not in repr(caught.value.findings)


@pytest.mark.parametrize("place", range(0, 40))
def test_a_changed_bit_in_the_signature_is_a_bad_signature_and_not_a_missing_path(
    top: Issuer, ca: Issuer, place: int
) -> None:
    data = bytearray(ca.issue(serial=99).der)
    data[-60 + place] ^= 1 << place % 8
    try:
        card = Certificate(bytes(data))
    except EncodingError:
        pytest.skip("the change made it unreadable")
    assert codes(card, [top.certificate], [ca.certificate]) == [F.CERTIFICATE_SIGNATURE_INVALID]


def test_a_changed_bit_in_the_body_is_a_bad_signature(top: Issuer, ca: Issuer) -> None:
    card = ca.issue("holder seven")
    changed = Certificate(card.der.replace(b"holder seven", b"holder eight"[:12]))
    assert F.CERTIFICATE_SIGNATURE_INVALID in codes(changed, [top.certificate], [ca.certificate])


def test_a_bad_signature_on_the_ca_is_found_too(top: Issuer, ca: Issuer) -> None:
    bad = Certificate(ca.certificate.der[:-1] + bytes([ca.certificate.der[-1] ^ 1]))
    assert codes(ca.issue(), [top.certificate], [bad]) == [F.CERTIFICATE_SIGNATURE_INVALID]


def test_a_key_of_the_issuers_name_that_did_not_sign_is_refused(top: Issuer) -> None:
    forged = make(name("Issuing"), key("x"), top.subject, key("forger"), extensions=plain_ca(), identifiers=False)
    card = Issuer(name("Issuing"), key("x"), forged).issue()
    assert codes(card, [top.certificate], [forged]) == [F.CERTIFICATE_SIGNATURE_INVALID]


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ([], [F.CONSTRAINT_BROKEN]),
        ([(CA_USAGE, True)], [F.CONSTRAINT_BROKEN, F.CERTIFICATE_MALFORMED]),
        ([(x509.BasicConstraints(False, None), True), (CARD_USAGE, True)], [F.CONSTRAINT_BROKEN, F.USAGE_WRONG]),
        ([(x509.BasicConstraints(True, None), True), (CARD_USAGE, True)], [F.USAGE_WRONG]),
        ([(x509.BasicConstraints(True, None), True)], []),
        ([(UNKNOWN, True), *plain_ca()], [F.CONSTRAINT_BROKEN]),
        ([(UNKNOWN, False), *plain_ca()], []),
        ([(x509.BasicConstraints(True, None), False), (CA_USAGE, True)], []),
    ],
    ids=["nothing", "usage only", "no CA", "no keyCertSign", "no usage", "unknown critical", "unknown", "not critical"],
)
def test_what_a_ca_must_be(top: Issuer, extensions: list[tuple[x509.ExtensionType, bool]], expected: list[F]) -> None:
    ca = top.ca("Odd CA", extensions=extensions)
    assert codes(ca.issue(), [top.certificate], [ca.certificate]) == expected


def test_a_root_must_be_a_ca_too() -> None:
    odd = root("Odd root", extensions=plain_card())
    assert codes(odd.issue(), [odd.certificate]) == [F.CONSTRAINT_BROKEN, F.USAGE_WRONG]
    odd = root("Odder root", extensions=[(UNKNOWN, True), *plain_ca()])
    assert codes(odd.issue(), [odd.certificate]) == [F.CONSTRAINT_BROKEN]


@pytest.mark.parametrize(
    ("limit", "below", "good"), [(0, 0, True), (0, 1, False), (1, 1, True), (1, 2, False), (None, 3, True)]
)
@pytest.mark.parametrize("where", ["root", "CA"])
def test_path_lengths(limit: int | None, below: int, good: bool, where: str) -> None:
    top = root("Limited", path_length=limit if where == "root" else None)
    first = top if where == "root" else top.ca("Limited CA", path_length=limit)
    chain, last = [first.certificate], first
    for number in range(below):
        last = last.ca(f"CA {number}")
        chain.append(last.certificate)
    assert codes(last.issue(), [top.certificate], chain) == ([] if good else [F.CONSTRAINT_BROKEN])


def test_a_self_issued_ca_does_not_count_for_the_path_length() -> None:
    top = root("Limited", path_length=1)
    ca = top.ca("Rolling")
    rolled = ca.ca("Rolling", label="the new key of Rolling")
    assert rolled.certificate.is_self_issued
    assert codes(rolled.issue(), [top.certificate], [ca.certificate, rolled.certificate]) == []


def test_the_callers_limit_of_the_path(top: Issuer, ca: Issuer) -> None:
    policy = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, max_path_length=2)
    (found,) = findings(ca.issue(), [top.certificate], [ca.certificate], policy=policy)
    assert found.code is F.PATH_NOT_FOUND
    assert "within 2 certificates" in found.message
    assert codes(top.issue(), [top.certificate], policy=policy) == []


@pytest.mark.parametrize(
    ("usage", "policy", "good"),
    [
        (CARD_USAGE, {"required_usage": KeyUsage.DIGITAL_SIGNATURE | KeyUsage.NON_REPUDIATION}, True),
        (CARD_USAGE, {"required_usage": KeyUsage.DIGITAL_SIGNATURE | KeyUsage.KEY_ENCIPHERMENT}, False),
        (CARD_USAGE, {"one_of_usage": KeyUsage.DIGITAL_SIGNATURE | KeyUsage.KEY_ENCIPHERMENT}, True),
        (CARD_USAGE, {"one_of_usage": KeyUsage.KEY_AGREEMENT | KeyUsage.KEY_ENCIPHERMENT}, False),
        (None, {"required_usage": KeyUsage.KEY_ENCIPHERMENT}, True),
    ],
)
def test_key_usage(top: Issuer, usage: x509.KeyUsage | None, policy: dict[str, KeyUsage], good: bool) -> None:
    card = top.issue(extensions=[(usage, True)] if usage else [])
    wanted = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, **policy)  # type: ignore[arg-type]
    found = findings(card, [top.certificate], policy=wanted)
    assert [f.code for f in found] == ([] if good else [F.USAGE_WRONG])
    assert good or "keyEncipherment" in found[0].message


@pytest.mark.parametrize(
    ("purposes", "good"),
    [(None, True), (["1.3.6.1.5.5.7.3.4"], True), (["2.5.29.37.0"], True), (["1.3.6.1.5.5.7.3.2"], False)],
)
def test_extended_key_usage(top: Issuer, purposes: list[str] | None, good: bool) -> None:
    more = [(x509.ExtendedKeyUsage([ObjectIdentifier(p) for p in purposes]), False)] if purposes else []
    card = top.issue(extensions=[*plain_card(), *more])
    policy = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, extended_usage="1.3.6.1.5.5.7.3.4")
    assert codes(card, [top.certificate], policy=policy) == ([] if good else [F.USAGE_WRONG])


def test_unknown_extensions_of_the_certificate(top: Issuer) -> None:
    assert codes(top.issue(extensions=[(UNKNOWN, False), *plain_card()]), [top.certificate]) == []
    (found,) = findings(top.issue(extensions=[(UNKNOWN, True), *plain_card()]), [top.certificate])
    assert found.code is F.CONSTRAINT_BROKEN
    assert "1.2.3.4" in found.message


def signed_with_sha1(certificate: Certificate) -> Certificate:
    """The certificate with SHA-1 in place of SHA-256, signed anew by the key of 1024 bits."""
    old, new = SignatureAlgorithm.RSA_SHA256.identifier, SignatureAlgorithm.RSA_SHA1.identifier
    tbs = certificate.tbs.replace(old, new)
    return Certificate(der.sequence(tbs, new, der.bit_string(rsa_key(1024).sign(tbs, PKCS1v15(), hashes.SHA1()))))


def test_sha1_and_short_rsa_keys_need_the_legacy_list() -> None:
    top = root("Old")
    weak = make(name("Old CA"), rsa_key(1024), top.subject, top.key, extensions=plain_ca())
    ca = Issuer(name("Old CA"), rsa_key(1024), weak)
    card = signed_with_sha1(ca.issue())
    found = findings(card, [top.certificate], [weak])
    assert {f.code for f in found} == {F.ALGORITHM_NOT_ALLOWED}
    assert {"rsa1024", "RSA-SHA1"} <= {word for f in found for word in f.message.replace(",", "").split()}
    legacy = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, algorithms=EPORT_2021_ALGORITHMS)
    assert codes(card, [top.certificate], [weak], policy=legacy) == []


def test_an_algorithm_may_be_allowed_until_a_moment(top: Issuer) -> None:
    allowed = frozenset(a for a in ValidationPolicy().algorithms if a.what is not SignatureAlgorithm.ECDSA_SHA256)
    policy = ValidationPolicy(
        revocation=Revocation.UNSAFE_NOT_CHECKED,
        algorithms=allowed | {Allowed(SignatureAlgorithm.ECDSA_SHA256, until=T0 + 5 * DAY)},
    )
    card = top.issue()
    assert codes(card, [top.certificate], policy=policy, at=T0 + 4 * DAY) == []
    assert codes(card, [top.certificate], policy=policy, at=T0 + 5 * DAY) == [F.ALGORITHM_NOT_ALLOWED]


def test_a_key_that_ecard_does_not_know_is_an_algorithm_not_allowed(top: Issuer) -> None:
    odd = ec.generate_private_key(ec.SECP521R1())
    ca = make(name("Odd key CA"), odd, top.subject, top.key, extensions=plain_ca())
    card = Issuer(name("Odd key CA"), odd, ca).issue()
    assert set(codes(card, [top.certificate], [ca])) == {F.ALGORITHM_NOT_ALLOWED}


def test_everything_that_is_wrong_is_told_at_once(top: Issuer) -> None:
    names = (x509.NameConstraints([x509.DNSName("e.example")], None), False)
    limits = (x509.BasicConstraints(True, 0), True)
    ca = top.ca("Bad CA", extensions=[limits, (UNKNOWN, True), (CARD_USAGE, True), names])
    below = ca.ca("Below", not_after=T0 + DAY)
    card = below.issue(not_before=T0 + 5 * DAY, extensions=[(UNKNOWN, True)])
    policy = ValidationPolicy(required_usage=KeyUsage.KEY_AGREEMENT)
    found = findings(card, [top.certificate], [ca.certificate, below.certificate], at=T0 + 3 * DAY, policy=policy)
    assert {f.code for f in found} == {
        F.NOT_YET_VALID,
        F.EXPIRED,
        F.CONSTRAINT_BROKEN,
        F.USAGE_WRONG,
        F.CERTIFICATE_MALFORMED,
        F.REVOCATION_UNKNOWN,
    }
    assert sum(f.code is F.CONSTRAINT_BROKEN for f in found) == 3
    assert sum(f.code is F.REVOCATION_UNKNOWN for f in found) == 3


def test_the_good_one_of_several_paths_is_found(top: Issuer) -> None:
    expired = top.ca("Twice", not_after=T0 + timedelta(hours=1))
    good = top.ca("Twice", not_after=T0 + 3000 * DAY)
    card = good.issue()
    for helpers in ([expired.certificate, good.certificate], [good.certificate, expired.certificate]):
        assert codes(card, [top.certificate], helpers) == []
    assert codes(card, [top.certificate], [expired.certificate]) == [F.EXPIRED]


def test_cross_certificates_lead_to_the_root_that_is_trusted() -> None:
    old, new = root("Old root"), root("New root")
    crossed = old.issue(new.subject, extensions=plain_ca(), subject_key=new.key)
    card = new.issue()
    assert codes(card, [old.certificate], [crossed, new.certificate]) == []
    assert codes(card, [new.certificate], [crossed]) == []


def test_loops_of_cross_certificates_end() -> None:
    first, second = root("Loop one"), root("Loop two")
    one = second.issue(first.subject, extensions=plain_ca(), subject_key=first.key)
    two = first.issue(second.subject, extensions=plain_ca(), subject_key=second.key)
    assert codes(first.issue(), [root("Elsewhere").certificate], [one, two, first.certificate, second.certificate]) == [
        F.PATH_NOT_FOUND
    ]


def test_the_certificates_of_the_trust_and_the_untrusted_work_together(top: Issuer) -> None:
    middle = top.ca("Middle")
    last = middle.ca("Last")
    trust = Trust([top.certificate], [middle.certificate])
    path = validate(last.issue(), at=NOW, trust=trust, untrusted=[last.certificate], policy=UNCHECKED).path
    assert [c.serial_number for c in path[1:]] == [
        c.serial_number for c in (last.certificate, middle.certificate, top.certificate)
    ]


def test_names_are_compared_as_the_standard_says(top: Issuer) -> None:
    ca = top.ca("Capital   LETTERS")
    card = make(name("h"), key("h"), name(" capital letters"), ca.key, extensions=plain_card())
    assert codes(card, [top.certificate], [ca.certificate]) == []
    other = make(name("h"), key("h"), name("capitalletters"), ca.key, extensions=plain_card())
    assert codes(other, [top.certificate], [ca.certificate]) == [F.PATH_NOT_FOUND]


def test_organisations_and_countries_are_part_of_the_name_shown() -> None:
    full = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "示例")]
    )
    card = make(name("h"), key("h"), full, key("nobody knows"), extensions=plain_card())
    (found,) = findings(card, [root("Top").certificate])
    assert "C=CN, O=示例" in found.message


def test_many_bad_paths_are_not_all_looked_at(top: Issuer) -> None:
    """Every path is expired; only so many are judged, and the answer comes."""
    expired = [top.ca("Many", not_after=T0 + timedelta(minutes=1 + n)).certificate for n in range(60)]
    card = Issuer(name("Many"), key("CA Many"), expired[0]).issue()
    assert codes(card, [top.certificate], expired) == [F.EXPIRED]


def test_a_key_identifier_that_cannot_be_read_is_malformed_and_not_an_error(top: Issuer) -> None:
    odd = make(
        name("Odd id"),
        key("odd id"),
        top.subject,
        top.key,
        extensions=[*plain_ca(), (x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.14"), b"\x05"), False)],
        identifiers=False,
    )
    card = Issuer(name("Odd id"), key("odd id"), odd).issue()
    assert codes(card, [top.certificate], [odd]) == [F.CERTIFICATE_MALFORMED]
