"""The one door through which XML comes in: what could be an attack is refused before any expensive work.

Size, marks, encoding, document types, attributes and namespaces are bounded by counting bytes, because the
costs that they guard against arise inside the parser and the canonicaliser: one element with 30,000 attributes, or
1,000 namespaces in scope of 1,000 elements, would keep them busy for seconds.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ecard.documents.source import Document, read_up_to
from ecard.errors import XmlError

BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How large a document may be. The defaults are far above any customs message, and safe within 200 MB."""

    size: int = 8 << 20
    """Bytes of the document."""
    marks: int = 200_000
    """Opening angle brackets, that is about twice the number of elements, and attributes."""
    attributes: int = 64
    """Attributes of one element, namespace declarations included."""
    namespaces: int = 64
    """Namespace declarations on the way from the root to an element. (The parser bounds this way to 256 elements.)"""
    namespace_work: int = 40_000_000
    """The sum of the squares of that number over all elements, which is what canonicalising them costs."""


DEFAULT_LIMITS: Final = XmlLimits()

_DECLARATION: Final = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:\"1\.0\"|'1\.0')"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:\"([A-Za-z0-9._-]+)\"|'([A-Za-z0-9._-]+)'))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>"
)
_USUAL_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_ENCODINGS: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_FEW_NAMESPACES: Final = 14
"""With so few, no number of elements that is let in costs much."""
_FEW_ATTRIBUTES: Final = 1000
_IDS: Final = frozenset({b"id", b"Id", b"iD", b"ID"})
_WIDE_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")
# bounded, to need little memory; not possessive, which CPython before 3.11.5 gets wrong around alternatives
_TOKEN: Final = re.compile(
    rb"<(?:!--(?s:.*?)-->|\?(?s:.*?)\?>|!\[CDATA\[(?s:.*?)\]\]>|/[^<>]*+>|([^\s/<>!?][^\s/<>\"']*+)"
    rb"((?:[^\"'<>]++|\"[^\"<]*+\"|'[^'<]*+'){0,300000})>)"
)
_ATTRIBUTE: Final = re.compile(rb"=\s*+(?:\"[^\"]*+\"|'[^']*+')")
_NAMESPACE: Final = re.compile(rb"\sxmlns(?::[^\s=]*+)?\s*+=")
_NAMESPACE_WITH_REFERENCE: Final = re.compile(rb"xmlns(?::[^\s=:<>\"'&]*+)?\s*+=\s*+(?:\"[^\"&<]*+&|'[^'&<]*+&)")
_SEVERITY: Final = re.compile(r"\A(?:ERR|WAR)_")
_WORDS: Final = re.compile(r"[^A-Z]+")


