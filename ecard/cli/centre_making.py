"""``ecard centre make-card``, ``collect``, ``replace``, ``renew``, ``unlock``: what is done to a card on the spot."""

from __future__ import annotations

from typing import Annotated

import typer

from ecard.cli.options import AsJson
from ecard.cli.register_cards import give_and_make, give_and_renew, give_and_unlock
from ecard.cli.register_giving import Wanted, give, tell
from ecard.cli.register_options import CardNumber, HolderCard, NewCard, PersonFile, PinLetter, Place, Signer
from ecard.cli.register_place import read_person
from ecard.errors import InvalidInputError
from ecard.roles.acts import Act, CardKind
from ecard.roles.canonical import Json
from ecard.roles.people import Enclosure


def make_card(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the new card.")],
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
    enterprise: Annotated[
        str | None, typer.Option(metavar="CODE", help="Make the legal-person card of this enterprise.")
    ] = None,
    operator: Annotated[str | None, typer.Option(metavar="CODE/NAME", help="Make this operator's card.")] = None,
    as_json: AsJson = False,
) -> None:
    """Steps 4 and 6: an officer of the centre makes (制卡) a legal-person or operator card out of a blank one.

    Example: ecard centre make-card 03-JJ0A900000101 --enterprise 123456789 --centre centre/ --card pcsc:One
    --new-card pcsc:Two --pin-letter 101.pin
    """
    if (enterprise is None) == (operator is None):
        raise InvalidInputError("say either --enterprise or --operator")
    kind = CardKind.OPERATOR if enterprise is None else CardKind.LEGAL_PERSON
    details: dict[str, Json] = {"kind": kind.value}
    details |= {"application": operator} if enterprise is None else {"enterprise": enterprise}
    wanted = Wanted(Act.MAKE, f"card/{number}", details)
    tell(give_and_make(centre, card, wanted, number, new_card=new_card, letter=pin_letter), as_json=as_json)


def collect(
    number: CardNumber,
    by: Annotated[
        str, typer.Option(metavar="WHO", help="legal-person, designated-representative, holder or collector.")
    ],
    person: PersonFile,
    centre: Place,
    card: Signer,
    letter: Annotated[bool, typer.Option("--letter", help="The letter of introduction was brought.")] = False,
    identity_document: Annotated[
        bool, typer.Option("--identity-document", help="The collector showed his identity document.")
    ] = False,
    fee_paid: Annotated[bool, typer.Option("--fee-paid", help="The fee was paid.")] = False,
    pin_changed: Annotated[
        bool, typer.Option("--pin-changed", help="The first PIN (transport PIN) was changed here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Step 8: an officer of the centre hands a card over (领取).

    Example: ecard centre collect 03-JJ0A900000101 --by legal-person --person collector.json --letter
    --identity-document --fee-paid --pin-changed --centre centre/ --card pcsc
    """
    collector = Enclosure(read_person(person))
    details: dict[str, Json] = {
        "letter": letter,
        "identity_document": identity_document,
        "fee_paid": fee_paid,
        "pin_changed": pin_changed,
        "collected_by": by,
        "collector": collector.reference,
    }
    tell(give(centre, card, Wanted(Act.COLLECT, f"card/{number}", details, (collector,))), as_json=as_json)


def replace(
    number: CardNumber,
    new_number: Annotated[str, typer.Argument(metavar="NEW_NUMBER", help="The number of the new card.")],
    ground: Annotated[str, typer.Option(metavar="GROUND", help="replaced, lost-for-good or key-compromise.")],
    centre: Place,
    card: Signer,
    new_card: NewCard,
    pin_letter: PinLetter,
    as_json: AsJson = False,
) -> None:
    """Make a new card for the same holder (补办); the old one is void in the same act.

    Example: ecard centre replace 03-JJ0A900000201 03-JJ0A900000202 --ground lost-for-good --centre centre/
    --card pcsc:One --new-card pcsc:Two --pin-letter 202.pin
    """
    wanted = Wanted(Act.REPLACE, f"card/{number}", {"ground": ground, "card": new_number})
    tell(give_and_make(centre, card, wanted, new_number, new_card=new_card, letter=pin_letter), as_json=as_json)


def renew(
    number: CardNumber,
    centre: Place,
    card: Signer,
    holder_card: HolderCard,
    as_json: AsJson = False,
) -> None:
    """Give a card new keys and certificates (延期) before the old ones end; an officer of the centre signs.

    The PIN of the holder's card is asked for, or read from ECARD_HOLDER_PIN.

    Example: ecard centre renew 03-JJ0A900000201 --centre centre/ --card pcsc:One --holder-card pcsc:Two
    """
    wanted = Wanted(Act.RENEW, f"card/{number}", {"ground": "replaced"})
    tell(give_and_renew(centre, card, wanted, number, holder_card=holder_card), as_json=as_json)


def unlock(
    number: CardNumber,
    centre: Place,
    card: Signer,
    holder_card: HolderCard,
    pin_letter: PinLetter,
    as_json: AsJson = False,
) -> None:
    """Unlock (解锁) a card whose PIN is blocked, with the PUK (unblocking key) that the centre keeps.

    The new PIN is in the letter. The holder changes it (ecard card pin change), an officer says so (ecard centre
    change-pin), and the card may sign again.

    Example: ecard centre unlock 03-JJ0A900000201 --centre centre/ --card pcsc:One --holder-card pcsc:Two
    --pin-letter 201.pin
    """
    wanted = Wanted(Act.UNLOCK, f"card/{number}")
    tell(give_and_unlock(centre, card, wanted, number, holder_card=holder_card, letter=pin_letter), as_json=as_json)
