"""KeyHolder: something with a certificate that can sign. A card, a software key and a service are kinds of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidSignatureError, WrongCardError
from ecard.keys import SoftwareKey


class KeyHolder(ABC):
    """A holder of a private key and of the certificate that goes with it.

    To write another kind, implement ``certificate`` and ``_sign``. ``sign`` verifies every signature against
    the certificate before it hands it out, so a wrong key, a wrong slot or a faulty card cannot pass unseen.
    """

    @property
    @abstractmethod
    def certificate(self) -> Certificate:
        """The certificate of the key that signs."""

    @property
    def chain(self) -> Sequence[Certificate]:
        """Certificates of the issuers that the holder carries, the nearest first; may be empty."""
        return ()

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """What ``sign`` signs with: it follows from the certificate's key."""
        return SignatureAlgorithm.default_for(self.certificate.public_key.kind)

    @abstractmethod
    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        """Sign ``message``; the result is verified by the caller."""

    @final
    def sign(self, message: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign ``message``, and verify the signature before returning it.

        Raises what the kind of holder raises, and InvalidSignatureError where the certificate does not belong to
        the key that signed.
        """
        signature = self._sign(message, algorithm or self.algorithm)
        try:
            self.certificate.public_key.verify(signature, message)
        except InvalidSignatureError:
            raise InvalidSignatureError(
                "the signature just made does not verify against the holder's certificate",
                remedy="the certificate does not belong to the key, or the key holder is faulty",
            ) from None
        return signature


class SoftwareKeyHolder(KeyHolder):
    """A key in memory with its certificate and, if given, the certificates of its issuers.

    Raises WrongCardError where the certificate is another key's.
    """

    def __init__(self, key: SoftwareKey, certificate: Certificate, chain: Sequence[Certificate] = ()) -> None:
        if key.public_key.spki != certificate.spki and key.public_key.key_bits != certificate.public_key.key_bits:
            raise WrongCardError("the certificate belongs to another key")
        self._key = key
        self._certificate = certificate
        self._chain = tuple(chain)

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key."""
        return self._certificate

    @property
    def chain(self) -> Sequence[Certificate]:
        """The certificates of the issuers, as given."""
        return self._chain

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._key.sign(message, algorithm)
