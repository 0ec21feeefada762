"""``ecard pin``: is a PIN strong enough, and make one that is. Useful without any card."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

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
from ecard.cli.language import speaks_chinese, translate
from ecard.cli.options import AsJson, print_json
from ecard.errors import InvalidInputError
from ecard.pin import Pin, PolicyReason

app: Final = typer.Typer(help="Check and make PINs.", no_args_is_help=True)
_LONGEST: Final = 256


@app.command()
def check(
    source: Annotated[str, typer.Argument(metavar="-", help="Always -: the PIN is read from standard input.")],
    telephone: Telephones = None,
    birth_date: BirthDates = None,
    identity_number: IdentityNumbers = None,
    organisation_code: OrganisationCodes = None,
    card_number: CardNumbers = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> int:
    """Check a PIN against the policy. Exit status: 0 strong enough, 1 weak (the reasons are printed), 2 could not run.

    Example: ecard pin check - --telephone "138 0013 8000" --birth-date 1988-04-01
    """
    if source != "-":
        raise InvalidInputError("a PIN is never given on the command line", remedy="write - and type it, or pipe it in")
    facts = facts_of(telephone, birth_date, identity_number, organisation_code, card_number)
    reasons = policy_of(policy).violations(_read_pin(), facts)
    if as_json:
        listed = [{"code": r.value, "english": r.english, "chinese": r.chinese} for r in reasons]
        print_json({"strong": not reasons, "reasons": listed})
    else:
        lines = [_in_words(reason) for reason in reasons] or [translate("strong enough")]
        print("\n".join(lines))
    return 1 if reasons else 0


@app.command()
def generate(
    length: Annotated[int, typer.Option(metavar="N", help="How many digits.")] = 6,
    telephone: Telephones = None,
    birth_date: BirthDates = None,
    identity_number: IdentityNumbers = None,
    organisation_code: OrganisationCodes = None,
    card_number: CardNumbers = None,
    policy: PolicyFile = None,
) -> None:
    """Print a random PIN that the policy accepts for this holder.

    Example: ecard pin generate --length 8 --telephone "138 0013 8000"
    """
    facts = facts_of(telephone, birth_date, identity_number, organisation_code, card_number)
    with policy_of(policy).generate(facts, length=length) as pin:
        print(pin.reveal().decode())


def _in_words(reason: PolicyReason) -> str:
    """A reason in the user's language first."""
    first, second = reason.english, reason.chinese
    return f"{second} ({first})" if speaks_chinese() else f"{first} ({second})"


def _read_pin() -> Pin:
    line = sys.stdin.buffer.readline(_LONGEST)
    if not line.strip():
        raise InvalidInputError("no PIN on standard input", remedy="type it, or pipe it in, as one line")
    try:
        return Pin(line.rstrip(b"\r\n").decode())
    except UnicodeDecodeError:
        raise InvalidInputError("the PIN on standard input is not text") from None
