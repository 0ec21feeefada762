"""From attributes, certificates and a signature value to a SignedData message in DER (RFC 5652, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ecard import der
from ecard.algorithms import Digest, Signature
from ecard.certificate import Certificate
from ecard.documents.cms_shape import Shape

_VERSION_1 = der.integer(1)


def write_message(
    shape: Shape, signature: Signature, attributes: Sequence[bytes], certificates: tuple[Certificate, ...]
) -> bytes:
    """A ContentInfo with a detached SignedData of one signer, whose certificate is the first of ``certificates``.

    ``attributes`` are the signed ones, each in DER. Raises UnsupportedAlgorithmError where the shape is not for the
    algorithm of the signature.
    """
    digest = digest_identifier(signature.algorithm.digest)
    signer = der.sequence(
        _VERSION_1,
        issuer_and_serial(certificates[0]),
        digest,
        der.element(der.context(0), *sorted(attributes)),
        shape.signature_identifier(signature.algorithm),
        der.octet_string(signature.der),
    )
    signed_data = der.sequence(
        _VERSION_1,
        der.element(der.SET, digest),
        der.sequence(shape.data),
        _certificate_set(certificates),
        der.element(der.SET, signer),
    )
    return der.sequence(shape.signed_data, der.element(der.context(0), signed_data))


@lru_cache
def digest_identifier(digest: Digest) -> bytes:
    """The AlgorithmIdentifier of a digest, without parameters (RFC 5754, section 2)."""
    return der.sequence(der.oid(digest.oid))


@lru_cache(maxsize=1024)
def issuer_and_serial(certificate: Certificate) -> bytes:
    """IssuerAndSerialNumber of a certificate, by which a SignerInfo names its signer (RFC 5652, section 10.2.4)."""
    return der.sequence(certificate.issuer, der.integer(certificate.serial_number))


@lru_cache(maxsize=256)
def _certificate_set(certificates: tuple[Certificate, ...]) -> bytes:
    # [0] IMPLICIT SET OF: sorted as DER wants it, each certificate once
    return der.element(der.context(0), *sorted({certificate.der for certificate in certificates}))
