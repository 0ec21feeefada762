"""Verbs for the management key: mutual authentication, setting a new one, resetting the application.

SP 800-73-5 part 2, section 3.2.4 and appendix A.1 (mutual authentication with witness and challenge).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.objects import ObjectVerbs
from ecard.apdu.status import Status
from ecard.apdu.words import Ins, ManagementAlgorithm, Reference
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    InvalidInputError,
    ManagementKeyError,
    NotSupportedByCardError,
    ObjectNotFoundError,
)

_TEMPLATE, _WITNESS, _CHALLENGE, _RESPONSE = 0x7C, 0x80, 0x81, 0x82
_WRONG_KEY: Final = (Status.SECURITY_NOT_SATISFIED, Status.WRONG_DATA)
_TOUCH, _NO_TOUCH = 0xFE, 0xFF


class ManagementVerbs(ObjectVerbs):
    """What changes the card as a whole."""

    def authenticate_management_key(self, key: bytes, *, algorithm: ManagementAlgorithm | None = None) -> None:
        """Prove the management key to the card, and have the card prove that it has it.

        ``algorithm`` is by default the one in the card's metadata, or one that the key's length is for (of 24 bytes
        3DES, then AES-192). Raises InvalidInputError for a key of another length than the algorithm's, and
        ManagementKeyError where the card refuses it or does not have it.
        """
        what = "authenticating with the management key"
        algorithm, witness = self._witness(key, what, (algorithm,) if algorithm else self._management_algorithms(key))
        cipher = _cipher(key, algorithm).decryptor()
        proof = {_WITNESS: cipher.update(witness), _CHALLENGE: secrets.token_bytes(algorithm.block_size)}
        try:
            answer = self._authenticate(algorithm, what, proof)[_RESPONSE]
        except CardStatusError as error:
            if error.status not in _WRONG_KEY:
                raise
            raise ManagementKeyError("the card refused the management key") from None
        if not hmac.compare_digest(answer, _cipher(key, algorithm).encryptor().update(proof[_CHALLENGE])):
            raise ManagementKeyError("the card did not prove that it has the management key")

    def _witness(
        self, key: bytes, what: str, algorithms: Sequence[ManagementAlgorithm]
    ) -> tuple[ManagementAlgorithm, bytes]:
        """The card's witness under the first algorithm that it knows of the key; asking for one costs nothing."""
        *others, last = algorithms
        for algorithm in others:
            with suppress(CardStatusError):
                return algorithm, self._witness_under(algorithm, key, what)
        return last, self._witness_under(last, key, what)

    def _witness_under(self, algorithm: ManagementAlgorithm, key: bytes, what: str) -> bytes:
        _check_length(key, algorithm)
        witness = self._authenticate(algorithm, what, {_WITNESS: b""})[_WITNESS]
        if len(witness) != algorithm.block_size:
            raise CardProtocolError(f"{what}: the card's witness has {len(witness)} bytes")
        return witness

    def _authenticate(self, algorithm: ManagementAlgorithm, what: str, fields: dict[int, bytes]) -> dict[int, bytes]:
        data = tlv.encode(_TEMPLATE, [tlv.encode(tag, value) for tag, value in fields.items()])
        command = Command(Ins.GENERAL_AUTHENTICATE, algorithm, Reference.MANAGEMENT_KEY, data)
        answer = tlv.decode(tlv.unwrap(self.session.transmit(command, what), _TEMPLATE, what))
        wanted = _RESPONSE if _CHALLENGE in fields else _WITNESS
        if wanted not in answer:
            raise CardProtocolError(f"{what}: the card's answer lacks data object {wanted:X}")
        return answer

    def _management_algorithms(self, key: bytes) -> Sequence[ManagementAlgorithm]:
        with suppress(NotSupportedByCardError, ObjectNotFoundError, CardStatusError, CardProtocolError):
            found = self.management_key_metadata().algorithm
            if found is not None:
                return (found,)
        return [a for a in ManagementAlgorithm if a.key_size == len(key)] or [ManagementAlgorithm.TDES]

    def set_management_key(
        self, key: bytes, *, algorithm: ManagementAlgorithm = ManagementAlgorithm.TDES, touch: bool = False
    ) -> None:
        """Replace the management key (Yubico). Needs the old one.

        ``touch`` makes the card ask for a touch whenever it is used. Raises InvalidInputError for a key of a wrong
        length, NotSupportedByCardError, CardStatusError.
        """
        _check_length(key, algorithm)
        data = bytes((algorithm,)) + tlv.encode(Reference.MANAGEMENT_KEY, key)
        command = Command(Ins.SET_MANAGEMENT_KEY, 0xFF, _TOUCH if touch else _NO_TOUCH, data)
        self._order(command, f"setting a management key for {algorithm.name}")


def _check_length(key: bytes, algorithm: ManagementAlgorithm) -> None:
    if len(key) != algorithm.key_size:
        raise InvalidInputError(
            f"a management key for {algorithm.name} has {algorithm.key_size} bytes, this one has {len(key)}"
        )


def _cipher(key: bytes, algorithm: ManagementAlgorithm) -> Cipher[modes.ECB]:
    """One block at a time, as the protocol prescribes; ECB of a single random block is a plain block cipher."""
    block_cipher = TripleDES(key) if algorithm is ManagementAlgorithm.TDES else AES(key)
    return Cipher(block_cipher, modes.ECB())  # noqa: S305
