"""Reading OCSP requests (RFC 6960, section 4.1): bounded, because they come from anyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.pki import profile_oids as oids
from ecard.pki.profile_extensions import Extension, read_extension_list

MAX_SIZE: Final = 16 * 1024
"""The largest request that is read, in bytes."""
MAX_CERTIFICATES: Final = 64
"""The most certificates that one request may ask for."""
MAX_NONCE: Final = 128
"""The longest nonce in octets (RFC 9654, section 2.1)."""


@dataclass(frozen=True, slots=True)
class CertificateId:
    """Which certificate is meant: its issuer by hashes of name and key, and its serial number."""

    encoded: bytes
    """As received, to be given back as it is."""
    digest: str
    """The object identifier of the digest algorithm."""
    name_hash: bytes
    key_hash: bytes
    serial: int

    def is_issued_by(self, issuer: Certificate) -> bool:
        """Whether the hashes are those of ``issuer``; false for a digest algorithm that ecard does not know."""
        digest = _DIGESTS.get(self.digest)
        if digest is None:
            return False
        hashes = digest.hash(issuer.subject), digest.hash(issuer.public_key.key_bits)
        return hashes == (self.name_hash, self.key_hash)


_VERSION: Final = der.context(0)
_FIELDS: Final = (_VERSION, der.context(1), der.SEQUENCE, der.context(2))
"""The fields of TBSRequest in their order: version, the name of who asks, what is asked for, extensions."""
_DIGESTS: Final = {digest.oid: digest for digest in Digest}


def certificate_id(serial: int, issuer: Certificate, digest: Digest) -> CertificateId:
    """The id of the certificate with ``serial`` of ``issuer``. SHA-1 is only a name here, and what all clients use."""
    name, key = digest.hash(issuer.subject), digest.hash(issuer.public_key.key_bits)
    algorithm = der.sequence(der.oid(digest.oid), der.null())
    encoded = der.sequence(algorithm, der.octet_string(name), der.octet_string(key), der.integer(serial))
    return CertificateId(encoded, digest.oid, name, key, serial)


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """What a client asks: certificates, and a nonce that the answer must repeat."""

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None
    """The value of the nonce extension, an OCTET STRING in DER; None where there is none."""


def read_ocsp_request(encoded: bytes) -> OcspRequest:
    """Read a request in DER. A signature on it is passed over: everyone may ask.

    Raises EncodingError where it is malformed, larger than ``MAX_SIZE``, asks for none or more than
    ``MAX_CERTIFICATES`` certificates, or has a critical extension that ecard does not know.
    """
    if len(encoded) > MAX_SIZE:
        raise EncodingError(f"the OCSP request has {len(encoded)} bytes, more than {MAX_SIZE}")
    outer = der.parse(encoded, "OCSP request").expect(der.SEQUENCE, "an OCSP request").children()
    if len(outer) not in {1, 2} or (len(outer) == 2 and outer[1].tag != der.context(0)):
        raise EncodingError("OCSP request: not a body and at most a signature")
    body = outer[0].expect(der.SEQUENCE, "tbsRequest").children(len(_FIELDS))
    fields = {node.tag: node for node in body}
    # what comes twice must not hide what came first: a critical extension, or other certificates
    if not der.are_in_order(body, _FIELDS) or der.SEQUENCE not in fields:
        raise EncodingError("OCSP request: the body has fields that are unknown, doubled, missing or out of order")
    if _VERSION in fields and fields[_VERSION].content != der.integer(0):
        raise EncodingError("OCSP request: not version 1")
    certificates = tuple(map(_read_request, _bounded(fields[der.SEQUENCE])))
    extensions = _extensions(fields[der.context(2)]) if der.context(2) in fields else {}
    return OcspRequest(certificates, _nonce(extensions))


def _bounded(requests: der.Node) -> list[der.Node]:
    found = requests.children()
    if not 1 <= len(found) <= MAX_CERTIFICATES:
        raise EncodingError(f"OCSP request: for {len(found)} certificates instead of 1 to {MAX_CERTIFICATES}")
    return found


def _read_request(node: der.Node) -> CertificateId:
    parts = node.expect(der.SEQUENCE, "a request").children()
    if len(parts) not in {1, 2}:
        raise EncodingError("OCSP request: a request is not a certificate id and at most extensions")
    if len(parts) == 2:
        _extensions(parts[1].expect(der.context(0), "the extensions of a request"))
    fields = parts[0].expect(der.SEQUENCE, "a certificate id").children()
    if len(fields) != 4:
        raise EncodingError("OCSP request: a certificate id has not four fields")
    algorithm = fields[0].expect(der.SEQUENCE, "a digest algorithm").children()
    if len(algorithm) not in {1, 2} or (algorithm[1:] and algorithm[1].encoded != der.null()):
        raise EncodingError("OCSP request: the digest algorithm has parameters")
    name, key = (field.expect(der.OCTET_STRING, "a hash of the issuer").content for field in fields[1:3])
    return CertificateId(parts[0].encoded, der.read_oid(algorithm[0]), name, key, der.read_integer(fields[3]))


def _extensions(wrapped: der.Node) -> dict[str, Extension]:
    lists = wrapped.children()
    if len(lists) != 1:
        raise EncodingError("OCSP request: the extensions are not one list")
    found = read_extension_list(lists[0], "OCSP request")
    for oid, extension in found.items():
        if extension.critical and oid != oids.OCSP_NONCE:
            raise EncodingError(f"OCSP request: unknown critical extension {oid}")
    return found


def _nonce(extensions: dict[str, Extension]) -> bytes | None:
    if oids.OCSP_NONCE not in extensions:
        return None
    value = extensions[oids.OCSP_NONCE].value
    content = der.parse(value, "OCSP nonce").expect(der.OCTET_STRING, "a nonce").content
    if not 1 <= len(content) <= MAX_NONCE:
        raise EncodingError(f"OCSP request: a nonce of {len(content)} octets instead of 1 to {MAX_NONCE}")
    return value
