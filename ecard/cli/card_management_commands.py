"""``ecard card management-key``: replacing the key that allows to write to a card."""

from __future__ import annotations

import secrets
import sys
from contextlib import nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.apdu.piv import PivSession
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, ManagementAlgorithm
from ecard.cli.card_options import CardAddress, TraceFile, key_from, management_key, open_piv
from ecard.cli.language import translate
from ecard.cli.secret_file import secret_file, told_in_doubt
from ecard.errors import InvalidInputError, NotSupportedByCardError, ObjectNotFoundError

app: Final = typer.Typer(help="The key that allows to write to a card.", no_args_is_help=True)

NEW_MANAGEMENT_KEY_VARIABLE: Final = "ECARD_NEW_MANAGEMENT_KEY"
_WHAT: Final = "the management key"


class KeyAlgorithm(StrEnum):
    """What a management key can be for."""

    TDES = "tdes"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"


@app.callback()
def _management_key() -> None:
    """The key that allows to write to a card."""


@app.command()
def change(
    card: CardAddress,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The new file, mode 0600, that a drawn key is written to."),
    ] = None,
    algorithm: Annotated[
        KeyAlgorithm | None, typer.Option(help="What the new key is for; by default what the old one is for.")
    ] = None,
    trace: TraceFile = None,
) -> None:
    """Change the management key: without it, no key is made and no certificate written. It is never printed.

    The new key is drawn and written to FILE in hexadecimal, before the card gets it; or it comes from the environment
    variable ECARD_NEW_MANAGEMENT_KEY. The old one is the factory's, or comes from ECARD_MANAGEMENT_KEY.

    Example: ecard card management-key change --card pcsc -o management.key
    """
    given, old = _given_key(output), management_key()
    with open_piv(card, trace) as piv:
        piv.authenticate_management_key(old)
        kind = ManagementAlgorithm[algorithm.name] if algorithm else _present(piv)
        new = given or secrets.token_bytes(kind.key_size)
        kept = secret_file(Path(output), new.hex().encode(), _WHAT) if output else nullcontext()
        where = output or NEW_MANAGEMENT_KEY_VARIABLE
        with kept, told_in_doubt("its new management key", f"keep the one in {where}, and try it and the old one"):
            piv.set_management_key(new, algorithm=kind)
        piv.authenticate_management_key(new, algorithm=kind)
    sys.stderr.write(translate("the management key is changed") + "\n")


def _given_key(output: str | None) -> bytes | None:
    """The new key that the environment gives, None where one is to be drawn for the file ``output``."""
    given = key_from(NEW_MANAGEMENT_KEY_VARIABLE)
    if given == FACTORY_MANAGEMENT_KEY:
        raise InvalidInputError("the new management key is the factory's, which everybody knows", remedy="give another")
    if given is not None and output is not None:
        raise InvalidInputError(f"-o contradicts {NEW_MANAGEMENT_KEY_VARIABLE}: only a key that is drawn is written")
    if output == "-":
        raise InvalidInputError("a management key is not printed", remedy="name a new file with -o")
    if given is None and output is None:
        raise InvalidInputError(
            "it was not said where the new management key comes from",
            remedy=f"name a new file with -o, and one is drawn, or set {NEW_MANAGEMENT_KEY_VARIABLE}",
        )
    return given


def _present(piv: PivSession) -> ManagementAlgorithm:
    """What the card's key is for now; 3DES, which every card knows, where it does not say."""
    with suppress(NotSupportedByCardError, ObjectNotFoundError):
        found = piv.management_key_metadata().algorithm
        if found is not None:
            return found
    return ManagementAlgorithm.TDES