class _Parsers(threading.local):
    """A parser for each thread: making one costs a fifth of parsing a message, and two threads would wait for one."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_pis=False,
            collect_ids=False,
        )


_PARSERS: Final = _Parsers()


@dataclass(frozen=True, slots=True)
class Tag:
    """One start or end tag in the bytes: where it stands, and how many elements are open before it."""

    start: int
    end: int
    depth: int
    name: bytes
    """Empty for an end tag."""
    attributes: bytes
    empty: bool
    """Whether the tag opens and closes an element at once."""


def read_xml(source: Document, limits: XmlLimits = DEFAULT_LIMITS) -> bytes:
    """The bytes of ``source`` after every check that needs no parser.

    Raises XmlError, and InvalidInputError where the source cannot be read or is too large.
    """
    data = read_up_to(source, limits.size)
    if len(data) > limits.size:
        raise XmlError(f"the XML document has more than {limits.size} bytes")
    _refuse_foreign_encoding(data)
    _refuse_document_type(data)
    if len(data) > limits.marks and data.count(b"<") > limits.marks:
        raise XmlError(f"the XML document has more than {limits.marks} tags")
    if _may_be_crowded(data, limits):
        _refuse_crowded_elements(data, limits)
    return data


def parse_xml(data: bytes) -> etree._Element:
    """The root element of what ``read_xml`` returned. Raises XmlError where it is not well-formed or too deep.

    Refused too are identifiers that come twice, and namespaces that programs canonicalise differently. No document
    type is read, no entity expanded, no network or other file touched.
    """
    try:
        root: etree._Element = etree.fromstring(data, _PARSERS.parser)
    except etree.XMLSyntaxError as error:
        raise XmlError(f"the XML is not well-formed: {_place(error)}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlError("the XML has a document type declaration")
    _refuse_duplicate_ids(data, root)
    _refuse_ampersands_in_namespaces(data, root)
    return root


def tags(data: bytes) -> Iterator[Tag]:
    """The start and end tags of ``data``, in one pass however ill-formed it is.

    XmlError where something is not a tag, comment, instruction or CDATA section, or an end tag closes nothing.
    """
    position, depth, match = data.find(b"<"), 0, _TOKEN.match
    while position >= 0:
        token = match(data, position)
        if token is None:
            raise XmlError(f"the XML is not well-formed: no tag at byte {position}")
        name, end = token.group(1), token.end()
        if name is not None:
            attributes = token.group(2)
            empty = attributes.endswith(b"/")
            yield Tag(position, end, depth, name, attributes, empty)
            depth += not empty
        elif data[position + 1] == 0x2F:
            depth -= 1
            if depth < 0:
                raise XmlError(f"the XML is not well-formed: the end tag at byte {position} closes nothing")
            yield Tag(position, end, depth, b"", b"", False)
        position = data.find(b"<", end)


def find_comment(root: etree._Element) -> etree._Element | None:
    """The first comment or processing instruction anywhere in the document, before and after the root too."""
    beside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    return beside[0] if beside else next(root.iter(etree.Comment, etree.PI), None)


def _refuse_foreign_encoding(data: bytes) -> None:
    if data.startswith(_USUAL_DECLARATION):
        return
    if data.startswith(_WIDE_ENCODINGS):
        raise XmlError("the XML is not UTF-8 but UTF-16 or UTF-32", remedy="save it as UTF-8")
    start = len(BOM) if data.startswith(BOM) else 0
    if not data.startswith(b"<?xml", start) or data[start + 5 : start + 6] not in b" \t\r\n":
        return
    declaration = _DECLARATION.match(data, start)
    if declaration is None:
        raise XmlError("the XML declaration is not one of XML 1.0")
    encoding = declaration.group(1) or declaration.group(2)
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise XmlError("the XML declares another encoding than UTF-8", remedy="save it as UTF-8 and declare UTF-8")
    if encoding is not None and b"ascii" in encoding.lower() and not data.isascii():
        raise XmlError("the XML declares ASCII and is not", remedy="declare UTF-8")


def _refuse_document_type(data: bytes) -> None:
    """Only the prolog can hold a declaration: anywhere else the text is CDATA, a comment or not well-formed."""
    if b"<!DOCTYPE" not in data:
        return
    position = data.find(b"<")
    while position >= 0 and (token := _TOKEN.match(data, position)) is not None and token.group(1) is None:
        position = data.find(b"<", token.end())
    if position >= 0 and data.startswith(b"<!DOCTYPE", position):
        raise XmlError(
            "the XML has a document type declaration", remedy="remove it: entities and external files are never read"
        )


def _may_be_crowded(data: bytes, limits: XmlLimits) -> bool:
    """Whether the elements must be looked at one by one. An attribute has an equals sign, an element four bytes."""
    most = data.count(b"=")
    if most > min(limits.attributes, limits.namespaces):
        return True
    return len(data) // 4 * most * most > limits.namespace_work and data.count(b"xmlns") > _FEW_NAMESPACES


def _refuse_crowded_elements(data: bytes, limits: XmlLimits) -> None:
    declared: list[int] = []
    left, work = limits.marks - data.count(b"<"), limits.namespace_work
    for tag in tags(data):
        if not tag.name:
            declared.pop()
            continue
        count = tag.attributes.count(b"=")
        left -= count
        if left < 0:
            raise XmlError(f"the XML document has more than {limits.marks} tags and attributes")
        if count > limits.attributes:
            _refuse_many_attributes(tag, limits)
        above = declared[-1] if declared else 0
        here = above + (len(_NAMESPACE.findall(tag.attributes)) if b"xmlns" in tag.attributes else 0)
        work -= here * here
        if here > limits.namespaces or work < 0:
            raise XmlError(f"too many namespaces are in scope at byte {tag.start}")
        if not tag.empty:
            declared.append(here)


def _refuse_many_attributes(tag: Tag, limits: XmlLimits) -> None:
    if len(_ATTRIBUTE.findall(tag.attributes)) > limits.attributes:
        raise XmlError(f"the element at byte {tag.start} has more than {limits.attributes} attributes")


def _refuse_duplicate_ids(data: bytes, root: etree._Element) -> None:
    """Two elements of one name let a verifier see another element than the reader does; Id, ID, id, xml:id alike."""
    parts = data.split(b"=", _FEW_ATTRIBUTES)
    if len(parts) <= _FEW_ATTRIBUTES and len([part for part in parts if part.rstrip()[-2:] in _IDS]) < 2:
        return
    seen: set[str] = set()
    for value in root.xpath("//@*[translate(local-name(), 'ID', 'id') = 'id']"):
        if value in seen:
            raise XmlError("two elements have the same identifier (Id, ID, id or xml:id)")
        seen.add(value)


def _refuse_ampersands_in_namespaces(data: bytes, root: etree._Element) -> None:
    """libxml2 writes them into the canonical form as they are, older ones as ``&#38;``, other programs as ``&amp;``."""
    if b"&" not in data or _NAMESPACE_WITH_REFERENCE.search(data) is None:
        return
    for _, (_, uri) in etree.iterwalk(root, events=("start-ns",)):
        if "&" in uri:
            raise XmlError(
                "the address of a namespace has an ampersand in it, which programs canonicalise differently",
                remedy="name the namespace by an address without &",
            )


def _place(error: etree.XMLSyntaxError) -> str:
    """Where and what, in libxml2's name for the error: its message could quote the document."""
    line, column = error.position
    entry = error.error_log.last_error if error.error_log is not None else None
    name = _SEVERITY.sub("", entry.type_name) if entry is not None else "ERROR"
    kind = _WORDS.sub(" ", name).strip().lower()
    return f"{kind} at line {line}, column {column}"
