"""The two shapes of a signed message: that of RFC 5652, and that of China's GM/T 0010 for SM2."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.errors import UnsupportedAlgorithmError

_SM2_SIGNATURE: Final = "1.2.156.10197.1.301.1"


class Shape(Enum):
    """Which standard's object identifiers a message carries: (name, of signed data, of data)."""

    RFC5652 = ("RFC 5652", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1")
    """Cryptographic Message Syntax, for every algorithm."""
    GMT0010 = ("GM/T 0010", "1.2.156.10197.6.1.4.2.2", "1.2.156.10197.6.1.4.2.1")
    """SM2 密码算法加密签名消息语法规范, for SM2 alone."""

    def __init__(self, label: str, signed_data: str, data: str) -> None:
        self.label = label
        self.signed_data = der.oid(signed_data)
        """The OID of the message, in DER."""
        self.data = der.oid(data)
        """The OID of what is signed, in DER."""

    def signature_identifier(self, algorithm: SignatureAlgorithm) -> bytes:
        """The AlgorithmIdentifier with which a SignerInfo of this shape names ``algorithm``, in DER.

        Raises UnsupportedAlgorithmError where the shape is not for the algorithm.
        """
        if self is Shape.RFC5652:
            return algorithm.identifier
        if algorithm is not SignatureAlgorithm.SM2_SM3:
            raise UnsupportedAlgorithmError(
                f"a message in the shape of {self.label} is signed with SM2, not with {algorithm.label}",
                remedy="use that of RFC 5652 (--shape rfc5652, Shape.RFC5652)",
            )
        return der.sequence(der.oid(_SM2_SIGNATURE))

    @staticmethod
    def by_oid(encoded: bytes) -> Shape | None:
        """The shape whose messages have this content type, an OID in DER."""
        return _BY_OID.get(encoded)


_BY_OID: Final = {shape.signed_data: shape for shape in Shape}
