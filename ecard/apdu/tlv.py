"""BER-TLV as cards write it (ISO/IEC 7816-4, section 6.3): tags of up to three bytes, lengths of up to five."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ecard.errors import CardProtocolError

_PADDING: Final = (0x00, 0xFF)
"""Bytes that may stand before, between and after data objects, and mean nothing."""


def encode(tag: int, value: bytes | Sequence[bytes] = b"") -> bytes:
    """One data object: ``tag`` as a number (0x53, 0x5FC105), then the length, then ``value`` or the joined values."""
    content = value if isinstance(value, bytes | bytearray) else b"".join(value)
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    return head + _length(len(content)) + content


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")


def iterate(data: bytes, *, strict: bool = False) -> Iterator[tuple[int, bytes]]:
    """The (tag, value) pairs of data objects one after the other, padded or not; ``strict`` takes no padding.

    Raises CardProtocolError where they do not fill ``data``.
    """
    position = 0
    while position < len(data):
        if data[position] in _PADDING and not strict:
            position += 1
            continue
        tag, position = _read_tag(data, position)
        length, position = _read_length(data, position)
        if length > len(data) - position:
            raise CardProtocolError(f"data object {tag:X} is cut off: {length} bytes announced")
        yield tag, data[position : position + length]
        position += length


def decode(data: bytes, *, strict: bool = False) -> dict[int, bytes]:
    """The data objects as a dictionary; of a repeated tag the first counts. Raises CardProtocolError."""
    found: dict[int, bytes] = {}
    for tag, value in iterate(data, strict=strict):
        found.setdefault(tag, value)
    return found


def unwrap(data: bytes, tag: int, what: str, *, strict: bool = False) -> bytes:
    """The value of the one data object ``tag`` that is all of ``data``; CardProtocolError naming ``what``."""
    objects = list(iterate(data, strict=strict))
    if len(objects) != 1 or objects[0][0] != tag:
        raise CardProtocolError(f"{what}: the card's answer is not one data object {tag:X}")
    return objects[0][1]


def _read_tag(data: bytes, position: int) -> tuple[int, int]:
    start, position = position, position + 1
    if data[start] & 0x1F == 0x1F:
        while position < len(data) and data[position] & 0x80:
            position += 1
        position += 1
    if position > len(data) or position - start > 3:
        raise CardProtocolError(f"tag at byte {start} is cut off or longer than three bytes")
    return int.from_bytes(data[start:position], "big"), position


def _read_length(data: bytes, position: int) -> tuple[int, int]:
    if position >= len(data):
        raise CardProtocolError(f"length at byte {position} is missing")
    first = data[position]
    if first < 0x80:
        return first, position + 1
    end = position + 1 + (first & 0x7F)
    if not 0x81 <= first <= 0x84 or end > len(data):
        raise CardProtocolError(f"length at byte {position} is indefinite, too long or cut off")
    return int.from_bytes(data[position + 1 : end], "big"), end
