"""A reader of a real PC/SC service into which a test puts simulated cards: vpcd of the vsmartcard project.

Every program of the machine sees the card there, and code under test reaches it as it reaches a real one.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecard.apdu.pcsc import ReaderInfo, list_readers
from ecard.errors import CardConnectionError, NoCardError, NoCardReason
from ecard.simulator.vpcd import DEFAULT_PORT, serve
from ecard.testing.card import ReadyCard

DEFAULT_NAME: Final = "Virtual PCD 00 00"
"""What the first virtual reader is called where nobody configured another name."""
_NOTICED_WITHIN: Final = 20.0
"""Seconds until the service has noticed a card; it looks every 0.4 seconds, and may be busy."""
_POLL: Final = 0.05


@dataclass(frozen=True)
class VirtualReader:
    """A virtual reader, empty while no card is ``inserted``."""

    name: str = DEFAULT_NAME
    """What the service calls it."""
    port: int = DEFAULT_PORT
    """The TCP port on which it listens for a card."""

    @property
    def address(self) -> str:
        """What ``ecard.connect`` and ``--card`` take."""
        return f"pcsc:{self.name}"

    @contextmanager
    def inserted(self, card: ReadyCard) -> Iterator[Insertion]:
        """Put a card into the reader for the length of a ``with`` block, with the faults of the test.

        Gives what takes it out and puts it in again meanwhile. Raises CardConnectionError where the service does not
        notice the card, and CardBusyError where the card is in use.
        """
        stop, is_in = threading.Event(), threading.Event()
        options = {"port": self.port, "stop": stop, "inserted": is_in}
        thread = threading.Thread(target=serve, args=(card.reader,), kwargs=options, daemon=True)
        insertion = Insertion(self, is_in)
        with card.reader.open():
            # a card that is in use is refused here, and not in the thread
            pass
        thread.start()
        try:
            insertion.put_in()
            yield insertion
        finally:
            stop.set()
            thread.join()
            self.wait_for(NoCardReason.NO_CARD)

    def wait_for(self, reason: NoCardReason | None) -> None:
        """Wait until the service says why there is no card, None: that there is one. CardConnectionError after 20 s."""
        give_up = time.monotonic() + _NOTICED_WITHIN
        while (found := self.find()) is not None and found.reason is not reason:
            if time.monotonic() > give_up:
                raise CardConnectionError(f"{self.name} does not notice the card", remedy="restart the PC/SC service")
            time.sleep(_POLL)

    def find(self) -> ReaderInfo | None:
        """The reader as the service sees it; None where the service does not know it, or does not run.

        MissingDependencyError where pyscard is not installed.
        """
        try:
            return next((reader for reader in list_readers() if reader.name == self.name), None)
        except NoCardError:
            return None

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep the reader for this process, among those of this user that do the same, for a ``with`` block.

        Test processes that run side by side (pytest-xdist) take turns so.
        """
        if os.name != "posix":
            yield
            return
        import fcntl  # only POSIX systems have it

        with (Path(tempfile.gettempdir()) / f"ecard-vpcd-{self.port}-{os.getuid()}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True)
class Insertion:
    """A card that is put into a virtual reader and taken out of it. Both wait until the service has noticed."""

    reader: VirtualReader
    _is_in: threading.Event

    def put_in(self) -> None:
        """Put the card in. CardConnectionError where the service does not notice."""
        self._is_in.set()
        self.reader.wait_for(None)

    def take_out(self) -> None:
        """Take the card out. CardConnectionError where the service does not notice."""
        self._is_in.clear()
        self.reader.wait_for(NoCardReason.NO_CARD)


def why_not(reader: VirtualReader) -> str | None:
    """Why a virtual reader cannot be used; None where it can. MissingDependencyError where pyscard is missing."""
    try:
        readers = {found.name: found for found in list_readers()}
    except NoCardError as error:
        return str(error)
    if reader.name not in readers:
        return f"the PC/SC service has no reader {reader.name!r}: install vsmartcard-vpcd, or set ecard_vpcd_reader"
    is_empty = readers[reader.name].reason is NoCardReason.NO_CARD
    return None if is_empty else f"another program has put a card into {reader.name}"
