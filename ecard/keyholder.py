"""KeyHolder: something with a certificate that can sign. A card, a software key and a service are kinds of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, InvalidSignatureError, WrongCardError
from ecard.keys import SoftwareKey


class KeyHolder(ABC):
    """A holder of a private key and of the certificate that goes with it.

    To write another kind, implement ``certificate`` and ``_sign``, and ``_sign_digest`` where the key need not see
    the message. Every signature is verified against the certificate before it is handed out, so a wrong key, a wrong
    slot or a faulty card cannot pass unseen.
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
        the key that signed, or the holder used another algorithm than it was asked to.
        """
        algorithm = algorithm or self.algorithm
        return _checked(self._sign(message, algorithm), algorithm, self.certificate.public_key.verify, message)

    @property
    def signs_digests(self) -> bool:
        """Whether ``sign_digest`` works here: whoever has a message that memory cannot hold asks first."""
        return type(self)._sign_digest is not KeyHolder._sign_digest

    def _sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        """Sign the message that ``digest`` belongs to; the result is verified by the caller."""
        raise InvalidInputError("this key holder signs whole messages only", remedy="use sign()")

    @final
    def sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm | None = None) -> Signature:
        """Sign the message of which ``digest`` is what the certificate's ``PublicKey.digest`` gives, and verify.

        Raises what ``sign`` raises, and InvalidInputError where this kind of holder wants to see the message.
        """
        algorithm = algorithm or self.algorithm
        made = self._sign_digest(digest, algorithm)
        return _checked(made, algorithm, self.certificate.public_key.verify_digest, digest)


def _checked(
    signature: Signature,
    algorithm: SignatureAlgorithm,
    verify: Callable[[Signature, bytes], None],
    signed: bytes,
) -> Signature:
    if signature.algorithm is not algorithm:
        raise InvalidSignatureError(
            f"the key holder signed with {signature.algorithm.label} instead of {algorithm.label}",
            remedy="the key holder is faulty",
        )
    try:
        verify(signature, signed)
    except InvalidSignatureError as error:
        raise InvalidSignatureError(
            "the signature just made does not verify against the holder's certificate",
            remedy=error.remedy or "the certificate does not belong to the key, or the key holder is faulty",
        ) from None
    return signature


class SoftwareKeyHolder(KeyHolder):
    """A key in memory with its certificate and, if given, the certificates of its issuers.

    Raises WrongCardError where the certificate is another key's.
    """

    def __init__(self, key: SoftwareKey, certificate: Certificate, chain: Sequence[Certificate] = ()) -> None:
        # a certificate may write its point in the compressed form
        if key.public_key.spki != certificate.spki and key.public_key.native != certificate.public_key.native:
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

    def _sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._key.sign_digest(digest, algorithm)
