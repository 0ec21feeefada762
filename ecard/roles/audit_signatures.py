"""The part of an audit that asks whether an entry was really ordered, and really answered: its signatures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from ecard.certificate import Certificate
from ecard.pki.trust import Trust
from ecard.roles import certificate_facts
from ecard.roles.acts import CardKind
from ecard.roles.audit_replay import rule_damage
from ecard.roles.orders import Signed
from ecard.roles.register_entry import Entry
from ecard.roles.register_writer import fact_of


def signature_damage(entry: Entry, trust: Trust, session: Session) -> Iterator[str]:
    """What is wrong with the signature of the order and that of the receipt, and with what the order did.

    Whether the signer might give the order is asked of the entries before.
    """
    signed = max(entry.moment, entry.request.moment)
    signer = _certificate(entry.order, trust, signed)
    if signer is None:
        yield "the order's signature is not good"
    elif certificate_facts.serial_of(signer) != entry.signer:
        yield "the order was signed by another card than the entry says"
    else:
        yield from rule_damage(entry, signer, session)
    seal = _certificate(entry.receipt, trust, signed)
    if seal is None or not _is_centre(seal, session):
        yield "the receipt was not signed by the centre"


def _certificate(part: Signed, trust: Trust, at: datetime) -> Certificate | None:
    report = part.inspect(trust=trust, at=at)
    return None if report.reasons else report.certificate


def _is_centre(seal: Certificate, session: Session) -> bool:
    known = fact_of(session, f"certificate/{certificate_facts.serial_of(seal)}", None)
    card = None if known is None else fact_of(session, f"card/{known.value['card']}", None)
    return card is not None and card.value["kind"] == CardKind.CENTRE.value
