"""The letter with a card's new PIN: there before anything is done for it, kept where the card may have that PIN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecard.cli.secret_file import is_refusal, secret_file, told_in_doubt
from ecard.pin import Pin


class PinLetter:
    """A PIN that was written down, and whether the card may have it by now."""

    def __init__(self) -> None:
        self._on_its_way = False

    def on_its_way(self) -> None:
        """From now on the card may have the PIN, unless it refuses."""
        self._on_its_way = True

    def is_for_nothing_after(self, error: BaseException) -> bool:
        """Whether an error means that the card certainly does not have the PIN."""
        return not self._on_its_way or is_refusal(error)


@contextmanager
def pin_letter(file: Path, pin: Pin, otherwise: str) -> Iterator[PinLetter]:
    """Write the letter to a new file; it goes again where the block fails and the card certainly has not got the PIN.

    ``otherwise`` says in the error what to do where the PIN does not open the card. Raises InvalidInputError where
    there is such a file, or it cannot be made.
    """
    letter = PinLetter()
    gone_after = letter.is_for_nothing_after
    remedy = f"{file} is kept, try the PIN in it; if the card refuses it, {otherwise}"
    with (
        secret_file(file, pin.reveal(), "the PIN letter", gone_after=gone_after),
        told_in_doubt("its new PIN", remedy, unless=gone_after),
    ):
        yield letter
