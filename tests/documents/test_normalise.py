"""BER and PEM become DER: the meaning stays, DER is left alone byte for byte, and asn1crypto says the same."""

from __future__ import annotations

import base64

import pytest
from asn1crypto import cms as asn1
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind
from ecard.documents.bounds import MAX_DEPTH, MAX_ELEMENTS
from ecard.documents.cms_reader import read_message
from ecard.documents.normalise import to_der, unarmoured
from ecard.errors import EncodingError
from tests.documents.roughly import Roughly
from tests.documents.world import DOCUMENT, KINDS, inspected, signed

pytestmark = pytest.mark.exhaustive

elements = st.recursive(
    st.builds(der.octet_string, st.binary(max_size=200))
    | st.builds(der.integer, st.integers())
    | st.just(der.null())
    | st.builds(lambda data: der.element(der.context(2, constructed=False), data), st.binary(max_size=20)),
    lambda inner: st.builds(
        lambda tag, parts: der.element(tag, *parts),
        st.sampled_from([der.SEQUENCE, der.SET, der.context(0), der.context(5)]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=15,
)


@given(elements)
def test_der_comes_out_as_it_is(encoded: bytes) -> None:
    assert to_der(encoded) == encoded


@given(encoded=elements, seed=st.integers(0, 1 << 32))
def test_ber_comes_out_as_der(encoded: bytes, seed: int) -> None:
    assert to_der(Roughly(seed).again(der.parse(encoded))) == encoded


@given(data=st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    try:
        normal = to_der(data)
    except EncodingError:
        return
    # what was accepted is one element, and normalising it again changes nothing
    der.parse(normal)
    assert to_der(normal) == normal


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_written_as_ber_means_the_same(kind: KeyKind) -> None:
    good = signed(kind)
    for seed in range(20):
        rough = Roughly(seed).again(der.parse(good))
        assert to_der(rough) == good
        assert read_message(rough) == read_message(good)
        assert inspected(DOCUMENT, rough, kind).accepted
        assert not inspected(DOCUMENT + b"!", rough, kind).accepted


def test_asn1crypto_reads_the_same_in_both() -> None:
    good = signed(KeyKind.P256)
    for seed in range(20):
        # asn1crypto stumbles over indefinite lengths in some places, and over pieces of definite length everywhere
        rough = asn1.ContentInfo.load(Roughly(seed, lengths_alone=True, levels=4).again(der.parse(good)))
        assert rough.native == asn1.ContentInfo.load(good).native


def test_asn1crypto_joins_pieces_likewise() -> None:
    pieces = b"\x24\x80\x04\x02ab\x04\x00\x04\x81\x03cde\0\0"
    assert core.OctetString.load(pieces).native == der.parse(to_der(pieces)).content == b"abcde"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cut off"),
        (b"\x30", "cut off"),
        (b"\x04\x80ab\0\0", "primitive element of indefinite length"),
        (b"\x30\x80\x05\x00", "without an end"),
        (b"\x30\x80\x05\x00\0", "cut off"),
        (b"\x30\x03\x05\x00\0", "cut off"),
        (b"\x30\x02\x00\x00", "no place"),
        (b"\x00\x00", "no place"),
        (b"\x20\x80\x00\x00", "no place"),
        (b"\x1f\x01\x00", "no place"),
        (b"\x30\x80\xbf\x81\x01\x00\x00\x00", "no place"),
        (b"\x25\x00", "cannot be constructed"),
        (b"\x22\x03\x02\x01\x01", "cannot be constructed"),
        (b"\x24\x03\x02\x01\x01", "cannot be constructed"),
        (b"\x23\x04\x03\x02\x00a", "cannot be constructed"),
        (b"\x30\x05\x04\x05ab", "longer than what holds it"),
        (b"\x30\xff" + bytes(20), "longer than what holds it"),
        (b"\x30\x00\x00", "1 bytes after the end"),
    ],
)
def test_what_is_no_ber(data: bytes, words: str) -> None:
    with pytest.raises(EncodingError, match=words):
        to_der(data)


def test_bounds() -> None:
    def nested(depth: int) -> bytes:
        data = der.null()
        for _ in range(depth):
            data = b"\x30\x80" + data + b"\0\0"
        return data

    to_der(nested(MAX_DEPTH))
    with pytest.raises(EncodingError, match="levels"):
        to_der(nested(MAX_DEPTH + 1))
    to_der(b"\x30\x80" + der.null() * (MAX_ELEMENTS - 1) + b"\0\0")
    with pytest.raises(EncodingError, match="elements"):
        to_der(b"\x30\x80" + der.null() * MAX_ELEMENTS + b"\0\0")


def armoured(data: bytes, label: str = "CMS", width: int = 64, end: str = "\n") -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[i : i + width] for i in range(0, len(text), width)]
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


@pytest.mark.parametrize("label", ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [64, 76, 1_000_000])
def test_pem(label: str, end: str, width: int) -> None:
    text = armoured(signed(KeyKind.P256), label, width, end)
    assert unarmoured(text) == unarmoured(b"\n " + text + b"\n\n") == signed(KeyKind.P256)
    assert inspected(DOCUMENT, text, KeyKind.P256).accepted


def test_what_is_not_pem_is_left_alone() -> None:
    for data in (signed(KeyKind.P256), b"0", b"text", bytes(2000) + b"-----BEGIN CMS-----"):
        assert unarmoured(data) == data


@pytest.mark.parametrize(
    "text",
    [
        armoured(b"0", "CERTIFICATE"),
        armoured(b"0") + armoured(b"0"),
        armoured(b"0") + b"and a remark",
        b"a remark\n" + armoured(b"0"),
        armoured(b"0").replace(b"END CMS", b"END PKCS7"),
        armoured(b"0").replace(b"MA==", b"MA="),
        armoured(b"0").replace(b"MA==", b"MA==MA=="),
        armoured(b"0").replace(b"MA==", b"M"),
        armoured(b"0").replace(b"MA==", b"\xef\xbb\xbfMA=="),
    ],
)
def test_pem_that_is_not_one_whole_message(text: bytes) -> None:
    with pytest.raises(EncodingError, match="PEM"):
        unarmoured(text)


def test_a_mail_is_told_apart() -> None:
    for text in (b"MIME-Version: 1.0\nContent-Type: multipart/signed", b"Content-Type: application/pkcs7-mime"):
        with pytest.raises(EncodingError, match="S/MIME"):
            unarmoured(text)
