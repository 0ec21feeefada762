"""What the signed attributes say, against what they should say: a finding for each that says something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.documents.attributes import (
    Attribute,
    CertificateId,
    SignedAttributes,
    encode,
    only_signing_time,
    read_algorithm,
    read_attributes,
    read_certificate_ids,
    read_protection,
    signing_certificate,
)
from ecard.errors import EncodingError, UnsupportedAlgorithmError
from ecard.findings import Finding, FindingCode

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far the signer's clock may be ahead of the moment for which a signature is judged."""

_ALLOWED_CERTIFICATE_HASHES: Final = frozenset(Digest) - {Digest.SHA1}
_ABSENT: Final = {
    Attribute.CONTENT_TYPE: FindingCode.CONTENT_TYPE_WRONG,
    Attribute.MESSAGE_DIGEST: FindingCode.MALFORMED,
    Attribute.SIGNING_TIME: FindingCode.SIGNING_TIME_WRONG,
    Attribute.SIGNING_CERTIFICATE: FindingCode.SIGNER_CERTIFICATE_WRONG,
}
_NEW: Final = Attribute.SIGNING_CERTIFICATE
_OLD: Final = Attribute.OLD_SIGNING_CERTIFICATE
_OPTIONAL: Final = {
    _OLD: FindingCode.SIGNER_CERTIFICATE_WRONG,
    Attribute.ALGORITHM_PROTECTION: FindingCode.ALGORITHM_NOT_ALLOWED,
}


Expectation = tuple[bytes, Callable[[bytes], Finding | None]]
"""The value that an attribute has in a signature as ecard writes it, and what to say of another one, if anything."""


class Facts(NamedTuple):
    """What the attributes are held against: only what is known."""

    data: bytes
    """The OID of plain data in the message's shape, in DER."""
    digest: Digest | None
    of_document: bytes | None
    certificate: Certificate | None
    algorithms: tuple[bytes, bytes]
    """The AlgorithmIdentifiers of digest and signature that the message names outside the attributes."""


class Reading(NamedTuple):
    """What the attributes of one signature came to."""

    signing_time: bytes | None
    """The encoded value, if there is one."""
    wrong: Mapping[Attribute, Finding]
    """What is wrong with each attribute that is missing, twice there, or at odds with the facts."""
    repairs: Mapping[Attribute, tuple[bytes, bytes]]
    """Of attributes at odds with the facts: how they are, and how they would be right, in DER."""
    issuers: tuple[tuple[CertificateId, ...], ...]
    """The certificates beside the first that signing-certificate-v2 names, and those that signing-certificate does."""


def read_and_compare(encoded: tuple[bytes, ...], facts: Facts) -> Reading:
    """Read signed attributes and hold them against the facts. EncodingError where they are not attributes at all.

    A value other than the expected one is not wrong if it says the same in another way.
    """
    if facts.of_document is not None and facts.certificate is not None:
        signing_time = only_signing_time(encoded, facts.data, facts.of_document, facts.certificate)
        if signing_time is not None:
            return Reading(signing_time, {}, {}, ())
    attributes = read_attributes(encoded)
    values, expectations = attributes.values, _expectations(facts)
    wrong: dict[Attribute, Finding] = {}
    repairs: dict[Attribute, tuple[bytes, bytes]] = {}
    for attribute, code in _ABSENT.items():
        if attribute not in values:
            wrong[attribute] = Finding(code, attributes.problem(attribute))
        elif attribute in expectations:
            expected, explain = expectations[attribute]
            finding = None if values[attribute] == expected else explain(values[attribute])
            if finding is not None:
                wrong[attribute] = finding
                repairs[attribute] = (encode(attribute, values[attribute]), encode(attribute, expected))
    wrong |= _optional_ones(attributes, facts)
    return Reading(values.get(Attribute.SIGNING_TIME), wrong, repairs, _named_issuers(values))


def _expectations(facts: Facts) -> dict[Attribute, Expectation]:
    found: dict[Attribute, Expectation] = {Attribute.CONTENT_TYPE: (facts.data, _wrong_content_type)}
    if facts.digest is not None and facts.of_document is not None:
        found[Attribute.MESSAGE_DIGEST] = (
            der.octet_string(facts.of_document),
            partial(_wrong_digest, digest=facts.digest),
        )
    if facts.certificate is not None:
        found[Attribute.SIGNING_CERTIFICATE] = (
            signing_certificate(facts.certificate),
            partial(wrong_certificate, certificate=facts.certificate),
        )
    return found


