"""The PIN as a value that no printing, logging or pickling shows."""

from __future__ import annotations

import hmac
from typing import Any, Final, NoReturn, Self

from ecard.errors import PinError, PinFormatError

MAXIMUM_BYTES: Final = 64
_MASK: Final = "Pin(****)"


class Pin:
    """A PIN or PUK: 1 to 64 printable ASCII characters, shown as ``Pin(****)`` wherever it is printed.

    ``value`` is copied into a buffer of its own, which ``close`` (or leaving a ``with`` block) overwrites; a
    closed PIN raises PinError at any further use. Two PINs are compared in a time that does not depend on
    their content. A PIN has no hash and cannot be pickled or copied. How far overwriting goes in Python is
    told in docs/pin-policy.md.

    Raises PinFormatError for a value that no card takes: empty, longer than 64 bytes, not ASCII (full-width
    digits among them), or with control characters such as the end of a line.

    >>> Pin("739205")
    Pin(****)
    """

    __slots__ = ("_buffer",)
    __hash__ = None  # type: ignore[assignment]  # a hash of few digits gives the digits away

    def __init__(self, value: str | bytes | bytearray) -> None:
        self._buffer: bytearray | None = None
        problem = _problem(value)
        if problem is not None:
            del value  # a traceback that shows local variables must not show it
            raise problem
        self._buffer = bytearray(value, "ascii") if isinstance(value, str) else bytearray(value)

    def reveal(self) -> bytes:
        """The PIN itself, to be sent to the card at once and kept nowhere. Raises PinError after ``close``."""
        return bytes(self._open())

    def close(self) -> None:
        """Overwrite the buffer with zeros and forget it. Closing twice does no harm."""
        if self._buffer is not None:
            self._buffer[:] = bytes(len(self._buffer))
            self._buffer = None

    def _open(self) -> bytearray:
        if self._buffer is None:
            raise PinError("this PIN was closed", remedy="ask the supplier for it again")
        return self._buffer

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._open())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pin):
            return NotImplemented
        return hmac.compare_digest(self._open(), other._open())

    def __repr__(self) -> str:
        return _MASK

    def __format__(self, specification: str) -> str:
        return format(_MASK, specification)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise PinError("a PIN is not pickled", remedy="give the other process a supplier of its own")

    def __getstate__(self) -> NoReturn:
        raise PinError("the inside of a PIN is not given away", remedy="use reveal, and send what it gives to the card")

    def __copy__(self) -> NoReturn:
        raise PinError("a PIN is not copied", remedy="pass the same Pin on, or ask the supplier again")

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__copy__()


def pin_from(box: list[Any]) -> Pin:
    """Take the last Pin, or text to make one of, out of ``box``. Raises PinFormatError.

    A text is out of the list before it can be found wrong, so that no frame of the traceback holds it, if the caller
    has no other variable for it.
    """
    made: Pin = box.pop() if isinstance(box[-1], Pin) else Pin(box.pop())
    return made


def _problem(value: object) -> PinFormatError | None:
    if not isinstance(value, (str, bytes, bytearray)):
        return PinFormatError(f"a PIN is made of str, bytes or bytearray, not of {type(value).__name__}")
    if not value:
        return PinFormatError("the PIN is empty")
    if len(value) > MAXIMUM_BYTES:
        return PinFormatError("the PIN is longer than any card takes", remedy=f"give at most {MAXIMUM_BYTES} bytes")
    return _problem_of_characters([c if isinstance(c, str) else chr(c) for c in value])


def _problem_of_characters(characters: list[str]) -> PinFormatError | None:
    """The problem with the first kind of wrong character; a byte above 7F counts as no ASCII."""
    if any(c.isdecimal() for c in characters if not c.isascii()):
        return PinFormatError(
            "the PIN has digits that are not ASCII, such as full-width digits (全角数字)",
            remedy="type it with the input method switched to half-width (半角)",
        )
    if not all(c.isascii() for c in characters):
        return PinFormatError("the PIN has characters that are not ASCII")
    if any(c in "\r\n" for c in characters):
        return PinFormatError("the PIN contains the end of a line", remedy="strip it from the text that was read")
    if not all(c.isprintable() for c in characters):
        return PinFormatError("the PIN has control characters")
    return None
