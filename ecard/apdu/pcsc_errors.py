"""What the return codes of PC/SC mean for somebody who wants to use a card."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ecard.errors import (
    CardConnectionError,
    CardRemovedError,
    CardResetError,
    NoCardError,
    NoCardReason,
    ReaderLostError,
    ServiceLostError,
)


class Code(IntEnum):
    """Return codes of the PC/SC functions that ecard tells apart."""

    OK = 0
    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    NOT_READY = 0x80100010
    COMMUNICATION = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS = 0x8010002E
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069


SERVICE_GONE: Final = (Code.NO_SERVICE, Code.SERVICE_STOPPED, Code.COMMUNICATION, Code.INVALID_HANDLE)
"""Said by every function when the service has ended."""
READER_GONE: Final = (Code.UNKNOWN_READER, Code.READER_UNAVAILABLE)
_START_SERVICE: Final = "start it (on Linux: apt install pcscd, then systemctl start pcscd.socket, or run pcscd)"
_ABSENT: Final = (Code.NO_SMARTCARD, Code.REMOVED_CARD)


def code(result: int) -> int:
    """A return code as the unsigned number that the standard gives it, whichever sign the library gave it."""
    return result & 0xFFFFFFFF


def service_not_running() -> NoCardError:
    """There is no PC/SC service to ask."""
    reason = NoCardReason.SERVICE_NOT_RUNNING
    return NoCardError("the PC/SC service does not answer", reason=reason, remedy=_START_SERVICE)


def no_reader() -> NoCardError:
    """The service has no reader."""
    reason = NoCardReason.NO_READER
    return NoCardError("no smart-card reader is connected", reason=reason, remedy="plug one in")


def unknown_reader(part: str, known: list[str]) -> NoCardError:
    """No reader's name has ``part`` in it."""
    what = f"no reader's name contains {part!r}; there are: {', '.join(known)}"
    return NoCardError(what, reason=NoCardReason.UNKNOWN_READER)


def no_card(reader: str) -> NoCardError:
    """The reader is empty."""
    return NoCardError(f"there is no card in {reader}", reason=NoCardReason.NO_CARD, remedy="insert one")


def mute_card(reader: str, result: int) -> NoCardError:
    """There is a card that does not answer as cards do."""
    what = f"the card in {reader} does not answer (PC/SC {code(result):08X})"
    remedy = "check that it is the right way round, and a smart card"
    return NoCardError(what, reason=NoCardReason.UNSUPPORTED_CARD, remedy=remedy)


def cannot_connect(reader: str, result: int) -> NoCardError:
    """The error for a connection to a card that failed with ``result``."""
    number = code(result)
    if number in SERVICE_GONE:
        return service_not_running()
    if number in READER_GONE:
        reason = NoCardReason.UNKNOWN_READER
        return NoCardError(f"{reader} was unplugged", reason=reason, remedy="plug it in")
    return no_card(reader) if number in _ABSENT else mute_card(reader, number)


def connection_lost(reader: str, result: int) -> CardConnectionError:
    """The error for a connection to a card that worked and then failed with ``result``."""
    number = code(result)
    if number in _ABSENT:
        return CardRemovedError(f"the card was taken out of {reader}", remedy="insert it, and begin again")
    if number == Code.RESET_CARD:
        return CardResetError(f"another program reset the card in {reader}", remedy="begin again")
    if number in READER_GONE:
        return ReaderLostError(f"{reader} was unplugged", remedy="plug it in, and begin again")
    if number in SERVICE_GONE:
        return ServiceLostError("the PC/SC service ended or was restarted", remedy="begin again")
    return CardConnectionError(f"{reader} failed (PC/SC {number:08X})", remedy="begin again")
