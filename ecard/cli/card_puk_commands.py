"""``ecard card puk``: changing the key that unblocks a PIN."""

from __future__ import annotations

import sys
from typing import Final

import typer

from ecard.cli.card_options import (
    NEW_PUK_VARIABLE,
    PUK_VARIABLE,
    CardAddress,
    TraceFile,
    UseLastTry,
    open_piv,
    pin_supplier,
)
from ecard.cli.holder_options import PolicyFile, policy_of
from ecard.cli.language import translate
from ecard.cli.new_secret import new_secret
from ecard.pin import PinReference

app: Final = typer.Typer(help="The PUK of a card, the key that unblocks a PIN.", no_args_is_help=True)


@app.callback()
def _puk() -> None:
    """The PUK of a card, the key that unblocks a PIN."""


@app.command()
def change(
    card: CardAddress,
    policy: PolicyFile = None,
    use_last_try: UseLastTry = False,
    trace: TraceFile = None,
) -> None:
    """Change the PUK. A weak new one is refused, by the rules for PINs, before anything is sent to the card.

    The PUKs come from prompts, or from the environment variables ECARD_PUK and ECARD_NEW_PUK. Keep the new one where
    the PIN is not: it is for the day on which the PIN is blocked.

    Example: ecard card puk change --card pcsc
    """
    chosen = new_secret(card, NEW_PUK_VARIABLE, policy_of(policy), of=PinReference.PUK)
    with open_piv(card, trace) as piv:
        piv.change_puk(pin_supplier(PUK_VARIABLE), chosen, use_last_try=use_last_try)
    sys.stderr.write(translate("the PUK is changed") + "\n")
