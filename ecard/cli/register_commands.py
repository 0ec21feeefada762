"""``ecard centre``: the data centre's procedures. Who may do what is told apart by the card that signs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli import register_place
from ecard.cli.options import parse_moment, read_bounded
from ecard.cli.register_options import NewCard, PinLetter, Place, Signer, give, give_and_make
from ecard.errors import InvalidInputError
from ecard.pki.authority_files import load
from ecard.pki.trust import Trust
from ecard.roles import moments
from ecard.roles.acts import BUREAUS, Act, CardKind, Office
from ecard.roles.canonical import Json
from ecard.roles.operator_list import MAX_SIZE, read_operators
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, Paper
from ecard.roles.people import Enclosure
from ecard.roles.register_audit import audit as audit_register

PersonFile = Annotated[
    Path, typer.Option("--person", metavar="FILE", help="JSON with name, identity_number, telephone.")
]


def init(
    directory: Annotated[Path, typer.Argument(help="The directory to make.")],
    officer: Annotated[str, typer.Option(help="The blank card of the first officer, as --card elsewhere.")],
    person: PersonFile,
    pin_letter: PinLetter,
    database: Annotated[str | None, typer.Option(help="postgresql://...; SQLite in DIR where it is left out.")] = None,
    name: Annotated[str, typer.Option(help="The name of the centre.")] = "示例数据分中心",
    code: Annotated[str, typer.Option(help="Its organisation code.")] = "E00000002",
) -> None:
    """Found a data centre: authorities, seal, vault, register, and the card of its first officer."""
    password = register_place.authorities_password(is_new=True)
    register_place.found(
        directory, database, name=name, organisation_code=code, card="03-JJ0A900000001", password=password
    )
    _appoint(directory, "03-JJ0A900000002", Office.CENTRE, (name, code), None, officer, pin_letter, person)


def appoint(
    number: Annotated[str, typer.Argument(help="The number of the officer's card.")],
    office: Annotated[Office, typer.Option(help="What he is an officer of.")],
    organisation: Annotated[str, typer.Option(help="The name of his organisation.")],
    code: Annotated[str, typer.Option(help="Its organisation code.")],
    person: PersonFile,
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
) -> None:
    """Make the card of an officer of the centre, a bureau or a competent department."""
    _appoint(centre, number, office, (organisation, code), card, new_card, pin_letter, person)


def _appoint(
    directory: Path,
    number: str,
    office: Office,
    organisation: tuple[str, str],
    signer: str | None,
    new_card: str,
    letter: Path,
    person: Path,
) -> None:
    enclosure = Enclosure(register_place.read_person(person))
    give_and_make(
        directory,
        Act.APPOINT,
        f"card/{number}",
        number,
        signer=signer,
        new_card=new_card,
        letter=letter,
        details={
            "office": office.value,
            "organisation": organisation[0],
            "organisation_code": organisation[1],
            "person": enclosure.reference,
        },
        people=[enclosure],
    )


def apply(
    code: Annotated[str, typer.Argument(help="The enterprise's organisation code.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    legal_person: Annotated[Path, typer.Option(metavar="FILE", help="JSON of the legal person, as --person.")],
    custodian: Annotated[Path, typer.Option(metavar="FILE", help="JSON of the designated custodian.")],
    centre: Place,
    card: Signer,
    kind: Annotated[EnterpriseKind, typer.Option(help="What it does.")] = EnterpriseKind.IMPORT_EXPORT,
    operators: Annotated[int, typer.Option(help="For how many operators there is a form.", min=0, max=1000)] = 1,
    signed_and_sealed: Annotated[bool, typer.Option(help="The forms are signed and sealed.")] = False,
) -> None:
    """Step 1: an enterprise applies; an officer of the centre enters it."""
    people = {
        "legal_person": Enclosure(register_place.read_person(legal_person)),
        "custodian": Enclosure(register_place.read_person(custodian)),
    }
    details: dict[str, Json] = {
        "name": name,
        "kind": kind.value,
        "card_forms": ["legal-person", *["operator"] * operators],
        "signed": signed_and_sealed,
        "sealed": signed_and_sealed,
    }
    details |= {role: enclosure.reference for role, enclosure in people.items()}
    give(centre, card, Act.APPLY, f"enterprise/{code}", details=details, people=list(people.values()))


def file(
    code: Annotated[str, typer.Argument(help="The enterprise's organisation code.")],
    paper: Annotated[list[Paper], typer.Option(help="A paper that was brought. Repeated.")],
    centre: Place,
    card: Signer,
    deals_with: Annotated[list[Office] | None, typer.Option(help="A competent department. May be repeated.")] = None,
    declarants: Annotated[bool, typer.Option(help="It has declarants.")] = False,
    originals_and_copies: Annotated[bool, typer.Option(help="Every paper as original and copy.")] = False,
) -> None:
    """Step 2: an enterprise files its papers; an officer of the centre enters them."""
    details: dict[str, Json] = {
        "papers": [brought.value for brought in paper],
        "deals_with": [office.value for office in deals_with or ()],
        "has_declarants": declarants,
        "originals_and_copies": originals_and_copies,
    }
    give(centre, card, Act.FILE, f"enterprise/{code}", details=details)


def approve(
    subject: Annotated[str, typer.Argument(help="enterprise/CODE, operator/CODE/NAME or business/CODE/DEPARTMENT.")],
    centre: Place,
    card: Signer,
    office: Annotated[Office, typer.Option(help="The office of whoever signs.")] = Office.CENTRE,
    refuse: Annotated[str | None, typer.Option(metavar="REASON", help="Refuse instead, and say why.")] = None,
) -> None:
    """Steps 3, 6 and 7: a bureau, the centre or a department decides."""
    acts = {
        "enterprise": (Act.APPROVE_ENTRY, Act.REFUSE_ENTRY),
        "operator": (Act.APPROVE_OPERATOR, Act.REFUSE_OPERATOR),
        "business": (Act.APPROVE_BUSINESS, Act.REFUSE_BUSINESS),
    }
    kind = subject.partition("/")[0]
    if kind not in acts:
        raise InvalidInputError("what is to be approved is an enterprise, an operator or a business")
    details = {"paper": BUREAU_PAPERS[office].value} if kind == "enterprise" and office in BUREAUS else {}
    if refuse is not None:
        details["reason"] = refuse
    give(centre, card, acts[kind][refuse is not None], subject, details=details)


def make_card(
    number: Annotated[str, typer.Argument(help="The number of the new card.")],
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
    enterprise: Annotated[str | None, typer.Option(help="Make the legal-person card of this enterprise.")] = None,
    operator: Annotated[str | None, typer.Option(metavar="CODE/NAME", help="Make this operator's card.")] = None,
) -> None:
    """Steps 4 and 6: an officer of the centre makes a card out of a blank one."""
    if (enterprise is None) == (operator is None):
        raise InvalidInputError("say either --enterprise or --operator")
    kind = CardKind.OPERATOR if enterprise is None else CardKind.LEGAL_PERSON
    who = {"application": operator} if enterprise is None else {"enterprise": enterprise}
    give_and_make(
        centre,
        Act.MAKE,
        f"card/{number}",
        number,
        signer=card,
        new_card=new_card,
        letter=pin_letter,
        details={"kind": kind.value, **who},
    )


def collect(
    number: Annotated[str, typer.Argument(help="The card's number.")],
    by: Annotated[str, typer.Option(help="legal-person, designated-representative, holder or collector.")],
    person: PersonFile,
    centre: Place,
    card: Signer,
    letter: Annotated[bool, typer.Option(help="The letter of introduction was brought.")] = False,
    identity_document: Annotated[bool, typer.Option(help="The collector showed his identity document.")] = False,
    fee_paid: Annotated[bool, typer.Option(help="The fee was paid.")] = False,
    pin_changed: Annotated[bool, typer.Option(help="The transport PIN was changed here.")] = False,
) -> None:
    """Step 8: an officer of the centre hands a card over."""
    collector = Enclosure(register_place.read_person(person))
    details: dict[str, Json] = {
        "letter": letter,
        "identity_document": identity_document,
        "fee_paid": fee_paid,
        "pin_changed": pin_changed,
        "collected_by": by,
        "collector": collector.reference,
    }
    give(centre, card, Act.COLLECT, f"card/{number}", details=details, people=[collector])


def register_operator(
    application: Annotated[str, typer.Argument(metavar="CODE/NAME", help="The enterprise's code, and a free name.")],
    person: PersonFile,
    centre: Place,
    card: Signer,
) -> None:
    """Step 5: the legal-person card registers an operator, online."""
    enclosure = Enclosure(register_place.read_person(person))
    details = {"person": enclosure.reference}
    give(
        centre,
        card,
        Act.REGISTER_OPERATOR,
        f"operator/{application}",
        online=True,
        details=details,
        people=[enclosure],
    )


def register_operators(
    enterprise: Annotated[str, typer.Argument(help="The enterprise's organisation code.")],
    people: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="name,identity_number,telephone; a heading first.")
    ],
    centre: Place,
    card: Signer,
    prefix: Annotated[str, typer.Option(help="The applications are named so, with a number behind.")] = "1",
) -> None:
    """Step 5: the legal-person card registers many operators; the list is read whole before anything is signed."""
    found = read_operators(read_bounded(str(people), MAX_SIZE, "a list of operators"))
    for place, person in enumerate(found, start=1):
        enclosure = Enclosure(person)
        give(
            centre,
            card,
            Act.REGISTER_OPERATOR,
            f"operator/{enterprise}/{prefix}-{place}",
            online=True,
            details={"person": enclosure.reference},
            people=[enclosure],
        )


CardNumber = Annotated[str, typer.Argument(help="The number of the card that it is about.")]
AtCounter = Annotated[bool, typer.Option("--at-counter", help="An officer signs at the counter, not the enterprise.")]


def report_loss(number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False) -> None:
    """挂失: an operator card by the legal-person card online, a legal-person card at the counter."""
    give(centre, card, Act.REPORT_LOSS, f"card/{number}", online=not at_counter, details={"ground": "loss"})


def freeze(number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False) -> None:
    """冻结: the holder of an operator card is away for a time."""
    give(centre, card, Act.FREEZE, f"card/{number}", online=not at_counter, details={"ground": "freeze"})


def unfreeze(number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False) -> None:
    """解冻: he is back."""
    give(centre, card, Act.UNFREEZE, f"card/{number}", online=not at_counter, details={"ground": "unfreeze"})


def void(
    number: CardNumber,
    ground: Annotated[str, typer.Option(help="holder-left, misuse, abnormality, key-compromise, lost-for-good, ...")],
    centre: Place,
    card: Signer,
) -> None:
    """作废: for good, by an officer of the centre."""
    give(centre, card, Act.VOID, f"card/{number}", details={"ground": ground})


def replace(
    number: CardNumber,
    new_number: Annotated[str, typer.Argument(help="The number of the new card.")],
    ground: Annotated[str, typer.Option(help="replaced, lost-for-good or key-compromise.")],
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
) -> None:
    """补办: a new card for the same holder; the old one is void in the same act."""
    give_and_make(
        centre,
        Act.REPLACE,
        f"card/{number}",
        new_number,
        signer=card,
        new_card=new_card,
        letter=pin_letter,
        details={"ground": ground, "card": new_number},
    )


def status(
    number: CardNumber,
    centre: Place,
    at: Annotated[str | None, typer.Option(help="A moment in ISO 8601; now where it is left out.")] = None,
) -> int:
    """What a card is, or was at a moment. Exit status 1 where there was no such card."""
    moment = datetime.now(UTC) if at is None else parse_moment(at)
    with register_place.register_in(centre) as register:
        found = register.status(number, moment)
    sys.stdout.write(f"{'no such card' if found is None else found.value}\n")
    return int(found is None)


def audit(
    centre: Place,
    signatures: Annotated[bool, typer.Option(help="Verify the signatures of all orders and receipts too.")] = True,
) -> int:
    """Whether the register is whole. Exit status 1 where it is not, with a line for each damage."""
    trust = Trust([load(centre / "issuing").certificate]) if signatures else None
    damaged = 0
    with register_place.register_in(centre) as register:
        for damage in audit_register(register, trust=trust):
            damaged = 1
            sys.stdout.write(f"{damage}\n")
        entries = register.head()[0]
    sys.stderr.write(f"{entries} entries, {'damaged' if damaged else 'whole'}\n")
    return damaged


def log(
    centre: Place,
    after: Annotated[int, typer.Option(help="Only entries after this one.", min=0)] = 0,
) -> None:
    """The log, one line of JSON for each entry, without personal data."""
    with register_place.register_in(centre) as register:
        for entry in register.entries(after):
            order = entry.request
            line = {
                "entry": entry.sequence,
                "moment": moments.write(entry.moment),
                "act": order.act.value,
                "subject": order.subject,
                "signer": entry.signer,
                "number": order.number,
            }
            sys.stdout.write(json.dumps(line) + "\n")


COMMANDS: Final[dict[str, Callable[..., int | None]]] = {
    "init": init,
    "appoint": appoint,
    "apply": apply,
    "file": file,
    "approve": approve,
    "make-card": make_card,
    "collect": collect,
    "register-operator": register_operator,
    "register-operators": register_operators,
    "report-loss": report_loss,
    "freeze": freeze,
    "unfreeze": unfreeze,
    "void": void,
    "replace": replace,
    "status": status,
    "audit": audit,
    "log": log,
}
"""The commands by their names."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group ``ecard centre``."""
    for name, command in COMMANDS.items():
        app.command(name)(command)
