"""What a supplier of PINs is told: which card, which secret, for what act, with how many tries left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from ecard.errors import InvalidInputError
from ecard.pin.masked import Pin

_MAXIMUM_WORDS: Final = 200


class PinReference(Enum):
    """Which of a card's secrets is asked for."""

    PIN = "PIN"
    """The holder's PIN (PIV key reference 80)."""
    PUK = "PUK"
    """The PIN unblocking key (PIV key reference 81)."""


@dataclass(frozen=True)
class PinRequest:
    """Why a PIN is asked for.

    ``card`` says in words which card it is, without personal data; ``act`` what will be done with it, for
    example ``"sign"`` or ``"seal 3 documents"``; ``tries_left`` how many wrong answers the card still
    takes, None where that is not known. Characters that do not print, which could steer a terminal, are
    replaced by ``?``, and each text is cut at 200 characters, because a card's label is a stranger's text.
    Raises InvalidInputError where one of the two is no text.
    """

    card: str
    act: str
    tries_left: int | None = None
    reference: PinReference = PinReference.PIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "card", _printable(self.card))
        object.__setattr__(self, "act", _printable(self.act))

    def question(self) -> str:
        """The request as one line for the holder, ending in a colon and a space.

        >>> PinRequest("operator card", "sign", 3).question()
        'PIN of operator card, to sign (3 tries left): '
        """
        return f"{self.reference.value} of {self.card}, to {self.act}{self._tries()}: "

    def _tries(self) -> str:
        if self.tries_left is None:
            return ""
        return " (the last try before it blocks)" if self.tries_left == 1 else f" ({self.tries_left} tries left)"


PinSupplier: TypeAlias = Callable[[PinRequest], Pin]
"""Gives a fresh Pin for a request, or raises NoPinError. Whoever asked closes the Pin."""


def _printable(words: object) -> str:
    if not isinstance(words, str):
        raise InvalidInputError("a request for a PIN says card and act in words")
    return "".join(c if c.isprintable() else "?" for c in words[:_MAXIMUM_WORDS])
