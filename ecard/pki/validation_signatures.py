"""The signature of a piece of evidence, from its AlgorithmIdentifier and its value."""

from __future__ import annotations

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import UnsupportedAlgorithmError


def read_signature(algorithm: der.Node, value: bytes) -> Signature:
    """The signature. Absent and NULL parameters are both accepted, as in certificates.

    Raises UnsupportedAlgorithmError where the algorithm is not one of ecard's, EncodingError where it is malformed.
    """
    parts = algorithm.expect(der.SEQUENCE, "an algorithm identifier").children(4)
    if not parts or len(parts) > 2 or (len(parts) == 2 and parts[1].encoded != der.null()):
        raise UnsupportedAlgorithmError("the signature algorithm has parameters that ecard does not know")
    return Signature(SignatureAlgorithm.by_oid(der.read_oid(parts[0])), value)
