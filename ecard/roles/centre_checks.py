"""What every order must pass before its rule is asked: signature, signer, number, time, base.

All but the signature are checked inside the transaction that carries the order out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from ecard.certificate import Certificate
from ecard.errors import EncodingError, OrderRefusedError, RegisterStateError
from ecard.pki.profile import Usage
from ecard.pki.trust import Trust
from ecard.roles import certificate_facts, moments
from ecard.roles.acts import Act, CardKind, CardState, Office, Refusal
from ecard.roles.orders import MAX_SIGNATURE, Order, Signed
from ecard.roles.people import Enclosure
from ecard.roles.register_entry import Entry, Fact
from ecard.roles.rules_case import Actor, refuse

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_MAX_ENCLOSURES: Final = 16


class Known(Protocol):
    """What the register knew when an order came in: the open register itself, or its past in an audit."""

    @property
    def sequence(self) -> int:
        """The number of the last entry, 0 where there is none."""

    def get(self, key: str) -> Fact | None:
        """What was known under ``key``."""

    def entry_of(self, number: str) -> Entry | None:
        """The entry of the order with this number."""

    def last_signed(self, signer: str) -> datetime | None:
        """The moment in the last order that was signed with the certificate of this serial number."""


def read_order(signed: Signed, trust: Trust, at: datetime) -> tuple[Order, Certificate]:
    """The order and its signer's certificate. Raises OrderRefusedError where it is none, or the signature is not good.

    Who has the certificate, and whether the card was lost, frozen or void, is not judged here.
    """
    if len(signed.signature) > MAX_SIGNATURE:
        refuse(Refusal.MALFORMED, f"the signature has {len(signed.signature)} bytes, more than {MAX_SIGNATURE}")
    try:
        order = Order.decode(signed.body)
    except EncodingError as error:
        refuse(Refusal.MALFORMED, str(error))
    # a sender's clock may be a little ahead: his certificate is judged for the later of both moments
    report = signed.inspect(trust=trust, at=max(moments.whole(at), order.moment))
    if report.reasons or report.certificate is None:
        why = report.reasons[0].message if report.reasons else "it names no signer"
        raise OrderRefusedError(f"the signature is not accepted: {why}", reason=Refusal.SIGNATURE)
    return order, report.certificate


def require_seal(seal: Certificate, moment: datetime) -> None:
    """Carry out nothing that the seal could sign no receipt for. Raises RegisterStateError once its certificate ended.

    An entry would stay in the log for ever that every audit calls damaged.
    """
    if moment > seal.not_after:
        raise RegisterStateError(
            f"the certificate of the centre's seal ended at {moments.write(seal.not_after)}",
            remedy="set the clock right if it is ahead; if not, this register takes no more orders: found a new centre",
        )


def require_enclosed(enclosures: Sequence[Enclosure]) -> None:
    """Refuse more people than one order can name, or one of them twice."""
    if len(enclosures) > _MAX_ENCLOSURES or len({e.ref for e in enclosures}) != len(enclosures):
        refuse(Refusal.MALFORMED, f"an order has up to {_MAX_ENCLOSURES} enclosures, each of another person")


def require_new(known: Known, order: Order) -> None:
    """Refuse an order whose number was used before."""
    if known.entry_of(order.number) is not None:
        refuse(Refusal.REPLAYED, "an order with this number was carried out before", "ask for its receipt")


def require_timely(order: Order, moment: datetime, life: timedelta) -> None:
    """Refuse an order that was written long ago, or will be written."""
    if order.moment - moment > _CLOCKS_DIFFER:
        refuse(Refusal.UNTIMELY, "the order was written in the future", "set the sender's clock right")
    if moment - order.moment > life:
        refuse(Refusal.UNTIMELY, "the order was written too long ago", "write it again")


def require_base(known: Known, order: Order, actor: Actor) -> None:
    """Refuse an order that was written on another state of its subject, or before one that its signer gave already."""
    fact = known.get(order.subject)
    current = 0 if fact is None else fact.sequence
    if order.base < current:
        refuse(Refusal.STALE, "the subject changed since the order was written", "look at it, and order again")
    if order.base > current:
        refuse(Refusal.OUT_OF_ORDER, "the order refers to a change that has not happened")
    last = known.last_signed(actor.serial)
    if last is not None and order.moment < last:
        refuse(Refusal.OUT_OF_ORDER, "the signer gave an order of a later moment before")


def actor_of(known: Known, order: Order, certificate: Certificate, seal: Certificate) -> Actor:
    """Whose certificate it is, as the register knows it now; refused where the card may not give orders."""
    serial = certificate_facts.serial_of(certificate)
    if order.act is Act.FOUND_CENTRE:
        if known.sequence or certificate != seal:
            refuse(Refusal.NOT_ALLOWED, "a register is founded once, by the centre's own seal")
        return Actor("", CardKind.CENTRE, "", None, serial)
    fact = known.get(f"certificate/{serial}")
    if fact is None or fact.value["sha256"] != certificate.sha256.hex():
        refuse(Refusal.SIGNATURE, "the certificate is not one of this register")
    described = fact.value
    if described["usage"] != Usage.SIGNING.value:
        refuse(Refusal.SIGNATURE, "the certificate is not for signing")
    number = described["card"]
    fact = known.get(f"card/{number}")
    if fact is None:
        refuse(Refusal.UNKNOWN, "the register knows nothing of the card that signed")
    card = fact.value
    if card["state"] != CardState.ACTIVE.value or described["status"] != "good":
        refuse(Refusal.SIGNER_STATE, f"the card that signed is {card['state']}")
    office = None if card["office"] is None else Office(card["office"])
    return Actor(number, CardKind(card["kind"]), card["enterprise"], office, serial)
