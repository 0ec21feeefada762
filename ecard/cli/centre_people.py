"""``ecard centre dismiss`` and ``erase-person``: officers who leave, and people whose data are to go."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli.options import AsJson
from ecard.cli.register_giving import Wanted, give, tell
from ecard.cli.register_options import CardNumber, Place, Signer
from ecard.cli.register_place import register_in
from ecard.errors import InvalidInputError
from ecard.roles.acts import Act

_REFERENCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def dismiss(
    number: CardNumber,
    ground: Annotated[str, typer.Option(metavar="GROUND", help="holder-left or key-compromise.")],
    centre: Place,
    card: Signer,
    as_json: AsJson = False,
) -> None:
    """Dismiss an officer of the centre, a bureau or a department: his card is void; an officer of the centre signs.

    Example: ecard centre dismiss 03-JJ0A900000003 --ground holder-left --centre centre/ --card pcsc
    """
    tell(give(centre, card, Wanted(Act.DISMISS, f"card/{number}", {"ground": ground})), as_json=as_json)


def erase_person(
    who: Annotated[
        str, typer.Argument(metavar="WHO", help="A card that the person held, or his reference in the register.")
    ],
    centre: Place,
    card: Signer,
    as_json: AsJson = False,
) -> None:
    """Erase the data of a person for good; all his cards must be void. An officer of the centre signs.

    The log stays whole: it never held the data. The name in his certificates is in signatures, and stays there.

    Example: ecard centre erase-person 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    reference = who if _REFERENCE.fullmatch(who) else _holder_of(centre, who)
    tell(give(centre, card, Wanted(Act.ERASE_PERSON, f"person/{reference}")), as_json=as_json)


def _holder_of(directory: Path, number: str) -> str:
    with register_in(directory) as register:
        fact = register.get(f"card/{number}")
    if fact is None or fact.value.get("person") is None:
        raise InvalidInputError(
            f"the register knows nobody who holds a card {number}", remedy="see its cards with ecard centre log"
        )
    return str(fact.value["person"])
