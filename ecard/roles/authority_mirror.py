"""The authority as the register makes it: what was issued, held, released and revoked follows from the log.

Every process that shares a register has the authority's key; what the authority remembers comes from the one log, so
that a freeze in one process is in the next CRL and OCSP answer of every other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecard.errors import EncodingError
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_record import Issued
from ecard.pki.withdrawal import Event, RevocationReason, Status
from ecard.roles import canonical, moments
from ecard.roles.lifecycle import CertificateStatus, certificate_act
from ecard.roles.register import Register
from ecard.roles.register_entry import damaged
from ecard.roles.register_tables import ChangeRow

_REASONS: Final = {reason.label: reason for reason in RevocationReason}


class AuthorityMirror:
    """Keeps an authority's record in step with a register. Also a source of states for an OCSP responder."""

    def __init__(self, register: Register, authority: CertificateAuthority) -> None:
        self.register: Final = register
        self.authority: Final = authority
        self._seen = 0
        self._status: dict[int, CertificateStatus] = {}

    def follow(self, session: Session | None = None) -> None:
        """Bring the authority's record up to the end of the log; reads in ``session``, or in one of its own."""
        if session is None:
            with self.register.reading() as own:
                self.follow(own)
            return
        query = (
            select(ChangeRow.key, ChangeRow.seq, ChangeRow.moment, ChangeRow.value)
            .where(ChangeRow.seq > self._seen, ChangeRow.key >= "certificate/", ChangeRow.key < "certificate0")
            .order_by(ChangeRow.seq, ChangeRow.key)
        )
        for row in session.execute(query):
            try:
                serial = int(row.key.partition("/")[2], 16)
                self._learn(serial, moments.read(row.moment), canonical.decode(row.value.encode(), "fact"))
            except (EncodingError, KeyError, TypeError, ValueError, AttributeError):
                raise damaged("what it knows of a certificate cannot be read") from None
            self._seen = row.seq

    def _learn(self, serial: int, moment: datetime, value: dict[str, Any]) -> None:
        record = self.authority.record
        if serial not in record.issued:
            record.add(issued_of(serial, value))
        after = CertificateStatus(value["status"])
        act = certificate_act(self._status.get(serial, CertificateStatus.GOOD), after)
        self._status[serial] = after
        if act is not None:
            reason = None if value["reason"] is None else _REASONS[value["reason"]]
            record.journal.record(Event(serial, act, moment, reason))

    def status(self, serial: int, *, at: datetime) -> Status | None:
        """The state of a certificate at a moment, as the log tells it now."""
        self.follow()
        return self.authority.status(serial, at=at)

    def answered(self, serials: Iterable[int], *, at: datetime) -> None:
        """Nothing to remember: an order never takes effect before the moment at which it is received."""


def issued_of(serial: int, value: dict[str, Any]) -> Issued:
    """What an authority remembers of a certificate that the register describes so."""
    return Issued(
        serial=serial,
        not_after=moments.read(value["not_after"]),
        usage=value["usage"],
        key=value["key"],
        card_number=value["card"],
        card_type=value["card_type"],
        organisation_code=value["organisation_code"],
    )
