"""What the signed attributes say, against what they should say: a finding for each that says something else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.documents.attributes import (
    Attribute,
    CertificateId,
    SignedAttributes,
    read_certificate_ids,
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


class Facts(NamedTuple):
    """What the attributes are held against: only what is known."""

    data: bytes
    """The OID of plain data in the message's shape, in DER."""
    digest: Digest | None
    of_document: bytes | None
    certificate: Certificate | None

    def expected(self) -> dict[Attribute, bytes]:
        """The encoded values that the attributes have in a signature as ecard writes it."""
        values = {Attribute.CONTENT_TYPE: self.data}
        if self.of_document is not None:
            values[Attribute.MESSAGE_DIGEST] = der.octet_string(self.of_document)
        if self.certificate is not None:
            values[Attribute.SIGNING_CERTIFICATE] = signing_certificate(self.certificate)
        return values


def misfits(
    attributes: SignedAttributes, facts: Facts, expected: Mapping[Attribute, bytes]
) -> dict[Attribute, Finding]:
    """What is wrong with each attribute that is missing, twice there, or at odds with the facts.

    A value other than the expected one is not wrong if it says the same in another way.
    """
    found = {}
    for attribute, code in _ABSENT.items():
        value = attributes.values.get(attribute)
        if value is None:
            found[attribute] = Finding(code, attributes.problem(attribute))
        elif attribute in expected and value != expected[attribute]:
            finding = _at_odds(attribute, value, facts)
            if finding is not None:
                found[attribute] = finding
    return found


def _at_odds(attribute: Attribute, value: bytes, facts: Facts) -> Finding | None:
    if attribute is Attribute.CONTENT_TYPE:
        message = f"content-type names {oid_words(value)} instead of plain data"
        return Finding(FindingCode.CONTENT_TYPE_WRONG, message)
    if attribute is Attribute.MESSAGE_DIGEST and facts.digest is not None:
        return _wrong_digest(value, facts.digest)
    if attribute is Attribute.SIGNING_CERTIFICATE and facts.certificate is not None:
        return wrong_certificate(value, facts.certificate)
    return None


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


def named_issuers(attributes: SignedAttributes) -> tuple[CertificateId, ...]:
    """The certificates that signing-certificate-v2 names beside the signer's; empty where it cannot be read."""
    try:
        return read_certificate_ids(attributes.values.get(Attribute.SIGNING_CERTIFICATE, b""))[1:]
    except (EncodingError, UnsupportedAlgorithmError):
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
