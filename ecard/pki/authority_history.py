"""What an authority remembers of withdrawals, as evidence: also of holds that no CRL lists any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ecard.pki.authority_issuer import Issuer
from ecard.pki.evidence import Interval
from ecard.pki.withdrawal import Act, Event, RevocationReason

_HOLD: Final = RevocationReason.CERTIFICATE_HOLD.label


@dataclass(frozen=True, slots=True)
class AuthorityHistory:
    """The withdrawals of some authorities, as a ``RevocationHistory`` for ``Evidence``."""

    authorities: tuple[Issuer, ...]

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        """The times in which a certificate was on hold or revoked; None where none of the authorities issued it.

        A revocation counts from its invalidity date where it has an earlier one.
        """
        for authority in self.authorities:
            if authority.certificate.subject == issuer and serial in authority.record.issued:
                return _intervals(authority.record.journal.events(serial))
        return None


def _intervals(events: Iterable[Event]) -> list[Interval]:
    found: list[Interval] = []
    for event in events:
        if found and found[-1].until is None:
            found[-1] = Interval(found[-1].since, event.at, found[-1].reason)
        if event.act is Act.HOLD:
            found.append(Interval(event.at, None, _HOLD))
        elif event.act is Act.REVOKE and event.reason is not None:
            found.append(Interval(min(event.at, event.invalidity_date or event.at), None, event.reason.label))
    return found
