"""From the bytes of a signature file to its parts, judging nothing but the structure (RFC 5652, section 5).

One reader, for strict DER, decides the meaning. What it cannot read is brought from BER into DER once and
read again; what is larger than ``bounds`` allows is refused before that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from ecard import der
from ecard.certificate import Certificate
from ecard.documents.bounds import MAX_ATTRIBUTES, MAX_CERTIFICATES, MAX_DIGESTS, MAX_SIGNATURE_SIZE, MAX_SIGNERS
from ecard.documents.cms_shape import Shape
from ecard.documents.cms_writer import issuer_and_serial
from ecard.documents.normalise import to_der, unarmoured
from ecard.errors import EncodingError
from ecard.pki.validation_extensions import extensions_of

_CONTENT: Final = der.context(0)
_CERTIFICATES: Final = der.context(0)
_CRLS: Final = der.context(1)
_SIGNED_ATTRIBUTES: Final = der.context(0)
_UNSIGNED_ATTRIBUTES: Final = der.context(1)
_KEY_IDENTIFIER: Final = der.context(0, constructed=False)
_MESSAGE_BEGINS: Final = bytes((der.SEQUENCE,))
_INDEFINITE: Final = b"\x80"
_DATA_VERSIONS: Final = frozenset(map(der.integer, (1, 3, 4, 5)))
_SIGNER_VERSIONS: Final = frozenset(map(der.integer, (1, 3)))

_OTHER_TYPES: Final = {
    "1.2.840.113549.1.7.1": "data without a signature",
    "1.2.840.113549.1.7.3": "encrypted to recipients",
    "1.2.840.113549.1.7.5": "a digest",
    "1.2.840.113549.1.7.6": "encrypted",
    "1.2.840.113549.1.9.16.1.9": "compressed",
}
"""Messages that are no signatures, in words (RFC 5652, sections 4 and 6 to 8; RFC 3274)."""


class SignerInfo(NamedTuple):
    """The one signer of a message: parts as they were received, in DER."""

    identifier: bytes
    """IssuerAndSerialNumber, or the key identifier with tag [0]."""
    digest_identifier: bytes
    attributes: tuple[bytes, ...] | None
    """The signed attributes, not yet read; None where there are none."""
    signature_identifier: bytes
    value: bytes

    def names(self, certificate: Certificate) -> bool:
        """Whether the signer is identified by this certificate's issuer and serial number, or key identifier."""
        if self.identifier[0] == _KEY_IDENTIFIER:
            return self.identifier == _key_identifier(certificate)
        return self.identifier == issuer_and_serial(certificate)


class Message(NamedTuple):
    """A signed message of one signer."""

    shape: Shape
    content_type: bytes
    """The OID of what is signed, in DER."""
    inside: bytes | None
    """The document, where a copy of it is in the message: a detached signature has none."""
    certificates: tuple[Certificate, ...]
    unreadable: tuple[str, ...]
    """Why others of the certificates could not be read."""
    signer: SignerInfo


def read_message(data: bytes) -> Message:
    """Read a signature file: DER, BER or PEM, at most MAX_SIGNATURE_SIZE bytes.

    Certificate revocation lists and unsigned attributes in it are passed over: the evidence on which a signature
    is judged is the verifier's, not the signer's. Raises EncodingError.
    """
    if len(data) > MAX_SIGNATURE_SIZE:
        raise EncodingError(f"the signature has more than {MAX_SIGNATURE_SIZE} bytes")
    if not data:
        raise EncodingError("the signature is empty")
    encoded = unarmoured(data)
    try:
        return _read_content_info(encoded)
    except EncodingError as error:
        return _read_ber(encoded, error)


def _read_ber(encoded: bytes, strict_error: EncodingError) -> Message:
    if encoded[:1] != _MESSAGE_BEGINS:
        raise EncodingError("not a signed CMS message: neither DER, which begins with the byte 30, nor PEM")
    try:
        normal = to_der(encoded)
    except EncodingError as error:
        # what begins with an indefinite length was never meant to be DER
        told = error if encoded[1:2] == _INDEFINITE else strict_error
        raise EncodingError(f"not a signed CMS message: {told}") from None
    try:
        return _read_content_info(normal)
    except EncodingError as error:
        raise EncodingError(f"not a signed CMS message: {error}") from None


def _parts(data: bytes, span: der.Span, tag: int, what: str, limit: int) -> list[der.Span]:
    """What is inside the element at ``span``, which has to have ``tag``: at most ``limit`` elements."""
    if span[0] != tag:
        raise _unexpected(span, what)
    return der.spans(data, span[2], span[3], limit)


def _encoded(data: bytes, span: der.Span, tag: int, what: str) -> bytes:
    """All of the element at ``span``, which has to have ``tag``."""
    if span[0] != tag:
        raise _unexpected(span, what)
    return data[span[1] : span[3]]


def _unexpected(span: der.Span, what: str) -> EncodingError:
    return EncodingError(f"expected {what} at byte {span[1]}, found an element with tag {span[0]:02X}")


def _read_content_info(data: bytes) -> Message:
    whole = der.parse(data, "the signature")
    parts = _parts(data, whole[1:], der.SEQUENCE, "a CMS message", 2)
    if len(parts) != 2:
        raise EncodingError("the CMS message is not a type and a content")
    name = _encoded(data, parts[0], der.OID, "the type of the message")
    shape = Shape.by_oid(name)
    if shape is None:
        raise EncodingError(f"a CMS message of type {_type_words(der.read_oid(der.parse(name)))}, not signed data")
    inner = _parts(data, parts[1], _CONTENT, "the signed data", 1)
    if not inner:
        raise EncodingError("the content of the CMS message is empty")
    return _read_signed_data(data, inner[0], shape)


