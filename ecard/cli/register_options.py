"""Options that the commands of the data centre share, and how they sign and give one order."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.cli.card_options import CARD_HELP, open_piv, open_session, pin_supplier
from ecard.cli.register_place import authorities_password, centre_in, keep_secrets
from ecard.files import write_atomically
from ecard.keyholder import KeyHolder
from ecard.pin import Pin, PinPolicy
from ecard.pki.profile import Usage
from ecard.roles.acts import Act, Channel
from ecard.roles.canonical import Json
from ecard.roles.centre import Accepted, Centre
from ecard.roles.people import Enclosure
from ecard.roles.personalising import personalise
from ecard.roles.secrets import CardSecrets

Place = Annotated[Path, typer.Option("--centre", metavar="DIR", help="The directory of the data centre.")]
Signer = Annotated[str, typer.Option("--card", help=f"Who gives the order. {CARD_HELP}")]
NewCard = Annotated[str, typer.Option("--new-card", help=f"The blank card. {CARD_HELP}")]
PinLetter = Annotated[Path, typer.Option("--pin-letter", metavar="FILE", help="Where the transport PIN is written.")]


def give(
    directory: Path,
    card: str,
    act: Act,
    subject: str,
    *,
    online: bool = False,
    details: Mapping[str, Json] | None = None,
    people: Sequence[Enclosure] = (),
) -> None:
    """Sign an order with the card at an address, give it to the centre, and say when it is in effect."""
    channel = Channel.ONLINE if online else Channel.COUNTER
    with centre_in(directory, authorities_password()) as centre, open_piv(card, None) as piv:
        holder = CardKeyHolder(piv, Slot.SIGNATURE, pin=pin_supplier(), act=f"order: {act.value}")
        now = datetime.now(UTC)
        say(centre.order(act, subject, holder, at=now, channel=channel, details=details, enclosures=people), act)


def give_and_make(
    directory: Path,
    act: Act,
    subject: str,
    number: str,
    *,
    signer: str | None,
    new_card: str,
    letter: Path,
    details: Mapping[str, Json],
    people: Sequence[Enclosure] = (),
) -> None:
    """Make a card because of an order; the order is signed by the card ``signer``, or by the seal where it is None."""
    with centre_in(directory, authorities_password()) as centre:
        if signer is None:
            _make(directory, centre, centre.seal, act, subject, number, new_card, letter, details, people)
            return
        with open_piv(signer, None) as piv:
            holder = CardKeyHolder(piv, Slot.SIGNATURE, pin=pin_supplier(), act=f"order: {act.value}")
            _make(directory, centre, holder, act, subject, number, new_card, letter, details, people)


def _make(
    directory: Path,
    centre: Centre,
    holder: KeyHolder,
    act: Act,
    subject: str,
    number: str,
    new_card: str,
    letter: Path,
    details: Mapping[str, Json],
    people: Sequence[Enclosure],
) -> None:
    own = CardSecrets(PinPolicy.default().generate(), _new_puk(), secrets.token_bytes(24))
    keep_secrets(directory, number, own)
    write_atomically(letter, own.pin.reveal() + b"\n", mode=0o600)
    done: list[Accepted] = []

    def issue(requests: Mapping[Usage, bytes]) -> Mapping[Usage, Certificate]:
        now = datetime.now(UTC)
        done.append(centre.order(act, subject, holder, at=now, details=details, enclosures=people, requests=requests))
        return done[0].certificates

    issuers = (centre.authority.certificate, *centre.authority.chain)
    with open_session(new_card, None) as session:
        personalise(session, name=number, kind=KeyKind.P256, secrets=own, issue=issue, issuers=issuers)
    say(done[0], act)


def say(accepted: Accepted, act: Act) -> None:
    """One line on what was done."""
    sys.stderr.write(f"{act.value}: entry {accepted.sequence}, in effect from {accepted.moment:%Y-%m-%dT%H:%M:%SZ}\n")


def _new_puk() -> Pin:
    return Pin("".join(str(secrets.randbelow(10)) for _ in range(8)))
