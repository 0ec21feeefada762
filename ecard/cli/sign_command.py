"""``ecard sign``: a detached signature of a file, made by a card."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from ecard.apdu.cardholder import CardKeyHolder
from ecard.cli.card_options import CardAddress, SlotName, TraceFile, UseLastTry, open_piv, parse_slot, pin_supplier
from ecard.cli.options import open_document, output_target, write_output
from ecard.cli.progress import reading
from ecard.documents import cms


class MessageShape(StrEnum):
    """Whose object identifiers the message carries."""

    RFC5652 = "rfc5652"
    GMT0010 = "gmt0010"


def sign(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The document; - is standard input.")],
    card: CardAddress,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.p7s", help="Where the signature goes; - is standard output."),
    ] = None,
    slot: SlotName = "9C",
    shape: Annotated[
        MessageShape, typer.Option(help="The standard of the message; gmt0010 (GM/T 0010) is for SM2 cards alone.")
    ] = MessageShape.RFC5652,
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Sign a document with a card; the signature is a file of its own (CAdES-BES), with the certificates on the card.

    The PIN is read from a prompt, or from the environment variable ECARD_PIN. Without -o the signature goes to
    FILE.p7s, which must not exist yet.

    Example: ecard sign contract.txt --card pcsc
    """
    target = output_target(file, output, suffix=".p7s", card=card)
    with open_piv(card, trace) as piv, reading(open_document(file)) as document:
        holder = CardKeyHolder(piv, parse_slot(slot), pin=pin_supplier(), use_last_try=use_last_try)
        signature = cms.sign(document, holder, at=datetime.now(UTC), shape=cms.Shape[shape.name])
    write_output(target, signature)
