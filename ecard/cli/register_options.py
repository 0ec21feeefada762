"""Options that the commands of the data centre share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.card_options import CARD_HELP

Place = Annotated[Path, typer.Option("--centre", metavar="DIR", help="The directory of the data centre.")]
Signer = Annotated[str, typer.Option("--card", metavar="CARD", help=f"Who gives the order. {CARD_HELP}")]
NewCard = Annotated[str, typer.Option("--new-card", metavar="CARD", help=f"The blank card. {CARD_HELP}")]
HolderCard = Annotated[str, typer.Option("--holder-card", metavar="CARD", help=f"The holder's card. {CARD_HELP}")]
PinLetter = Annotated[
    Path, typer.Option("--pin-letter", metavar="FILE", help="Where the first PIN (transport PIN) is written.")
]
PersonFile = Annotated[
    Path, typer.Option("--person", metavar="FILE", help="JSON with name, identity_number, telephone.")
]
CardNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the card that it is about.")]
EnterpriseArgument = Annotated[str, typer.Argument(metavar="CODE", help="The enterprise's organisation code.")]
