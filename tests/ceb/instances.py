"""Messages for the tests: the customs' samples, and a message of every type made from the schemas alone."""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from ecard.documents.ceb import MESSAGE_TYPES, MessageType
from tests.shared_material import SHARED

XS = "{http://www.w3.org/2001/XMLSchema}"
CEB = "http://www.chinaport.gov.cn/ceb"
DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNED_TYPES = [t for t in MESSAGE_TYPES.values() if not t.is_receipt]
SAMPLES = (303, 311, 603, 621)
SMALL = (
    f'<c:CEB311Message xmlns:c="{CEB}" guid="G" version="1.0"><c:Order/><c:BaseTransfer/></c:CEB311Message>'.encode()
)
GUID = "4CDE1CFD-EDED-46B1-946C-B8022E42FC94"
_SIGNATURE = re.compile(rb"<ds:Signature.*</ds:Signature>", re.DOTALL)
_VALUES = {"decimal": "1", "int": "1", "integer": "1", "dateTime": "2026-06-01T12:00:00", "date": "2026-06-01"}


@cache
def sample(number: int) -> bytes:
    """An official sample as it is published, its placeholder of a signature included."""
    return (SHARED / "ceb" / "samples" / f"CEB{number}Message.xml").read_bytes()


@cache
def unsigned(number: int) -> bytes:
    """The content of an official sample, cut to what the schema allows: export samples have BaseTransfer twice."""
    data = _SIGNATURE.sub(b"", sample(number))
    transfers = re.findall(rb"[ \t]*<ceb:BaseTransfer>.*?</ceb:BaseTransfer>\s*", data, re.DOTALL)
    return data.replace(b"".join(transfers), transfers[0]) if len(transfers) > 1 else data


@cache
def made(number: int, *, extended: bool = False) -> bytes:
    """A message of this type with every required element, made from the schema; ``extended`` with ExtendMessage."""
    message_type = MESSAGE_TYPES[number]
    schema = etree.parse(SHARED / "ceb" / "xsd" / f"{message_type.direction.value}.xsd").getroot()
    root = etree.Element(f"{{{CEB}}}{message_type.root}", nsmap={"ceb": CEB})
    _fill(root, _top(schema, message_type.root), schema)
    if extended:
        _fill(etree.SubElement(root, f"{{{CEB}}}ExtendMessage"), _top(schema, "ExtendMessage"), schema)
    root.set("guid", GUID)
    root.set("version", "1.0")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def declared_by(code: str, number: int = 621) -> bytes:
    """The content of a sample with another declarant."""
    return re.sub(rb"(<ceb:(?:agentCode|ebcCode)>)[^<]*", rb"\g<1>" + code.encode(), unsigned(number))


def _top(schema: etree._Element, name: str) -> etree._Element:
    return next(e for e in schema.iterchildren(f"{XS}element") if e.get("name") == name)


def _fill(element: etree._Element, declaration: etree._Element, schema: etree._Element) -> None:
    for child in declaration.findall(f"{XS}complexType/{XS}sequence/{XS}element"):
        reference = child.get("ref")
        if child.get("minOccurs") == "0" or (reference or "").startswith("ds:"):
            continue
        name = child.get("name") or reference.removeprefix("ceb:")
        made_child = etree.SubElement(element, f"{{{CEB}}}{name}")
        target = _top(schema, name) if reference else child
        if target.find(f"{XS}complexType") is not None:
            _fill(made_child, target, schema)
        elif target.get("type", "") != "ceb:XMLElement":
            made_child.text = _value(target)


def _value(declaration: etree._Element) -> str:
    if declaration.get("fixed"):
        return str(declaration.get("fixed"))
    restriction = declaration.find(f"{XS}simpleType/{XS}restriction")
    if restriction is None:
        return _VALUES.get(declaration.get("type", "").removeprefix("xs:"), "1")
    facets = {facet.tag.removeprefix(XS): facet.get("value") for facet in restriction.iterchildren(f"{XS}*")}
    if "enumeration" in facets:
        return str(facets["enumeration"])
    base = restriction.get("base", "").removeprefix("xs:")
    if base in _VALUES:
        return _VALUES[base]
    length = int(facets.get("length") or facets.get("minLength") or 1)
    return "1" * max(1, length)


def type_id(message_type: MessageType) -> str:
    return message_type.root
