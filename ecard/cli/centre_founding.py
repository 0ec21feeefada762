"""``ecard centre init`` and ``appoint``: found a data centre, and make the cards of officers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ecard.cli import register_place
from ecard.cli.card_options import open_piv
from ecard.cli.options import AsJson
from ecard.cli.register_cards import give_and_make
from ecard.cli.register_giving import Done, Wanted, tell
from ecard.cli.register_options import NewCard, PersonFile, PinLetter, Place, Signer
from ecard.errors import EcardError
from ecard.roles.acts import Act, Office
from ecard.roles.people import Enclosure


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The directory to make.")],
    officer: Annotated[
        str, typer.Option(metavar="CARD", help="The blank card of the first officer, as --card elsewhere.")
    ],
    person: PersonFile,
    pin_letter: PinLetter,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql://...; SQLite in DIR where it is left out.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="The name of the centre.")] = "示例数据分中心",
    code: Annotated[str, typer.Option(metavar="CODE", help="Its organisation code.")] = "E00000002",
    publish_at: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where `ecard centre serve` will publish, http://HOST:PORT; it is written into certificates.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Found a data centre: authorities, seal, vault, register, and the card of its first officer.

    The keys in DIR are encrypted with ECARD_CA_PASSWORD, or a password that is asked for.

    Example: ecard centre init centre/ --officer pcsc --person officer.json --pin-letter officer.pin
    """
    with open_piv(officer, None):
        register_place.require_new_directory(directory)
    password = register_place.authorities_password(is_new=True)
    with _nothing_left(directory):
        card = "03-JJ0A900000001"
        register_place.found(
            directory, database, name=name, organisation_code=code, card=card, password=password, address=publish_at
        )
        number = "03-JJ0A900000002"
        done = _appoint(directory, number, Office.CENTRE, (name, code), None, officer, pin_letter, person)
    tell(done, as_json=as_json)


@contextmanager
def _nothing_left(directory: Path) -> Iterator[None]:
    """Take a centre that was begun away again, its register in a database too, where it could not be made whole.

    Not once it keeps the secrets of a card, which that card may have by now: then the error says so.
    """
    try:
        yield
    except BaseException as error:
        if not register_place.keeps_secrets(directory):
            register_place.take_back(directory)
        elif isinstance(error, EcardError):
            kept = f"{directory} is kept, for it keeps the card's PUK and management key"
            EcardError.__init__(error, error.what, remedy=f"{error.what_to_do}; {kept}")
        raise


def appoint(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the officer's card.")],
    office: Annotated[Office, typer.Option(help="What he is an officer of.")],
    organisation: Annotated[str, typer.Option(metavar="NAME", help="The name of his organisation.")],
    code: Annotated[str, typer.Option(metavar="CODE", help="Its organisation code.")],
    person: PersonFile,
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
    as_json: AsJson = False,
) -> None:
    """Make the card of an officer of the centre, a bureau or a competent department.

    Example: ecard centre appoint 03-JJ0A900000003 --office tax --organisation 示例税务局 --code E00000002
    --person tax.json --centre centre/ --card pcsc:One --new-card pcsc:Two --pin-letter tax.pin
    """
    done = _appoint(centre, number, office, (organisation, code), card, new_card, pin_letter, person)
    tell(done, as_json=as_json)


def _appoint(
    directory: Path,
    number: str,
    office: Office,
    organisation: tuple[str, str],
    signer: str | None,
    new_card: str,
    letter: Path,
    person: Path,
) -> Done:
    enclosure = Enclosure(register_place.read_person(person))
    details = {
        "office": office.value,
        "organisation": organisation[0],
        "organisation_code": organisation[1],
        "person": enclosure.reference,
    }
    wanted = Wanted(Act.APPOINT, f"card/{number}", details, (enclosure,))
    return give_and_make(directory, signer, wanted, number, new_card=new_card, letter=letter)
