"""The part of an audit that asks whether an entry was really ordered, and really answered: its signatures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from ecard.pki.trust import Trust
from ecard.roles import certificate_facts
from ecard.roles.acts import CardKind, CardState
from ecard.roles.orders import Signed
from ecard.roles.register_entry import Entry
from ecard.roles.register_writer import fact_of


def signature_damage(entry: Entry, trust: Trust, session: Session) -> Iterator[str]:
    """What is wrong with the signature of the order and that of the receipt, and with who made them."""
    signed = max(entry.moment, entry.request.moment)
    signer = _serial(entry.order, trust, signed)
    if signer is None:
        yield "the order's signature is not good"
    elif signer != entry.signer:
        yield "the order was signed by another card than the entry says"
    else:
        yield from _signer_damage(entry, session)
    seal = _serial(entry.receipt, trust, signed)
    known = None if seal is None else fact_of(session, f"certificate/{seal}", None)
    card = None if known is None else fact_of(session, f"card/{known.value['card']}", None)
    if card is None or card.value["kind"] != CardKind.CENTRE.value:
        yield "the receipt was not signed by the centre"


def _serial(part: Signed, trust: Trust, at: datetime) -> str | None:
    report = part.inspect(trust=trust, at=at)
    return None if report.reasons or report.certificate is None else certificate_facts.serial_of(report.certificate)


def _signer_damage(entry: Entry, session: Session) -> Iterator[str]:
    """Whether the card that signed was active when the order came in: by what the entries before say."""
    if entry.sequence == 1:
        return
    certificate = fact_of(session, f"certificate/{entry.signer}", None, before=entry.sequence)
    card = (
        None
        if certificate is None
        else fact_of(session, f"card/{certificate.value['card']}", None, before=entry.sequence)
    )
    if card is None or card.value["state"] != CardState.ACTIVE.value:
        yield "the card that signed was not active"
