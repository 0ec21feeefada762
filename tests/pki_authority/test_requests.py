"""Certificate requests: what we build, what openssl builds, and every way of being wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.errors import RequestError
from ecard.keys import SoftwareKey
from ecard.pki.requests import MAX_SIZE, build_request, read_request
from tests.pki_authority.centre import KINDS, key_of, needs_openssl, openssl, request_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_reads_back(kind: KeyKind) -> None:
    request = read_request(request_of(key_of(kind), "甲某"))
    assert request.public_key == key_of(kind).public_key
    assert request.common_name == "甲某"
    assert "甲某" not in repr(request)


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_accepts_a_request(kind: KeyKind, tmp_path) -> None:
    path = tmp_path / "request.der"
    path.write_bytes(request_of(key_of(kind)))
    distinguishing = ["-vfyopt", "distid:1234567812345678"] if kind is KeyKind.SM2 else []
    assert "verify OK" in openssl("req", "-inform", "DER", "-in", path, "-noout", "-verify", *distinguishing)


@needs_openssl
@pytest.mark.parametrize("form", ["PEM", "DER"])
@pytest.mark.parametrize(
    "kind",
    [
        ("rsa:2048", ()),
        ("ec", ("-pkeyopt", "ec_paramgen_curve:P-256")),
        ("ec", ("-pkeyopt", "ec_paramgen_curve:P-384")),
    ],
)
def test_requests_of_openssl_are_read(kind, form: str, tmp_path) -> None:
    algorithm, options = kind
    out = tmp_path / "request"
    key = ("-newkey", algorithm, *options, "-nodes", "-keyout", tmp_path / "key")
    extra = ("-addext", "subjectAltName=DNS:example.invalid")
    openssl("req", "-new", *key, "-subj", "/CN=Zhang San", "-outform", form, "-out", out, *extra)
    assert read_request(out.read_bytes()).common_name == "Zhang San"


@needs_openssl
def test_text_may_stand_around_a_request(tmp_path) -> None:
    (tmp_path / "plain").write_bytes(request_of(key_of(KeyKind.P256)))
    openssl("req", "-inform", "DER", "-in", tmp_path / "plain", "-text", "-out", tmp_path / "with text")
    text = (tmp_path / "with text").read_bytes()
    assert text.startswith(b"Certificate Request:")
    for form in (text, b"\xef\xbb\xbf" + text[text.index(b"-----BEGIN") :].replace(b"\n", b"\r\n")):
        assert read_request(form).public_key == key_of(KeyKind.P256).public_key
    with pytest.raises(RequestError, match="2 requests"):
        read_request(text + text)


@needs_openssl
def test_an_sm2_request_of_openssl_is_read(tmp_path) -> None:
    key, out = tmp_path / "key.pem", tmp_path / "request.pem"
    openssl("ecparam", "-genkey", "-name", "SM2", "-noout", "-out", key)
    openssl("req", "-new", "-key", key, "-sm3", "-sigopt", "distid:1234567812345678", "-subj", "/CN=x", "-out", out)
    assert read_request(out.read_bytes()).public_key.kind is KeyKind.SM2


def test_a_request_that_another_key_signed_is_no_proof_of_possession() -> None:
    public, other = key_of(KeyKind.P256).public_key, SoftwareKey.generate(KeyKind.P256)
    with pytest.raises(RequestError, match="not signed by the key"):
        build_request(public, other.sign, "x")
    mine = request_of(other)
    with pytest.raises(RequestError, match="not signed by the key"):
        read_request(mine.replace(other.public_key.spki, public.spki))


def test_every_changed_bit_is_refused() -> None:
    good = request_of(key_of(KeyKind.P256))
    for place in range(len(good)):
        changed = bytearray(good)
        changed[place] ^= 0x04
        with pytest.raises(RequestError):
            read_request(bytes(changed))


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_request_error(data: bytes) -> None:
    with pytest.raises(RequestError):
        read_request(data)


def test_a_gigantic_request_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(RequestError, match="more than"):
        read_request(b"\x30" * (MAX_SIZE + 1))


@pytest.mark.parametrize(
    "text", [b"-----BEGIN CERTIFICATE REQUEST-----\nA\n-----END CERTIFICATE REQUEST-----\n", b"", b"hello"]
)
def test_text_that_is_no_request_is_refused(text: bytes) -> None:
    with pytest.raises(RequestError):
        read_request(text)


def test_sha1_and_foreign_parameters_are_refused() -> None:
    key = key_of(KeyKind.RSA2048)
    info, identifier, _ = (node.encoded for node in der.parse(request_of(key)))
    sha1 = key.sign(info, SignatureAlgorithm.RSA_SHA1)
    with pytest.raises(RequestError, match="SHA-1"):
        read_request(der.sequence(info, sha1.algorithm.identifier, der.bit_string(sha1.der)))
    good = key.sign(info)
    odd = der.sequence(der.oid(good.algorithm.oid), der.integer(1))
    with pytest.raises(RequestError, match="parameters"):
        read_request(der.sequence(info, odd, der.bit_string(good.der)))
    assert read_request(der.sequence(info, identifier, der.bit_string(good.der))).public_key == key.public_key


@pytest.mark.parametrize(
    "attributes",
    [
        der.integer(5),
        der.element(der.context(1)),
        der.element(der.context(0, constructed=False)),
        der.element(der.context(0), b"\xff\xff\xff"),
        der.element(der.context(0), der.sequence(der.oid("1.2.3"))),
        der.element(der.context(0), der.sequence(der.oid("1.2.3"), der.sequence())),
        der.element(der.context(0), der.sequence(der.null(), der.set_of())),
    ],
)
def test_attributes_that_are_none_are_refused(attributes: bytes) -> None:
    key = key_of(KeyKind.P256)
    info, _, _ = der.parse(request_of(key))
    changed = der.sequence(*(node.encoded for node in info.children()[:3]), attributes)
    signature = key.sign(changed)
    with pytest.raises(RequestError, match="cannot be used"):
        read_request(der.sequence(changed, signature.algorithm.identifier, der.bit_string(signature.der)))


def test_the_signer_of_a_request_may_raise_its_own_errors() -> None:
    def broken(_: bytes) -> Signature:
        raise RequestError("the card is gone")

    with pytest.raises(RequestError, match="the card is gone"):
        build_request(key_of(KeyKind.P256).public_key, broken, "x")
