"""Suppliers of PINs that need no terminal: a value, an environment variable, a file descriptor, a callback."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ecard.errors import InvalidInputError, NoPinError, PinFormatError
from ecard.pin.masked import MAXIMUM_BYTES, Pin, pin_from
from ecard.pin.request import PinRequest, PinSupplier


@dataclass(frozen=True)
class _Value:
    pin: Pin

    def __call__(self, request: PinRequest) -> Pin:
        return Pin(self.pin.reveal())

    def __repr__(self) -> str:
        return "ecard.pin.value(Pin(****))"


@dataclass(frozen=True)
class _Environment:
    name: str

    def __call__(self, request: PinRequest) -> Pin:
        found = [os.environ.get(self.name, "")]
        if not found[0]:
            secret = request.reference.value
            raise NoPinError(
                f"the environment variable {self.name} holds no {secret}",
                remedy="set it, or choose another supplier",
                reference=secret,
            )
        return pin_from(found)

    def __repr__(self) -> str:
        return f"ecard.pin.environment({self.name!r})"


@dataclass(frozen=True)
class _FileDescriptor:
    number: int

    def __call__(self, request: PinRequest) -> Pin:
        line = self._line()
        try:
            if not line:
                raise NoPinError(f"file descriptor {self.number} gave no PIN: its line is empty, or it is at its end")
            return Pin(line)
        finally:
            line[:] = bytes(len(line))

    def _line(self) -> bytearray:
        line = bytearray()
        while (byte := self._byte()) not in {b"", b"\n"}:
            line += byte
            if len(line) > MAXIMUM_BYTES + 1:
                line[:] = bytes(len(line))
                raise PinFormatError(
                    f"the line of file descriptor {self.number} is longer than any PIN",
                    remedy=f"write the PIN alone, of at most {MAXIMUM_BYTES} bytes, and the end of a line",
                )
        if line.endswith(b"\r"):
            del line[-1]
        return line

    def _byte(self) -> bytes:
        """One byte at a time, so that what follows the line stays for whoever reads next."""
        try:
            return os.read(self.number, 1)
        except OSError as error:
            reason = error.strerror
        raise NoPinError(f"file descriptor {self.number} cannot be read for a PIN ({reason})")

    def __repr__(self) -> str:
        return f"ecard.pin.file_descriptor({self.number})"


@dataclass(frozen=True)
class _Callback:
    function: Callable[[PinRequest], Pin | str | None]

    def __call__(self, request: PinRequest) -> Pin:
        answers = [self.function(request)]
        if isinstance(answers[0], Pin):
            return answers[0]
        if not answers[0]:
            raise NoPinError("the callback gave no PIN")
        texts = [answer for answer in (answers.pop(),) if isinstance(answer, str)]
        if not texts:
            raise InvalidInputError("the callback gave something that is neither a Pin nor a text nor None")
        return pin_from(texts)

    def __repr__(self) -> str:
        return "ecard.pin.callback(...)"


def value(pin: Pin | str) -> PinSupplier:
    """A supplier that gives the same PIN every time, each time as a fresh Pin.

    ``pin`` stays the caller's: close it when no more is to be asked, and the supplier raises PinError.
    """
    box = [pin]
    del pin
    return _Value(pin_from(box))


def environment(name: str) -> PinSupplier:
    """A supplier that reads the environment variable ``name`` whenever it is asked.

    The variable stays set: other code of this process and its children can read it. Asked without a value
    there, it raises NoPinError.

    Raises InvalidInputError at once for a name that cannot be one.
    """
    if not name or "=" in name or "\0" in name:
        raise InvalidInputError("an environment variable needs a name, without = in it")
    return _Environment(name)


def file_descriptor(fd: int) -> PinSupplier:
    """A supplier that reads one line from the open file descriptor ``fd`` whenever it is asked.

    A line is at most 64 bytes, its end (LF or CR LF) not counted; nothing beyond it is read. Asked when the
    line is empty or the descriptor cannot be read, it raises NoPinError; for a longer line PinFormatError.

    Raises InvalidInputError at once for what is no descriptor.
    """
    if isinstance(fd, bool) or not isinstance(fd, int) or fd < 0:
        raise InvalidInputError("a file descriptor is a number from 0")
    return _FileDescriptor(fd)


def callback(function: Callable[[PinRequest], Pin | str | None]) -> PinSupplier:
    """A supplier that calls ``function`` with the PinRequest; it returns a Pin or a text, None for nothing.

    What the function raises passes through unchanged. Nothing returned raises NoPinError.

    Raises InvalidInputError at once for what is no function.
    """
    if not callable(function):
        raise InvalidInputError(f"a callback is a function of one PinRequest, not {type(function).__name__}")
    return _Callback(function)


def as_supplier(pin: Pin | PinSupplier) -> PinSupplier:
    """``pin`` as a supplier: a supplier as it is, a Pin as ``value(pin)``.

    Raises InvalidInputError for anything else, a bare text among it: a text prints itself.
    """
    if isinstance(pin, Pin):
        return value(pin)
    if callable(pin):
        return pin
    raise InvalidInputError(
        f"a PIN is given as a Pin or as a supplier, not as {type(pin).__name__}",
        remedy="wrap it, as in ecard.pin.Pin(text), or use ecard.pin.prompt",
    )
