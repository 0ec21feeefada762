"""The whole interface between ecard and a card: bytes in, (bytes, status word) out."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Transport(Protocol):
    """Something that carries a command to a card and its answer back.

    A simulated card, a PC/SC connection and a recorded trace are transports. One that fails raises
    CardConnectionError.
    """

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """Send one encoded command APDU; return the response data and the status word."""
        ...


class Connector(Protocol):
    """Something that gives exclusive use of a card for as long as a ``with`` block lasts.

    On entry the card is powered and no other program can speak to it; on exit it is free again, whatever
    happened. ``name`` says in words which card or reader it is. ``atr`` (answer to reset) is known while open;
    empty where there is none.
    """

    @property
    def name(self) -> str:
        """Which reader or card this is, for messages to people."""
        ...

    @property
    def atr(self) -> bytes:
        """The card's answer to reset (ISO/IEC 7816-3, section 8.2)."""
        ...

    def open(self) -> AbstractContextManager[Transport]:
        """Take the card. Raises NoCardError, CardBusyError, CardConnectionError or CardFileError."""
        ...
