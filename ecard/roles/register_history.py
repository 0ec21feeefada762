"""The register as evidence for validation: every time in which a card was not active, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecard.pki.evidence import Interval
from ecard.pki.identity import certificate_number
from ecard.pki.withdrawal import RevocationReason
from ecard.roles.acts import CardState
from ecard.roles.lifecycle import CertificateStatus
from ecard.roles.register import Register
from ecard.roles.register_entry import Fact, damaged

_HOLD = RevocationReason.CERTIFICATE_HOLD.label


@dataclass(frozen=True, slots=True)
class RegisterHistory:
    """A ``RevocationHistory`` from a register, for the certificates of the authority with the name ``issuer`` (DER).

    A card that is lost, frozen or still has its transport PIN counts as on hold. A void card's
    certificates are revoked, for the ground that it was voided for.
    """

    register: Register
    issuer: bytes

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        """The times in which the certificate was not to be used; None for another issuer's."""
        if issuer != self.issuer:
            return None
        certificate = self.register.history(f"certificate/{certificate_number(serial)}")
        if not certificate:
            return None
        found = _closed(self.register.history(f"card/{certificate[0].value['card']}"))
        for fact in certificate:
            if fact.value["status"] == CertificateStatus.REVOKED.value:
                found.append(Interval(fact.moment, None, fact.value["reason"]))
        return found


def _closed(card: Sequence[Fact]) -> list[Interval]:
    if not card:
        raise damaged("it knows a certificate of a card that it does not know")
    found = []
    for fact, after in zip(card, [*card[1:], None], strict=True):
        state = _state(fact)
        if state not in {CardState.ACTIVE, CardState.VOID}:
            found.append(Interval(fact.moment, None if after is None else after.moment, _HOLD))
    return found


def _state(fact: Fact) -> CardState:
    try:
        return CardState(fact.value["state"])
    except ValueError:
        raise damaged("what it knows of a card is no state") from None
