"""``ecard centre register-operator`` and ``register-operators``: the legal-person card registers operators, online."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli.options import AsJson, print_json, read_bounded
from ecard.cli.progress import counted
from ecard.cli.register_giving import Wanted, give, give_to, signing, tell
from ecard.cli.register_options import EnterpriseArgument, PersonFile, Place, Signer
from ecard.cli.register_place import read_person
from ecard.errors import InvalidInputError
from ecard.roles.acts import Act
from ecard.roles.centre import Centre
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
    tell(give(centre, card, _wanted(application, read_person(person))), as_json=as_json)


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

    A list that broke off is given again unchanged: who is registered already is passed over.

    Example: ecard centre register-operators 123456789 operators.csv --centre centre/ --card pcsc
    """
    found = read_operators(read_bounded(str(people), MAX_SIZE, "a list of operators"))
    done = []
    with signing(centre, card, Act.REGISTER_OPERATOR) as (desk, holder):
        for place, person in enumerate(counted(found, len(found), "registering operators"), start=1):
            application = f"{enterprise}/{prefix}-{place}"
            if _is_registered(desk, application, person):
                continue
            done.append(give_to(desk, holder, _wanted(application, person)))
            if not as_json:
                tell(done[-1], as_json=False)
    if as_json:
        print_json({"orders": [order.as_dict() for order in done]})


def _is_registered(centre: Centre, application: str, person: Person) -> bool:
    """Whether an application is there for this person; InvalidInputError where it is there for another."""
    fact = centre.register.get(f"operator/{application}")
    if fact is None or fact.value["state"] == "refused":
        return False
    if centre.person(fact.value["person"]) != person:
        raise InvalidInputError(
            f"the application {application} is there already, for somebody else", remedy="name another --prefix"
        )
    return True


def _wanted(application: str, person: Person) -> Wanted:
    if not _APPLICATION.fullmatch(application):
        raise InvalidInputError(
            "an operator's application is named CODE/NAME",
            remedy="the enterprise's code, and a name of up to 32 letters of ASCII, digits and hyphens",
        )
    enclosure = Enclosure(person)
    details = {"person": enclosure.reference}
    return Wanted(Act.REGISTER_OPERATOR, f"operator/{application}", details, (enclosure,), online=True)
