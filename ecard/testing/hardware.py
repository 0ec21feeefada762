"""Finding the one real card that a test may use, by its serial number, and leaving every other alone."""

from __future__ import annotations

from contextlib import suppress

from ecard.apdu.pcsc import PcscReader, list_readers
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.errors import CardError, ObjectNotFoundError


def address_of(serial: int) -> str:
    """The address of the card with this serial number, for ``ecard.connect``.

    Every card in a reader is asked for its serial number, which changes nothing on it. Raises ObjectNotFoundError
    where none has that number, NoCardError where there is no service or reader, MissingDependencyError where pyscard
    is not installed.
    """
    seen = []
    for reader in list_readers():
        # what cannot be asked is not the card: a reader without one, a card of another kind, one that is in use
        with suppress(CardError), Session(PcscReader(reader.name, wait=1)) as session:
            found = PivSession(session).serial()
            if found == serial:
                return f"pcsc:{reader.name}"
            seen.append(f"{found} in {reader.name}")
    raise ObjectNotFoundError(
        f"no card has the serial number {serial}, there are: {', '.join(seen) or 'none that tell'}",
        remedy="insert it, or name the serial number of the card that the tests may change",
    )
