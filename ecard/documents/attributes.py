"""The signed attributes of CAdES: writing the four that every signature has, and reading them back.

What they must hold is known before they are read, so reading is mostly comparing bytes; only what does not
compare equal is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from ecard import der
from ecard.algorithms import Digest, algorithm_words
from ecard.certificate import Certificate
from ecard.documents.bounds import MAX_CERTIFICATE_IDS, MAX_VALUES
from ecard.errors import EncodingError, UnsupportedAlgorithmError


class Attribute(Enum):
    """The signed attributes of a CAdES baseline signature (ETSI EN 319 122-1, section 5); the value is the OID."""

    CONTENT_TYPE = "1.2.840.113549.1.9.3"
    """RFC 5652, section 11.1."""
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
    """RFC 5652, section 11.2."""
    SIGNING_TIME = "1.2.840.113549.1.9.5"
    """RFC 5652, section 11.3."""
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
    """signing-certificate-v2: RFC 5035, section 3."""
    OLD_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
    """signing-certificate, by SHA-1: RFC 2634, section 5.4. Never enough, and held against the certificate if there."""
    ALGORITHM_PROTECTION = "1.2.840.113549.1.9.52"
    """cms-algorithm-protection: RFC 6211, section 2. Nobody needs it, and it has to be true."""

    # members are compared by identity, and Enum's own hash, of the name, takes five times as long
    __hash__ = object.__hash__

    @property
    def label(self) -> str:
        """The name of the attribute as the standards spell it."""
        return _LABELS.get(self) or self.name.lower().replace("_", "-")


_LABELS: Final = {
    Attribute.SIGNING_CERTIFICATE: "signing-certificate-v2",
    Attribute.OLD_SIGNING_CERTIFICATE: "signing-certificate",
    Attribute.ALGORITHM_PROTECTION: "cms-algorithm-protection",
}
_OIDS: Final = {attribute: der.oid(attribute.value) for attribute in Attribute}
_BY_OID: Final = {encoded: attribute for attribute, encoded in _OIDS.items()}


def encode(attribute: Attribute, value: bytes) -> bytes:
    """An Attribute in DER with the one encoded ``value``."""
    return der.sequence(_OIDS[attribute], der.element(der.SET, value))


def encode_all(content_type: bytes, digest: bytes, moment: datetime, certificate: Certificate) -> list[bytes]:
    """The four signed attributes, each in DER; ``content_type`` is an encoded OID, ``digest`` the document's."""
    return [*_without_time(content_type, digest, certificate), encode(Attribute.SIGNING_TIME, der.time(moment))]


def only_signing_time(
    encoded: tuple[bytes, ...], content_type: bytes, digest: bytes, certificate: Certificate
) -> bytes | None:
    """The value of signing-time, if the attributes are those that ``encode_all`` writes for some moment; or None.

    Nearly all signatures are like that, and then nothing of the attributes has to be taken apart.
    """
    if len(encoded) != 4 or any(known not in encoded for known in _without_time(content_type, digest, certificate)):
        return None
    for item in encoded:
        if len(item) == _SIGNING_TIME_SIZE and item.startswith(_SIGNING_TIME_HEAD):
            return item[_SIGNING_TIME_VALUE:]
    return None


def _without_time(content_type: bytes, digest: bytes, certificate: Certificate) -> tuple[bytes, bytes, bytes]:
    return _content_type(content_type), _DIGEST_HEADS[len(digest)] + digest, _signing_certificate(certificate)


@lru_cache
def _content_type(oid: bytes) -> bytes:
    return encode(Attribute.CONTENT_TYPE, oid)


@lru_cache(maxsize=256)
def _signing_certificate(certificate: Certificate) -> bytes:
    return encode(Attribute.SIGNING_CERTIFICATE, signing_certificate(certificate))


_DIGEST_HEADS: Final = {
    digest.size: encode(Attribute.MESSAGE_DIGEST, der.octet_string(bytes(digest.size)))[: -digest.size]
    for digest in Digest
}
_EMPTY_TIME: Final = der.element(der.UTC_TIME, bytes(13))
_SIGNING_TIME_SIZE: Final = len(encode(Attribute.SIGNING_TIME, _EMPTY_TIME))
_SIGNING_TIME_VALUE: Final = _SIGNING_TIME_SIZE - len(_EMPTY_TIME)
_SIGNING_TIME_HEAD: Final = encode(Attribute.SIGNING_TIME, _EMPTY_TIME)[:-13]


def to_be_signed(attributes: Iterable[bytes]) -> bytes:
    """What is signed: the attributes as a SET OF in DER, however the message orders them (RFC 5652, section 5.4)."""
    return der.set_of(*attributes)


class SignedAttributes(NamedTuple):
    """The signed attributes of one signature.

    ``values`` has the encoded value of each attribute that is there once, with one value; ``problems`` says of the
    others why not. Attributes of other kinds are signed like these, and say nothing to ecard.
    """

    values: Mapping[Attribute, bytes]
    problems: Mapping[Attribute, str]

    def problem(self, attribute: Attribute) -> str:
        """Why there is no value of ``attribute``."""
        return self.problems.get(attribute, f"the signed attribute {attribute.label} is missing")


def read_attributes(encoded: tuple[bytes, ...]) -> SignedAttributes:
    """Sort out attributes in DER. EncodingError where one is not an attribute at all."""
    values: dict[Attribute, bytes] = {}
    problems: dict[Attribute, str] = {}
    for item in encoded:
        attribute, found = _read_attribute(item)
        if attribute is None:
            continue
        if attribute in values or attribute in problems:
            values.pop(attribute, None)
            problems[attribute] = f"the signed attribute {attribute.label} is there more than once"
        elif len(found) != 1:
            problems[attribute] = f"the signed attribute {attribute.label} has {len(found)} values instead of one"
        else:
            values[attribute] = found[0]
    return SignedAttributes(values, problems)


