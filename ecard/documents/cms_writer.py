"""From attributes, certificates and a signature value to a SignedData message in DER (RFC 5652, section 5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ecard import der
from ecard.algorithms import Digest, Signature
from ecard.certificate import Certificate
from ecard.documents.cms_shape import Shape

_VERSION_1: Final = der.integer(1)
_SIGNED_ATTRIBUTES: Final = bytes((der.context(0),))


def write_message(shape: Shape, signature: Signature, signed: bytes, certificates: tuple[Certificate, ...]) -> bytes:
    """A ContentInfo with a detached SignedData of one signer, whose certificate is the first of ``certificates``.

    ``signed`` is what ``signature`` signs: the signed attributes as a SET OF. Raises UnsupportedAlgorithmError where
    the shape is not for the algorithm of the signature.
    """
    signer = der.sequence(
        _VERSION_1,
        issuer_and_serial(certificates[0]),
        _digest_identifier(signature.algorithm.digest),
        # in the message the same attributes have the tag [0] in place of SET (RFC 5652, section 5.4)
        _SIGNED_ATTRIBUTES + signed[1:],
        shape.signature_identifier(signature.algorithm),
        der.octet_string(signature.der),
    )
    head = _head(shape, signature.algorithm.digest)
    signed_data = der.sequence(head, _certificate_set(certificates), der.element(der.SET, signer))
    return der.sequence(shape.signed_data, der.element(der.context(0), signed_data))


@lru_cache
def _head(shape: Shape, digest: Digest) -> bytes:
    """What a SignedData begins with: version, digest algorithms, and the type of the content that is not there."""
    return _VERSION_1 + der.element(der.SET, _digest_identifier(digest)) + der.sequence(shape.data)


@lru_cache
def _digest_identifier(digest: Digest) -> bytes:
    # without parameters: RFC 5754, section 2
    return der.sequence(der.oid(digest.oid))


@lru_cache(maxsize=256)
def issuer_and_serial(certificate: Certificate) -> bytes:
    """IssuerAndSerialNumber of a certificate, by which a SignerInfo names its signer (RFC 5652, section 10.2.4)."""
    return der.sequence(certificate.issuer, der.integer(certificate.serial_number))


@lru_cache(maxsize=256)
def _certificate_set(certificates: tuple[Certificate, ...]) -> bytes:
    # [0] IMPLICIT SET OF: sorted as DER wants it, each certificate once
    return der.element(der.context(0), *sorted({certificate.der for certificate in certificates}))
