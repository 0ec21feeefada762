"""SM2 inside the simulated card, as CanoKey does it: signing e as given, and plain Diffie-Hellman on the curve."""

from __future__ import annotations

from ecard import sm2
from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.status import Status
from ecard.errors import EcardError, InvalidKeyError
from ecard.simulator.card_key import CardKey
from ecard.simulator.randomness import Randomness, scalar
from ecard.simulator.refusal import Refusal, require
from ecard.sm2.parameters import SIZE, N


class Sm2Key(CardKey):
    """A key on the SM2 curve (GB/T 32918.5)."""

    kind = KeyKind.SM2

    def __init__(self, native: sm2.PrivateKey) -> None:
        self._native = native

    @staticmethod
    def generate(source: Randomness) -> Sm2Key:
        """A new key; from a seeded ``source`` the same one again."""
        return Sm2Key.from_scalar(scalar(source, N - 1))

    @staticmethod
    def from_scalar(value: int) -> Sm2Key:
        """The key with this private scalar. Refused with 6A80 where it is not from 1 to the order less 2."""
        try:
            return Sm2Key(sm2.PrivateKey.from_scalar(value))
        except InvalidKeyError:
            raise Refusal(Status.WRONG_DATA) from None

    @staticmethod
    def load(pkcs8: bytes) -> Sm2Key:
        """A key that was written by ``pkcs8``. Raises ValueError for anything else."""
        try:
            return Sm2Key(sm2.PrivateKey.from_pkcs8(pkcs8))
        except EcardError as error:
            raise ValueError("not an SM2 key") from error

    @property
    def pkcs8(self) -> bytes:
        """The key as PKCS#8 in DER, unprotected."""
        return self._native.pkcs8()

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self._native.public_key.spki

    @property
    def public_template(self) -> bytes:
        """86 uncompressed point."""
        return tlv.encode(0x86, self._native.public_key.point())

    def respond(self, challenge: bytes) -> bytes:
        """The signature, in DER, of e as given: no Z and no SM3 on the card. A shorter e counts as a small number."""
        require(0 < len(challenge) <= SIZE, Status.WRONG_LENGTH)
        return self._native.sign_digest(challenge.rjust(SIZE, b"\0")).der

    def agree(self, point: bytes) -> bytes:
        """The x-coordinate shared with the other side's uncompressed ``point``."""
        require(len(point) == 1 + 2 * SIZE, Status.WRONG_DATA)
        try:
            return self._native.agree(sm2.PublicKey.from_point(point))
        except EcardError:
            raise Refusal(Status.WRONG_DATA) from None
