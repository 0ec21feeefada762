"""The DER reader and writer: strict where X.690 is, and what one writes the other reads."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.errors import EcardError, EncodingError


def nested(depth: int) -> st.SearchStrategy[bytes]:
    leaf = st.builds(der.octet_string, st.binary(max_size=300))
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=4).map(lambda parts: der.sequence(*parts)), max_leaves=depth
    )


@given(nested(12))
def test_what_is_written_is_read(encoded: bytes) -> None:
    def rebuild(node: der.Node) -> bytes:
        if node.tag == der.SEQUENCE:
            return der.sequence(*map(rebuild, node.children()))
        return der.octet_string(node.content)

    assert rebuild(der.parse(encoded)) == encoded


@given(nested(12))
def test_children_iteration_and_spans_agree(encoded: bytes) -> None:
    node = der.parse(encoded)
    if node.tag == der.SEQUENCE:
        assert node.children() == list(iter(node))
        spans = [(child.tag, child.start, child.body, child.end) for child in node.children()]
        assert spans == der.spans(encoded, node.body, node.end)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cut off"),
        (b"\x30", "cut off"),
        (b"\x1f\x81\x01\x00", "more than one byte"),
        (b"\x30\x80\x00\x00", "indefinite"),
        (b"\x04\x81\x05hello", "shortest form"),
        (b"\x04\x82\x00\x85" + bytes(0x85), "shortest form"),
        (b"\x04\x82\x00", "cut off"),
        (b"\x04\x89" + bytes(9), "too long"),
        (b"\x04\x05hell", "longer than what holds it"),
        (b"\x04\x88\x7f" + b"\xff" * 7, "longer than what holds it"),
        (b"\x05\x00\x00", "1 bytes after the end"),
    ],
)
def test_what_is_not_der(data: bytes, words: str) -> None:
    with pytest.raises(EncodingError, match=words):
        der.parse(data, "the thing")


@pytest.mark.parametrize(
    "inside",
    [
        b"\x05",
        b"\x04\x81\x05hello",
        b"\x04\x05hell",
        b"\x04\x82\x01",
        b"\x04\x82\x00\x80" + bytes(128),
        b"\x3f\x02\0\0",
    ],
)
def test_what_is_not_der_inside(inside: bytes) -> None:
    node = der.parse(der.element(der.SEQUENCE, inside))
    for read in (node.children, lambda: list(iter(node))):
        with pytest.raises(EncodingError):
            read()


def test_an_element_does_not_reach_over_the_end_of_what_holds_it() -> None:
    # the inner length reaches into the next element of the outer one
    outer = der.parse(bytes.fromhex("30073003040261") + b"\x05\x00")
    with pytest.raises(EncodingError, match="longer than what holds it"):
        outer.children()[0].children()


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 17])
def test_lengths_at_their_borders(size: int) -> None:
    encoded = der.octet_string(bytes(size))
    assert encoded == core.OctetString(bytes(size)).dump()
    assert der.parse(encoded).content == bytes(size)
    assert der.parse(der.sequence(encoded)).children()[0].encoded == encoded


def test_limit_of_children() -> None:
    node = der.parse(der.sequence(*[der.null()] * 5))
    assert len(node.children(5)) == 5
    with pytest.raises(EncodingError, match="more than 4"):
        node.children(4)
    assert der.parse(der.sequence()).children(0) == []


def test_limit_stops_reading() -> None:
    node = der.parse(der.element(der.SEQUENCE, der.null() * 2, b"\xff" * 100))
    with pytest.raises(EncodingError, match="more than 1"):
        node.children(1)


def test_expect() -> None:
    node = der.parse(der.null())
    assert node.expect(der.NULL, "NULL") is node
    with pytest.raises(EncodingError, match=r"expected an INTEGER .* found tag 05"):
        node.expect(der.INTEGER, "an INTEGER")


@given(st.integers() | st.integers(min_value=-(1 << 300), max_value=1 << 300))
def test_integers(value: int) -> None:
    encoded = der.integer(value)
    assert encoded == core.Integer(value).dump()
    assert der.read_integer(der.parse(encoded)) == value


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, -1, -127, -128, -129, -255, -256, -32768, -32769])
def test_integers_at_their_borders(value: int) -> None:
    assert der.integer(value) == core.Integer(value).dump()


@pytest.mark.parametrize("content", [b"", b"\x00\x7f", b"\xff\x80", b"\x00\x00"])
def test_integers_not_in_their_shortest_form(content: bytes) -> None:
    with pytest.raises(EncodingError, match="shortest form"):
        der.read_integer(der.parse(der.element(der.INTEGER, content)))


@given(
    st.tuples(st.integers(0, 1), st.integers(0, 39)) | st.tuples(st.just(2), st.integers(0, 1 << 40)),
    st.lists(st.integers(0, 1 << 40), max_size=6),
)
def test_object_identifiers(first: tuple[int, int], rest: list[int]) -> None:
    dotted = ".".join(map(str, (*first, *rest)))
    encoded = der.oid(dotted)
    assert encoded == core.ObjectIdentifier(dotted).dump()
    assert der.read_oid(der.parse(encoded)) == dotted


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x2a\x80\x01", b"\x80\x2a", b"\x2a\x86", b"\x2a" * 65])
def test_object_identifiers_that_are_none(content: bytes) -> None:
    with pytest.raises(EncodingError, match="OBJECT IDENTIFIER"):
        der.read_oid(der.parse(der.element(der.OID, content)))


def test_bits() -> None:
    assert der.read_bits(der.parse(der.bit_string(b"ab"))) == b"ab"
    for content in (b"", b"\x01\x80"):
        with pytest.raises(EncodingError, match="BIT STRING"):
            der.read_bits(der.parse(der.element(der.BIT_STRING, content)))


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_times(moment: datetime) -> None:
    encoded = der.time(moment)
    assert encoded[0] == (der.UTC_TIME if 1950 <= moment.year < 2050 else der.GENERALIZED_TIME)
    assert der.read_time(der.parse(encoded)) == moment


def test_time_is_converted_to_utc_and_whole_seconds() -> None:
    east = timezone(timedelta(hours=8))
    moment = datetime(2026, 1, 1, 7, 59, 59, 999999, tzinfo=east)
    assert der.time(moment) == b"\x17\x0d251231235959Z"


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        (der.UTC_TIME, b"2601010000Z"),
        (der.UTC_TIME, b"260101000000+0000"),
        (der.UTC_TIME, b"260101000000"),
        (der.UTC_TIME, b"260230000000Z"),
        (der.UTC_TIME, b"260101240000Z"),
        (der.UTC_TIME, b"260101000060Z"),
        (der.UTC_TIME, "２６0101000000Z".encode()),
        (der.GENERALIZED_TIME, b"20260101000000.5Z"),
        (der.GENERALIZED_TIME, b"00000101000000Z"),
        (der.GENERALIZED_TIME, b"260101000000Z"),
        (der.OCTET_STRING, b"260101000000Z"),
        (der.UTC_TIME, b""),
    ],
)
def test_times_that_are_none(tag: int, content: bytes) -> None:
    with pytest.raises(EncodingError, match=r"[Tt]ime"):
        der.read_time(der.parse(der.element(tag, content)))


def test_sets_are_sorted() -> None:
    parts = [der.octet_string(b"b"), der.octet_string(b""), der.integer(5), der.octet_string(b"a")]
    assert der.set_of(*parts) == der.set_of(*reversed(parts))
    assert der.set_of(*parts) == core.SetOf(map(core.Any.load, parts), spec=core.Any).dump(force=True)


def test_the_simple_ones() -> None:
    assert der.boolean(True) == core.Boolean(True).dump()
    assert der.boolean(False) == core.Boolean(False).dump()
    assert der.utf8_string("示例") == core.UTF8String("示例").dump()
    assert der.null() == core.Null().dump()
    assert der.context(3) == 0xA3
    assert der.context(0, constructed=False) == 0x80


@given(st.binary(max_size=60))
def test_nothing_but_an_ecard_error_comes_of_any_bytes(data: bytes) -> None:
    def walk(node: der.Node) -> None:
        for read in (der.read_integer, der.read_oid, der.read_bits, der.read_time):
            with suppress(EcardError):
                read(node)
        for child in node.children():
            walk(child)

    with suppress(EcardError):
        walk(der.parse(data))
