"""Reading a signature: a strict grammar, so that nothing in it can mean two things.

The shape is that of the customs' specification, section 6: one Reference to the whole document with the one transform
that takes the signature out, KeyName, and one bare certificate. White space between elements is let pass.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lxml import etree

from ecard.documents.ceb import names
from ecard.documents.ceb.refusal import Refused
from ecard.findings import FindingCode

_BLANK: Final = " \t\r\n"
_MAX_TEXT: Final = 96 * 1024
_MAX_NAME: Final = 256
_PREFIX: Final = f"{{{names.DS}}}"
READABLE_XML_ATTRIBUTES: Final = frozenset({"lang", "space", "base"})
"""What of the xml prefix may be written on SignedInfo, because its canonical form inherits it; all of it is signed."""
_INHERITED: Final = tuple(f"{{{names.XML}}}{name}" for name in READABLE_XML_ATTRIBUTES)
_GRAMMAR: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "Signature": (("SignedInfo", "SignatureValue", "KeyInfo"), ("Id",)),
    "SignedInfo": (("CanonicalizationMethod", "SignatureMethod", "Reference"), ("Id", *_INHERITED)),
    "CanonicalizationMethod": ((), ("Algorithm",)),
    "SignatureMethod": ((), ("Algorithm",)),
    "Reference": (("Transforms", "DigestMethod", "DigestValue"), ("URI",)),
    "Transforms": (("Transform",), ()),
    "Transform": ((), ("Algorithm",)),
    "DigestMethod": ((), ("Algorithm",)),
    "DigestValue": ((), ()),
    "SignatureValue": ((), ("Id",)),
    "KeyInfo": (("KeyName", "X509Data"), ("Id",)),
    "KeyName": ((), ()),
    "X509Data": (("X509Certificate",), ()),
    "X509Certificate": ((), ()),
}
"""For each element in document order: the elements that it must hold, and the attributes that it may have."""
_USUAL_ATTRIBUTES: Final = {
    name: [attribute for attribute in allowed if attribute in {"Algorithm", "URI"}]
    for name, (_, allowed) in _GRAMMAR.items()
}
_TEXTS: Final = frozenset({"DigestValue", "SignatureValue", "KeyName", "X509Certificate"})
_WHOLE: Final = [(_PREFIX + name, len(children)) for name, (children, _) in _GRAMMAR.items()]
_WITHOUT_CERTIFICATE: Final = [(tag, 1 if tag == f"{_PREFIX}KeyInfo" else count) for tag, count in _WHOLE[:-2]]


@dataclass(frozen=True, slots=True)
class SignatureParts:
    """What a signature says."""

    signed_info: etree._Element
    signature_method: str
    digest_method: str
    digest: bytes
    value: bytes
    key_name: str
    certificate: bytes | None
    """DER; None where the signature carries none."""


def read_signature(signature: etree._Element) -> SignatureParts:
    """Read a Signature element. Raises Refused, naming the first thing that is not as it should be."""
    elements = list(signature.iter())
    # the tags in document order, each with its number of children, determine the tree
    shape = [(element.tag, len(element)) for element in elements]
    if shape not in (_WHOLE, _WITHOUT_CERTIFICATE):
        raise _misshapen(elements)
    found = dict(zip(_GRAMMAR, elements, strict=False))
    for name, element in found.items():
        text = None if name in _TEXTS else element.text
        tail = None if element is signature else element.tail
        if text or tail or element.keys() != _USUAL_ATTRIBUTES[name]:
            _require_bare(name, element, text, tail)
    _require(_algorithm(found["CanonicalizationMethod"]), names.C14N, "CanonicalizationMethod")
    _require(_algorithm(found["Transform"]), names.ENVELOPED, "Transform")
    _require(found["Reference"].get("URI", "(absent)"), "", "the URI of the Reference")
    return SignatureParts(
        signed_info=found["SignedInfo"],
        signature_method=_algorithm(found["SignatureMethod"]),
        digest_method=_algorithm(found["DigestMethod"]),
        digest=_decode(found["DigestValue"].text or "", "DigestValue"),
        value=_decode(found["SignatureValue"].text or "", "SignatureValue"),
        key_name=_key_name(found["KeyName"]),
        certificate=_certificate(found["X509Certificate"].text or "") if "X509Certificate" in found else None,
    )


def _require_bare(name: str, element: etree._Element, text: str | None, tail: str | None) -> None:
    """No attribute that is not known, and no text but where a value belongs."""
    _, allowed = _GRAMMAR[name]
    for attribute in element.keys():  # noqa: SIM118 - an element is no dict
        if attribute not in allowed:
            raise _refused(f"{name} has an attribute {_local(attribute)}")
    if (text and text.strip(_BLANK)) or (tail and tail.strip(_BLANK)):
        raise _refused(f"text stands inside or after {name}")


def _algorithm(element: etree._Element) -> str:
    algorithm: str | None = element.get("Algorithm")
    if not algorithm:
        raise _refused(f"{_local(element.tag)} names no Algorithm")
    return algorithm


def _key_name(element: etree._Element) -> str:
    name = (element.text or "").strip(_BLANK)
    if len(name) > _MAX_NAME:
        raise _refused(f"KeyName has more than {_MAX_NAME} characters")
    return name


@lru_cache(maxsize=64)
def _certificate(text: str) -> bytes:
    """The same few certificates come again and again, and are a third of what there is to decode."""
    return _decode(text, "X509Certificate")


def _decode(text: str, name: str) -> bytes:
    """The bytes that an element's text stands for; only the one spelling that encoding them gives is read."""
    if len(text) > _MAX_TEXT:
        raise _refused(f"{name} has more than {_MAX_TEXT} characters")
    if "-----" in text:
        raise _refused(f"{name} has PEM armour around the Base64: it must be bare")
    try:
        encoded = text.encode("ascii").translate(None, b" \t\r\n")
        data = a2b_base64(encoded, strict_mode=True)
    except (Base64Error, ValueError):
        raise _refused(f"{name} is not Base64") from None
    if not data or b2a_base64(data, newline=False) != encoded:
        raise _refused(f"{name} is empty or not in the one spelling of its Base64")
    return data


def _require(actual: str, expected: str, what: str) -> None:
    if actual != expected:
        raise _refused(f"{what} is {actual[:120]!r} instead of {expected!r}")


def _misshapen(elements: list[etree._Element]) -> Refused:
    """The first element that does not hold what it should."""
    for element in elements:
        if not isinstance(element.tag, str):
            return _refused("a comment or processing instruction stands inside the signature")
        name = _local(element.tag)
        children, _ = _GRAMMAR.get(name, ((), ()))
        held = [_local(child.tag) if isinstance(child.tag, str) else "a comment" for child in element]
        if held != list(children) and not (name == "KeyInfo" and held == ["KeyName"]):
            found = ", ".join(held)[:200] or "nothing"
            return _refused(f"{name} holds {found} instead of {', '.join(children) or 'text or nothing'}")
    return _refused("an element of the signature is not of the namespace of XML Signature")


def _local(tag: str) -> str:
    return str(etree.QName(tag).localname)[:60]


def _refused(message: str) -> Refused:
    return Refused(FindingCode.MALFORMED, message)
