"""Giving the data centre one order: signed by a card, or by the centre's seal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.words import Slot
from ecard.cli.card_options import open_piv, pin_supplier
from ecard.cli.language import translate
from ecard.cli.options import print_json
from ecard.cli.register_place import authorities_password, centre_in
from ecard.keyholder import KeyHolder
from ecard.roles import moments
from ecard.roles.acts import Act, Channel
from ecard.roles.canonical import Json
from ecard.roles.centre import Accepted, Centre, Requests
from ecard.roles.people import Enclosure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order asks for."""

    act: Act
    subject: str
    details: Mapping[str, Json] = field(default_factory=dict)
    people: Sequence[Enclosure] = field(default=(), repr=False)
    online: bool = False

    @property
    def channel(self) -> Channel:
        """How it reaches the centre."""
        return Channel.ONLINE if self.online else Channel.COUNTER


@dataclass(frozen=True, slots=True)
class Done:
    """An order that was carried out."""

    act: Act
    accepted: Accepted

    def as_dict(self) -> dict[str, str | int]:
        """For programs: act, entry, in_effect_from."""
        moment = moments.write(self.accepted.moment)
        return {"act": self.act.value, "entry": self.accepted.sequence, "in_effect_from": moment}

    def __str__(self) -> str:
        words = "{act}: entry {entry}, in effect from {moment}"
        moment = f"{self.accepted.moment:%Y-%m-%dT%H:%M:%SZ}"
        return translate(words, act=translate(self.act.value), entry=self.accepted.sequence, moment=moment)


@contextmanager
def signing(directory: Path, card: str | None, act: Act) -> Iterator[tuple[Centre, KeyHolder]]:
    """The centre in a directory, and the card that signs an order, or the centre's seal where ``card`` is None."""
    with centre_in(directory, authorities_password()) as centre:
        if card is None:
            yield centre, centre.seal
        else:
            with open_piv(card, None) as piv:
                yield centre, CardKeyHolder(piv, Slot.SIGNATURE, pin=pin_supplier(), act=f"order: {act.value}")


def give(directory: Path, card: str, wanted: Wanted) -> Done:
    """Sign an order with the card at an address, and give it to the centre."""
    with signing(directory, card, wanted.act) as (centre, holder):
        return give_to(centre, holder, wanted)


def give_to(centre: Centre, holder: KeyHolder, wanted: Wanted, *, requests: Requests | None = None) -> Done:
    """Sign an order with ``holder``, and give it to a centre that is open; ``requests`` are a card's that it makes."""
    accepted = centre.order(
        wanted.act,
        wanted.subject,
        holder,
        at=datetime.now(UTC),
        channel=wanted.channel,
        details=wanted.details,
        enclosures=wanted.people,
        requests=requests,
    )
    return Done(wanted.act, accepted)


def tell(done: Done, *, as_json: bool) -> None:
    """One line on what was done; for programs on standard output."""
    if as_json:
        print_json(done.as_dict())
    else:
        sys.stderr.write(f"{done}\n")
