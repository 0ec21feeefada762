"""What a legal-person card may order, as methods: it manages the operators of its own enterprise, and files business.

An operator card has none of them. Source: docs/life-cycle.md, rows P5, P7, P9, R4, T2, T5, T6 and D1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ecard.errors import WrongCardError
from ecard.keyholder import KeyHolder
from ecard.pki.identity import CardIdentity
from ecard.pki.withdrawal import Ground
from ecard.roles.acts import Act, Channel, Office
from ecard.roles.canonical import Json
from ecard.roles.orders import Order, Signed
from ecard.roles.papers import Paper
from ecard.roles.people import Enclosure, Person

if TYPE_CHECKING:
    from ecard.roles.centre import Accepted


class OnlineDesk(Protocol):
    """Where orders go: a ``Centre``, or whatever brings them to one."""

    def base(self, subject: str) -> int:
        """The number of the entry that changed a subject last."""

    def give(self, signed: Signed, *, at: datetime, enclosures: Sequence[Enclosure] = ()) -> Accepted:
        """Have an order carried out."""


class Management(KeyHolder):
    """The acts of a legal-person card. Each signs one order, online, and gives it to ``desk`` at the moment ``at``.

    All raise what ``sign`` and the desk raise: OrderRefusedError where the centre does not carry the order out.
    """

    identity: CardIdentity

    def register_operator(self, desk: OnlineDesk, name: str, person: Person, *, at: datetime) -> Accepted:
        """Register an operator of the own enterprise (T2); ``name`` is the application's, freely chosen."""
        enclosure = Enclosure(person)
        return self._order(
            desk,
            Act.REGISTER_OPERATOR,
            f"operator/{self._enterprise}/{name}",
            at,
            {"person": enclosure.reference},
            (enclosure,),
        )

    def report_loss(self, desk: OnlineDesk, card: str, *, at: datetime) -> Accepted:
        """Report the loss of an operator card (T5); in effect at once."""
        return self._on_card(desk, Act.REPORT_LOSS, card, Ground.LOSS, at)

    def freeze(self, desk: OnlineDesk, card: str, *, at: datetime) -> Accepted:
        """Freeze an operator card while its holder is away (T6); in effect at once."""
        return self._on_card(desk, Act.FREEZE, card, Ground.FREEZE, at)

    def unfreeze(self, desk: OnlineDesk, card: str, *, at: datetime) -> Accepted:
        """End a freeze (D1); in effect at once."""
        return self._on_card(desk, Act.UNFREEZE, card, Ground.UNFREEZE, at)

    def file_business(self, desk: OnlineDesk, department: Office, papers: Sequence[Paper], *, at: datetime) -> Accepted:
        """File the enterprise's data with a competent department (P7)."""
        subject = f"business/{self._enterprise}/{department.value}"
        return self._order(desk, Act.FILE_BUSINESS, subject, at, {"papers": [paper.value for paper in papers]})

    def register_channel(self, desk: OnlineDesk, *, at: datetime) -> Accepted:
        """Register the enterprise's security access channel (P9)."""
        return self._order(desk, Act.REGISTER_CHANNEL, f"enterprise/{self._enterprise}", at, {})

    @property
    def _enterprise(self) -> str:
        if self.identity.organisation_code is None:
            raise WrongCardError("the card's certificate names no enterprise")
        return self.identity.organisation_code

    def _on_card(self, desk: OnlineDesk, act: Act, card: str, ground: Ground, at: datetime) -> Accepted:
        return self._order(desk, act, f"card/{card}", at, {"ground": ground.value})

    def _order(
        self,
        desk: OnlineDesk,
        act: Act,
        subject: str,
        at: datetime,
        details: Mapping[str, Json],
        enclosures: Sequence[Enclosure] = (),
    ) -> Accepted:
        base = desk.base(subject)
        order = Order(act=act, subject=subject, base=base, moment=at, channel=Channel.ONLINE, details=details)
        return desk.give(order.sign(self), at=at, enclosures=enclosures)
