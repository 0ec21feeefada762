"""A certificate as a PIV card stores it: 70 certificate, 71 how it is stored, FE (SP 800-73-5 part 1, appendix A).

And the certificates of the issuers, as a certs-only CMS message (RFC 5652, section 5.1; RFC 8551, section 3.8).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from typing import Final

from ecard import der
from ecard.apdu import tlv
from ecard.certificate import MAX_SIZE, Certificate
from ecard.errors import CardProtocolError, EncodingError, InvalidInputError

MAX_ISSUERS: Final = 16
"""The most certificates of issuers that are read from a card."""
_CERTIFICATE, _INFO, _ERROR_DETECTION = 0x70, 0x71, 0xFE
_COMPRESSED: Final = 0x01
_SEQUENCE: Final = b"\x30"
_NET_ID: Final = b"\x01\x00"
"""Net iD's cards: these two bytes and the length in two more, then zlib."""
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_DATA: Final = "1.2.840.113549.1.7.1"


def write(certificate: Certificate, *, compress: bool) -> bytes:
    """The content of a certificate object, without the outer tag 53."""
    stored = gzip.compress(certificate.der, mtime=0) if compress else certificate.der
    return (
        tlv.encode(_CERTIFICATE, stored)
        + tlv.encode(_INFO, bytes((_COMPRESSED if compress else 0,)))
        + tlv.encode(_ERROR_DETECTION)
    )


def read(content: bytes) -> Certificate:
    """The certificate in an object's content; CardProtocolError where there is none or it is damaged.

    Whether it is compressed its first byte says: cards and programs write 01, 80 or nothing at all into tag 71.
    """
    found = tlv.decode(content)
    if _CERTIFICATE not in found:
        raise CardProtocolError("the certificate object holds no certificate")
    stored = found[_CERTIFICATE]
    if not stored.startswith(_SEQUENCE):
        stored = _inflate(stored[4:] if stored.startswith(_NET_ID) else stored)
    try:
        return Certificate(stored)
    except EncodingError as error:
        raise CardProtocolError(f"the certificate object holds no whole certificate ({error.what})") from None


def _inflate(stored: bytes) -> bytes:
    stream = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        inflated = stream.decompress(stored, MAX_SIZE + 1)
    except zlib.error:
        raise CardProtocolError("the certificate object's compressed content is damaged") from None
    if not stream.eof:
        raise CardProtocolError("the certificate object's compressed content is cut off or too large")
    return inflated


def write_issuers(certificates: Sequence[Certificate]) -> bytes:
    """A certs-only CMS message in DER. InvalidInputError for more than ``MAX_ISSUERS``."""
    if len(certificates) > MAX_ISSUERS:
        raise InvalidInputError(f"{len(certificates)} certificates of issuers, more than {MAX_ISSUERS}")
    signed_data = der.sequence(
        der.integer(1),
        der.set_of(),
        der.sequence(der.oid(_DATA)),
        der.element(der.context(0), *sorted(c.der for c in certificates)),
        der.set_of(),
    )
    return der.sequence(der.oid(_SIGNED_DATA), der.element(der.context(0), signed_data))


def read_issuers(message: bytes) -> list[Certificate]:
    """The certificates of a certs-only CMS message; CardProtocolError where it is none."""
    try:
        return [Certificate(node.encoded) for node in _certificates(message)]
    except EncodingError as error:
        raise CardProtocolError(f"the object of the issuers' certificates is damaged ({error.what})") from None


def _certificates(message: bytes) -> list[der.Node]:
    outer = der.parse(message, "CMS").expect(der.SEQUENCE, "ContentInfo").children()
    if len(outer) != 2 or der.read_oid(outer[0]) != _SIGNED_DATA:
        raise EncodingError("CMS: not signed data")
    wrapped = outer[1].expect(der.context(0), "the content").children()
    fields = wrapped[0].expect(der.SEQUENCE, "SignedData").children() if wrapped else []
    found = [node for field in fields if field.tag == der.context(0) for node in field]
    if len(found) > MAX_ISSUERS:
        raise EncodingError(f"{len(found)} certificates, more than {MAX_ISSUERS}")
    return found
