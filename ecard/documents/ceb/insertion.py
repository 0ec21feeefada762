"""Putting a signature into the bytes of a document: a placeholder first, to learn what holds there, then it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from ecard.algorithms import SignatureAlgorithm
from ecard.documents.ceb.canonical import canonical, inherited_xml_attributes, take_out
from ecard.documents.ceb.profiles import Profile
from ecard.documents.ceb.signature_text import PLACEHOLDER, signature_element, signed_info
from ecard.documents.ceb.spans import first_span, root_end, signature_span
from ecard.documents.xml_guard import parse_xml
from ecard.errors import XmlError
from ecard.keyholder import KeyHolder

MAX_NAMESPACES: Final = 24
"""Namespaces that a signature is signed with: it repeats them, and what is signed must be readable afterwards."""


def insert_placeholder(data: bytes, before: frozenset[str]) -> tuple[bytes, int]:
    """``data`` with the placeholder before the first child of the root that is named in ``before``, or last; and where.

    XmlError where the document is not well-formed, as far as that is seen here.
    """
    span = first_span(data, parse_xml(data), before) if before else None
    try:
        offset = root_end(data) if span is None else span.start
    except XmlError:
        parse_xml(data)
        raise
    return data[:offset] + PLACEHOLDER + data[offset:], offset


def fill_placeholder(
    data: bytes,
    offset: int,
    signature: etree._Element,
    holder: KeyHolder,
    profile: Profile,
    key_name: str,
    *,
    namespaces: Mapping[str | None, str],
    with_certificate: bool = True,
) -> bytes:
    """``data`` with the signature in place of the placeholder at ``offset``, which is ``signature`` in the tree.

    ``namespaces`` are declared on SignedInfo besides those in scope, where their prefixes are free. The element is
    taken out of its tree. Raises what ``holder`` raises, and XmlError where more than ``MAX_NAMESPACES`` are in scope.
    """
    in_scope = {**namespaces, **signature.nsmap}
    if len(in_scope) > MAX_NAMESPACES:
        raise XmlError(f"more than {MAX_NAMESPACES} namespaces are in scope where the signature stands")
    inherited = inherited_xml_attributes(signature)
    tree = signature.getroottree()
    take_out(signature)
    text = signed_info(profile, profile.digest.hash(canonical(tree)), in_scope, inherited)
    value = raw_signature(holder, text, profile.algorithm)
    certificate = holder.certificate.der if with_certificate else None
    element = signature_element(text, value, key_name, certificate)
    return data[:offset] + element + data[offset + len(PLACEHOLDER) :]


def raw_signature(holder: KeyHolder, text: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """A signature as XML and payment data carry it: r || s for the curves (RFC 9231, section 2.3.6), octets for RSA.

    Raises what ``holder`` raises.
    """
    return holder.sign(text, algorithm).raw(holder.certificate.public_key.kind.size)


def remove_signature(data: bytes) -> bytes:
    """A message without the signature that stands directly inside its root; as it is where there is none.

    Raises XmlError where the message is not well-formed.
    """
    span = signature_span(data, parse_xml(data))
    return data if span is None else data[: span.start] + data[span.end :]
