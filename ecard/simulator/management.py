"""Authentication with the management key (SP 800-73-5 part 2, section 3.2.4 and appendix A.1)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from ecard.apdu import tlv
from ecard.apdu.status import Status
from ecard.apdu.words import ManagementAlgorithm, TouchUse
from ecard.simulator.application import Application
from ecard.simulator.refusal import Refusal, require
from ecard.simulator.state import ManagementKey

_WITNESS: Final = 0x80
_CHALLENGE: Final = 0x81
_RESPONSE: Final = 0x82
_TDES_BY_DEFAULT: Final = 0x00
"""SP 800-78-5, table 9: algorithm 00 is 3DES."""


def authenticate(card: Application, algorithm: int, fields: Mapping[int, bytes]) -> bytes:
    """One step of either protocol; returns what belongs inside 7C.

    The card proves itself too: 80 empty -> 80 enciphered witness; 80 witness, 81 challenge -> 82 enciphered
    challenge. Only the host does: 81 empty -> 81 challenge; 82 enciphered challenge -> nothing.
    """
    key = card.memory.management
    wanted = ManagementAlgorithm.TDES if algorithm == _TDES_BY_DEFAULT else algorithm
    require(wanted == key.algorithm, Status.WRONG_P1P2)
    if key.touch is not TouchUse.NEVER and fields.keys() & {_WITNESS, _RESPONSE}:
        require(card.touched(), Status.TIMEOUT)
    if fields.get(_WITNESS) == b"":
        return _ask_for_witness(card, key)
    if fields.get(_CHALLENGE) == b"":
        return _ask_for_challenge(card, key)
    if _WITNESS in fields:
        return _mutual(card, key, fields[_WITNESS], fields.get(_CHALLENGE, b""))
    if fields.get(_RESPONSE):
        return _external(card, key, fields[_RESPONSE])
    raise Refusal(Status.WRONG_DATA)


def encipher(key: ManagementKey, block: bytes) -> bytes:
    """One block under the management key; whole blocks of 8 bytes for 3DES, 16 for AES."""
    cipher = TripleDES(key.value) if key.algorithm is ManagementAlgorithm.TDES else AES(key.value)
    # one random block at a time: the protocol is defined on the bare block cipher
    run = Cipher(cipher, modes.ECB()).encryptor()  # noqa: S305
    return run.update(block) + run.finalize()


def _ask_for_witness(card: Application, key: ManagementKey) -> bytes:
    _forget(card)
    card.power.witness = card.memory.source.take(key.algorithm.block_size)
    return tlv.encode(_WITNESS, encipher(key, card.power.witness))


def _ask_for_challenge(card: Application, key: ManagementKey) -> bytes:
    _forget(card)
    card.power.challenge = card.memory.source.take(key.algorithm.block_size)
    return tlv.encode(_CHALLENGE, card.power.challenge)


def _mutual(card: Application, key: ManagementKey, witness: bytes, challenge: bytes) -> bytes:
    expected = card.power.witness
    _forget(card)
    require(len(challenge) == key.algorithm.block_size, Status.WRONG_DATA)
    _judge(card, expected is not None and hmac.compare_digest(expected, witness))
    return tlv.encode(_RESPONSE, encipher(key, challenge))


def _external(card: Application, key: ManagementKey, response: bytes) -> bytes:
    challenge = card.power.challenge
    _forget(card)
    _judge(card, challenge is not None and hmac.compare_digest(encipher(key, challenge), response))
    return b""


def _judge(card: Application, right: bool) -> None:
    card.power.managed = right
    require(right, Status.SECURITY_NOT_SATISFIED)


def _forget(card: Application) -> None:
    # a witness or challenge is good for the next command only
    card.power.witness = card.power.challenge = None
