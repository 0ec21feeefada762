"""What the authority issues: judged by openssl and by cryptography, and what it refuses to issue."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from ecard.algorithms import KeyKind
from ecard.errors import EcardError, InvalidCodeError, InvalidInputError, ProfileError, RequestError
from ecard.keys import SoftwareKey
from ecard.pki import profile_oids as oids
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardIdentity, CardType
from ecard.pki.issuing import add_years, partition_index, partition_name
from ecard.pki.profile import PublicationPoints, Usage
from ecard.pki.profile_identity import UnsafeClearIdentityNumber
from tests.pki_authority.centre import (
    AT,
    DAY,
    ENTERPRISE,
    IDENTITY_NUMBER,
    KINDS,
    OPENSSL_KINDS,
    ORGANISATION_CODE,
    WEEK,
    chain_of,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    request_of,
    root,
    subject,
)


@needs_openssl
@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_verifies_chain_and_crls(kind: KeyKind, tmp_path) -> None:
    top, issuing, leaf = chain_of(kind)
    bad = issuing.issue(request_of(key_of(kind, 4)), subject(card_number="03-JJ0A900000009"), at=AT)
    issuing.hold(bad, at=AT)
    (tmp_path / "root.pem").write_text(pem(top.certificate))
    (tmp_path / "sub.pem").write_text(pem(issuing.certificate))
    (tmp_path / "leaf.pem").write_text(pem(leaf))
    (tmp_path / "bad.pem").write_text(pem(bad))
    crls = []
    for name, authority in (("root", top), ("sub", issuing)):
        path = tmp_path / f"{name}.crl.pem"
        der_path = tmp_path / f"{name}.crl"
        der_path.write_bytes(authority.crl(at=AT, next_update=AT + WEEK))
        ca = tmp_path / f"{name}.pem"
        assert "verify OK" in openssl("crl", "-in", der_path, "-inform", "DER", "-CAfile", ca, "-out", path)
        crls += ["-CRLfile", path]
    moment = ["-attime", str(int((AT + DAY).timestamp()))]
    arguments = ["verify", "-x509_strict", "-crl_check_all", *moment, "-CAfile", tmp_path / "root.pem"]
    arguments += ["-untrusted", tmp_path / "sub.pem", *crls]
    for purpose in ("smimesign", "sslclient", "any"):
        assert "leaf.pem: OK" in openssl(*arguments, "-purpose", purpose, tmp_path / "leaf.pem")
    assert "certificate revoked" in openssl(*arguments, tmp_path / "bad.pem", ok=False)


@needs_openssl
def test_openssl_verifies_each_sm2_certificate_and_crl_under_its_issuer(tmp_path) -> None:
    # one step at a time: openssl 3.0 gives the user id to the leaf alone
    top, issuing, leaf = chain_of(KeyKind.SM2)
    moment = ["-attime", str(int((AT + DAY).timestamp()))]
    for authority, below in ((top, issuing.certificate), (issuing, leaf)):
        (tmp_path / "ca.pem").write_text(pem(authority.certificate))
        (tmp_path / "below.pem").write_text(pem(below))
        openssl(
            *("verify", "-partial_chain", *moment, "-vfyopt", "distid:1234567812345678"),
            *("-trusted", tmp_path / "ca.pem", tmp_path / "below.pem"),
        )
        (tmp_path / "crl").write_bytes(authority.crl(at=AT, next_update=AT + WEEK))
        assert "SM2-with-SM3" in openssl("crl", "-inform", "DER", "-in", tmp_path / "crl", "-text", "-noout")


@pytest.mark.parametrize("kind", KINDS)
def test_every_signature_verifies_with_our_own_code(kind: KeyKind) -> None:
    top, issuing, leaf = chain_of(kind)
    top.certificate.verify_issued_by(top.certificate)
    issuing.certificate.verify_issued_by(top.certificate)
    leaf.verify_issued_by(issuing.certificate)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("card_type", [CardType.OPERATOR, CardType.LEGAL_PERSON])
def test_a_certificate_says_who_the_card_belongs_to(kind: KeyKind, card_type: CardType) -> None:
    issuing = root(kind)
    leaf = issuing.issue(request_of(key_of(kind, 3), "someone else"), subject(card_type=card_type), at=AT)
    identity = CardIdentity.from_certificate(leaf)
    assert identity == CardIdentity(
        certificate_number=f"{leaf.serial_number:016x}",
        holder_name="甲某",
        enterprise_name=ENTERPRISE,
        organisation_code=ORGANISATION_CODE,
        card_number="03-JJ0A900000002",
        card_type=card_type,
        acceptance_point="14",
        enterprise_category="00",
        id_document_type="01",
        has_identity_number=False,
    )
    assert identity.role == {"12": "operator", "10": "legal-person"}[card_type.value]
    assert identity.certificate_number.startswith("03")
    assert "甲某" not in repr(identity)


@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_the_profile_field_by_field(kind: KeyKind) -> None:
    points = PublicationPoints(
        crl="ldap://ldap.example.invalid:389/cn={partition},ou=crl,c=cn",
        delta_crl="http://crl.example.invalid/{partition}-delta.crl",
        ocsp="http://ocsp.example.invalid:8800/",
        issuers="http://pki.example.invalid/issuing.cer",
        cps="http://cps.example.invalid/CPS",
    )
    _, issuing, leaf = chain_of(kind, points=points)
    read = leaf.x509
    found = {extension.oid.dotted_string: extension for extension in read.extensions}
    assert [(a.rfc4514_attribute_name, a.value, a._type.name) for a in read.subject] == [
        ("C", "CN", "PrintableString"), ("OU", ENTERPRISE, "UTF8String"), ("CN", "甲某", "UTF8String"),
    ]  # fmt: skip
    assert read.version is x509.Version.v3
    assert (leaf.not_before, leaf.not_after) == (AT, add_years(AT, 10))
    assert {oid for oid, extension in found.items() if extension.critical} == {"2.5.29.15"}
    usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    assert read.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(False, None)
    purposes = list(read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == [
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.SMARTCARD_LOGON,
    ]
    assert found["2.16.840.1.113730.1.1"].value.value == bytes.fromhex("030205A0")
    key, issuer_key = read.public_key(), issuing.certificate.x509.public_key()
    ski = read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert ski == x509.SubjectKeyIdentifier.from_public_key(key)
    aki = read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert aki == x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    policy = read.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [(p.policy_identifier.dotted_string, p.policy_qualifiers) for p in policy] == [("2.5.29.32.0", [points.cps])]
    crl = read.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name[0].value
    assert crl == "ldap://ldap.example.invalid:389/cn=crl030000,ou=crl,c=cn"
    fresh = read.extensions.get_extension_for_oid(ExtensionOID.FRESHEST_CRL).value[0].full_name[0].value
    assert fresh == "http://crl.example.invalid/crl030000-delta.crl"
    access = read.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [a.access_location.value for a in access] == [points.ocsp, points.issuers]
    private = {
        oid.removeprefix(oids.EPORT + "."): e.value.value for oid, e in found.items() if oid.startswith(oids.EPORT)
    }
    texts = {suffix: value[2:].decode() for suffix, value in private.items()}
    assert {value[0] for value in private.values()} == {0x0C}
    assert texts == {
        "2.1": "12", "2.4": "14", "5.1": ENTERPRISE, "5.3": "01", "5.9": "03-JJ0A900000002", "5.11": ORGANISATION_CODE,
        "5.12": "00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "kind", "bits", "purposes"),
    [
        (Usage.LOGIN, KeyKind.P256, {"digital_signature"}, 2),
        (Usage.ENCRYPTION, KeyKind.P256, {"key_agreement"}, 1),
        (Usage.ENCRYPTION, KeyKind.RSA2048, {"key_encipherment", "data_encipherment"}, 1),
        (Usage.ENCRYPTION, KeyKind.SM2, {"key_encipherment", "data_encipherment", "key_agreement"}, 1),
    ],
)
def test_login_and_encryption_certificates_cannot_sign_documents(usage, kind, bits, purposes) -> None:
    leaf = root(kind).issue(request_of(key_of(kind, 3)), subject(), at=AT, usage=usage)
    found = leaf.x509.extensions.get_extension_for_class(x509.KeyUsage).value
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    assert {name for name in names if getattr(found, name)} == bits
    assert len(leaf.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == purposes


def test_authorities_have_critical_constraints() -> None:
    top, issuing, _ = chain_of(KeyKind.P256)
    for authority, length in ((top, None), (issuing, 0)):
        extensions = authority.certificate.x509.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(True, length)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value == x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def test_serial_numbers_are_random_positive_and_never_used_twice(monkeypatch) -> None:
    authority = root()
    serials = [operator(authority, number).serial_number for number in range(50)]
    assert len(set(serials)) == 50
    assert all(serial >> 56 == 3 for serial in serials)
    assert len({serial >> 24 & 0xFFFF for serial in serials}) > 40
    again = iter([serials[7].to_bytes(8, "big")[1:], b"\1\2\3\4\5\6\7"])
    monkeypatch.setattr("ecard.pki.issuing.secrets.token_bytes", lambda _: next(again))
    assert operator(authority, 99).serial_number == 0x0301020304050607
    own = authority.certificate.serial_number
    later = iter([own.to_bytes(8, "big")[1:], b"\7\6\5\4\3\2\1"])
    monkeypatch.setattr("ecard.pki.issuing.secrets.token_bytes", lambda _: next(later))
    assert operator(authority, 98).serial_number == 0x0307060504030201


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"organisation_code": "M000100Y5"}, InvalidCodeError),
        ({"organisation_code": ""}, InvalidCodeError),
        ({"card_number": "JJ0A9"}, InvalidCodeError),
        ({"card_type": CardType.SERVER}, ProfileError),
        ({"card_type": "10"}, ProfileError),
        ({"holder_name": ""}, ProfileError),
        ({"holder_name": "甲" * 65}, ProfileError),
        ({"holder_name": "甲\n某"}, ProfileError),
        ({"holder_name": "甲某 "}, ProfileError),
        ({"holder_name": "甲\u202e某"}, ProfileError),
        ({"enterprise_name": ""}, ProfileError),
        ({"acceptance_point": ""}, ProfileError),
        ({"enterprise_category": "0" * 17}, ProfileError),
        ({"id_document_type": "零"}, ProfileError),
    ],
)
def test_subjects_that_the_profile_does_not_allow(changes, error: type[EcardError]) -> None:
    with pytest.raises(error):
        subject(**changes)


def test_a_subject_named_by_its_credit_code_has_the_organisation_code_in_it() -> None:
    assert subject(organisation_code="91350100M000100Y43").organisation_code == "M000100Y4"


def test_a_subject_shows_no_personal_datum() -> None:
    shown = repr(subject(identity_number=UnsafeClearIdentityNumber(IDENTITY_NUMBER)))
    assert "甲某" not in shown
    assert IDENTITY_NUMBER not in shown


def test_rsa_1024_gets_no_certificate() -> None:
    with pytest.raises(ProfileError, match="1024"):
        root().issue(request_of(SoftwareKey.generate(KeyKind.RSA1024)), subject(), at=AT)
    with pytest.raises(ProfileError, match="1024"):
        CertificateAuthority.create_root("x", at=AT, key=KeyKind.RSA1024)


def test_a_card_has_one_role_in_one_enterprise() -> None:
    authority = root()
    operator(authority, 1)
    for changes in ({"card_type": CardType.LEGAL_PERSON}, {"organisation_code": "123456788"}):
        other = subject(card_number="03-JJ0A900000001", **changes)
        with pytest.raises(ProfileError, match="another role or to another enterprise"):
            authority.issue(request_of(SoftwareKey.generate(KeyKind.P256)), other, at=AT)


def test_a_key_is_for_one_card_and_one_usage() -> None:
    authority, request = root(), request_of(key_of(KeyKind.P256, 3))
    authority.issue(request, subject(), at=AT)
    authority.issue(request, subject(), at=AT + DAY)
    with pytest.raises(RequestError, match="another card or another usage"):
        authority.issue(request, subject(card_number="03-JJ0A900000003"), at=AT)
    with pytest.raises(RequestError, match="another card or another usage"):
        authority.issue(request, subject(), at=AT, usage=Usage.LOGIN)


def test_the_keys_of_authorities_and_services_are_for_nothing_else() -> None:
    authority = root()
    with pytest.raises(RequestError, match="authority itself"):
        authority.issue(request_of(key_of(KeyKind.P256, 1)), subject(), at=AT)
    service = SoftwareKey.generate(KeyKind.P256)
    authority.create_ocsp_responder("x", at=AT, key=service)
    for attempt in (authority.create_time_stamper, authority.create_subordinate):
        with pytest.raises(RequestError, match="another usage"):
            attempt("x", at=AT, key=service)
    with pytest.raises(RequestError, match="another usage"):
        authority.issue(request_of(service), subject(), at=AT)


def test_a_request_that_proves_nothing_gets_nothing() -> None:
    authority = root()
    good = request_of(key_of(KeyKind.P256, 3))
    with pytest.raises(RequestError):
        authority.issue(good[:-1] + bytes([good[-1] ^ 1]), subject(), at=AT)
    assert not authority.record.issued


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (AT - DAY, None),
        (AT, AT + timedelta(days=366 * 31)),
        (AT, AT),
        (AT, AT - DAY),
        (AT + timedelta(days=366 * 40), None),
    ],
)
def test_a_validity_lies_inside_the_issuers(at: datetime, until: datetime | None) -> None:
    with pytest.raises(ProfileError):
        root().issue(request_of(key_of(KeyKind.P256, 3)), subject(), at=at, until=until)


def test_a_card_does_not_outlive_its_authority_by_default() -> None:
    authority = root(years=3)
    leaf = authority.issue(request_of(key_of(KeyKind.P256, 3)), subject(), at=AT + DAY)
    assert leaf.not_after == authority.certificate.not_after


def test_moments_have_a_time_zone_and_years_end() -> None:
    with pytest.raises(InvalidInputError, match="time zone"):
        root().issue(request_of(key_of(KeyKind.P256, 3)), subject(), at=AT.replace(tzinfo=None))
    for years in (9000, -9000, 10**10, 10**20):
        with pytest.raises(InvalidInputError, match="calendar"):
            root(years=years)
    ahead, behind = timezone(timedelta(hours=8)), timezone(timedelta(hours=-8))
    for moment in (datetime.min.replace(tzinfo=ahead), datetime.max.replace(tzinfo=behind)):
        with pytest.raises(InvalidInputError, match="outside the years"):
            root().crl(at=moment, next_update=moment)
    with pytest.raises(ProfileError, match="before it begins"):
        root(years=0)
    assert add_years(datetime(2024, 2, 29, tzinfo=AT.tzinfo), 1) == datetime(2025, 2, 28, tzinfo=AT.tzinfo)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\0b"])
def test_authorities_have_names_that_print(name: str) -> None:
    with pytest.raises(ProfileError):
        CertificateAuthority.create_root(name, at=AT)


def test_partitions_need_an_address_with_a_place_for_their_name() -> None:
    for points in (None, PublicationPoints(crl="http://crl.example.invalid/all.crl")):
        with pytest.raises(InvalidInputError, match="partition"):
            root().create_subordinate("x", at=AT, points=points, partitions=4)
    with pytest.raises(InvalidInputError, match="65536"):
        root().create_subordinate("x", at=AT, partitions=0)
    assert partition_name(partition_index(0x0300000000012345, 1)) == "crl030000"
    assert partition_name(partition_index(0x03ABCD0000012345, 0x10000)) == "crl03abcd"
