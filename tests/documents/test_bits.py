"""One bit changed, anywhere: refused with a reason that fits, or provably without a meaning."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind
from ecard.findings import FindingCode as Code
from tests.documents.world import DOCUMENT, KINDS, codes, inspected, signed, world

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]

Range = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Where the parts of a message of ecard stand: first byte and the one after the last."""

    versions: tuple[int, int]
    """The version octets of the signed data and of the signer."""
    signer_certificate: Range
    attributes: dict[str, Range]
    value: Range


def layout(kind: KeyKind) -> Layout:
    data = der.parse(signed(kind)).children()[1].children()[0].children()
    signer = data[-1].children()[0].children()
    certificate = next(n for n in data[3].children() if n.encoded == world(kind).operator.certificate.der)
    names = {
        der.oid("1.2.840.113549.1.9.3"): "content-type",
        der.oid("1.2.840.113549.1.9.4"): "message-digest",
        der.oid("1.2.840.113549.1.9.5"): "signing-time",
        der.oid("1.2.840.113549.1.9.16.2.47"): "signing-certificate-v2",
    }
    attributes = {names[a.children()[0].encoded]: (a.start, a.end) for a in signer[3].children()}
    assert len(attributes) == 4
    return Layout(
        (data[0].body, signer[0].body),
        (certificate.start, certificate.end),
        attributes,
        (signer[5].start, signer[5].end),
    )


def flipped(kind: KeyKind, position: int, bit: int) -> bytes:
    data = bytearray(signed(kind))
    data[position] ^= 1 << bit
    return bytes(data)


def flip(kind: KeyKind, position: int, bit: int) -> set[Code]:
    return set(codes(inspected(DOCUMENT, flipped(kind, position, bit), kind)))


def every_bit(span: Range) -> list[tuple[int, int]]:
    return [(position, bit) for position in range(*span) for bit in range(8)]


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2])
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("content-type", Code.CONTENT_TYPE_WRONG),
        ("message-digest", Code.MALFORMED),
        ("signing-time", Code.SIGNING_TIME_WRONG),
        ("signing-certificate-v2", Code.SIGNER_CERTIFICATE_WRONG),
    ],
)
def test_every_bit_of_each_signed_attribute(kind: KeyKind, name: str, own: Code) -> None:
    """Changed: said of the attributes, or of the attribute's own. Never is the document called changed."""
    allowed = {Code.ATTRIBUTES_CHANGED, Code.SIGNATURE_INVALID, Code.MALFORMED, Code.ALGORITHM_NOT_ALLOWED, own}
    # one bit of its name turns message-digest into a second signing-time, and another into a second content-type
    allowed |= {Code.SIGNING_TIME_WRONG, Code.CONTENT_TYPE_WRONG}
    seen = set()
    for position, bit in every_bit(layout(kind).attributes[name]):
        found = flip(kind, position, bit)
        assert found, (position, bit)
        assert found <= allowed, (position, bit, found)
        seen |= found
    assert {Code.MALFORMED, own} <= seen
    assert (Code.ATTRIBUTES_CHANGED in seen) == (name != "signing-time" or kind is KeyKind.RSA2048)


@pytest.mark.parametrize("kind", KINDS)
def test_every_bit_of_the_message_digest_names_the_attribute(kind: KeyKind) -> None:
    _, end = layout(kind).attributes["message-digest"]
    size = world(kind).operator.algorithm.digest.size
    step = 8 if kind is KeyKind.P384 else 1
    for position, bit in every_bit((end - size, end))[::step]:
        report = inspected(DOCUMENT, flipped(kind, position, bit), kind)
        assert codes(report) == [Code.ATTRIBUTES_CHANGED]
        assert "message-digest was changed after signing" in str(report.reasons[0])


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2])
def test_every_bit_of_the_signature_value(kind: KeyKind) -> None:
    for position, bit in every_bit(layout(kind).value):
        found = flip(kind, position, bit)
        assert found in ({Code.SIGNATURE_INVALID}, {Code.MALFORMED}), (position, bit, found)


@pytest.mark.parametrize("kind", [KeyKind.P256])
def test_every_bit_of_the_signers_certificate(kind: KeyKind) -> None:
    """Changed: it is not the one that was signed, or cannot be read, or is not found under its name any more."""
    about_it = {
        Code.SIGNER_CERTIFICATE_WRONG,
        Code.SIGNER_CERTIFICATE_MISSING,
        Code.CERTIFICATE_MALFORMED,
        Code.MALFORMED,
    }
    for position, bit in every_bit(layout(kind).signer_certificate):
        found = flip(kind, position, bit)
        assert found & about_it, (position, bit, found)
        assert not found & {Code.DOCUMENT_CHANGED, Code.ATTRIBUTES_CHANGED}, (position, bit, found)


@pytest.mark.parametrize("kind", KINDS)
def test_every_bit_of_the_document(kind: KeyKind) -> None:
    for position in range(len(DOCUMENT)):
        for bit in range(8) if kind is KeyKind.P256 else (position % 8,):
            changed = bytearray(DOCUMENT)
            changed[position] ^= 1 << bit
            assert codes(inspected(bytes(changed), signed(kind), kind)) == [Code.DOCUMENT_CHANGED]


def test_the_only_bits_without_a_meaning_are_in_the_version_numbers() -> None:
    """Every bit outside the parts that have tests of their own above."""
    where = layout(KeyKind.P256)
    apart = [where.signer_certificate, where.value, *where.attributes.values()]
    rest = [p for p in range(len(signed(KeyKind.P256))) if not any(start <= p < end for start, end in apart)]
    accepted = {(position, bit) for position in rest for bit in range(8) if not flip(KeyKind.P256, position, bit)}
    # 1 becomes 3 or 5 in the signed data, 1 becomes 3 in the signer
    assert accepted == {(where.versions[0], 1), (where.versions[0], 2), (where.versions[1], 1)}


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P384, KeyKind.SM2])
def test_a_bit_of_every_byte(kind: KeyKind) -> None:
    positions = [(position, position * 5 % 8) for position in range(0, len(signed(kind)), 2)]
    accepted = {one for one in positions if not flip(kind, *one)}
    assert {position for position, _ in accepted} <= set(layout(kind).versions)


@given(data=st.data())
def test_several_bytes_changed_anywhere(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([KeyKind.P256, KeyKind.RSA2048]))
    versions = layout(kind).versions
    message = bytearray(signed(kind))
    positions = st.integers(0, len(message) - 1).filter(lambda position: position not in versions)
    for position in data.draw(st.lists(positions, min_size=1, max_size=4, unique=True)):
        message[position] ^= data.draw(st.integers(1, 255))
    assert not inspected(DOCUMENT, bytes(message), kind).accepted


@given(data=st.data())
def test_pieces_cut_out_doubled_or_put_in(data: st.DataObject) -> None:
    message = signed(KeyKind.P256)
    first = data.draw(st.integers(0, len(message)))
    second = data.draw(st.integers(first, len(message)))
    piece = data.draw(st.sampled_from([b"", message[first:second] * 2, bytes(8), b"\x30\x80"]) | st.binary(max_size=8))
    changed = message[:first] + piece + message[second:]
    assert changed == message or not inspected(DOCUMENT, changed, KeyKind.P256).accepted
