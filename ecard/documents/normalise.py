"""From a signature file as people send it, PEM or BER, to the DER that the one reader understands.

Only lengths and strings in pieces are rewritten (X.690, sections 8.1.3.6 and 8.7.3); what is DER already comes
out byte for byte, so hashes over certificates and attributes are not touched. Sizes, depth and number of
elements are bounded.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from ecard import der
from ecard.documents.bounds import MAX_DEPTH, MAX_ELEMENTS
from ecard.errors import EncodingError

_PEM: Final = re.compile(
    rb"\s*-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*", re.ASCII
)
_BLANKS: Final = b" \t\r\n\v\f"
_CONSTRUCTED: Final = 0x20
_CLASS: Final = 0xC0
_OCTET_STRING_IN_PIECES: Final = der.OCTET_STRING | _CONSTRUCTED
_END_OF_CONTENTS: Final = b"\0\0"


def unarmoured(data: bytes) -> bytes:
    """The bytes inside a PEM text labelled CMS or PKCS7 (RFC 7468, section 9); other data as it is.

    Raises EncodingError where a PEM text is not whole, has another label, or something before or after it.
    """
    if data[0] == der.SEQUENCE:
        return data
    if data.startswith((b"MIME-Version:", b"Content-Type:")):
        raise EncodingError(
            "an S/MIME mail, not a signature file", remedy="take its part smime.p7s, or sign with -outform DER"
        )
    if b"-----BEGIN" not in data[:1024]:
        return data
    match = _PEM.fullmatch(data)
    if match is None:
        raise EncodingError(
            "a PEM text that is not one whole CMS or PKCS7 message", remedy="look at its first and last line"
        )
    try:
        return binascii.a2b_base64(match.group(2).translate(None, _BLANKS), strict_mode=True)
    except ValueError:
        raise EncodingError("the PEM text is not Base64") from None


def to_der(data: bytes) -> bytes:
    """The one BER element that is all of ``data``, with definite, shortest lengths and octet strings in one piece.

    Raises EncodingError where it is not BER, nested deeper than MAX_DEPTH, or of more than MAX_ELEMENTS.
    """
    conversion = _Conversion(data)
    encoded, end = conversion.convert(0, len(data), 0)
    if end != len(data):
        raise EncodingError(f"{len(data) - end} bytes after the end of the BER element")
    return encoded


class _Conversion:
    """One pass over BER; positions are absolute, so an error names the byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_ELEMENTS

    def convert(self, position: int, end: int, depth: int) -> tuple[bytes, int]:
        """The element at ``position`` in DER, and where it ends; it has to end by ``end``."""
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise EncodingError(f"BER at byte {position}: more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements")
        tag, body, stop = self._header(position, end)
        if not tag & _CONSTRUCTED:
            if stop is None:
                raise EncodingError(f"BER at byte {position}: a primitive element of indefinite length")
            return der.element(tag, self._data[body:stop]), stop
        parts, after = self._parts(body, end if stop is None else stop, depth, indefinite=stop is None)
        return _constructed(tag, parts, position), after

    def _header(self, position: int, end: int) -> tuple[int, int, int | None]:
        """Tag, where the content starts, and where it ends: None where the length is indefinite."""
        data, body = self._data, position + 2
        if body > end:
            raise EncodingError(f"BER element cut off at byte {position}")
        tag, length = data[position], data[position + 1]
        if tag & 0x1F == 0x1F or tag & ~_CONSTRUCTED == 0:
            raise EncodingError(f"BER tag {tag:02X} at byte {position} has no place in a signature")
        if length == 0x80:
            return tag, body, None
        if length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[body : body + count], "big")
            body += count
        if body > end or length > end - body:
            raise EncodingError(f"BER element at byte {position} is longer than what holds it")
        return tag, body, body + length

    def _parts(self, position: int, end: int, depth: int, *, indefinite: bool) -> tuple[list[bytes], int]:
        parts: list[bytes] = []
        while position < end:
            if indefinite and self._data[position : position + 2] == _END_OF_CONTENTS:
                return parts, position + 2
            part, position = self.convert(position, end, depth + 1)
            parts.append(part)
        if indefinite:
            raise EncodingError("BER of indefinite length without an end")
        return parts, position


def _constructed(tag: int, parts: list[bytes], position: int) -> bytes:
    if tag & _CLASS or tag in (der.SEQUENCE, der.SET):
        return der.element(tag, *parts)
    if tag == _OCTET_STRING_IN_PIECES and all(part[0] == der.OCTET_STRING for part in parts):
        return der.octet_string(b"".join(der.parse(part).content for part in parts))
    raise EncodingError(f"BER tag {tag:02X} at byte {position} cannot be constructed")
