"""What a refusal means: status words become exceptions here and nowhere else."""

from __future__ import annotations

from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.status import Status, explain, in_words, tries_left
from ecard.apdu.words import Ins, Reference
from ecard.errors import (
    CardStatusError,
    EcardError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    PinBlockedError,
    WrongPinError,
)

_PIN_COMMANDS: Final = (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER)
_WRONG: Final = 0x63
_NOT_SUPPORTED: Final = (Status.INS_NOT_SUPPORTED, Status.CLA_NOT_SUPPORTED, Status.FUNCTION_NOT_SUPPORTED)
_KIND_COMMANDS: Final = (Ins.GENERATE_KEY, Ins.IMPORT_KEY, Ins.MOVE_KEY, Ins.GET_METADATA, Ins.SET_MANAGEMENT_KEY)
"""Commands that name a slot or a kind of key: wrong data or parameters mean that the card has no such one."""
_NO_SUCH_SLOT_OR_KIND: Final = (Status.WRONG_DATA, Status.WRONG_P1P2)
_NOT_FOUND: Final = (Status.NOT_FOUND, Status.REFERENCE_NOT_FOUND)
_UNBLOCK: Final = {
    "PIN": "unblock it with the PUK, or have the card's issuer do it",
    "PUK": "only the card's issuer can help, or a reset, which erases every key",
}
_REMEDIES: Final = {
    (Ins.GENERAL_AUTHENTICATE, Status.SECURITY_NOT_SATISFIED): "give a PIN",
    (Ins.GENERAL_AUTHENTICATE, Status.WRONG_DATA): "check that the slot has a key of this kind",
    (Ins.GENERAL_AUTHENTICATE, Status.WRONG_P1P2): "check that the slot has a key of this kind",
    (Ins.GENERAL_AUTHENTICATE, Status.CONDITIONS_NOT_SATISFIED): "check that the slot has a key, and touch the card",
    (Ins.GENERAL_AUTHENTICATE, Status.TIMEOUT): "touch the card when it asks",
    (Ins.RESET, Status.CONDITIONS_NOT_SATISFIED): "a card is reset only when both PIN and PUK are blocked",
    (Ins.GET_DATA, Status.SECURITY_NOT_SATISFIED): "verify the PIN first",
    (Ins.SET_PIN_RETRIES, Status.SECURITY_NOT_SATISFIED): "authenticate with the management key and verify the PIN",
    (Ins.CHANGE_REFERENCE_DATA, Status.CONDITIONS_NOT_SATISFIED): "choose another one that the card's policy takes",
    (Ins.RESET_RETRY_COUNTER, Status.CONDITIONS_NOT_SATISFIED): "choose another one that the card's policy takes",
}
_NEEDS_MANAGEMENT_KEY: Final = (
    Ins.PUT_DATA,
    Ins.GENERATE_KEY,
    Ins.IMPORT_KEY,
    Ins.MOVE_KEY,
    Ins.SET_MANAGEMENT_KEY,
)


def refusal(command: Command, status: int, what: str) -> EcardError:
    """The exception for ``command`` refused with ``status`` while doing ``what`` ("reading the serial number").

    WrongPinError or PinBlockedError for commands that carry a PIN; NotSupportedByCardError and
    ObjectNotFoundError where the status word says so; CardStatusError for the rest.
    """
    if command.ins in _PIN_COMMANDS and (status >> 8 == _WRONG or status == Status.BLOCKED):
        return refused_pin(secret_of(command), tries_left(status))
    words = f"{what}: the card answered {status:04X}, {explain(status)}"
    if status in _NOT_SUPPORTED or (command.ins in _KIND_COMMANDS and status in _NO_SUCH_SLOT_OR_KIND):
        return NotSupportedByCardError(words)
    if status in _NOT_FOUND and command.ins != Ins.SELECT:
        return ObjectNotFoundError(words)
    return CardStatusError(words, status=status, remedy=_remedy(command, status))


def secret_of(command: Command) -> str:
    """Which secret a command that carries one proves: "PIN" or "PUK"."""
    return "PUK" if command.ins == Ins.RESET_RETRY_COUNTER or command.p2 == Reference.PUK else "PIN"


def refused_pin(secret: str, left: int | None) -> EcardError:
    """The exception for a wrong ``secret`` ("PIN" or "PUK") with ``left`` tries left, None where nobody knows."""
    if left == 0:
        what = f"wrong {secret}, or it was blocked before: it is blocked now"
        return PinBlockedError(what, remedy=_UNBLOCK[secret], reference=secret)
    known = "the card does not say how many tries are left" if left is None else f"{in_words(left)} left"
    return WrongPinError(f"wrong {secret}, {known}", tries_left=left, reference=secret)


def blocked(secret: str) -> EcardError:
    """The exception for a ``secret`` that has no tries left before anything was sent."""
    return PinBlockedError(f"the {secret} is blocked", remedy=_UNBLOCK[secret], reference=secret)


def _remedy(command: Command, status: int) -> str | None:
    if command.ins == Ins.GENERAL_AUTHENTICATE and command.p2 == Reference.MANAGEMENT_KEY:
        return "check the algorithm of the card's management key" if status in _NO_SUCH_SLOT_OR_KIND else None
    if status == Status.SECURITY_NOT_SATISFIED and command.ins in _NEEDS_MANAGEMENT_KEY:
        return "authenticate with the management key first"
    return next((words for (ins, word), words in _REMEDIES.items() if (command.ins, status) == (ins, word)), None)
