"""Forms of certificates that a conforming CA does not issue: refused under STRICT, and where paths need it always."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.findings import FindingCode as F
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
from tests.pki_validation.judging import TOLERANT, codes


def version(certificate_version: int, extensions: bytes, *, subject_key: str = "odd version") -> Certificate:
    """A certificate of any version, made by hand, signed by the root Top."""
    top = root("Top")
    public = make(name("odd"), key(subject_key), name("odd"), key(subject_key), extensions=[]).spki
    algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
    explicit = b"" if certificate_version == 1 else der.element(der.context(0), der.integer(certificate_version - 1))
    subject = name("odd version").public_bytes()
    validity = der.sequence(der.time(T0), der.time(T0 + 100 * DAY))
    tbs = der.sequence(
        explicit, der.integer(7), algorithm, top.certificate.subject, validity, subject, public, extensions
    )
    assert isinstance(top.key, ec.EllipticCurvePrivateKey)
    signature = top.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    return Certificate(der.sequence(tbs, algorithm, der.bit_string(signature)))


SOME = der.element(der.context(3), der.sequence(der.sequence(der.oid("1.2.3.4"), der.octet_string(b""))))


def test_old_versions(top: Issuer) -> None:
    assert codes(version(1, b""), [top.certificate]) == []
    assert codes(version(1, SOME), [top.certificate]) == [F.CERTIFICATE_MALFORMED]
    assert codes(version(2, SOME), [top.certificate]) == [F.CERTIFICATE_MALFORMED]
    assert codes(version(3, SOME), [top.certificate]) == []
    assert F.CERTIFICATE_MALFORMED in codes(version(4, SOME), [top.certificate])
    old = version(1, b"", subject_key="old CA")
    card = Issuer(name("odd version"), key("old CA"), old).issue()
    assert codes(card, [top.certificate], [old]) == [F.CONSTRAINT_BROKEN]
    assert codes(card, [old]) == [], "a root of version 1 is a CA because the caller says so"


def test_extensions_that_are_not_a_list_or_twice(top: Issuer) -> None:
    one = der.sequence(der.oid("1.2.3.4"), der.octet_string(b""))
    for bad in (der.sequence(one, one), der.sequence(), der.integer(1), der.sequence(der.integer(1))):
        found = codes(version(3, der.element(der.context(3), bad)), [top.certificate])
        assert found == [F.CERTIFICATE_MALFORMED]


def by_hand(serial: int, extensions: bytes = b"", subject: bytes = b"") -> Certificate:
    top = root("Top")
    algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
    public = make(name("odd"), key("by hand"), name("odd"), key("by hand"), extensions=[]).spki
    wrapped = der.element(der.context(3), der.sequence(extensions)) if extensions else b""
    tbs = der.sequence(
        der.element(der.context(0), der.integer(2)),
        der.integer(serial),
        algorithm,
        top.certificate.subject,
        der.sequence(der.time(T0), der.time(T0 + 100 * DAY)),
        subject or name("by hand").public_bytes(),
        public,
        wrapped,
    )
    assert isinstance(top.key, ec.EllipticCurvePrivateKey)
    return Certificate(der.sequence(tbs, algorithm, der.bit_string(top.key.sign(tbs, ec.ECDSA(hashes.SHA256())))))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.oid(oid), der.boolean(True) if critical else b"", der.octet_string(value))


@pytest.mark.parametrize("serial", [0, -1, -(2**70), 2**159, 2**168])
def test_serial_numbers_that_no_ca_may_give(top: Issuer, serial: int) -> None:
    assert codes(by_hand(serial), [top.certificate]) == [F.CERTIFICATE_MALFORMED]
    assert codes(by_hand(serial), [top.certificate], policy=TOLERANT) == []


@pytest.mark.parametrize("serial", [1, 127, 128, 2**159 - 1])
def test_serial_numbers_that_a_ca_may_give(top: Issuer, serial: int) -> None:
    assert codes(by_hand(serial), [top.certificate]) == []


KEY_ID = der.octet_string(b"12345678901234567890")
WRONG_FORM = {
    "critical subjectKeyIdentifier": extension("2.5.29.14", KEY_ID, critical=True),
    "critical authorityKeyIdentifier": extension("2.5.29.35", der.sequence(), critical=True),
    "critical authorityInfoAccess": extension(
        "1.3.6.1.5.5.7.1.1",
        der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.48.1"), der.element(0x86, b"http://e/"))),
        critical=True,
    ),
    "no usage at all": extension("2.5.29.15", b"\x03\x02\x07\x00", critical=True),
    "keyCertSign without being a CA": extension("2.5.29.15", b"\x03\x02\x02\x04", critical=True),
    "a path length without being a CA": extension("2.5.29.19", der.sequence(der.integer(1)), critical=True),
    "name constraints without being a CA": extension(
        "2.5.29.30",
        der.sequence(der.element(0xA0, der.sequence(der.element(0x82, b"e.example")))),
        critical=True,
    ),
    "name constraints that are not critical": extension(
        "2.5.29.30", der.sequence(der.element(0xA0, der.sequence(der.element(0x82, b"e.example"))))
    ),
    "inhibitAnyPolicy that is not critical": extension("2.5.29.54", der.integer(5)),
    "an empty subjectAltName": extension("2.5.29.17", der.sequence()),
    "a subjectAltName that is no list": extension("2.5.29.17", der.integer(1)),
    "an IP address of five octets": extension("2.5.29.17", der.sequence(der.element(0x87, b"12345"))),
    "a mail address without a host": extension("2.5.29.17", der.sequence(der.element(0x81, b"nobody"))),
    "a DNS name of a space": extension("2.5.29.17", der.sequence(der.element(0x82, b" "))),
    "a DNS name with an empty label": extension("2.5.29.17", der.sequence(der.element(0x82, b"a..example"))),
    "a relative URI": extension("2.5.29.17", der.sequence(der.element(0x86, b"/index.html"))),
    "a directory name that is none": extension("2.5.29.17", der.sequence(der.element(0xA4, der.integer(1)))),
    "a registered identifier that is none": extension("2.5.29.18", der.sequence(der.element(0x88, b"\x80"))),
    "a name of a form that does not exist": extension("2.5.29.17", der.sequence(der.element(0x89, b"x"))),
    "a policy twice": extension("2.5.29.32", der.sequence(*[der.sequence(der.oid("1.2.3"))] * 2)),
    "a policy that is none": extension("2.5.29.32", der.sequence(der.oid("1.2.3"))),
    "a policy with an empty list of qualifiers": extension(
        "2.5.29.32", der.sequence(der.sequence(der.oid("1.2.3"), der.sequence()))
    ),
    "an access description without a place": extension(
        "1.3.6.1.5.5.7.1.1", der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.48.1")))
    ),
    "no purpose": extension("2.5.29.37", der.sequence()),
    "a keyUsage that is no BIT STRING": extension("2.5.29.15", der.integer(1)),
    "basicConstraints that are no list": extension("2.5.29.19", der.integer(1)),
    "a negative path length": extension("2.5.29.19", der.sequence(der.boolean(True), der.integer(-1)), critical=True),
    "bytes after an extension's value": extension("2.5.29.14", KEY_ID + b"\0"),
    "an empty list of policies": extension("2.5.29.32", der.sequence()),
    "an empty list of distribution points": extension("2.5.29.31", der.sequence()),
}


@pytest.mark.parametrize("bad", WRONG_FORM.values(), ids=WRONG_FORM)
def test_extensions_of_a_form_that_no_ca_may_give(top: Issuer, bad: bytes) -> None:
    found = codes(by_hand(5, bad), [top.certificate])
    assert F.CERTIFICATE_MALFORMED in found or F.PATH_NOT_FOUND in found


def test_an_empty_subject_needs_a_critical_alternative_name(top: Issuer) -> None:
    mail = der.sequence(der.element(0x81, b"a@e.example"))
    nobody = der.sequence()
    assert codes(by_hand(5, subject=nobody), [top.certificate]) == [F.CERTIFICATE_MALFORMED]
    assert codes(by_hand(5, extension("2.5.29.17", mail), nobody), [top.certificate]) == [F.CERTIFICATE_MALFORMED]
    assert codes(by_hand(5, extension("2.5.29.17", mail, critical=True), nobody), [top.certificate]) == []


def test_authorities_without_names(top: Issuer) -> None:
    nameless = make(x509.Name([]), key("nameless"), x509.Name([]), key("nameless"), extensions=plain_ca())
    card = make(name("h"), key("h"), x509.Name([]), key("nameless"), extensions=plain_card())
    assert codes(card, [nameless]) == [F.CERTIFICATE_MALFORMED]


def test_key_identifiers_that_contradict_each_other(top: Issuer) -> None:
    wrong = extension("2.5.29.35", der.sequence(der.element(0x80, b"another key")))
    assert codes(by_hand(5, wrong), [top.certificate]) == [F.PATH_NOT_FOUND]
    right = x509.SubjectKeyIdentifier.from_public_key(top.key.public_key()).digest
    assert codes(by_hand(5, extension("2.5.29.35", der.sequence(der.element(0x80, right)))), [top.certificate]) == []


def test_a_missing_key_identifier_is_no_fault(top: Issuer) -> None:
    ca = make(name("Plain CA"), key("plain"), top.subject, top.key, extensions=plain_ca(), identifiers=False)
    card = Issuer(name("Plain CA"), key("plain"), ca).issue(identifiers=False)
    assert codes(card, [top.certificate], [ca]) == []


def test_the_issuer_and_serial_number_of_the_key_identifier_count_where_there_is_no_key(top: Issuer) -> None:
    def issued(serial: int) -> Certificate:
        issuer = der.element(0xA1, der.element(0xA4, top.certificate.issuer))
        number = der.element(0x82, der.integer(serial)[2:])
        return by_hand(5, extension("2.5.29.35", der.sequence(issuer, number)))

    assert codes(issued(top.certificate.serial_number), [top.certificate]) == []
    assert codes(issued(top.certificate.serial_number + 1), [top.certificate]) == [F.PATH_NOT_FOUND]
