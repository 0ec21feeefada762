"""``ecard centre report-loss``, ``freeze``, ``void`` and their like: orders that change what a card may do."""

from __future__ import annotations

from typing import Annotated

import typer

from ecard.cli.options import AsJson
from ecard.cli.register_giving import Wanted, give, tell
from ecard.cli.register_options import CardNumber, Place, Signer
from ecard.roles.acts import Act
from ecard.roles.canonical import Json

AtCounter = Annotated[bool, typer.Option("--at-counter", help="An officer signs at the counter, not the enterprise.")]


def report_loss(
    number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False, as_json: AsJson = False
) -> None:
    """Report the loss (挂失) of a card: an operator card by the legal-person card online, others at the counter.

    Without an active legal-person card, the loss of an operator card is reported at the counter too.

    Example: ecard centre report-loss 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    wanted = Wanted(Act.REPORT_LOSS, f"card/{number}", {"ground": "loss"}, online=not at_counter)
    tell(give(centre, card, wanted), as_json=as_json)


def report_found(
    number: CardNumber,
    centre: Place,
    card: Signer,
    pin_changed: Annotated[
        bool, typer.Option("--pin-changed", help="It got a new PIN here: a legal-person card must.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a lost card was found (解挂): an officer of the centre signs, and the card is what it was before.

    Example: ecard centre report-found 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    details: dict[str, Json] = {"ground": "found"}
    if pin_changed:
        details["pin_changed"] = True
    tell(give(centre, card, Wanted(Act.REPORT_FOUND, f"card/{number}", details)), as_json=as_json)


def change_pin(number: CardNumber, centre: Place, card: Signer, as_json: AsJson = False) -> None:
    """Say that the holder changed the first PIN of an unlocked card (修改密码); an officer signs.

    The card may sign again. The PIN itself is changed on the card, with ecard card pin change.

    Example: ecard centre change-pin 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    tell(give(centre, card, Wanted(Act.CHANGE_PIN, f"card/{number}")), as_json=as_json)


def freeze(
    number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False, as_json: AsJson = False
) -> None:
    """Freeze (冻结) an operator card while its holder is away: the legal-person card signs, online.

    Example: ecard centre freeze 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    wanted = Wanted(Act.FREEZE, f"card/{number}", {"ground": "freeze"}, online=not at_counter)
    tell(give(centre, card, wanted), as_json=as_json)


def unfreeze(
    number: CardNumber, centre: Place, card: Signer, at_counter: AtCounter = False, as_json: AsJson = False
) -> None:
    """End a freeze (解冻): the holder is back; the legal-person card signs, online.

    Example: ecard centre unfreeze 03-JJ0A900000201 --centre centre/ --card pcsc
    """
    wanted = Wanted(Act.UNFREEZE, f"card/{number}", {"ground": "unfreeze"}, online=not at_counter)
    tell(give(centre, card, wanted), as_json=as_json)


def void(
    number: CardNumber,
    ground: Annotated[
        str,
        typer.Option(metavar="GROUND", help="holder-left, misuse, abnormality, key-compromise, lost-for-good, ..."),
    ],
    centre: Place,
    card: Signer,
    as_json: AsJson = False,
) -> None:
    """Void a card (作废) for good: an officer of the centre signs.

    Example: ecard centre void 03-JJ0A900000201 --ground holder-left --centre centre/ --card pcsc
    """
    tell(give(centre, card, Wanted(Act.VOID, f"card/{number}", {"ground": ground})), as_json=as_json)
