"""Certificates as bytes: the few fields are those that other readers see, and nothing malformed gets in."""

from __future__ import annotations

import hashlib
import subprocess
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import MAX_SIZE, Certificate, load_certificates, load_pem_certificates
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError

START = datetime(2026, 1, 1, tzinfo=UTC)


@lru_cache
def made(name: str = "甲某", serial: int = 0x0300000000012345, issuer: str = "根", years: int = 10) -> Certificate:
    """A certificate made by the library ``cryptography``, signed by the key of ``issuer``."""
    builder = x509.CertificateBuilder(
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        public_key=key_of(name).public_key(),
        serial_number=serial,
        not_valid_before=START,
        not_valid_after=START + timedelta(days=365 * years),
    ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    signed = builder.sign(key_of(issuer), hashes.SHA256())
    return Certificate(signed.public_bytes(Encoding.DER))


@lru_cache
def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def parts(certificate: Certificate) -> list[bytes]:
    """tbsCertificate, algorithm, signature, each in DER."""
    return [node.encoded for node in der.parse(certificate.der).children()]


def test_fields_are_what_another_reader_sees() -> None:
    certificate = made()
    other = asn1.Certificate.load(certificate.der)
    assert certificate.tbs == other["tbs_certificate"].dump()
    assert certificate.serial_number == other.serial_number == 0x0300000000012345
    assert certificate.issuer == other.issuer.dump()
    assert certificate.subject == other.subject.dump()
    assert certificate.spki == other.public_key.dump() == certificate.public_key.spki
    assert (certificate.not_before, certificate.not_after) == (other.not_valid_before, other.not_valid_after)
    assert certificate.sha256 == hashlib.sha256(certificate.der).digest()
    assert certificate.signature.algorithm is SignatureAlgorithm.ECDSA_SHA256
    assert certificate.signature.der == other["signature_value"].native
    assert certificate.x509.serial_number == certificate.serial_number


def test_dates_after_2049_are_generalized_times() -> None:
    assert made(years=60).not_after == START + timedelta(days=365 * 60)


def test_equality_and_repr() -> None:
    certificate = made()
    assert certificate == Certificate(certificate.der)
    assert hash(certificate) == hash(Certificate(certificate.der))
    assert certificate != made(serial=7)
    assert certificate != certificate.der
    assert repr(certificate) == "<Certificate 0300000000012345>", "no name in it"


def test_issuer() -> None:
    root = made("根", 1, "根")
    made().verify_issued_by(root)
    assert root.is_self_issued
    assert not made().is_self_issued
    with pytest.raises(InvalidSignatureError, match="names another issuer"):
        made().verify_issued_by(made("another", 2, "another"))
    # the right name with another key
    with pytest.raises(InvalidSignatureError, match="does not verify"):
        made("x", 3, "y").verify_issued_by(impostor("y"))


def impostor(name: str) -> Certificate:
    whom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = ec.generate_private_key(ec.SECP256R1())
    signed = x509.CertificateBuilder(whom, whom, key.public_key(), 1, START, START + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    return Certificate(signed.public_bytes(Encoding.DER))


def test_pem() -> None:
    one, two = made(), made("乙某", 8)
    assert Certificate.from_pem(one.pem()) == Certificate.from_pem(one.pem().encode()) == one
    assert load_certificates(one.der) == [one]
    assert load_certificates(("a remark\r\n" + one.pem() + "\n" + two.pem()).encode()) == [one, two]
    assert load_pem_certificates(one.pem().replace("\n", "\r\n")) == [one]
    done = subprocess.run(
        ["openssl", "x509", "-outform", "DER"], input=one.pem().encode(), capture_output=True, check=True
    )
    assert done.stdout == one.der


@pytest.mark.parametrize("text", ["", "nothing", "-----BEGIN X-----\n-----END X-----"])
def test_pem_without_a_certificate(text: str) -> None:
    with pytest.raises(EncodingError, match="0 certificates"):
        Certificate.from_pem(text)
    with pytest.raises(EncodingError, match="no certificate found"):
        load_certificates(text.encode())


def test_pem_with_two_or_with_rubbish() -> None:
    with pytest.raises(EncodingError, match="2 certificates"):
        Certificate.from_pem(made().pem() * 2)
    for body in ("AAA", "MII=AAA", "MIIB"):
        with pytest.raises(EncodingError):
            Certificate.from_pem(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("MII", "M!I"),
        ("MII", "Subject: somebody\nMII"),
        ("MII", "\ud800MII"),
        ("-----BEGIN", "----BEGIN"),
        ("-----END CERTIFICATE-----", ""),
        ("END CERTIFICATE", "END X509 CRL"),
    ],
)
def test_a_damaged_certificate_is_not_passed_over_for_a_whole_one(place: int, part: str, changed: str) -> None:
    texts = [made().pem(), made("乙某", 8).pem()]
    texts[place] = texts[place].replace(part, changed, 1)
    for read in (load_pem_certificates, Certificate.from_pem):
        with pytest.raises(EncodingError, match="cut off, or has something in it that is not Base64"):
            read("".join(texts))


def test_half_a_character_between_certificates() -> None:
    certificate = made()
    assert load_pem_certificates(f"\ud800{certificate.pem()}\udcff") == [certificate]


def test_too_large() -> None:
    with pytest.raises(EncodingError, match="more than"):
        Certificate(der.octet_string(bytes(MAX_SIZE)))


def test_two_different_algorithm_identifiers() -> None:
    tbs, _, signature = parts(made())
    other = SignatureAlgorithm.ECDSA_SHA384.identifier
    with pytest.raises(EncodingError, match="two algorithm identifiers differ"):
        Certificate(der.sequence(tbs, other, signature))


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_not_three_parts(count: int) -> None:
    with pytest.raises(EncodingError, match="not exactly a body"):
        Certificate(der.sequence(*(parts(made()) * 2)[:count]))


@pytest.mark.parametrize("drop", range(1, 7))
def test_a_missing_field(drop: int) -> None:
    _, algorithm, signature = parts(made())
    fields = [node.encoded for node in der.parse(made().tbs).children()]
    del fields[drop]
    with pytest.raises(EncodingError):
        Certificate(der.sequence(der.sequence(*fields), algorithm, signature))


def test_parameters_of_the_signature_algorithm() -> None:
    """Absent and NULL mean the same, as real SM2 cards write NULL; anything else is not known."""

    def with_algorithm(*contents: bytes) -> Certificate:
        fields = [node.encoded for node in der.parse(made().tbs).children()]
        algorithm = der.sequence(*contents)
        fields[2] = algorithm
        return Certificate(der.sequence(der.sequence(*fields), algorithm, parts(made())[2]))

    sm2 = der.oid(SignatureAlgorithm.SM2_SM3.oid)
    assert with_algorithm(sm2).signature.algorithm is SignatureAlgorithm.SM2_SM3
    assert with_algorithm(sm2, der.null()).signature.algorithm is SignatureAlgorithm.SM2_SM3
    for contents in ((), (sm2, der.integer(1)), (sm2, der.null(), der.null()), (der.oid("1.2.3"),)):
        with pytest.raises(UnsupportedAlgorithmError):
            _ = with_algorithm(*contents).signature


def test_a_version_that_does_not_exist() -> None:
    fields = [node.encoded for node in der.parse(made().tbs).children()]
    fields[0] = der.element(der.context(0), der.integer(7))
    _, algorithm, signature = parts(made())
    certificate = Certificate(der.sequence(der.sequence(*fields), algorithm, signature))
    with pytest.raises(EncodingError, match="cannot be read"):
        _ = certificate.x509


@given(position=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_read(position: int, value: int) -> None:
    data = bytearray(made().der)
    data[position % len(data)] ^= value
    root = made("根", 1, "根")
    with suppress(EcardError):
        certificate = Certificate(bytes(data))
        for look in ("public_key", "signature", "x509", "is_self_issued"):
            with suppress(EcardError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(certificate, look)
        with pytest.raises(EcardError):
            certificate.verify_issued_by(root)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(EncodingError):
        Certificate(data)
    with pytest.raises(EncodingError):
        load_certificates(data)
