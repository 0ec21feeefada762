"""Making a card: from a factory card and a holder's details to a card that can sign.

The key is generated on the card and never leaves it. Source: docs/life-cycle, steps 4 and 6 (制作法人卡, 制卡发卡).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ecard.algorithms import KeyKind
from ecard.apdu.newpin import DEFAULT_POLICY, NO_FACTS
from ecard.apdu.session import Session
from ecard.certificate import Certificate
from ecard.moments import in_utc
from ecard.pin import HolderFacts, PinPolicy
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import CertificateSubject, Usage
from ecard.roles.personalising import personalise
from ecard.roles.secrets import CardSecrets

__all__ = ["CardSecrets", "make_card"]


def make_card(
    session: Session,
    *,
    authority: CertificateAuthority,
    subject: CertificateSubject,
    kind: KeyKind,
    secrets: CardSecrets,
    at: datetime,
    factory: CardSecrets | None = None,
    sm2_id: int | None = None,
    policy: PinPolicy = DEFAULT_POLICY,
    facts: HolderFacts = NO_FACTS,
) -> Certificate:
    """Make the card in ``session`` the signing card of ``subject``, and return the certificate written to it.

    In this order: the key is generated in slot 9C (PIN before every signature), the card signs a certificate
    request, the authority issues, certificate and issuers are written, and last the factory's PIN, PUK and
    management key are replaced by ``secrets``. ``factory`` says what they are before, if not the usual values;
    ``sm2_id`` is the card's number for SM2, as in ``PivSession``.

    Before anything is done to the card, the new PIN has to pass ``policy`` with the holder's ``facts``, and the
    default policy, which applies when it is set; neither the PUK nor the PIN of before will do.

    Raises InvalidInputError for a naive ``at``, WeakPinError for a weak new PIN, CardError and PinError from the
    card, PkiError from the authority.
    A card on which this failed is still a factory card, and the act can be done again.
    """
    in_utc(at, "moment of issue")
    known = facts.with_puk(secrets.puk).remember((factory or CardSecrets.factory()).pin)
    for rules in (policy, DEFAULT_POLICY):
        rules.check(secrets.pin, known)

    def issue(requests: Mapping[Usage, bytes]) -> Mapping[Usage, Certificate]:
        return {Usage.SIGNING: authority.issue(requests[Usage.SIGNING], subject, at=at)}

    made = personalise(
        session,
        name=subject.card_number,
        kind=kind,
        secrets=secrets,
        issue=issue,
        issuers=(authority.certificate, *authority.chain),
        usages=(Usage.SIGNING,),
        before=factory,
        sm2_id=sm2_id,
    )
    return made[Usage.SIGNING]
