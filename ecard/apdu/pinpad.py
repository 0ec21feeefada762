"""PIN entry at the reader: the PIN goes from its keys to the card and never through the computer.

PC/SC part 10, revision 2.02: features 06 (verify) and 07 (modify), sections 2.5.2 and 2.5.3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, Protocol, runtime_checkable

from ecard.apdu.command import Command
from ecard.errors import CardProtocolError, NoPinError, PinFormatError
from ecard.pin import Pin, PinRequest, PinSupplier, prompt

MIN_PIN: Final = 6
"""The least bytes of a PIN or PUK."""
MAX_PIN: Final = 8
"""The most bytes of a PIN or PUK; a shorter one is padded with FF (SP 800-73-5 part 2, section 2.4.3)."""
_SECONDS: Final = 60
_ASCII_LEFT_IN_BYTES: Final = 0x82
_BLOCK_OF_EIGHT: Final = 0x08
_ENTER_KEY: Final = 0x02
_DEFAULT_MESSAGE: Final = 0xFF
_ENGLISH: Final = 0x0409
_ASK_OLD_AND_CONFIRM_NEW: Final = 0x03
_EXTRA_DIGITS: Final = MIN_PIN << 8 | MAX_PIN
_NOT_ENTERED: Final = {
    0x6400: "nobody entered the PIN at the reader in time",
    0x6401: "the holder cancelled at the reader",
}
_NOT_TAKEN: Final = {
    0x6402: "the new PIN was not entered twice the same at the reader",
    0x6403: "the PIN entered at the reader is too short or too long",
}


class Feature(IntEnum):
    """Features of a reader (part 10, section 2.3)."""

    VERIFY_PIN_DIRECT = 0x06
    MODIFY_PIN_DIRECT = 0x07


@runtime_checkable
class PinPadTransport(Protocol):
    """A transport to a card in a reader that may have a PIN pad."""

    def features(self) -> Mapping[int, int]:
        """The reader's features and the control code of each."""
        ...

    def control(self, code: int, data: bytes, /) -> bytes:
        """Have the reader itself do something; returns its answer, status word included."""
        ...


class AtTheReader:
    """A supplier of PINs for readers with a PIN pad: the holder enters the PIN there.

    Where the reader has none, ``fallback`` is asked. ``announce`` is called before the reader waits for its keys, so
    that a program can tell the holder to look there.
    """

    def __init__(
        self, fallback: PinSupplier = prompt, *, announce: Callable[[PinRequest], object] | None = None
    ) -> None:
        self._fallback: Final = fallback
        self._announce: Final = announce

    def __call__(self, request: PinRequest) -> Pin:
        """The PIN from the fallback."""
        return self._fallback(request)

    def announce(self, request: PinRequest) -> None:
        """Tell the holder to look at the reader."""
        if self._announce is not None:
            self._announce(request)

    def __repr__(self) -> str:
        return f"AtTheReader({self._fallback!r})"


def read_features(answer: bytes) -> dict[int, int]:
    """The answer to CM_IOCTL_GET_FEATURE_REQUEST: tag, length 4, control code in big-endian, repeated."""
    found: dict[int, int] = {}
    for position in range(0, len(answer) - 5, 6):
        if answer[position + 1] != 4:
            break
        found[answer[position]] = int.from_bytes(answer[position + 2 : position + 6], "big")
    return found


def verify_structure(command: Command) -> bytes:
    """PIN_VERIFY_STRUCTURE around a VERIFY whose eight data bytes the reader fills in."""
    apdu = _with_blank(command, MAX_PIN)
    head = struct.pack(
        "<BBBBBHBBHB3xI",
        _SECONDS,
        _SECONDS,
        _ASCII_LEFT_IN_BYTES,
        _BLOCK_OF_EIGHT,
        0,
        _EXTRA_DIGITS,
        _ENTER_KEY,
        _DEFAULT_MESSAGE,
        _ENGLISH,
        0,
        len(apdu),
    )
    return head + apdu


def modify_structure(command: Command) -> bytes:
    """PIN_MODIFY_STRUCTURE around a CHANGE REFERENCE DATA whose old and new PIN the reader fills in."""
    apdu = _with_blank(command, 2 * MAX_PIN)
    head = struct.pack(
        "<BBBBBBBHBBBHBBB3xI",
        _SECONDS,
        _SECONDS,
        _ASCII_LEFT_IN_BYTES,
        _BLOCK_OF_EIGHT,
        0,
        0,
        MAX_PIN,
        _EXTRA_DIGITS,
        _ASK_OLD_AND_CONFIRM_NEW,
        _ENTER_KEY,
        3,
        _ENGLISH,
        0,
        1,
        2,
        len(apdu),
    )
    return head + apdu


def _with_blank(command: Command, size: int) -> bytes:
    return command.header + bytes((size,)) + b"\xff" * size


def status_of(answer: bytes) -> int:
    """The status word that came back through the reader.

    Raises NoPinError or PinFormatError where nothing was sent to the card, CardProtocolError for no status word.
    """
    if len(answer) != 2:
        raise CardProtocolError(f"the reader's PIN pad answered {len(answer)} bytes instead of a status word")
    status = int.from_bytes(answer, "big")
    if status in _NOT_ENTERED:
        raise NoPinError(_NOT_ENTERED[status])
    if status in _NOT_TAKEN:
        raise PinFormatError(_NOT_TAKEN[status])
    return status