def _type_words(oid: str) -> str:
    return f"{oid} ({_OTHER_TYPES[oid]})" if oid in _OTHER_TYPES else oid


def _read_signed_data(data: bytes, span: der.Span, shape: Shape) -> Message:
    parts = _parts(data, span, der.SEQUENCE, "signed data", 6)
    if len(parts) < 4:
        raise EncodingError("signed data without one of version, digests, content and signers")
    if _encoded(data, parts[0], der.INTEGER, "the version") not in _DATA_VERSIONS:
        raise EncodingError("signed data of an unknown version")
    content_type, inside = _read_content(data, parts[2])
    optional = parts[3:-1]
    certificates: tuple[Certificate, ...] = ()
    unreadable: tuple[str, ...] = ()
    if optional and optional[0][0] == _CERTIFICATES:
        certificates, unreadable = _read_certificates(data, optional.pop(0))
    if optional and optional[0][0] == _CRLS:
        optional.pop(0)
    if optional:
        raise _unexpected(optional[0], "certificates, CRLs or signers")
    signer = _read_only_signer(data, parts[-1])
    _require_announced(data, parts[1], signer)
    return Message(shape, content_type, inside, certificates, unreadable, signer)


def _require_announced(data: bytes, span: der.Span, signer: SignerInfo) -> None:
    """The signer's digest algorithm is one of the message's, with or without NULL (RFC 5652, section 5.1)."""
    announced = _parts(data, span, der.SET, "the digest algorithms", MAX_DIGESTS)
    if data[span[2] : span[3]] == signer.digest_identifier:
        return
    names = [_algorithm_name(data[item[1] : item[3]]) for item in announced]
    if _algorithm_name(signer.digest_identifier) not in names:
        raise EncodingError("the signer's digest algorithm is not one of those that the message announces")


def _algorithm_name(identifier: bytes) -> bytes:
    parts = der.parse(identifier).expect(der.SEQUENCE, "a digest algorithm").children(2)
    if not parts:
        raise EncodingError("a digest algorithm without a name")
    return parts[0].encoded


def _read_content(data: bytes, span: der.Span) -> tuple[bytes, bytes | None]:
    """The type of what is signed, encoded, and the copy of it in the message, if there is one."""
    parts = _parts(data, span, der.SEQUENCE, "the signed content", 2)
    if not parts:
        raise EncodingError("the signed content has no type")
    name = _encoded(data, parts[0], der.OID, "the type of what is signed")
    if len(parts) == 1:
        return name, None
    inner = _parts(data, parts[1], _CONTENT, "a copy of what is signed", 1)
    if not inner or inner[0][0] != der.OCTET_STRING:
        raise EncodingError("the copy of what is signed is no OCTET STRING")
    return name, data[inner[0][2] : inner[0][3]]


def _read_certificates(data: bytes, span: der.Span) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """The X.509 certificates, and why others could not be read; attribute certificates are passed over."""
    found: list[Certificate] = []
    unreadable: list[str] = []
    for tag, start, _, end in der.spans(data, span[2], span[3], MAX_CERTIFICATES):
        if tag == der.SEQUENCE:
            try:
                found.append(_certificate(data[start:end]))
            except EncodingError as error:
                unreadable.append(str(error))
    return tuple(found), tuple(unreadable)


@lru_cache(maxsize=256)
def _certificate(encoded: bytes) -> Certificate:
    # the same few certificates come with every signature: reading one takes longer than reading a message
    return Certificate(encoded)


def _key_identifier(certificate: Certificate) -> bytes | None:
    """The certificate's subjectKeyIdentifier as a SignerInfo shows it; None where it has none."""
    try:
        identifier = extensions_of(certificate).subject_key_id
    except EncodingError:
        return None
    return None if identifier is None else der.element(_KEY_IDENTIFIER, identifier)


def _read_only_signer(data: bytes, span: der.Span) -> SignerInfo:
    signers = _parts(data, span, der.SET, "the signers", MAX_SIGNERS)
    if len(signers) != 1:
        count = "no signature" if not signers else f"{len(signers)} signatures"
        raise EncodingError(f"the message carries {count}; a message of exactly one signer is expected")
    return _read_signer(data, signers[0])


def _read_signer(data: bytes, span: der.Span) -> SignerInfo:
    parts = _parts(data, span, der.SEQUENCE, "a signer", 7)
    attributes = None
    if len(parts) > 3 and parts[3][0] == _SIGNED_ATTRIBUTES:
        _, _, body, end = parts.pop(3)
        attributes = tuple([data[start:stop] for _, start, _, stop in der.spans(data, body, end, MAX_ATTRIBUTES)])
    if not 5 <= len(parts) <= 6 or (len(parts) == 6 and parts[5][0] != _UNSIGNED_ATTRIBUTES):
        raise EncodingError("a signer with missing or unknown parts")
    version, identifier, digest, algorithm, value = parts[:5]
    if _encoded(data, version, der.INTEGER, "the signer's version") not in _SIGNER_VERSIONS:
        raise EncodingError("a signer of an unknown version")
    if identifier[0] not in (der.SEQUENCE, _KEY_IDENTIFIER):
        raise _unexpected(identifier, "issuer and serial number, or a key identifier")
    if value[0] != der.OCTET_STRING:
        raise _unexpected(value, "the signature value")
    return SignerInfo(
        data[identifier[1] : identifier[3]],
        _encoded(data, digest, der.SEQUENCE, "the digest algorithm"),
        attributes,
        _encoded(data, algorithm, der.SEQUENCE, "the signature algorithm"),
        data[value[2] : value[3]],
    )
