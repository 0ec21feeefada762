"""A private key inside the simulated card: what a card does with it, whatever its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ecard.algorithms import KeyKind
from ecard.apdu.status import Status
from ecard.simulator.refusal import Refusal


class CardKey(ABC):
    """A private key as the card application uses it. Never shows itself."""

    kind: KeyKind

    @property
    @abstractmethod
    def pkcs8(self) -> bytes:
        """The key as PKCS#8 in DER, unprotected (RFC 5958)."""

    @property
    @abstractmethod
    def public_template(self) -> bytes:
        """The data objects of the public key, as in 7F49 (SP 800-73-5 part 2, table 16): 81 and 82, or 86."""

    @property
    @abstractmethod
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""

    @abstractmethod
    def respond(self, challenge: bytes) -> bytes:
        """The answer to tag 81: the raw RSA operation on a block, or the DER signature of a digest.

        Refused with 6A80 or 6700 where ``challenge`` has a length that the key cannot take.
        """

    def agree(self, point: bytes) -> bytes:
        """The answer to tag 85: the x-coordinate shared with the other side's uncompressed ``point``.

        Refused with 6A80 where the point is not on the curve, and by keys that cannot agree on anything (RSA).
        """
        raise Refusal(Status.WRONG_DATA)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.kind.value}>"
