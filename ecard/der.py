"""A lean reader and writer of DER (ITU-T X.690), for the paths where speed matters.

The reader is strict: definite lengths in their shortest form, single-byte tags, nothing after the end. It
works on offsets into one buffer and copies nothing until asked. Foreign BER is normalised before it comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from ecard.errors import EncodingError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
ENUMERATED: Final = 0x0A
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31

_TIMES: Final = {
    UTC_TIME: re.compile(rb"([0-9]{2})" * 6 + rb"Z"),
    GENERALIZED_TIME: re.compile(rb"([0-9]{4})" + rb"([0-9]{2})" * 5 + rb"Z"),
}


def context(number: int, *, constructed: bool = True) -> int:
    """The tag byte of context-specific tag ``number`` (0 to 30)."""
    return (0xA0 if constructed else 0x80) | number


Span = tuple[int, int, int, int]
"""Of one element: its tag byte, and where it starts, where its content starts, and where it ends."""


class Node(NamedTuple):
    """One element: its tag byte, and where it starts, where its content starts, and where it ends in ``data``."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int

    @property
    def content(self) -> bytes:
        """The content octets."""
        return self.data[self.body : self.end]

    @property
    def encoded(self) -> bytes:
        """The whole element, tag and length included."""
        return self.data[self.start : self.end]

    def children(self, limit: int | None = None) -> list[Node]:
        """The elements inside this one; EncodingError where they do not fill it exactly, or are more than ``limit``."""
        data = self.data
        return [_new_node(Node, (data, *span)) for span in spans(data, self.body, self.end, limit)]

    def __iter__(self) -> Iterator[Node]:  # type: ignore[override]
        position, end, data = self.body, self.end, self.data
        while position < end:
            node = Node(data, *_read(data, position, end))
            yield node
            position = node.end

    def expect(self, tag: int, what: str) -> Node:
        """This node if it has ``tag``; otherwise EncodingError naming ``what`` was expected here."""
        if self.tag != tag:
            raise EncodingError(f"expected {what} (tag {tag:02X}) at byte {self.start}, found tag {self.tag:02X}")
        return self


# a NamedTuple's own constructor costs twice as much
_new_node: Final = tuple.__new__


def spans(data: bytes, position: int, end: int, limit: int | None = None) -> list[Span]:
    """The elements that fill ``data`` from ``position`` to ``end`` exactly, as plain tuples where time counts.

    Raises EncodingError where they do not, or where there are more than ``limit``, of which no more are read.
    """
    found: list[Span] = []
    room = -1 if limit is None else limit
    while position < end:
        if room == 0:
            raise EncodingError(f"more than {limit} elements before byte {position}")
        room -= 1
        body = position + 2
        # lengths of one byte and of two after 82 are read here without a call, which halves the time; all others,
        # and everything that is wrong, in _read
        if body <= end and (tag := data[position]) & 0x1F != 0x1F:
            length = data[position + 1]
            if length == 0x82 and body + 2 <= end and data[body]:
                length = data[body] << 8 | data[body + 1]
                body += 2
            elif length >= 0x80:
                length = end
            if (stop := body + length) <= end:
                found.append((tag, position, body, stop))
                position = stop
                continue
        span = _read(data, position, end)
        found.append(span)
        position = span[3]
    return found


def _read(data: bytes, position: int, end: int) -> Span:
    if end - position < 2:
        raise EncodingError(f"DER element cut off at byte {position}")
    tag, length, body = data[position], data[position + 1], position + 2
    if tag & 0x1F == 0x1F:
        raise EncodingError(f"DER tag of more than one byte at byte {position}")
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 8 or end - body < count:
            raise EncodingError(f"DER length at byte {position + 1} is indefinite, too long or cut off")
        length = int.from_bytes(data[body : body + count], "big")
        if length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise EncodingError(f"DER length at byte {position + 1} is not in its shortest form")
        body += count
    if length > end - body:
        raise EncodingError(f"DER element at byte {position} is longer than what holds it")
    return tag, position, body, body + length


def is_binary(data: bytes) -> bool:
    """Whether a file's bytes are a SEQUENCE in DER rather than PEM.

    The digit 0, with which a text before PEM may begin (that of ``openssl storeutl`` does), is the same octet.
    """
    return data[:1] == b"\x30" and not (bytes(data[1:2]) < b"\x80" and b"-----BEGIN " in bytes(data))


