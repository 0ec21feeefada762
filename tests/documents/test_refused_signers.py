"""Every way in which the signer of a message can be wrong, one test each: certificate, trust, policy, role."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from ecard import der
from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.signers import ANY_ENTERPRISE, AnyLegalPerson, AnyOperator, UnsafeAnyone
from ecard.errors import VerificationError
from ecard.findings import FindingCode as Code
from ecard.findings import Indication
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation_extensions import KeyUsage
from ecard.pki.withdrawal import RevocationReason
from tests.documents.refusing import P256, reasons
from tests.documents.world import (
    CODE,
    DOCUMENT,
    ENTERPRISE,
    FOUNDED,
    KINDS,
    NOW,
    OTHER_CODE,
    SIGNED,
    SIGNING_CERTIFICATE_V2,
    Parts,
    World,
    attribute,
    codes,
    inspected,
    issuer_and_serial,
    parts,
    signed,
    with_attribute,
    world,
)


def naming(*ids: bytes, more: bytes = b"") -> Parts:
    value = der.sequence(der.sequence(*ids), more)
    return with_attribute(P256, SIGNING_CERTIFICATE_V2, attribute(SIGNING_CERTIFICATE_V2, value))


def hashed(name: str, *, oid: str | None = None, certificate: bytes | None = None, serial: bytes = b"") -> bytes:
    encoded = certificate or world(P256).operator.certificate.der
    algorithm = b"" if oid is None else der.sequence(der.oid(oid))
    return der.sequence(algorithm, der.octet_string(hashlib.new(name, encoded).digest()), serial)


def test_ways_of_naming_the_certificate_that_are_right() -> None:
    certificate = world(P256).operator.certificate
    general = der.sequence(der.element(der.context(4), certificate.issuer))
    serial = der.sequence(general, der.integer(certificate.serial_number))
    for one in (
        hashed("sha256"),
        hashed("sha256", oid="2.16.840.1.101.3.4.2.1"),
        hashed("sha384", oid="2.16.840.1.101.3.4.2.2"),
        hashed("sha512", oid="2.16.840.1.101.3.4.2.3"),
        hashed("sm3", oid="1.2.156.10197.1.401"),
        hashed("sha256", serial=serial),
    ):
        assert reasons(naming(one)) == []
    assert reasons(naming(hashed("sha256"), more=der.sequence())) == [], "policies may follow"


def test_ways_of_naming_the_certificate_that_are_wrong() -> None:
    other = world(P256).legal_person.certificate
    general = der.sequence(der.element(der.context(4), other.issuer))
    wrong_serial = der.sequence(general, der.integer(other.serial_number))
    for message in (
        naming(hashed("sha256", certificate=other.der)),
        naming(hashed("sha256", serial=wrong_serial)),
        naming(hashed("sha256", serial=der.null())),
        naming(hashed("sha384")),
        naming(hashed("md5", oid="1.2.840.113549.2.5")),
        naming(),
        naming(der.sequence()),
        naming(der.null()),
        naming(*[hashed("sha256")] * 17),
        naming(hashed("sha256"), more=der.null() * 3),
    ):
        assert reasons(message) == [Code.SIGNER_CERTIFICATE_WRONG]


def test_a_certificate_named_by_sha1() -> None:
    assert reasons(naming(hashed("sha1", oid="1.3.14.3.2.26"))) == [Code.ALGORITHM_NOT_ALLOWED]
    old = attribute("1.2.840.113549.1.9.16.2.12", der.sequence(der.sequence(hashed("sha1"))))
    message = with_attribute(P256, SIGNING_CERTIFICATE_V2, old)
    assert reasons(message) == [Code.SIGNER_CERTIFICATE_WRONG], "signing-certificate of RFC 2634 does not count"


def test_issuers_that_are_named_are_the_only_ones_allowed() -> None:
    """RFC 5035, section 5.4: more names than one limit the path."""
    centre = world(P256)
    assert reasons(naming(hashed("sha256"), hashed("sha256", certificate=centre.issuing.certificate.der))) == []
    other = hashed("sha256", certificate=centre.legal_person.certificate.der)
    assert reasons(naming(hashed("sha256"), other)) == [Code.CONSTRAINT_BROKEN]
    # the signer's has to be the first
    assert reasons(naming(other, hashed("sha256"))) == [Code.SIGNER_CERTIFICATE_WRONG, Code.CONSTRAINT_BROKEN]


def test_another_certificate_of_the_same_key() -> None:
    """Whoever gets a second certificate for a key cannot pass its signatures off as made under that one."""
    centre = World(P256)
    first, second = centre.operator.certificate, centre.card_again()
    assert first.public_key == second.public_key
    message = parts(P256)
    message.identifier = issuer_and_serial(second)
    message.certificates = [second.der, centre.issuing.certificate.der]
    report = inspected(DOCUMENT, message.encoded(), P256, trust=centre.trust)
    assert codes(report) == [Code.SIGNER_CERTIFICATE_WRONG]


def test_no_certificate_of_the_signer_in_the_message() -> None:
    centre = world(P256)
    for certificates in ([], [centre.issuing.certificate.der], [centre.legal_person.certificate.der]):
        report = inspected(DOCUMENT, parts(P256, certificates=certificates).encoded(), P256)
        assert codes(report) == [Code.SIGNER_CERTIFICATE_MISSING]
        assert report.signer is None
        assert report.certificate is None


def test_a_certificate_that_cannot_be_read() -> None:
    centre = world(P256)
    broken = der.sequence(der.sequence(), der.sequence(), der.bit_string(b""))
    alone = parts(P256, certificates=[broken])
    assert reasons(alone) == [Code.CERTIFICATE_MALFORMED]
    beside = parts(P256, certificates=[c.der for c in (centre.operator.certificate, *centre.operator.chain)] + [broken])
    assert reasons(beside) == [], "another one than the signer's does not matter"


def test_the_certificate_that_is_meant_is_found_among_others() -> None:
    centre = world(P256)
    operator = centre.operator.certificate
    twin = bytearray(operator.der)
    twin[-1] ^= 1
    certificates = [bytes(twin), operator.der, centre.issuing.certificate.der, centre.legal_person.certificate.der]
    assert reasons(parts(P256, certificates=certificates)) == []


def test_the_signer_named_by_key_identifier() -> None:
    centre = world(P256)
    extension = centre.operator.certificate.x509.extensions.get_extension_for_oid(_ski())
    tagged = der.element(der.context(0, constructed=False), extension.value.digest)
    assert reasons(parts(P256, identifier=tagged, signer_version=3, version=3)) == []
    other = der.element(der.context(0, constructed=False), b"another")
    assert reasons(parts(P256, identifier=other, signer_version=3)) == [Code.SIGNER_CERTIFICATE_MISSING]


def _ski() -> object:
    from cryptography.x509.oid import ExtensionOID

    return ExtensionOID.SUBJECT_KEY_IDENTIFIER


def test_attribute_certificates_and_crls_in_the_message_are_passed_over() -> None:
    centre = world(P256)
    usual = [c.der for c in (centre.operator.certificate, *centre.operator.chain)]
    with_others = parts(P256, certificates=[*usual, der.element(der.context(2), der.null())])
    assert reasons(with_others) == []
    crls = der.element(der.context(1), centre.evidence.crls[0].der)
    assert reasons(parts(P256, between=crls)) == []
    bare = Trust([centre.root.certificate])
    every = der.element(der.context(1), *[crl.der for crl in centre.evidence.crls])
    found = reasons(parts(P256, between=every), trust=bare)
    assert set(found) == {Code.REVOCATION_UNKNOWN}, "evidence is not taken from the signer"


@pytest.mark.parametrize("kind", KINDS)
def test_another_root(kind: KeyKind) -> None:
    stranger = World(KeyKind.P384 if kind is P256 else P256)
    assert codes(inspected(DOCUMENT, signed(kind), kind, trust=stranger.trust)) == [Code.PATH_NOT_FOUND]


def test_no_evidence_of_revocation() -> None:
    bare = Trust([world(P256).root.certificate])
    report = inspected(DOCUMENT, signed(P256), P256, trust=bare)
    assert codes(report) == [Code.REVOCATION_UNKNOWN] * 2, "of the operator and of the issuing authority"
    assert report.indication is Indication.INDETERMINATE
    assert inspected(DOCUMENT, signed(P256), P256, trust=bare, evidence=world(P256).evidence).accepted
    loose = inspected(
        DOCUMENT, signed(P256), P256, trust=bare, policy=ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)
    )
    assert loose.accepted
    assert "revoked" in loose.notes[0], "and the report says so"
    assert "note: " in str(loose)


def test_a_revoked_card() -> None:
    centre = World(P256)
    signature = cms.sign(DOCUMENT, centre.operator, at=SIGNED)
    centre.issuing.revoke(centre.operator.certificate, RevocationReason.AFFILIATION_CHANGED, at=SIGNED)
    crls = [
        authority.crl(at=SIGNED, next_update=NOW + timedelta(days=1)) for authority in (centre.root, centre.issuing)
    ]
    trust = Trust([centre.root.certificate], evidence=Evidence(crls))
    report = inspected(DOCUMENT, signature, P256, trust=trust)
    assert codes(report) == [Code.REVOKED]
    assert report.reasons[0].since == SIGNED


def test_before_and_after_the_certificate() -> None:
    for moment in (FOUNDED - timedelta(days=1), NOW + timedelta(days=365 * 40)):
        assert not inspected(DOCUMENT, signed(P256), P256, at=moment).accepted


def test_a_certificate_that_is_not_for_signatures() -> None:
    with_usage = ValidationPolicy(required_usage=KeyUsage.KEY_ENCIPHERMENT)
    assert codes(inspected(DOCUMENT, signed(P256), P256, policy=with_usage)) == [Code.USAGE_WRONG]
    login = inspected(DOCUMENT, cms.sign(DOCUMENT, world(P256).login, at=SIGNED), P256)
    assert codes(login) == [Code.USAGE_WRONG], "what a login key signs was chosen by a server"
    ca = world(P256).issuing
    signature = cms.sign(DOCUMENT, ca.holder, at=SIGNED)
    report = inspected(DOCUMENT, signature, P256, signer=UnsafeAnyone())
    assert Code.USAGE_WRONG in codes(report), "a CA's certificate is for certificates and CRLs"


# --- who ---------------------------------------------------------------------------------------------------------


def test_an_operator_where_a_legal_person_is_required() -> None:
    report = inspected(DOCUMENT, signed(P256), P256, signer=AnyLegalPerson(of=CODE))
    assert codes(report) == [Code.SIGNER_NOT_ALLOWED]
    assert str(report.reasons[0]) == "signed by an operator, a legal person was required"
    assert report.signer is not None
    assert report.signer.enterprise_name == ENTERPRISE


def test_another_enterprise() -> None:
    report = inspected(DOCUMENT, signed(P256), P256, signer=AnyOperator(of=OTHER_CODE))
    assert codes(report) == [Code.SIGNER_NOT_ALLOWED]
    assert f"organisation code {CODE}) than {OTHER_CODE}" in str(report.reasons[0])


def test_role_alone_and_nobody_in_particular() -> None:
    for signer in (AnyOperator(of=ANY_ENTERPRISE), UnsafeAnyone()):
        assert inspected(DOCUMENT, signed(P256), P256, signer=signer).accepted


def test_all_reasons_are_collected() -> None:
    stranger = World(KeyKind.P384)
    report = inspected(
        b"another",
        parts(P256, value=b"0").encoded(),
        P256,
        trust=stranger.trust,
        signer=AnyLegalPerson(of=OTHER_CODE),
        at=FOUNDED,
    )
    assert codes(report) == [
        Code.DOCUMENT_CHANGED,
        Code.SIGNATURE_INVALID,
        Code.SIGNING_TIME_WRONG,
        Code.PATH_NOT_FOUND,
        Code.SIGNER_NOT_ALLOWED,
        Code.SIGNER_NOT_ALLOWED,
    ]
    assert report.indication is Indication.FAILED
    with pytest.raises(VerificationError, match="and 5 more"):
        report.require_accepted()
