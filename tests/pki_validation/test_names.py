"""When names are the same, and how they are shown."""

from __future__ import annotations

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.pki.validation_names import display_name, name_key, same_name

UTF8, PRINTABLE, BMP, T61, IA5 = (
    _ASN1Type.UTF8String,
    _ASN1Type.PrintableString,
    _ASN1Type.BMPString,
    _ASN1Type.T61String,
    _ASN1Type.IA5String,
)


def cn(text: str, kind: _ASN1Type = UTF8) -> bytes:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, kind)]).public_bytes()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (cn("Example"), cn("Example", PRINTABLE), True),
        (cn("Example"), cn("Example", BMP), True),
        (cn("Example"), cn("EXAMPLE"), True),
        (cn("Ex ample"), cn(" Ex  ample "), True),
        (cn("Ex ample"), cn("Example"), False),
        (cn("示例"), cn("示例", BMP), True),
        (cn("straße"), cn("STRASSE"), True),
        (cn("ﬁn"), cn("fin"), True),
        (cn("Example", T61), cn("Example", T61), True),
        (cn("Example", T61), cn("example", T61), False),
        (cn("Example", T61), cn("Example"), False),
        (cn("é"), cn("e"), False),
        (cn("Ex\u00adam\u200bple\ufe0f"), cn("Example"), True),
        (cn("Ex\tample\x00"), cn("Ex ample"), True),
    ],
)
def test_same_names(one: bytes, other: bytes, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same
    assert (name_key(one) == name_key(other)) is same


def attribute(oid: x509.ObjectIdentifier, text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, text)


def test_order_and_grouping_matter_but_not_within_a_group() -> None:
    a, b = attribute(NameOID.COMMON_NAME, "a"), attribute(NameOID.ORGANIZATION_NAME, "b")
    apart, back = x509.Name([a, b]).public_bytes(), x509.Name([b, a]).public_bytes()
    one = x509.Name([x509.RelativeDistinguishedName([a, b])]).public_bytes()
    two = x509.Name([x509.RelativeDistinguishedName([b, a])]).public_bytes()
    assert not same_name(apart, back)
    assert not same_name(apart, one)
    assert same_name(one, two)


def test_a_name_that_cannot_be_read_is_the_same_as_its_own_bytes_only() -> None:
    bad = der.sequence(der.integer(1))
    assert same_name(bad, bad)
    assert not same_name(bad, der.sequence(der.integer(2)))
    assert not same_name(bad, der.sequence())
    assert display_name(bad) == "(a name that cannot be read)"


def test_names_are_shown_short_and_without_control_characters() -> None:
    full = x509.Name([attribute(NameOID.COUNTRY_NAME, "CN"), attribute(NameOID.ORGANIZATION_NAME, "示例\n\x1b[31m")])
    assert display_name(full.public_bytes()) == "C=CN, O=示例\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31m"
    assert display_name(der.sequence()) == "(an empty name)"
    assert len(display_name(x509.Name([attribute(NameOID.COMMON_NAME, "x" * 64)] * 20).public_bytes())) == 200
    odd = der.sequence(der.element(der.SET, der.sequence(der.oid("2.5.4.3"), der.integer(5))))
    assert display_name(odd) == "CN=#020105"


texts = st.text(st.sampled_from("aAbBéÉß  示例ﬁ1"), min_size=1, max_size=6).filter(lambda t: bool(t.strip()))


@settings(max_examples=300)
@given(one=texts, other=texts)
def test_asn1crypto_agrees(one: str, other: str) -> None:
    theirs = asn1.Name.load(cn(one)) == asn1.Name.load(cn(other))
    assert same_name(cn(one), cn(other)) is theirs
