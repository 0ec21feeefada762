"""Distinguished names and the strings in them: written as UTF-8, read as the cards of both generations wrote them.

Cards of the RSA generation carry GBK bytes under the tag of IA5String, so the tag alone decides nothing but
the list of encodings to try; a text that is not clean in its encoding is refused, never guessed at.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from ecard import der
from ecard.errors import EncodingError
from ecard.pki import profile_oids as oids

MAX_ATTRIBUTES: Final = 64
"""The most attributes of a name that are read."""
MAX_TEXT: Final = 1024
"""The most octets of one string that are read."""
_TELETEX_STRING: Final = 0x14
_UNIVERSAL_STRING: Final = 0x1C
_ENCODINGS: Final = {
    der.UTF8_STRING: "utf-8",
    der.PRINTABLE_STRING: "gb18030",
    der.IA5_STRING: "gb18030",
    _TELETEX_STRING: "gb18030",
    der.BMP_STRING: "utf-16-be",
    _UNIVERSAL_STRING: "utf-32-be",
}
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def read_text(node: der.Node, what: str) -> str:
    """The text of an ASN.1 string, whatever its type; ``what`` names it in errors, which never show the text.

    The 8-bit types are read as GBK, of which ASCII is a part. EncodingError where the node is no string, is
    longer than ``MAX_TEXT`` octets, is not clean in its encoding, or has control or direction characters, with
    which a name could show itself as another one.
    """
    encoding = _ENCODINGS.get(node.tag)
    if encoding is None:
        raise EncodingError(f"the {what} is not a string but has tag {node.tag:02X}")
    if node.end - node.body > MAX_TEXT:
        raise EncodingError(f"the {what} has {node.end - node.body} bytes, more than {MAX_TEXT}")
    try:
        text = node.content.decode(encoding)
    except UnicodeDecodeError:
        label = "GBK" if encoding == "gb18030" else encoding.upper()
        raise EncodingError(f"the {what} is not clean {label}") from None
    if not text.isprintable() and any(unicodedata.category(character) in _UNPRINTABLE for character in text):
        raise EncodingError(f"the {what} has characters that do not print")
    return text


def read_attributes(name: bytes, what: str) -> list[tuple[str, der.Node]]:
    """The (object identifier, value) pairs of a name in DER, in their order; ``what`` names the name in errors.

    EncodingError where it is no name, or has more than ``MAX_ATTRIBUTES`` attributes.
    """
    attributes: list[tuple[str, der.Node]] = []
    for relative in der.parse(name, what).expect(der.SEQUENCE, what):
        for attribute in relative.expect(der.SET, f"a part of the {what}"):
            if len(attributes) == MAX_ATTRIBUTES:
                raise EncodingError(f"the {what} has more than {MAX_ATTRIBUTES} attributes")
            parts = attribute.expect(der.SEQUENCE, f"an attribute of the {what}").children()
            if len(parts) != 2:
                raise EncodingError(f"an attribute of the {what} is not a type and a value")
            attributes.append((der.read_oid(parts[0]), parts[1]))
    return attributes


def common_name(name: bytes, what: str) -> str | None:
    """The last, that is the most specific, common name in a name in DER; None where there is none."""
    found = [value for oid, value in read_attributes(name, what) if oid == oids.COMMON_NAME]
    return read_text(found[-1], f"common name of the {what}") if found else None


def build_name(*attributes: tuple[str, str]) -> bytes:
    """A name in DER from (object identifier, text) pairs, one attribute in each relative name.

    Everything is UTF8String but the country, which must be PrintableString (RFC 5280, appendix A.1).
    """
    return der.sequence(*(der.set_of(der.sequence(der.oid(oid), _value(oid, text))) for oid, text in attributes))


def _value(oid: str, text: str) -> bytes:
    return der.element(der.PRINTABLE_STRING, text.encode("ascii")) if oid == oids.COUNTRY else der.utf8_string(text)
