"""Distinguished names: when two are the same (RFC 5280, section 7.1), and how people read them.

Equal bytes are equal names; only where the bytes differ does the normalised form decide.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from ecard import der
from ecard.errors import EncodingError

NameKey = tuple[frozenset[tuple[str, object]], ...]

_ENCODINGS: Final = {
    der.UTF8_STRING: "utf-8",
    der.PRINTABLE_STRING: "ascii",
    der.IA5_STRING: "ascii",
    der.BMP_STRING: "utf-16-be",
    0x1C: "utf-32-be",  # UniversalString
}
_LABELS: Final = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}
_MAX_SHOWN: Final = 200
# RFC 4518, section 2.2: what is mapped to nothing beside control and format characters; the first four are no spaces
_NOTHING: Final = frozenset("\x1c\x1d\x1e\x1f\u034f\u1806\u180b\u180c\u180d\ufffc") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
MAX_PARTS: Final = 64
"""The most relative distinguished names of a name, and the most attributes of each of those."""
MAX_PREPARED: Final = 1024
"""The longest text, in octets, that is compared in its normalised form, which costs the square of its length."""


def attributes_of(name: bytes) -> list[tuple[str, der.Node]]:
    """The attributes of a name in DER: type and value. Raises EncodingError, also where there are too many."""
    rdns = der.parse(name, "name").expect(der.SEQUENCE, "a name").children(MAX_PARTS)
    return [pair for rdn in rdns for pair in _attributes(rdn)]


def _attributes(rdn: der.Node) -> list[tuple[str, der.Node]]:
    found = []
    for item in rdn.expect(der.SET, "a relative distinguished name").children(MAX_PARTS):
        parts = item.expect(der.SEQUENCE, "a name's attribute").children()
        if len(parts) != 2:
            raise EncodingError(f"a name's attribute at byte {item.start} is not a type and a value")
        found.append((der.read_oid(parts[0]), parts[1]))
    return found


def _text(value: der.Node) -> str | None:
    try:
        return value.content.decode(_ENCODINGS[value.tag])
    except (KeyError, UnicodeDecodeError):
        return None


def _prepared(value: der.Node) -> object:
    text = _text(value) if value.end - value.body <= MAX_PREPARED else None
    if text is None:
        return value.encoded
    # RFC 4518: what is mapped to nothing, compatibility mapping, case folding, insignificant spaces
    if not (text.isascii() and text.isprintable()):
        text = "".join(filter(_is_significant, text))
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def _is_significant(character: str) -> bool:
    """Whether RFC 4518, section 2.2, does not map a character to nothing: those that nobody sees, but for spaces."""
    if character in _NOTHING:
        return False
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf")


@lru_cache(maxsize=4096)
def name_key(name: bytes) -> NameKey:
    """A value that is equal for names that RFC 5280, section 7.1, calls the same.

    A name that cannot be read is the same as its own bytes only, and so is a text of more than ``MAX_PREPARED`` octets.
    """
    try:
        rdns = der.parse(name, "name").expect(der.SEQUENCE, "a name").children(MAX_PARTS)
        return tuple(frozenset((oid, _prepared(value)) for oid, value in _attributes(rdn)) for rdn in rdns)
    except EncodingError:
        return (frozenset({("", name)}),)


def same_name(one: bytes, other: bytes) -> bool:
    """Whether two names in DER are the same name."""
    return one == other or name_key(one) == name_key(other)


@lru_cache(maxsize=1024)
def display_name(name: bytes) -> str:
    """The name of an authority for a message, at most 200 characters, control characters replaced.

    For CAs and responders only: a holder's name is a personal datum and has no place in a message.
    """
    try:
        pairs = attributes_of(name)
    except EncodingError:
        return "(a name that cannot be read)"
    shown = ", ".join(f"{_LABELS.get(oid, oid)}={_shown(value)}" for oid, value in pairs) or "(an empty name)"
    return shown if len(shown) <= _MAX_SHOWN else shown[: _MAX_SHOWN - 1] + "…"


def _shown(value: der.Node) -> str:
    text = _text(value)
    if text is None:
        return "#" + value.encoded[:64].hex()
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_MAX_SHOWN])
