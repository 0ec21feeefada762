"""``ecard card pin``: the tries of a card's PIN, changing it, unblocking it; new PINs go through the policy."""

from __future__ import annotations

import sys
from typing import Final

import typer

from ecard.cli.card_options import (
    NEW_PIN_VARIABLE,
    PUK_VARIABLE,
    CardAddress,
    TraceFile,
    UseLastTry,
    open_piv,
    pin_supplier,
)
from ecard.cli.holder_options import (
    BirthDates,
    CardNumbers,
    IdentityNumbers,
    OrganisationCodes,
    PolicyFile,
    Telephones,
    facts_of,
    policy_of,
)
from ecard.cli.language import translate
from ecard.cli.new_secret import new_secret
from ecard.cli.options import AsJson, print_json
from ecard.errors import NotSupportedByCardError

app: Final = typer.Typer(help="The PIN of a card.", no_args_is_help=True)


@app.command()
def tries(
    card: CardAddress,
    as_json: AsJson = False,
    trace: TraceFile = None,
) -> None:
    """Say how many tries PIN and PUK (the key that unblocks a PIN) have left. Spends none.

    Example: ecard card pin tries --card pcsc
    """
    with open_piv(card, trace) as piv:
        pin = piv.pin_tries()
        try:
            puk: int | None = piv.puk_tries()
        except NotSupportedByCardError:
            puk = None
    if as_json:
        print_json({"pin": pin, "puk": puk})
    else:
        for name, left in (("PIN", pin), ("PUK", puk)):
            words = "{name}: the card does not tell" if left is None else "{name}: {left} left"
            print(translate(words, name=name, left=left))


@app.command()
def change(
    card: CardAddress,
    telephone: Telephones = None,
    birth_date: BirthDates = None,
    identity_number: IdentityNumbers = None,
    organisation_code: OrganisationCodes = None,
    card_number: CardNumbers = None,
    policy: PolicyFile = None,
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Change the PIN. A weak new PIN is refused before anything is sent to the card.

    The PINs come from prompts, or from the environment variables ECARD_PIN and ECARD_NEW_PIN.

    Example: ecard card pin change --card pcsc
    """
    facts = facts_of(telephone, birth_date, identity_number, organisation_code, card_number)
    rules = policy_of(policy)
    chosen = new_secret(card, NEW_PIN_VARIABLE, rules, facts)
    with open_piv(card, trace) as piv:
        piv.change_pin(pin_supplier(), chosen, policy=rules, facts=facts, use_last_try=use_last_try)
    sys.stderr.write(translate("the PIN is changed") + "\n")


@app.command()
def unblock(
    card: CardAddress,
    telephone: Telephones = None,
    birth_date: BirthDates = None,
    identity_number: IdentityNumbers = None,
    organisation_code: OrganisationCodes = None,
    card_number: CardNumbers = None,
    policy: PolicyFile = None,
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Set a new PIN with the PUK (the key that unblocks a PIN). A weak PIN is refused, and nothing sent.

    PUK and PIN come from prompts, or from the environment variables ECARD_PUK and ECARD_NEW_PIN.

    Example: ecard card pin unblock --card pcsc
    """
    facts = facts_of(telephone, birth_date, identity_number, organisation_code, card_number)
    rules = policy_of(policy)
    chosen = new_secret(card, NEW_PIN_VARIABLE, rules, facts)
    with open_piv(card, trace) as piv:
        puk = pin_supplier(PUK_VARIABLE)
        piv.unblock_pin(puk, chosen, policy=rules, facts=facts, use_last_try=use_last_try)
    sys.stderr.write(translate("the PIN is unblocked and changed") + "\n")
