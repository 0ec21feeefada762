"""Who may have signed, as the register knows it: policies for ``verify`` beside those of ``ecard.documents.signers``.

They combine with ``OneOf``. Source: docs/life-cycle.md, rows P7, R4 and R5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ecard.certificate import Certificate
from ecard.documents.report import Report
from ecard.documents.signers import SignerPolicy, answer_of
from ecard.errors import InvalidInputError
from ecard.findings import Finding, FindingCode
from ecard.pki.identity import CardIdentity
from ecard.roles import certificate_facts, moments
from ecard.roles.acts import CardState, Office
from ecard.roles.register import Register


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveCard:
    """A card of the register that was active at the moment ``at``, with this very certificate."""

    register: Register
    at: datetime

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """The certificate, then the card's state at that moment."""
        known = self.register.get(f"certificate/{certificate_facts.serial_of(certificate)}", at=self.at)
        if known is None or known.value["sha256"] != certificate.sha256.hex():
            return _against("the signer's certificate is not one of the register at that moment")
        state = self.register.status(known.value["card"], self.at)
        if state is not CardState.ACTIVE:
            return _against(f"the signer's card was {state.value if state else 'not there'} at that moment")
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Whoever ``signer`` allows, if the department's approval of his enterprise was in force at the moment ``at``."""

    register: Register
    department: Office
    signer: SignerPolicy
    at: datetime

    def check(self, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
        """The signer, his card, then the approval."""
        found = answer_of(self.signer, identity, certificate)
        found += ActiveCard(register=self.register, at=self.at).check(identity, certificate)
        fact = self.register.get(f"business/{identity.organisation_code}/{self.department.value}", at=self.at)
        if fact is None or fact.value["state"] != "approved":
            found += _against(f"the enterprise had no approval of {self.department.value} at {moments.write(self.at)}")
        return found


def require_two_persons(reports: Iterable[Report], first: SignerPolicy, second: SignerPolicy) -> None:
    """Require that a document was signed by one whom ``first`` allows and by another one whom ``second`` allows.

    ``reports`` are those of all its signatures. Raises VerificationError for a report that is not accepted, and
    InvalidInputError where no two of them fit: two signatures of one card, or of one holder's two cards with the same
    key, are one person's.
    """
    signed = [report.require_accepted() for report in reports]
    for one in signed:
        for other in signed:
            if _fits(one, first) and _fits(other, second) and _differ(one, other):
                return
    raise InvalidInputError("the document is not signed by the two persons that are required")


def _fits(report: Report, policy: SignerPolicy) -> bool:
    if report.signer is None or report.certificate is None:
        return False
    return not policy.check(report.signer, report.certificate)


def _differ(one: Report, other: Report) -> bool:
    if one.signer is None or other.signer is None or one.certificate is None or other.certificate is None:
        return False
    keys = one.certificate.public_key.canonical, other.certificate.public_key.canonical
    return one.signer.card_number != other.signer.card_number and keys[0] != keys[1]


def _against(message: str) -> tuple[Finding, ...]:
    return (Finding(FindingCode.SIGNER_NOT_ALLOWED, message),)
