"""Signing a customs message: everything is checked first, then one signature is put in and nothing else is touched."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from ecard.certificate import Certificate
from ecard.documents.ceb.canonical import inherited_xml_attributes
from ecard.documents.ceb.declarant import compare_declarant
from ecard.documents.ceb.insertion import fill_placeholder, insert_placeholder, remove_signature
from ecard.documents.ceb.message_types import MessageType, message_type_of
from ecard.documents.ceb.placement import find_signature
from ecard.documents.ceb.profiles import CUSTOMS_SIGNING, OTHER_XML, Profile
from ecard.documents.ceb.reasons import Reason
from ecard.documents.ceb.refusal import Refused
from ecard.documents.ceb.schema import Schemas
from ecard.documents.ceb.signature_shape import READABLE_XML_ATTRIBUTES
from ecard.documents.ceb.signature_text import CUSTOMS_NAMESPACES, PLACEHOLDER, signature_element, signed_info
from ecard.documents.ceb.spans import SIGNATURE
from ecard.documents.ceb.suitability import SIGNING_ROLES, read_identity, require_suitable
from ecard.documents.source import Document
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, find_comment, parse_xml, read_xml
from ecard.errors import MessageError, UnsupportedAlgorithmError, XmlError
from ecard.keyholder import KeyHolder
from ecard.pki.identity import CardIdentity, CardType


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A message with the placeholder in its place, and all that is needed to fill it."""

    data: bytes
    offset: int
    root: etree._Element
    signature: etree._Element
    message_type: MessageType | None


def sign(
    message: Document,
    holder: KeyHolder,
    *,
    profile: Profile | None = None,
    replace: bool = False,
    schemas: Schemas | None = None,
    enterprise_codes: Collection[str] = (),
    roles: Collection[CardType] = SIGNING_ROLES,
    at: datetime | None = None,
    other_xml: bool = False,
    limits: XmlLimits = DEFAULT_LIMITS,
) -> bytes:
    """The message with a signature of ``holder`` where the schema has its place, the rest byte for byte as it was.

    The profile follows from the certificate; ``profile`` asks for another one that fits the key (the hybrid).
    ``replace`` takes an existing signature out first. ``schemas`` are checked when given. ``enterprise_codes`` are
    customs registration codes known to be of the certificate's enterprise (see ``compare_declarant``); ``roles`` are
    the kinds of card that may sign, where the certificate names its kind; ``at`` is the moment at which the certificate
    must be in its period of validity. ``other_xml`` signs XML that is no customs message, with the signature last.

    Raises XmlError for XML that is malformed or hostile, MessageError for a message that cannot be signed as it is,
    WrongCardError for a certificate that does not suit, UnsupportedAlgorithmError for a profile that does not fit the
    key, InvalidInputError where ``at`` is naive, and what ``holder`` raises. Nothing is sent to a card before every
    check has passed.
    """
    identity = read_identity(holder.certificate)
    chosen = _choose_profile(profile, holder.certificate, customs=not other_xml)
    require_suitable(holder.certificate, identity, roles=roles, at=at)
    prepared = _prepare(read_xml(message, limits), replace=replace, other_xml=other_xml)
    _require_declarant(prepared, identity, enterprise_codes)
    _check_schema(prepared, schemas, chosen, holder.certificate)
    return fill_placeholder(
        prepared.data,
        prepared.offset,
        prepared.signature,
        holder,
        chosen,
        identity.certificate_number,
        namespaces={} if other_xml else CUSTOMS_NAMESPACES,
    )


def _choose_profile(profile: Profile | None, certificate: Certificate, *, customs: bool) -> Profile:
    chosen = profile or Profile.for_certificate(certificate, customs=customs)
    allowed = CUSTOMS_SIGNING if customs else OTHER_XML
    if chosen not in allowed:
        what = "a customs message" if customs else "XML that is no customs message"
        raise UnsupportedAlgorithmError(f"{what} is not signed with profile {chosen.label}")
    chosen.require_fit(certificate.public_key.kind)
    return chosen


