"""Reading OCSP responses: against `cryptography`, and one test per way of being wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keys import PublicKey
from ecard.pki.ocsp_response import MAX_STATEMENTS, OcspResponse, OcspStatus
from tests.pki_validation.chains import DAY, T0, Issuer, key, root


@pytest.fixture(scope="module")
def ca() -> Issuer:
    return root("OCSP root")


def test_the_fields_are_those_that_cryptography_reads(ca: Issuer) -> None:
    card = ca.issue(serial=4321)
    since, reason = T0 - DAY, x509.ReasonFlags.superseded
    response = ca.ocsp(card, ocsp.OCSPCertStatus.REVOKED, revoked_at=since, reason=reason, hash_=hashes.SHA256())
    other = ocsp.load_der_ocsp_response(response.der)
    (said,) = response.statements
    assert (said.serial, said.status) == (4321, OcspStatus.REVOKED)
    assert (said.this_update, said.next_update) == (other.this_update_utc, other.next_update_utc)
    assert (said.revoked_at, said.reason) == (since, "superseded")
    assert (said.issuer_name_hash, said.issuer_key_hash) == (other.issuer_name_hash, other.issuer_key_hash)
    assert response.produced_at == other.produced_at_utc
    assert response.responder_key_hash == other.responder_key_hash
    assert response.responder_name is None
    assert response.names(ca.certificate)
    assert response.nonce is None


def test_a_statement_concerns_one_serial_number_of_one_name_and_key(ca: Issuer) -> None:
    card = ca.issue(serial=55)
    (said,) = ca.ocsp(card).statements
    own, other = ca.certificate.public_key, root("Another OCSP root").certificate
    assert said.concerns(card.issuer, own, 55)
    assert not said.concerns(card.issuer, own, 56)
    assert not said.concerns(other.subject, own, 55)
    assert not said.concerns(card.issuer, other.public_key, 55)


def test_names_nonce_and_certificates(ca: Issuer) -> None:
    card = ca.issue()
    builder = ocsp.OCSPResponseBuilder().add_response(
        card.x509, ca.certificate.x509, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, T0, T0 + DAY, None, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, ca.certificate.x509)
    builder = builder.certificates([ca.certificate.x509]).add_extension(x509.OCSPNonce(b"a nonce"), False)
    signed = builder.sign(ca.key, hashes.SHA256())
    response = OcspResponse(signed.public_bytes(serialization.Encoding.DER))
    assert response.nonce == b"a nonce"
    assert response.certificates == (ca.certificate,)
    assert response.responder_name == ca.certificate.subject
    assert response.names(ca.certificate)
    assert not response.names(card)
    assert response.unusable is None
    response.verify_signed_by(PublicKey.from_native(ca.key.public_key()))
    with pytest.raises(InvalidSignatureError):
        response.verify_signed_by(PublicKey.from_native(key("another").public_key()))


@pytest.mark.parametrize("status", list(ocsp.OCSPResponseStatus)[1:])
def test_a_responder_that_gives_no_answer(status: ocsp.OCSPResponseStatus) -> None:
    refused = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)
    assert OcspResponse.looks_like(refused)
    with pytest.raises(EncodingError, match="gave no answer"):
        OcspResponse(refused)


def test_what_looks_like_a_response(ca: Issuer) -> None:
    assert OcspResponse.looks_like(ca.ocsp(ca.issue()).der)
    for other in (ca.certificate.der, ca.crl().der, b"", b"\x30\0", b"text", ca.certificate.pem().encode()):
        assert not OcspResponse.looks_like(other)


def wrapped(basic: bytes, *, kind: str = "1.3.6.1.5.5.7.48.1.1") -> bytes:
    answer = der.sequence(der.oid(kind), der.octet_string(basic))
    return der.sequence(b"\n\x01\0", der.element(der.context(0), answer))


def basic_parts(ca: Issuer) -> list[bytes]:
    response = der.parse(ca.ocsp(ca.issue()).der)
    content = response.children()[1].children()[0].children()[1].content
    return [node.encoded for node in der.parse(content).children()]


def with_body(ca: Issuer, *fields: bytes) -> bytes:
    return wrapped(der.sequence(der.sequence(*fields), *basic_parts(ca)[1:]))


def body_fields(ca: Issuer) -> list[bytes]:
    return [node.encoded for node in der.parse(basic_parts(ca)[0]).children()]


def test_a_response_made_of_its_own_parts_is_read(ca: Issuer) -> None:
    assert len(OcspResponse(with_body(ca, *body_fields(ca))).statements) == 1
    assert (
        len(OcspResponse(with_body(ca, der.element(der.context(0), der.integer(0)), *body_fields(ca))).statements) == 1
    )


def one_statement(ca: Issuer) -> list[bytes]:
    return [node.encoded for node in der.parse(body_fields(ca)[2]).children()[0].children()]


def with_statement(ca: Issuer, *fields: bytes) -> bytes:
    responder, produced, _, *rest = body_fields(ca)
    return with_body(ca, responder, produced, der.sequence(der.sequence(*fields)), *rest)


def is_read(data: bytes) -> bool:
    try:
        OcspResponse(data)
    except EncodingError:
        return False
    return True


def test_every_malformed_response_is_refused(ca: Issuer) -> None:
    parts, fields = basic_parts(ca), body_fields(ca)
    identity, status, updated, *_ = one_statement(ca)
    digest, name_hash, key_hash, serial = (n.encoded for n in der.parse(identity).children())
    bad = {
        "nothing": b"",
        "no status": der.sequence(),
        "a status alone": der.sequence(b"\n\x01\0"),
        "another kind of answer": wrapped(der.sequence(*parts), kind="1.2.3"),
        "no body": wrapped(der.sequence()),
        "bytes after the answer": wrapped(der.sequence(*parts) + b"\0"),
        "no responder": with_body(ca, *fields[1:]),
        "a responder of a third form": with_body(ca, der.element(der.context(3), der.null()), *fields[1:]),
        "an empty responder": with_body(ca, der.element(der.context(1)), *fields[1:]),
        "no identity": with_statement(ca, status, updated),
        "an identity without a serial number": with_statement(
            ca, der.sequence(digest, name_hash, key_hash), status, updated
        ),
        "an identity without a digest": with_statement(
            ca, der.sequence(der.sequence(), name_hash, key_hash, serial), status, updated
        ),
        "a revocation without a date": with_statement(ca, identity, der.element(der.context(1)), updated),
        "no date": with_statement(ca, identity, status),
        "a fourth kind of status": with_statement(ca, identity, der.element(0x83), updated),
        "an empty next update": with_statement(ca, identity, status, updated, der.element(der.context(0))),
        "two lists of extensions": with_body(ca, *fields, der.element(der.context(1), der.sequence(), der.sequence())),
        "too many answers": with_body(
            ca, *fields[:2], der.sequence(*[der.sequence(identity, status, updated)] * (MAX_STATEMENTS + 1))
        ),
        "a megabyte": b"\x30" + b"\0" * 2**20,
    }
    assert [what for what, data in bad.items() if is_read(data)] == []


def test_answers_that_ecard_cannot_judge_are_left_out(ca: Issuer) -> None:
    identity, status, updated, *_ = one_statement(ca)
    _, name_hash, key_hash, serial = (n.encoded for n in der.parse(identity).children())
    sha224 = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.2.4")), name_hash, key_hash, serial)
    assert OcspResponse(with_statement(ca, sha224, status, updated)).statements == ()
    critical = der.sequence(der.sequence(der.oid("1.2.3"), der.boolean(True), der.octet_string(b"")))
    extended = with_statement(ca, identity, status, updated, der.element(der.context(1), critical))
    assert OcspResponse(extended).statements == ()
    whole = OcspResponse(with_body(ca, *body_fields(ca)[:3], der.element(der.context(1), critical)))
    assert "1.2.3" in str(whole.unusable)


@settings(max_examples=300)
@given(place=st.integers(0), value=st.integers(1, 255))
def test_a_changed_byte_never_verifies(place: int, value: int) -> None:
    ca = root("OCSP root")
    original = _original(ca)
    data = bytearray(original)
    data[place % len(data)] ^= value
    try:
        response = OcspResponse(bytes(data))
        response.verify_signed_by(PublicKey.from_native(ca.key.public_key()))
    except EcardError:
        return
    # what was not signed: the certificates that come along, and nothing else
    assert response.statements == OcspResponse(original).statements


_cached: list[bytes] = []


def _original(ca: Issuer) -> bytes:
    if not _cached:
        _cached.append(ca.ocsp(ca.issue(), next_update=T0 + timedelta(days=1)).der)
    return _cached[0]


def test_repr_tells_when_and_how_many(ca: Issuer) -> None:
    assert "about 1>" in repr(ca.ocsp(ca.issue()))


def test_a_signature_algorithm_with_parameters_that_ecard_does_not_know(ca: Issuer) -> None:
    body, _, value = basic_parts(ca)
    odd = der.sequence(der.oid("1.2.840.10045.4.3.2"), der.integer(5))
    response = OcspResponse(wrapped(der.sequence(body, odd, value)))
    with pytest.raises(UnsupportedAlgorithmError, match="parameters"):
        _ = response.signature
