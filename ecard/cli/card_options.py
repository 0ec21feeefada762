"""Options of the commands that speak to a card, and the session that they open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ecard.apdu.pinpad import AtTheReader
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.trace import TracedReader
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, ManagementAlgorithm, Slot
from ecard.cli.language import translate
from ecard.cli.pin_prompt import ask, in_words
from ecard.connection import connector
from ecard.errors import InvalidInputError, NoPinError
from ecard.pin import Pin, PinRequest, PinSupplier, environment

CARD_HELP = "The card: pcsc (the first reader), pcsc:READER (part of its name), or sim:FILE (a simulated card)."
PIN_VARIABLE = "ECARD_PIN"
NEW_PIN_VARIABLE = "ECARD_NEW_PIN"
PUK_VARIABLE = "ECARD_PUK"
NEW_PUK_VARIABLE = "ECARD_NEW_PUK"
MANAGEMENT_KEY_VARIABLE = "ECARD_MANAGEMENT_KEY"

CardAddress = Annotated[str, typer.Option("--card", metavar="CARD", help=CARD_HELP)]
TraceFile = Annotated[
    Path | None,
    typer.Option("--trace", metavar="FILE", help="Add every exchange with the card to FILE, secrets masked."),
]
UseLastTry = Annotated[
    bool, typer.Option("--use-last-try", help="Send PIN or PUK even if it is the last try before it is blocked.")
]
SlotName = Annotated[
    str, typer.Option("--slot", metavar="SLOT", help="The key on the card: 9A, 9C, 9D, 9E or 82 to 95.")
]


def open_session(card: str, trace: Path | None) -> Session:
    """A session with the card at an address, traced if asked for."""
    found = connector(card)
    return Session(found if trace is None else TracedReader(found, trace))


@contextmanager
def open_piv(card: str, trace: Path | None) -> Iterator[PivSession]:
    """The PIV application of the card at an address, for as long as the block lasts."""
    with open_session(card, trace) as session:
        yield PivSession(session)


def parse_slot(text: str) -> Slot:
    """A slot by its two hexadecimal digits. InvalidInputError where there is none."""
    try:
        return Slot(int(text, 16))
    except ValueError:
        raise InvalidInputError(f"{text!r} is not a slot", remedy="use 9A, 9C, 9D, 9E or 82 to 95") from None


def own_slot(text: str) -> Slot:
    """A slot for the holder's keys, by its two digits: not F9, whose key is the maker's and cannot be made again."""
    slot = parse_slot(text)
    if slot is Slot.ATTESTATION:
        raise InvalidInputError("slot F9 holds the key of the card's maker", remedy="use 9A, 9C, 9D, 9E or 82 to 95")
    return slot


def pin_supplier(variable: str = PIN_VARIABLE) -> PinSupplier:
    """A PIN or PUK from an environment variable if it is set, never from an option.

    Otherwise a PIN to be verified is entered at the reader where that has a PIN pad, and everything else at a prompt.
    """
    return (
        environment(variable) if variable in os.environ else AtTheReader(asked(variable), announce=_look_at_the_reader)
    )


def asked(variable: str) -> PinSupplier:
    """The prompt, which where it cannot ask names the environment variable that could have been set."""

    def ask_or_name_it(request: PinRequest) -> Pin:
        try:
            return ask(request)
        except NoPinError as error:
            remedy = f"run this in a terminal, or set the environment variable {variable}"
            raise NoPinError(error.what, remedy=remedy, reference=error.reference) from None

    return ask_or_name_it


def _look_at_the_reader(request: PinRequest) -> None:
    sys.stderr.write(in_words(request).question() + translate("please enter it at the reader") + "\n")


def management_key() -> bytes:
    """The management key from ECARD_MANAGEMENT_KEY (hexadecimal), otherwise the one from the factory."""
    return key_from(MANAGEMENT_KEY_VARIABLE) or FACTORY_MANAGEMENT_KEY


def key_from(variable: str) -> bytes | None:
    """A management key from an environment variable, None where it is not set.

    InvalidInputError, without showing it, where it is not hexadecimal or has a length that none has.
    """
    text = os.environ.get(variable)
    if text is None:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise InvalidInputError(f"the environment variable {variable} is not hexadecimal") from None
    if len(key) not in {algorithm.key_size for algorithm in ManagementAlgorithm}:
        raise InvalidInputError(
            f"the environment variable {variable} holds {len(key)} bytes, a management key has 16, 24 or 32",
            remedy="write two hexadecimal digits for each byte",
        )
    return key
