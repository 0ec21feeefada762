"""Canonical XML 1.0 of a message and of the SignedInfo inside it."""

from __future__ import annotations

from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.xml_guard import parse_xml
from ecard.errors import XmlError

_XML_PREFIX: Final = f"{{{names.XML}}}"


def canonical(node: etree._Element | etree._ElementTree, *, comments: bool = False, exclusive: bool = False) -> bytes:
    """The canonical form of a whole document or of one element in its place (Canonical XML 1.0; W3C, March 2001).

    XmlError where there is none: a namespace is named by a relative address (section 1.3).
    """
    try:
        result: bytes = etree.tostring(node, method="c14n", with_comments=comments, exclusive=exclusive)
    except etree.C14NError:
        raise XmlError("the XML has no canonical form: a namespace is not named by an absolute address") from None
    return result


def canonical_signed_info(element: etree._Element) -> bytes:
    """The canonical form of SignedInfo in its place, with the xml: attributes that it inherits written on it.

    Section 2.4 lets an element whose parent is left out inherit them; libxml2 forgets it.
    """
    for name, value in inherited_xml_attributes(element).items():
        element.set(f"{_XML_PREFIX}{name}", value)
    text = canonical(element)
    if b" xmlns" in text.partition(b">")[2]:
        # lxml may write a declaration again that an outer element has, unless the element is the root of its document
        text = canonical(parse_xml(text))
    return text


def inherited_xml_attributes(element: etree._Element) -> dict[str, str]:
    """xml:lang, xml:space and the like of the ancestors that the element does not have itself, by local name."""
    found: dict[str, str] = {}
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if name.startswith(_XML_PREFIX) and element.get(name) is None:
                found.setdefault(name.removeprefix(_XML_PREFIX), value)
    return found


def take_out(element: etree._Element) -> None:
    """Remove an element and leave the text after it: the enveloped-signature transform (XML Signature, 6.6.4)."""
    parent, previous, tail = element.getparent(), element.getprevious(), element.tail
    if tail and previous is None:
        parent.text = (parent.text or "") + tail
    elif tail:
        previous.tail = (previous.tail or "") + tail
    parent.remove(element)
