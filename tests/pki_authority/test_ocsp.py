"""OCSP: openssl asks and judges the answers, cryptography reads them, and everything wrong is answered as such."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as pyca
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import Digest, KeyKind, Signature
from ecard.errors import InvalidInputError, ProfileError
from ecard.keyholder import KeyHolder
from ecard.pki.authority import CertificateAuthority
from ecard.pki.ocsp import OcspResponder
from ecard.pki.ocsp_request import MAX_CERTIFICATES, MAX_SIZE, certificate_id
from ecard.pki.withdrawal import RevocationReason
from tests.pki_authority.centre import (
    AT,
    DAY,
    KINDS,
    OPENSSL_KINDS,
    chain_of,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    root,
)
from tests.pki_authority.lookalikes import extension, oid, tlv

DER = serialization.Encoding.DER
NONCE_OID = "1.3.6.1.5.5.7.48.1.2"


def responder(authority: CertificateAuthority, holder: KeyHolder | None = None) -> OcspResponder:
    return OcspResponder(holder=holder or authority.holder, issuer=authority.certificate, source=authority)


def ask(authority: CertificateAuthority, *serials: int, nonce: bytes | None = None, extra: bytes = b"") -> bytes:
    """A request written by the test itself."""
    requests = (tlv(0x30, certificate_id(serial, authority.certificate, Digest.SHA1).encoded) for serial in serials)
    extensions = (b"" if nonce is None else extension(NONCE_OID, tlv(4, nonce))) + extra
    return tlv(0x30, tlv(0x30, tlv(0x30, *requests), tlv(0xA2, tlv(0x30, extensions)) if extensions else b""))


@needs_openssl
@pytest.mark.parametrize("delegated", [False, True])
@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_accepts_the_answers(kind: KeyKind, delegated: bool, tmp_path: Path) -> None:
    top, issuing, leaf = chain_of(kind)
    bad, held = operator(issuing, 8), operator(issuing, 9)
    issuing.revoke(bad, RevocationReason.KEY_COMPROMISE, at=AT)
    issuing.hold(held, at=AT)
    for name, certificate in (
        ("root", top.certificate),
        ("sub", issuing.certificate),
        ("leaf", leaf),
        ("bad", bad),
        ("held", held),
    ):
        (tmp_path / f"{name}.pem").write_text(pem(certificate))
    certificates = [argument for name in ("leaf", "bad", "held") for argument in ("-cert", tmp_path / f"{name}.pem")]
    unknown = ["-serial", "0x0300000000000001"]
    issuer = ["-issuer", tmp_path / "sub.pem"]
    openssl("ocsp", *issuer, *certificates, *unknown, "-nonce", "-reqout", tmp_path / "request")
    holder = issuing.create_ocsp_responder("示例应答", at=AT, key=key_of(kind, 7)) if delegated else None
    answer = responder(issuing, holder).respond((tmp_path / "request").read_bytes(), at=AT)
    (tmp_path / "answer").write_bytes(answer)
    text = openssl(
        *("ocsp", "-reqin", tmp_path / "request", "-respin", tmp_path / "answer", *issuer, *certificates, *unknown),
        *("-CAfile", tmp_path / "root.pem", "-verify_other", tmp_path / "sub.pem"),
        *("-no_nonce", "-attime", str(int((AT + DAY).timestamp())), "-validity_period", "2000000000"),
    )
    assert "Response verify OK" in text
    assert "WARNING" not in text
    assert "leaf.pem: good" in text
    assert "bad.pem: revoked" in text
    assert "Reason: keyCompromise" in text
    assert "Reason: certificateHold" in text
    assert "0x0300000000000001: unknown" in text
    assert "Revocation Time: Mar  2 08:30:00 2026 GMT" in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_algorithm_signs_answers(kind: KeyKind) -> None:
    _, issuing, leaf = chain_of(kind)
    answer = responder(issuing).respond(ask(issuing, leaf.serial_number), at=AT)
    basic = der.parse(der.parse(answer).children()[1].children()[0].children()[1].content).children()
    signature = issuing.holder.algorithm
    assert basic[1].encoded == signature.identifier
    issuing.certificate.public_key.verify(Signature(signature, der.read_bits(basic[2])), basic[0].encoded)


def test_what_cryptography_reads_in_an_answer() -> None:
    authority = root()
    good, bad = operator(authority, 1), operator(authority, 2)
    authority.revoke(bad, RevocationReason.UNSPECIFIED, at=AT)
    delegate = authority.create_ocsp_responder("x", at=AT)
    answer = responder(authority, delegate).respond(
        ask(authority, good.serial_number, bad.serial_number, 5, nonce=b"n" * 32), at=AT + DAY
    )
    read = pyca.load_der_ocsp_response(answer)
    assert read.response_status is pyca.OCSPResponseStatus.SUCCESSFUL
    assert read.produced_at_utc == AT + DAY
    assert [c.public_bytes(DER) for c in read.certificates] == [delegate.certificate.der]
    assert (
        read.responder_key_hash
        == x509.SubjectKeyIdentifier.from_public_key(delegate.certificate.x509.public_key()).digest
    )
    assert read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32
    one, two, three = read.responses
    assert [one.certificate_status, two.certificate_status, three.certificate_status] == [
        pyca.OCSPCertStatus.GOOD,
        pyca.OCSPCertStatus.REVOKED,
        pyca.OCSPCertStatus.UNKNOWN,
    ]
    assert (two.revocation_time_utc, two.revocation_reason) == (AT, None)
    assert (one.this_update_utc, one.next_update_utc) == (AT + DAY, AT + DAY + timedelta(hours=12))
    extensions = delegate.certificate.x509.extensions
    assert extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        x509.ExtendedKeyUsageOID.OCSP_SIGNING
    ]


@pytest.mark.parametrize("hash_", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_requests_of_cryptography_with_every_digest(hash_: hashes.HashAlgorithm) -> None:
    authority = root()
    card = operator(authority, 1)
    builder = pyca.OCSPRequestBuilder().add_certificate(card.x509, authority.certificate.x509, hash_)
    request = builder.add_extension(x509.OCSPNonce(b"12345678"), False).build().public_bytes(DER)
    read = pyca.load_der_ocsp_response(responder(authority).respond(request, at=AT))
    assert read.certificate_status is pyca.OCSPCertStatus.GOOD
    assert isinstance(read.hash_algorithm, type(hash_))


def test_the_state_is_that_of_the_moment() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.hold(card, at=AT + DAY)
    authority.release(card, at=AT + 2 * DAY)
    request = ask(authority, card.serial_number)
    states = []
    for days in range(3):
        answer = responder(authority).respond(request, at=AT + days * DAY)
        states.append(pyca.load_der_ocsp_response(answer).certificate_status.name)
    assert states == ["GOOD", "REVOKED", "GOOD"]


def test_an_answer_of_another_authoritys_certificate_is_unknown() -> None:
    mine, other = root(), CertificateAuthority.create_root("x", at=AT)
    card = operator(mine, 1)
    answer = responder(mine).respond(ask(other, card.serial_number), at=AT)
    assert pyca.load_der_ocsp_response(answer).certificate_status is pyca.OCSPCertStatus.UNKNOWN


def test_an_answer_made_before_anyone_asks() -> None:
    authority = root()
    cards = [operator(authority, n) for n in range(3)]
    made = responder(authority).produce([card.serial_number for card in cards], at=AT)
    read = pyca.load_der_ocsp_response(made)
    assert [one.serial_number for one in read.responses] == [card.serial_number for card in cards]
    assert len(read.extensions) == 0
    assert isinstance(next(iter(read.responses)).hash_algorithm, hashes.SHA1)


# --- what is refused ------------------------------------------------------------------------------------------------

UNKNOWN_CRITICAL = extension("1.2.3", b"\5\0", critical=True)
THREE_FIELDS = tlv(0x30, tlv(0x30, oid("1.2.3")), b"\4\0\4\0")
ONE = tlv(0x30, certificate_id(1, root().certificate, Digest.SHA1).encoded)
WRONG = {
    "nothing": b"",
    "text": b"GET / HTTP/1.1",
    "no certificate": tlv(0x30, tlv(0x30, tlv(0x30))),
    "too many certificates": ask(root(), *range(1, MAX_CERTIFICATES + 2)),
    "too large": b"\x30" * (MAX_SIZE + 1),
    "an empty nonce": ask(root(), 1, nonce=b""),
    "a nonce that is too long": ask(root(), 1, nonce=b"n" * 129),
    "a nonce that is no octet string": ask(root(), 1, extra=extension(NONCE_OID, b"\5\0")),
    "an unknown critical extension": ask(root(), 1, extra=UNKNOWN_CRITICAL),
    "two nonces": ask(root(), 1, nonce=b"n", extra=extension(NONCE_OID, tlv(4, b"m"))),
    "a certificate id of three fields": tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, THREE_FIELDS)))),
    "a request of three parts": tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, THREE_FIELDS, b"\5\0", b"\5\0")))),
    "two lists of extensions": tlv(0x30, tlv(0x30, tlv(0x30, ONE), tlv(0xA2, tlv(0x30), tlv(0x30)))),
    "an unknown field": tlv(0x30, tlv(0x30, tlv(0xA5, b"\5\0"), tlv(0x30))),
    "two lists of certificates": tlv(0x30, tlv(0x30, tlv(0x30, ONE), tlv(0x30, ONE))),
    "two fields of extensions": tlv(
        0x30, tlv(0x30, tlv(0x30, ONE), tlv(0xA2, tlv(0x30, UNKNOWN_CRITICAL)), tlv(0xA2, tlv(0x30)))
    ),
    "extensions before the list": tlv(0x30, tlv(0x30, tlv(0xA2, tlv(0x30)), tlv(0x30, ONE))),
    "another version": tlv(0x30, tlv(0x30, b"\xa0\x03\x02\x01\x01", tlv(0x30, ONE))),
    "a version that is no number": tlv(0x30, tlv(0x30, b"\xa0\x02\xff\xff", tlv(0x30, ONE))),
    "no request list": tlv(0x30, tlv(0x30, b"\xa0\x03\x02\x01\x00")),
    "something after the end": ask(root(), 1) + b"\0",
    "a third element": tlv(0x30, tlv(0x30, tlv(0x30)), tlv(0xA0), tlv(0xA0)),
}  # fmt: skip
MALFORMED = bytes.fromhex("30030A0101")


@pytest.mark.parametrize("name", WRONG)
def test_requests_that_cannot_be_read_are_answered_so(name: str) -> None:
    assert responder(root()).respond(WRONG[name], at=AT) == MALFORMED


def test_version_1_may_be_written_and_a_name_given() -> None:
    request = tlv(0x30, tlv(0x30, b"\xa0\x03\x02\x01\x00", tlv(0xA1, tlv(0xA4, tlv(0x30))), tlv(0x30, ONE)))
    answer = pyca.load_der_ocsp_response(responder(root()).respond(request, at=AT))
    assert answer.response_status is pyca.OCSPResponseStatus.SUCCESSFUL


def test_an_unknown_critical_extension_of_one_certificate_too() -> None:
    one = certificate_id(1, root().certificate, Digest.SHA1).encoded
    request = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x30, one, tlv(0xA0, tlv(0x30, UNKNOWN_CRITICAL))))))
    assert responder(root()).respond(request, at=AT) == MALFORMED


@settings(max_examples=300)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_answered(place: float, value: int) -> None:
    authority = root()
    request = bytearray(ask(authority, 1, 2, nonce=b"12345678"))
    request[int(place * len(request))] = value
    answer = responder(authority).respond(bytes(request), at=AT)
    assert pyca.load_der_ocsp_response(answer).response_status.name in {"SUCCESSFUL", "MALFORMED_REQUEST"}


def test_who_may_not_answer() -> None:
    _, issuing, _ = chain_of(KeyKind.P256)
    stranger = root().create_ocsp_responder("x", at=AT)
    stamper = issuing.create_time_stamper("x", at=AT)
    for holder in (stranger, stamper, root().holder):
        with pytest.raises(ProfileError, match="may not answer"):
            responder(issuing, holder)
    delegate = issuing.create_ocsp_responder("x", at=AT)
    for at in (AT - DAY, AT + 91 * DAY):
        with pytest.raises(ProfileError, match="not valid at that moment"):
            responder(issuing, delegate).produce([1], at=at)
    with pytest.raises(InvalidInputError, match="validity"):
        OcspResponder(holder=issuing.holder, issuer=issuing.certificate, source=issuing, validity=timedelta(0))
