"""A watch over the whole run: every PIN that was made, and everything that was logged or raised.

``tests/test_no_secret_left.py`` runs last and searches what was collected, and the files that the tests left.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ecard.errors import EcardError
from ecard.pin import Pin


class Watch(logging.Handler):
    """What the run produced."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.pins: set[bytes] = set()
        self.texts: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.add(record.getMessage())


WATCH = Watch()


@pytest.fixture(scope="session", autouse=True)
def _watched() -> Iterator[None]:
    """Note every PIN, every message of ecard's loggers and every text of its exceptions."""
    make_pin, make_error = Pin.__init__, EcardError.__init__

    def noted_pin(self: Pin, value: str | bytes | bytearray) -> None:
        make_pin(self, value)
        WATCH.pins.add(self.reveal())

    def noted_error(self: EcardError, *args: object, **options: object) -> None:
        make_error(self, *args, **options)  # type: ignore[arg-type]
        WATCH.texts.update((str(self), repr(self)))

    logger = logging.getLogger("ecard")
    logger.addHandler(WATCH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pin, "__init__", noted_pin)
        patch.setattr(EcardError, "__init__", noted_error)
        yield
    logger.removeHandler(WATCH)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The search comes last."""
    items.sort(key=lambda item: item.path.name == "test_no_secret_left.py")
