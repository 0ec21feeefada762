"""``ecard centre apply``, ``file`` and ``approve``: an enterprise enters the network, and offices decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecard.cli.options import AsJson
from ecard.cli.register_giving import Wanted, give, tell
from ecard.cli.register_options import EnterpriseArgument, Place, Signer
from ecard.cli.register_place import read_person
from ecard.errors import InvalidInputError
from ecard.roles.acts import BUREAUS, Act, Office
from ecard.roles.canonical import Json
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, Paper
from ecard.roles.people import Enclosure


def apply(
    code: EnterpriseArgument,
    name: Annotated[str, typer.Option(metavar="NAME", help="The enterprise's name.")],
    legal_person: Annotated[Path, typer.Option(metavar="FILE", help="JSON of the legal person, as --person.")],
    custodian: Annotated[Path, typer.Option(metavar="FILE", help="JSON of the designated custodian.")],
    centre: Place,
    card: Signer,
    kind: Annotated[EnterpriseKind, typer.Option(help="What it does.")] = EnterpriseKind.IMPORT_EXPORT,
    operators: Annotated[int, typer.Option(help="For how many operators there is a form.", min=0, max=1000)] = 1,
    signed_and_sealed: Annotated[
        bool, typer.Option("--signed-and-sealed", help="The forms are signed and sealed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Step 1: an enterprise applies to enter the network (入网申请); an officer of the centre enters it.

    Example: ecard centre apply 123456789 --name 示例进出口有限公司 --legal-person legal-person.json
    --custodian custodian.json --signed-and-sealed --centre centre/ --card pcsc
    """
    people = {"legal_person": Enclosure(read_person(legal_person)), "custodian": Enclosure(read_person(custodian))}
    details: dict[str, Json] = {
        "name": name,
        "kind": kind.value,
        "card_forms": ["legal-person", *["operator"] * operators],
        "signed": signed_and_sealed,
        "sealed": signed_and_sealed,
    }
    details |= {role: enclosure.reference for role, enclosure in people.items()}
    wanted = Wanted(Act.APPLY, f"enterprise/{code}", details, tuple(people.values()))
    tell(give(centre, card, wanted), as_json=as_json)


def file(
    code: EnterpriseArgument,
    paper: Annotated[list[Paper], typer.Option(help="A paper that was brought. May be repeated.")],
    centre: Place,
    card: Signer,
    deals_with: Annotated[list[Office] | None, typer.Option(help="A competent department. May be repeated.")] = None,
    declarants: Annotated[bool, typer.Option("--declarants", help="It has declarants.")] = False,
    originals_and_copies: Annotated[
        bool, typer.Option("--originals-and-copies", help="Every paper came as original and copy.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Step 2: an enterprise files its papers (企业信息备案); an officer of the centre enters them.

    Example: ecard centre file 123456789 --paper business-licence --paper tax-certificate
    --originals-and-copies --centre centre/ --card pcsc
    """
    details: dict[str, Json] = {
        "papers": [brought.value for brought in paper],
        "deals_with": [office.value for office in deals_with or ()],
        "has_declarants": declarants,
        "originals_and_copies": originals_and_copies,
    }
    tell(give(centre, card, Wanted(Act.FILE, f"enterprise/{code}", details)), as_json=as_json)


def approve(
    subject: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="enterprise/CODE, operator/CODE/NAME or business/CODE/DEPARTMENT."),
    ],
    centre: Place,
    card: Signer,
    office: Annotated[Office, typer.Option(help="The office of whoever signs.")] = Office.CENTRE,
    refuse: Annotated[str | None, typer.Option(metavar="REASON", help="Refuse instead, and say why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Steps 3, 6 and 7: a bureau, the centre or a department approves (审批), or refuses.

    Example: ecard centre approve enterprise/123456789 --office tax --centre centre/ --card pcsc
    """
    acts = {
        "enterprise": (Act.APPROVE_ENTRY, Act.REFUSE_ENTRY),
        "operator": (Act.APPROVE_OPERATOR, Act.REFUSE_OPERATOR),
        "business": (Act.APPROVE_BUSINESS, Act.REFUSE_BUSINESS),
    }
    kind = subject.partition("/")[0]
    if kind not in acts:
        raise InvalidInputError(
            "what is to be approved is an enterprise, an operator or a business",
            remedy="write enterprise/CODE, operator/CODE/NAME or business/CODE/DEPARTMENT",
        )
    details: dict[str, Json] = {}
    if kind == "enterprise":
        if office not in BUREAUS:
            raise InvalidInputError(
                "an enterprise's entry is decided by a bureau",
                remedy=f"say which one signs: --office {', '.join(bureau.value for bureau in BUREAUS)}",
            )
        details["paper"] = BUREAU_PAPERS[office].value
    if refuse is not None:
        details["reason"] = refuse
    tell(give(centre, card, Wanted(acts[kind][refuse is not None], subject, details)), as_json=as_json)