def parse(data: bytes, what: str = "DER") -> Node:
    """The one element that is all of ``data``; EncodingError where it is not, naming ``what`` was read."""
    try:
        node = Node(data, *_read(data, 0, len(data)))
    except EncodingError as error:
        raise EncodingError(f"{what}: {error}") from None
    if node.end != len(data):
        raise EncodingError(f"{what}: {len(data) - node.end} bytes after the end of the DER element")
    return node


def read_integer(node: Node) -> int:
    """The value of an INTEGER in its shortest form. Raises EncodingError."""
    content = node.expect(INTEGER, "an INTEGER").content
    if not content or (len(content) > 1 and (content[0], content[1] >> 7) in ((0x00, 0), (0xFF, 1))):
        raise EncodingError(f"INTEGER at byte {node.start} is empty or not in its shortest form")
    return int.from_bytes(content, "big", signed=True)


def are_in_order(nodes: Iterable[Node], tags: Sequence[int]) -> bool:
    """Whether ``nodes`` are fields with some of these tags: each at most once, in this order, and no others."""
    found = [node.tag for node in nodes]
    return found == [tag for tag in tags if tag in found]


def implicit(node: Node, tag: int) -> Node:
    """What a field under an implicit tag (X.680, section 31) is without it: the element with ``tag``."""
    return parse(element(tag, node.content))


@lru_cache(maxsize=1024)
def _dotted(content: bytes) -> str:
    arcs, value = [], 0
    for byte in content:
        value = (value << 7) | (byte & 0x7F)
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read_oid(node: Node) -> str:
    """The dotted form of an OBJECT IDENTIFIER of at most 64 content octets. Raises EncodingError."""
    content = node.expect(OID, "an OBJECT IDENTIFIER").content
    if not 1 <= len(content) <= 64 or content[-1] & 0x80 or re.search(rb"(?:^|[\x00-\x7f])\x80", content):
        raise EncodingError(f"OBJECT IDENTIFIER at byte {node.start} is empty, too long, cut off or not minimal")
    return _dotted(content)


def read_bits(node: Node) -> bytes:
    """The octets of a BIT STRING without unused bits. Raises EncodingError."""
    content = node.expect(BIT_STRING, "a BIT STRING").content
    if not content or content[0] != 0:
        raise EncodingError(f"BIT STRING at byte {node.start} is empty or has unused bits")
    return content[1:]


def read_time(node: Node) -> datetime:
    """A UTCTime or GeneralizedTime in the form of RFC 5280, section 4.1.2.5, as an aware datetime in UTC.

    Raises EncodingError.
    """
    shape = _TIMES.get(node.tag)
    match = shape and shape.fullmatch(node.content)
    if not match:
        raise EncodingError(f"no UTCTime or GeneralizedTime in DER form at byte {node.start}")
    year, month, day, hour, minute, second = map(int, match.groups())
    if node.tag == UTC_TIME:
        year += 1900 if year >= 50 else 2000
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise EncodingError(f"the time at byte {node.start} does not exist") from None


def is_early_generalized_time(node: Node) -> bool:
    """Whether a time before 2050 is a GeneralizedTime, where RFC 5280, section 4.1.2.5, wants a UTCTime."""
    return node.tag == GENERALIZED_TIME and read_time(node).year < 2050


def element(tag: int, *parts: bytes) -> bytes:
    """One element with ``tag`` around the concatenated ``parts``."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of encoded ``parts``."""
    return element(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF encoded ``parts``, sorted as DER wants it (X.690, section 11.6)."""
    return element(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """An INTEGER."""
    magnitude = value if value >= 0 else ~value
    return element(INTEGER, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


@lru_cache(maxsize=1024)
def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        content += bytes(reversed(groups))
    return element(OID, bytes(content))


def octet_string(content: bytes) -> bytes:
    """An OCTET STRING."""
    return element(OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """A BIT STRING without unused bits."""
    return element(BIT_STRING, b"\0", content)


def boolean(value: bool) -> bytes:
    """A BOOLEAN."""
    return element(BOOLEAN, b"\xff" if value else b"\0")


def null() -> bytes:
    """NULL."""
    return b"\x05\0"


def utf8_string(text: str) -> bytes:
    """A UTF8String."""
    return element(UTF8_STRING, text.encode())


def time(moment: datetime) -> bytes:
    """UTCTime until 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5); fractions of a second are dropped.

    EncodingError for a moment without a time zone.
    """
    if moment.utcoffset() is None:
        raise EncodingError("a moment without a time zone cannot be encoded")
    moment = moment.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        return element(UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())
    return element(GENERALIZED_TIME, f"{moment.year:04d}".encode() + moment.strftime("%m%d%H%M%SZ").encode())
