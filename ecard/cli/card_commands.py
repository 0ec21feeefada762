"""``ecard card``: what a card is, its PIN, its certificates and keys; for any PIV card, real or simulated."""

from __future__ import annotations

from typing import Annotated

import typer

from ecard.apdu.info import MAIN_SLOTS, RETIRED_SLOTS, card_info
from ecard.apdu.pcsc import list_readers
from ecard.cli import (
    card_certificate_commands,
    card_key_commands,
    card_management_commands,
    card_pin_commands,
    card_puk_commands,
)
from ecard.cli.card_facts import as_facts, in_words
from ecard.cli.card_options import CardAddress, TraceFile, open_piv
from ecard.cli.language import translate
from ecard.cli.options import AsJson, print_json

app = typer.Typer(help="Look at cards, and manage them (PIN, keys, certificates).", no_args_is_help=True)
app.add_typer(card_pin_commands.app, name="pin")
app.add_typer(card_puk_commands.app, name="puk")
app.add_typer(card_management_commands.app, name="management-key")
app.add_typer(card_key_commands.app, name="key")
app.add_typer(card_certificate_commands.app, name="certificate")


@app.command("list")
def list_cards(as_json: AsJson = False) -> int:
    """List the card readers and their cards. Exit status: 0 at least one card, 1 none, 2 could not ask.

    Example: ecard card list
    """
    readers = list_readers()
    if as_json:
        rows = [{"reader": r.name, "atr": r.atr.hex().upper(), "problem": r.reason and r.reason.value} for r in readers]
        print_json({"readers": rows})
    else:
        for reader in readers:
            words = (
                translate(reader.reason.value)
                if reader.reason
                else translate("card {atr}", atr=reader.atr.hex().upper())
            )
            print(f"{reader.name}: {words}")
    return 0 if any(reader.reason is None for reader in readers) else 1


@app.command()
def info(
    card: CardAddress,
    all_slots: Annotated[
        bool, typer.Option("--all", help="Slots 82 to 95 too, for which the card is asked 40 times more.")
    ] = False,
    as_json: AsJson = False,
    trace: TraceFile = None,
) -> None:
    """Say what a card is: version, serial number, tries left, and which keys and certificates are in its slots.

    Spends no try of the PIN.

    Example: ecard card info --card pcsc
    """
    with open_piv(card, trace) as piv:
        facts = as_facts(card_info(piv, slots=(*MAIN_SLOTS, *RETIRED_SLOTS) if all_slots else MAIN_SLOTS))
    if as_json:
        print_json(facts)
    else:
        for line in in_words(facts):
            print(line)