def _optional_ones(attributes: SignedAttributes, facts: Facts) -> dict[Attribute, Finding]:
    """What is wrong with the attributes that need not be there, and are signed for where they are."""
    wrong = {
        attribute: Finding(code, attributes.problem(attribute))
        for attribute, code in _OPTIONAL.items()
        if attribute in attributes.problems
    }
    old = attributes.values.get(_OLD)
    if old is not None and facts.certificate is not None:
        finding = _wrong_old_certificate(old, facts.certificate)
        wrong |= {_OLD: finding} if finding else {}
    protection = attributes.values.get(Attribute.ALGORITHM_PROTECTION)
    if protection is not None:
        finding = _wrong_protection(protection, facts.algorithms)
        wrong |= {Attribute.ALGORITHM_PROTECTION: finding} if finding else {}
    return wrong


def _wrong_old_certificate(value: bytes, certificate: Certificate) -> Finding | None:
    """RFC 5035, section 5.4: where there is an attribute of each version, each is judged for itself."""
    try:
        if read_certificate_ids(value, _OLD)[0].names(certificate):
            return None
    except EncodingError as error:
        return Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, f"signing-certificate: {error}")
    message = "signing-certificate, beside signing-certificate-v2, names another certificate than the signer's"
    return Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, message)


def _wrong_protection(value: bytes, algorithms: tuple[bytes, bytes]) -> Finding | None:
    try:
        if read_protection(value) == tuple(map(read_algorithm, algorithms)):
            return None
    except (EncodingError, UnsupportedAlgorithmError) as error:
        return Finding(FindingCode.ALGORITHM_NOT_ALLOWED, f"cms-algorithm-protection: {error}")
    message = "cms-algorithm-protection names other algorithms than the message: one of them was changed"
    return Finding(FindingCode.ALGORITHM_NOT_ALLOWED, message)


def _wrong_content_type(value: bytes) -> Finding:
    return Finding(FindingCode.CONTENT_TYPE_WRONG, f"content-type names {oid_words(value)} instead of plain data")


def _wrong_digest(value: bytes, digest: Digest) -> Finding:
    if value[:2] != bytes((der.OCTET_STRING, digest.size)):
        return Finding(FindingCode.MALFORMED, f"message-digest is not a {digest.label} digest")
    message = f"the document was changed, or is another one: its {digest.label} digest is not the one that was signed"
    return Finding(FindingCode.DOCUMENT_CHANGED, message)


def wrong_certificate(value: bytes, certificate: Certificate) -> Finding | None:
    """Why a signing-certificate-v2 does not name ``certificate`` in the first place; None where it does.

    RFC 5035, section 5.4. The hash may be any of ecard's digests but SHA-1.
    """
    try:
        named = read_certificate_ids(value)[0]
    except (EncodingError, UnsupportedAlgorithmError) as error:
        return Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, f"signing-certificate-v2: {error}")
    if named.digest not in _ALLOWED_CERTIFICATE_HASHES:
        message = f"signing-certificate-v2 names the certificate by {named.digest.label}, which is too weak"
        return Finding(FindingCode.ALGORITHM_NOT_ALLOWED, message)
    if named.names(certificate):
        return None
    message = "the certificate in the message is not the one that signing-certificate-v2 names: one of them was changed"
    return Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, message)


def _named_issuers(values: Mapping[Attribute, bytes]) -> tuple[tuple[CertificateId, ...], ...]:
    return tuple(_beside_the_first(values[version], version) for version in (_NEW, _OLD) if version in values)


def _beside_the_first(value: bytes, attribute: Attribute) -> tuple[CertificateId, ...]:
    try:
        return read_certificate_ids(value, attribute)[1:]
    except (EncodingError, UnsupportedAlgorithmError):
        # why it cannot be read is a finding of its own
        return ()


def read_signing_time(value: bytes) -> datetime:
    """The moment in an encoded signing-time. EncodingError where it is no time (RFC 5652, section 11.3)."""
    return der.read_time(der.parse(value, "signing-time"))


def check_signing_time(signing_time: datetime, certificate: Certificate | None, at: datetime) -> list[Finding]:
    """signing-time is not later than ``at``, give or take CLOCK_TOLERANCE, and in the certificate's validity."""
    found = []
    if signing_time > at and signing_time - at > CLOCK_TOLERANCE:
        found.append(f"signing-time {_words(signing_time)} is later than {_words(at)}, for which is judged")
    if certificate is not None and not certificate.not_before <= signing_time <= certificate.not_after:
        found.append(
            f"signing-time {_words(signing_time)} is outside the validity of the signer's certificate, "
            f"{_words(certificate.not_before)} to {_words(certificate.not_after)}"
        )
    return [Finding(FindingCode.SIGNING_TIME_WRONG, message) for message in found]


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def oid_words(encoded: bytes) -> str:
    """An encoded object identifier for a message."""
    try:
        return der.read_oid(der.parse(encoded))
    except EncodingError:
        return "something that is no object identifier"