def _read_attribute(item: bytes) -> tuple[Attribute | None, list[bytes]]:
    """Which attribute it is, None for one of no interest, and its encoded values."""
    parts = der.parse(item, "an attribute").expect(der.SEQUENCE, "an attribute").children(2)
    if len(parts) != 2 or parts[1].tag != der.SET:
        raise EncodingError("an attribute is not a name and a set of values")
    attribute = _BY_OID.get(parts[0].encoded)
    return attribute, [value.encoded for value in parts[1].children(MAX_VALUES)] if attribute else []


@lru_cache(maxsize=256)
def signing_certificate(certificate: Certificate) -> bytes:
    """SigningCertificateV2 that names ``certificate`` by SHA-256, issuer and serial number (RFC 5035, section 3)."""
    # the hash algorithm is the default of ESSCertIDv2, and DER leaves defaults out
    named = der.sequence(der.octet_string(certificate.sha256), _issuer_serial(certificate))
    return der.sequence(der.sequence(named))


def _issuer_serial(certificate: Certificate) -> bytes:
    # GeneralNames with one directoryName, [4] EXPLICIT Name
    names = der.sequence(der.element(der.context(4), certificate.issuer))
    return der.sequence(names, der.integer(certificate.serial_number))


@dataclass(frozen=True, slots=True)
class CertificateId:
    """How an attribute names one certificate (ESSCertIDv2 and ESSCertID, RFC 5035, section 4)."""

    digest: Digest
    hash: bytes
    issuer_serial: bytes | None

    def names(self, certificate: Certificate) -> bool:
        """Whether the hash and, where given, issuer and serial number are those of ``certificate``."""
        if self.digest.hash(certificate.der) != self.hash:
            return False
        return self.issuer_serial is None or self.issuer_serial == _issuer_serial(certificate)


def read_certificate_ids(
    value: bytes, attribute: Attribute = Attribute.SIGNING_CERTIFICATE
) -> tuple[CertificateId, ...]:
    """The certificates that an encoded SigningCertificateV2 names, the signer's first; at least one.

    With OLD_SIGNING_CERTIFICATE as ``attribute``, those that a SigningCertificate names. Raises EncodingError, and
    UnsupportedAlgorithmError for a hash algorithm that ecard does not know.
    """
    what = attribute.label
    # policies may follow the certificates; they say nothing about who signed
    parts = der.parse(value, what).expect(der.SEQUENCE, what).children(2)
    named = parts[0].expect(der.SEQUENCE, "certificates").children(MAX_CERTIFICATE_IDS) if parts else []
    if not named:
        raise EncodingError(f"{what} names no certificate")
    read = _read_certificate_id if attribute is Attribute.SIGNING_CERTIFICATE else _read_old_certificate_id
    return tuple(map(read, named))


def _read_certificate_id(node: der.Node) -> CertificateId:
    parts = node.expect(der.SEQUENCE, "ESSCertIDv2").children(3)
    explicit = bool(parts) and parts[0].tag == der.SEQUENCE
    digest = read_digest_algorithm(parts.pop(0).encoded) if explicit else Digest.SHA256
    return _certificate_id(digest, parts)


def _read_old_certificate_id(node: der.Node) -> CertificateId:
    return _certificate_id(Digest.SHA1, node.expect(der.SEQUENCE, "ESSCertID").children(2))


def _certificate_id(digest: Digest, parts: list[der.Node]) -> CertificateId:
    if not 1 <= len(parts) <= 2:
        raise EncodingError("a certificate is not named by a hash with an optional issuer and serial number")
    value = parts[0].expect(der.OCTET_STRING, "the hash of a certificate").content
    return CertificateId(digest, value, parts[1].encoded if len(parts) == 2 else None)


def read_protection(value: bytes) -> tuple[str, str]:
    """The object identifiers of the digest and signature algorithms in an encoded CMSAlgorithmProtection.

    Raises EncodingError, and UnsupportedAlgorithmError for parameters.
    """
    what = Attribute.ALGORITHM_PROTECTION.label
    parts = der.parse(value, what).expect(der.SEQUENCE, what).children(2)
    if len(parts) != 2:
        raise EncodingError(f"{what} is not a digest algorithm and a signature algorithm")
    signature = parts[1].expect(der.context(1), "a signature algorithm").content
    return read_algorithm(parts[0].encoded), read_algorithm(der.sequence(signature))


@lru_cache(maxsize=64)
def read_digest_algorithm(identifier: bytes) -> Digest:
    """The digest that an AlgorithmIdentifier names, with its parameters absent or NULL (RFC 5754, section 2).

    Raises EncodingError, or UnsupportedAlgorithmError for one that ecard does not know.
    """
    return Digest.by_oid(read_algorithm(identifier))


def read_algorithm(identifier: bytes) -> str:
    """The OID of an AlgorithmIdentifier with absent or NULL parameters.

    Raises EncodingError, or UnsupportedAlgorithmError for other parameters: no algorithm of ecard has any.
    """
    what = "an algorithm identifier"
    parts = der.parse(identifier, what).expect(der.SEQUENCE, what).children(2)
    if not parts:
        raise EncodingError(f"{what} is empty")
    name = der.read_oid(parts[0])
    if len(parts) == 2 and parts[1].encoded != der.null():
        raise UnsupportedAlgorithmError(f"algorithm {algorithm_words(name)} has parameters that ecard does not know")
    return name