def _prepare(data: bytes, *, replace: bool, other_xml: bool) -> _Prepared:
    if replace:
        data = remove_signature(data)
    before: frozenset[str] = frozenset()
    if b"ExtendMessage" in data:
        known = message_type_of(parse_xml(data).tag)
        before = known.before if known is not None else before
    augmented, offset = insert_placeholder(data, before)
    root = parse_xml(augmented)
    message_type = _require_signable(root, other_xml=other_xml)
    signature = _require_alone(root, before, replace=replace)
    if find_comment(root) is not None:
        raise MessageError(
            "the message has comments or processing instructions, which verifiers digest differently",
            reason=Reason.COMMENTS,
            remedy="remove them before signing",
        )
    return _Prepared(augmented, offset, root, signature, message_type)


def _require_signable(root: etree._Element, *, other_xml: bool) -> MessageType | None:
    message_type = message_type_of(root.tag)
    if message_type is None and not other_xml:
        raise MessageError(
            "the root element is no message type of the customs' specification",
            reason=Reason.UNKNOWN_TYPE,
            remedy="to sign other XML, ask for other_xml",
        )
    if message_type is not None and other_xml:
        raise MessageError(f"{message_type.root} is a customs message", reason=Reason.UNKNOWN_TYPE)
    if message_type is not None and message_type.is_receipt:
        raise MessageError(
            f"{message_type.root} ({message_type.chinese}) is sent by the customs and not signed", reason=Reason.RECEIPT
        )
    return message_type


def _require_alone(root: etree._Element, before: frozenset[str], *, replace: bool) -> etree._Element:
    """The placeholder's element, where it is the only signature and stands where the schema wants it."""
    count = sum(1 for _ in root.iter(SIGNATURE))
    if not count:
        # what looked like the end tag of the root stands in a comment or an instruction after it
        raise XmlError("the document does not end with the end tag of its root element")
    if count > 1:
        raise MessageError(
            "the message has a signature already",
            reason=Reason.ALREADY_SIGNED,
            remedy="remove it by hand: only the first signature directly inside the root element is replaced"
            if replace
            else "ask for it to be replaced (--replace, replace=True)",
        )
    try:
        signature = find_signature(root, before)
    except Refused as refusal:
        raise MessageError(refusal.finding.message, reason=Reason.MISPLACED) from None
    strange = inherited_xml_attributes(signature).keys() - READABLE_XML_ATTRIBUTES
    if strange:
        raise MessageError(
            "the root element has an attribute of the xml prefix that its signature would repeat and may not have",
            reason=Reason.SHAPE,
            remedy="of these, have xml:lang, xml:space and xml:base alone",
        )
    return signature


def _require_declarant(prepared: _Prepared, identity: CardIdentity, enterprise_codes: Collection[str]) -> None:
    if prepared.message_type is None:
        return
    comparison = compare_declarant(prepared.root, prepared.message_type, identity, enterprise_codes)
    if comparison.same is False:
        raise MessageError(
            comparison.message,
            reason=Reason.DECLARANT,
            remedy="sign with the declarant's card, or give its customs codes as enterprise_codes",
        )


def _check_schema(prepared: _Prepared, schemas: Schemas | None, profile: Profile, certificate: Certificate) -> None:
    """Check the message as it will be, with a signature of the right shape: some types require one."""
    if schemas is None or prepared.message_type is None:
        return
    text = signed_info(profile, bytes(profile.digest.size), CUSTOMS_NAMESPACES)
    element = signature_element(text, b"\0", "0", certificate.der)
    end = prepared.offset + len(PLACEHOLDER)
    schemas.check(parse_xml(prepared.data[: prepared.offset] + element + prepared.data[end:]), prepared.message_type)
