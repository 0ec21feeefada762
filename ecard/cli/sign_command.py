"""``ecard sign``: a detached signature of a file, made by a card."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ecard.apdu.cardholder import CardKeyHolder
from ecard.cli.card_options import CardAddress, SlotName, TraceFile, UseLastTry, open_piv, parse_slot, pin_supplier
from ecard.cli.options import open_document
from ecard.documents import cms
from ecard.errors import InvalidInputError
from ecard.files import write_atomically


def sign(
    file: Annotated[str, typer.Argument(help="The document; - is standard input.")],
    card: CardAddress,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.p7s", help="Where the signature goes; - is standard output."),
    ] = None,
    slot: SlotName = "9C",
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Sign a document with a card: detached CAdES-BES, with the certificates that the card carries.

    The PIN is read from a prompt, or from the environment variable ECARD_PIN. Without -o the signature goes to
    FILE.p7s, which must not exist yet. Example: ecard sign contract.txt --card pcsc
    """
    target = _target(file, output)
    document = open_document(file)
    with open_piv(card, trace) as piv:
        holder = CardKeyHolder(piv, parse_slot(slot), pin=pin_supplier(), use_last_try=use_last_try)
        signature = cms.sign(document, holder, at=datetime.now(UTC))
    if target is None:
        sys.stdout.buffer.write(signature)
        sys.stdout.buffer.flush()
    else:
        write_atomically(target, signature)
        sys.stderr.write(f"signed: {target}\n")


def _target(file: str, output: str | None) -> Path | None:
    """Where the signature goes; None is standard output. Refused before the card is asked for anything."""
    if output == "-" or (output is None and file == "-"):
        return None
    target = Path(output or f"{file}.p7s")
    if output is None and target.exists():
        raise InvalidInputError(f"{target} exists already", remedy="name another file, or this one, with -o")
    if not target.parent.is_dir():
        raise InvalidInputError(f"{target.parent}: no such directory")
    return target
