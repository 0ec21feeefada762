"""Is there a PC/SC service, does it know a reader, and is the wanted one among them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ecard.apdu.pcsc import list_readers
from ecard.doctor.states import Line, State
from ecard.errors import MissingDependencyError, NoCardError, NoCardReason

_SERVICE: Final = "PC/SC service"
_READERS: Final = "reader"
_IN_WORDS: Final = {None: "a card is in", NoCardReason.NO_CARD: "empty"}


def check_readers(wanted: str) -> Iterator[Line]:
    """The service, then each reader; ``wanted`` is a part of a reader's name, empty for any."""
    try:
        readers = list_readers()
    except MissingDependencyError as error:
        yield Line(_SERVICE, State.SERVICE_NOT_INSTALLED, error.what)
        return
    except NoCardError as error:
        runs = error.reason is NoCardReason.NO_READER
        yield Line(
            _SERVICE, State.SERVICE_RUNS if runs else State.SERVICE_NOT_RUNNING, "it runs" if runs else error.what
        )
        if runs:
            yield Line(_READERS, State.NO_READER, error.what)
        return
    yield Line(_SERVICE, State.SERVICE_RUNS, "it runs")
    for reader in readers:
        mute = reader.reason is NoCardReason.UNSUPPORTED_CARD
        words = "the card in it does not answer" if mute else _IN_WORDS[reader.reason]
        yield Line(_READERS, State.CARD_MUTE if mute else State.READER_FOUND, f"{reader.name}: {words}")
    if not any(wanted.casefold() in reader.name.casefold() for reader in readers):
        known = ", ".join(reader.name for reader in readers)
        yield Line(_READERS, State.UNKNOWN_READER, f"no reader's name contains {wanted!r}; there are: {known}")
