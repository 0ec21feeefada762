"""What the signed attributes say, against what they should say: a misfit for each that says something else."""

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


class Misfit(NamedTuple):
    """What is wrong with an attribute, and the encoded value that would fit in its place, where it has one at all."""

    finding: Finding
    expected: bytes | None = None


def absences(attributes: SignedAttributes) -> dict[Attribute, Misfit]:
    """The attributes of CAdES that are missing, there twice, or without exactly one value."""
    return {
        attribute: Misfit(Finding(code, attributes.problem(attribute)))
        for attribute, code in _ABSENT.items()
        if attribute not in attributes.values
    }


def check_content_type(values: Mapping[Attribute, bytes], in_message: bytes, data: bytes) -> Misfit | None:
    """content-type is ``data``, and so is the type that stands in the message (RFC 5652, section 11.1); OIDs in DER."""
    if in_message != data:
        message = f"the message is about content of type {_oid_words(in_message)}, not about plain data"
        return Misfit(Finding(FindingCode.CONTENT_TYPE_WRONG, message))
    if values[Attribute.CONTENT_TYPE] != data:
        message = f"content-type names {_oid_words(values[Attribute.CONTENT_TYPE])}, not plain data as the message does"
        return Misfit(Finding(FindingCode.CONTENT_TYPE_WRONG, message), data)
    return None


def check_message_digest(values: Mapping[Attribute, bytes], digest: Digest, of_document: bytes) -> Misfit | None:
    """message-digest is the digest of the document (RFC 5652, section 11.2)."""
    expected, actual = der.octet_string(of_document), values[Attribute.MESSAGE_DIGEST]
    if actual == expected:
        return None
    if len(actual) != len(expected) or actual[:2] != expected[:2]:
        return Misfit(Finding(FindingCode.MALFORMED, f"message-digest is not a {digest.label} digest"), expected)
    message = f"the document was changed, or is another one: its {digest.label} digest is not the one that was signed"
    return Misfit(Finding(FindingCode.DOCUMENT_CHANGED, message), expected)


def check_signing_certificate(values: Mapping[Attribute, bytes], certificate: Certificate) -> Misfit | None:
    """signing-certificate-v2 names ``certificate`` in the first place (RFC 5035, section 5.4)."""
    expected, actual = signing_certificate(certificate), values[Attribute.SIGNING_CERTIFICATE]
    if actual == expected:
        return None
    try:
        named = read_certificate_ids(actual)[0]
    except (EncodingError, UnsupportedAlgorithmError) as error:
        return Misfit(Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, f"signing-certificate-v2: {error}"), expected)
    if named.digest not in _ALLOWED_CERTIFICATE_HASHES:
        message = f"signing-certificate-v2 names the certificate by {named.digest.label}, which is too weak"
        return Misfit(Finding(FindingCode.ALGORITHM_NOT_ALLOWED, message), expected)
    if named.names(certificate):
        return None
    message = "the certificate in the message is not the one that signing-certificate-v2 names: one of them was changed"
    return Misfit(Finding(FindingCode.SIGNER_CERTIFICATE_WRONG, message), expected)


def limiting_certificate_ids(values: Mapping[Attribute, bytes], certificate: Certificate) -> tuple[CertificateId, ...]:
    """The certificates that signing-certificate-v2 names beside the signer's; empty where it cannot be read."""
    if values.get(Attribute.SIGNING_CERTIFICATE, signing_certificate(certificate)) == signing_certificate(certificate):
        return ()
    try:
        return read_certificate_ids(values[Attribute.SIGNING_CERTIFICATE])[1:]
    except (EncodingError, UnsupportedAlgorithmError):
        return ()


def read_signing_time(values: Mapping[Attribute, bytes]) -> datetime:
    """The signing-time, which has to be there. EncodingError where it is no time (RFC 5652, section 11.3)."""
    return der.read_time(der.parse(values[Attribute.SIGNING_TIME], "signing-time"))


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


def _oid_words(encoded: bytes) -> str:
    try:
        return der.read_oid(der.parse(encoded))
    except EncodingError:
        return "something that is no object identifier"
