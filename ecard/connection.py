"""From the address of a card to a session with it: the one place that knows every kind of transport."""

from __future__ import annotations

from pathlib import Path

from ecard.apdu.pcsc import PcscReader
from ecard.apdu.session import Session
from ecard.apdu.transport import Connector
from ecard.errors import InvalidInputError
from ecard.simulator.cardfile import CardFile


def connector(address: str, *, wait: float = 10.0) -> Connector:
    """The card at ``address``: ``pcsc``, ``pcsc:READER`` (a part of the reader's name) or ``sim:FILE``.

    ``wait`` is how many seconds a busy card is waited for. InvalidInputError for any other address.
    """
    kind, separator, rest = address.partition(":")
    if kind == "pcsc":
        return PcscReader(rest or None, wait=wait)
    if kind == "sim" and separator and rest:
        return CardFile(Path(rest), wait=wait)
    raise InvalidInputError(f"{address!r} is not the address of a card", remedy="use pcsc, pcsc:READER or sim:FILE")


def connect(address: str = "pcsc", *, wait: float = 10.0) -> Session:
    """A session with the card at ``address``, by default the one in the first reader; use it in a ``with`` block.

    While the block lasts no other program can speak to the card. Raises InvalidInputError here, and on entering
    the block NoCardError, CardBusyError, CardConnectionError or CardFileError.
    """
    return Session(connector(address, wait=wait))
