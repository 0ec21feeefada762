"""``ecard centre register-operator`` and ``register-operators``: the legal-person card registers operators, online."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli.options import AsJson, print_json, read_bounded
from ecard.cli.progress import counted
from ecard.cli.register_giving import Done, Wanted, give, tell
from ecard.cli.register_options import EnterpriseArgument, PersonFile, Place, Signer
from ecard.cli.register_place import read_person
from ecard.errors import InvalidInputError
from ecard.roles.acts import Act
from ecard.roles.operator_list import MAX_SIZE, read_operators
from ecard.roles.people import Enclosure, Person

_APPLICATION: Final = re.compile(r"[0-9A-Za-z]{1,32}/[0-9A-Za-z-]{1,32}", re.ASCII)


def register_operator(
    application: Annotated[str, typer.Argument(metavar="CODE/NAME", help="The enterprise's code, and a free name.")],
    person: PersonFile,
    centre: Place,
    card: Signer,
    as_json: AsJson = False,
) -> None:
    """Step 5: the legal-person card registers an operator (申报), online.

    Example: ecard centre register-operator 123456789/1 --person operator.json --centre centre/ --card pcsc
    """
    tell(_register(centre, card, application, read_person(person)), as_json=as_json)


def register_operators(
    enterprise: EnterpriseArgument,
    people: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="name,identity_number,telephone; a heading first.")
    ],
    centre: Place,
    card: Signer,
    prefix: Annotated[
        str, typer.Option(metavar="NAME", help="The applications are named so, with a number behind.")
    ] = "1",
    as_json: AsJson = False,
) -> None:
    """Step 5: the legal-person card registers many operators; the list is read whole before anything is signed.

    Example: ecard centre register-operators 123456789 operators.csv --centre centre/ --card pcsc
    """
    found = read_operators(read_bounded(str(people), MAX_SIZE, "a list of operators"))
    done = []
    for place, person in enumerate(counted(found, len(found), "registering operators"), start=1):
        done.append(_register(centre, card, f"{enterprise}/{prefix}-{place}", person))
        if not as_json:
            tell(done[-1], as_json=False)
    if as_json:
        print_json({"orders": [order.as_dict() for order in done]})


def _register(centre: Path, card: str, application: str, person: Person) -> Done:
    if not _APPLICATION.fullmatch(application):
        raise InvalidInputError(
            "an operator's application is named CODE/NAME",
            remedy="the enterprise's code, and a name of up to 32 letters of ASCII, digits and hyphens",
        )
    enclosure = Enclosure(person)
    details = {"person": enclosure.reference}
    wanted = Wanted(Act.REGISTER_OPERATOR, f"operator/{application}", details, (enclosure,), online=True)
    return give(centre, card, wanted)
