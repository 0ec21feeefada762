"""Where things stand in the bytes of a message, so that a signature goes in and out and nothing else moves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.xml_guard import tags
from ecard.errors import XmlError

_ROOT_END: Final = re.compile(rb"</[^<>]*>[ \t\r\n]*+")
SIGNATURE: Final = f"{{{names.DS}}}Signature"
"""The qualified name of the element."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of bytes: ``data[start:end]``."""

    start: int
    end: int


def root_end(data: bytes) -> int:
    """Where the end tag of the root begins; XmlError where the document does not end with one.

    An empty root (``<a/>``) has none, and what follows the root must be white space.
    """
    start = data.rfind(b"</")
    if start < 0 or _ROOT_END.fullmatch(data, start) is None:
        raise XmlError("the document does not end with the end tag of its root element")
    return start


def child_spans(data: bytes) -> list[Span]:
    """The elements directly inside the root, in their order. ``data`` is known to be well-formed."""
    spans: list[Span] = []
    start = 0
    for tag in tags(data):
        if tag.depth != 1:
            continue
        if tag.name:
            start = tag.start
        if tag.empty or not tag.name:
            spans.append(Span(start, tag.end))
    return spans


def signature_span(data: bytes, root: etree._Element) -> Span | None:
    """Where the first signature directly inside the root stands, if any. ``root`` was read from ``data``."""
    for element, span in zip(root.iterchildren(tag=etree.Element), child_spans(data), strict=True):
        if element.tag == SIGNATURE:
            return span
    return None


def first_span(data: bytes, root: etree._Element, before: frozenset[str]) -> Span | None:
    """The first child of the root whose qualified name is one of ``before``."""
    for element, span in zip(root.iterchildren(tag=etree.Element), child_spans(data), strict=True):
        if element.tag in before:
            return span
    return None
