"""``ecard centre status``, ``audit`` and ``log``: what the register says."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from ecard.cli.language import translate
from ecard.cli.options import AsJson, parse_moment, print_json
from ecard.cli.progress import waiting
from ecard.cli.register_options import CardNumber, Place
from ecard.cli.register_place import register_in
from ecard.pki.authority_files import load
from ecard.pki.trust import Trust
from ecard.roles import moments
from ecard.roles.register_audit import Damage
from ecard.roles.register_audit import audit as audit_register


def status(
    number: CardNumber,
    centre: Place,
    at: Annotated[
        str | None,
        typer.Option(metavar="ISO-8601", help="The moment to ask about; now by default, UTC without an offset."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Say what a card is, or was at a moment. Exit status: 0 it is known, 1 there was no such card, 2 could not run.

    Example: ecard centre status 03-JJ0A900000201 --centre centre/ --at 2026-05-04T08:30:00Z
    """
    moment = datetime.now(UTC) if at is None else parse_moment(at)
    with register_in(centre) as register:
        found = register.status(number, moment)
    if as_json:
        told = {"card": number, "at": moments.write(moment), "status": None if found is None else found.value}
        print_json(told)
    else:
        print(translate("no such card" if found is None else found.value))
    return int(found is None)


def audit(
    centre: Place,
    signatures: Annotated[bool, typer.Option(help="Verify the signatures of all orders and receipts too.")] = True,
    as_json: AsJson = False,
) -> int:
    """Say whether the register is whole, with a line for each damage. Exit status: 0 whole, 1 damaged, 2 could not run.

    Example: ecard centre audit --centre centre/
    """
    with register_in(centre) as register, waiting("auditing the register"):
        trust = Trust([load(centre / "issuing").certificate]) if signatures else None
        damages = []
        for damage in audit_register(register, trust=trust):
            damages.append(str(damage))
            if not as_json:
                print(_in_words(damage))
        entries = register.head()[0]
    if as_json:
        told = {"whole": not damages, "entries": entries, "damages": damages}
        print_json(told)
    else:
        words = "{entries} entries, damaged" if damages else "{entries} entries, whole"
        sys.stderr.write(translate(words, entries=entries) + "\n")
    return int(bool(damages))


def _in_words(damage: Damage) -> str:
    if damage.sequence is None:
        return damage.what
    return translate("entry {entry}: {what}", entry=damage.sequence, what=damage.what)


def log(
    centre: Place,
    after: Annotated[int, typer.Option(metavar="ENTRY", help="Only entries after this one.", min=0)] = 0,
) -> None:
    """Print the log, one line of JSON for each entry, without personal data.

    Example: ecard centre log --centre centre/ --after 100
    """
    with register_in(centre) as register:
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
            print(json.dumps(line))
