"""The table of algorithms, and signature values between DER and r || s."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import Digest, KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.errors import EncodingError, UnsupportedAlgorithmError

ECDSA = SignatureAlgorithm.ECDSA_SHA256
positive = st.integers(1, (1 << 256) - 1) | st.integers(1, 255)


@pytest.mark.parametrize("digest", Digest)
def test_digests(digest: Digest) -> None:
    reference = hashlib.new(digest.name.lower() if digest is not Digest.SM3 else "sm3")
    running = digest.new()
    for part in (b"one", bytearray(b"two"), memoryview(b"three")):
        reference.update(part)
        running.update(part)
    assert running.digest() == reference.digest() == digest.hash(b"onetwothree")
    assert running.digest() == reference.digest(), "asking twice gives the same"
    assert len(running.digest()) == digest.size
    assert Digest.by_oid(digest.oid) is digest


def test_sm3_standard_vector() -> None:
    # GB/T 32905-2016, appendix A.1
    assert Digest.SM3.hash(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize("thing", [*Digest, *SignatureAlgorithm])
def test_openssl_knows_the_object_identifiers(thing: Digest | SignatureAlgorithm) -> None:
    names = {"RSA-SHA1": "sha1WithRSAEncryption", "SM2-SM3": "SM2-with-SM3", "SHA-1": "sha1", "SM3": "sm3"}
    expected = names.get(thing.label) or (
        f"sha{thing.label[-3:]}WithRSAEncryption"
        if thing.label.startswith("RSA")
        else f"ecdsa-with-SHA{thing.label[-3:]}"
        if thing.label.startswith("ECDSA")
        else f"sha{thing.label[-3:]}"
    )
    encoded = der.oid(thing.oid)
    done = subprocess.run(["openssl", "asn1parse", "-inform", "DER"], input=encoded, capture_output=True, check=True)
    assert done.stdout.decode().strip().endswith(f":{expected}")


def test_unknown_object_identifiers() -> None:
    for find in (Digest.by_oid, SignatureAlgorithm.by_oid):
        with pytest.raises(UnsupportedAlgorithmError, match=r"1\.2\.3"):
            find("1.2.3")


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_identifiers(algorithm: SignatureAlgorithm) -> None:
    assert SignatureAlgorithm.by_oid(algorithm.oid) is algorithm
    parts = der.parse(algorithm.identifier).children()
    assert der.read_oid(parts[0]) == algorithm.oid
    assert [part.encoded for part in parts[1:]] == ([der.null()] if algorithm.family is KeyFamily.RSA else [])


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_in_cms_an_algorithm_is_named_by_itself_or_by_the_key(algorithm: SignatureAlgorithm) -> None:
    keys = {
        KeyFamily.RSA: ["1.2.840.113549.1.1.1"],
        KeyFamily.EC: ["1.2.840.10045.2.1"],
        KeyFamily.SM2: ["1.2.156.10197.1.301.1", "1.2.156.10197.1.301"],
    }
    for oid in (algorithm.oid, *keys[algorithm.family]):
        assert SignatureAlgorithm.for_cms(oid, algorithm.digest) is algorithm
    for digest in set(Digest) - {algorithm.digest}:
        with pytest.raises(UnsupportedAlgorithmError):
            SignatureAlgorithm.for_cms(algorithm.oid, digest)


@pytest.mark.parametrize(
    ("oid", "digest"),
    [
        ("1.2.3", Digest.SHA256),
        ("1.2.840.113549.1.1.1", Digest.SM3),
        ("1.2.840.10045.2.1", Digest.SHA1),
        ("1.2.156.10197.1.301.1", Digest.SHA256),
        ("1.2.840.113549.1.1.10", Digest.SHA256),
    ],
)
def test_in_cms_what_does_not_fit(oid: str, digest: Digest) -> None:
    with pytest.raises(UnsupportedAlgorithmError):
        SignatureAlgorithm.for_cms(oid, digest)


def test_kinds_of_keys() -> None:
    sizes = {KeyKind.RSA1024: 128, KeyKind.RSA2048: 256, KeyKind.RSA3072: 384, KeyKind.RSA4096: 512}
    for kind in KeyKind:
        assert kind.size == sizes.get(kind, 48 if kind is KeyKind.P384 else 32)
        assert (kind.family is KeyFamily.RSA) == (kind in sizes)
        assert SignatureAlgorithm.default_for(kind).family is kind.family


@given(r=positive, s=positive)
def test_raw_and_der_convert_without_loss(r: int, s: int) -> None:
    signature = Signature(ECDSA, der.sequence(der.integer(r), der.integer(s)))
    raw = signature.raw(32)
    assert raw == r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert Signature.from_raw(ECDSA, raw) == Signature.from_raw(ECDSA, raw, size=32) == signature
    assert signature.integers() == (r, s)


def test_rsa_values_are_plain_octets() -> None:
    signature = Signature.from_raw(SignatureAlgorithm.RSA_SHA256, b"any octets")
    assert signature.der == signature.raw(32) == b"any octets"


@pytest.mark.parametrize("raw", [b"", b"1", bytes(63), bytes(65)])
def test_raw_of_a_wrong_length(raw: bytes) -> None:
    with pytest.raises(EncodingError, match=f"{len(raw)} bytes"):
        Signature.from_raw(ECDSA, raw)


@pytest.mark.parametrize("size", [31, 33, 48])
def test_raw_of_another_size_than_asked_for(size: int) -> None:
    with pytest.raises(EncodingError):
        Signature.from_raw(ECDSA, bytes(64), size=size)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        der.sequence(),
        der.sequence(der.integer(1)),
        der.sequence(der.integer(1), der.integer(1), der.integer(1)),
        der.sequence(der.integer(0), der.integer(1)),
        der.sequence(der.integer(1), der.integer(-1)),
        der.sequence(der.integer(1 << 256), der.integer(1)),
        der.sequence(der.integer(1), der.integer(1)) + b"\0",
        der.element(der.SEQUENCE, b"\x02\x02\x00\x01", der.integer(1)),
        der.sequence(der.octet_string(b"\1"), der.integer(1)),
        der.element(der.SET, der.integer(1), der.integer(1)),
    ],
)
def test_der_that_is_no_signature(value: bytes) -> None:
    with pytest.raises(EncodingError):
        Signature(ECDSA, value).raw(32)
