"""The two cards of the China Electronic Port as key holders: the company seal and a person's seal.

Source: docs/life-cycle terms 法人卡 and 操作员卡; the card type stands in the certificate
(docs/certificate-profile.md).
"""

from __future__ import annotations

from typing import ClassVar

from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Slot
from ecard.errors import WrongCardError
from ecard.pin import Pin, PinSupplier
from ecard.pki.identity import CardIdentity, CardType
from ecard.roles.management import Management


class _EportCard(CardKeyHolder):
    """A card of the Electronic Port in a session. Its kind is checked before any PIN is asked for."""

    card_type: ClassVar[CardType]
    words: ClassVar[str]

    def __init__(
        self,
        session: Session,
        *,
        pin: Pin | PinSupplier,
        slot: Slot = Slot.SIGNATURE,
        use_last_try: bool = False,
        sm2_id: int | None = None,
    ) -> None:
        super().__init__(PivSession(session, sm2_id=sm2_id), slot, pin=pin, use_last_try=use_last_try)
        self.identity = CardIdentity.from_certificate(self.certificate)
        """Who holds the card, for which enterprise, as the certificate says."""
        if self.identity.card_type is not self.card_type:
            raise WrongCardError(
                f"the card is not {self.words}", remedy=f"insert {self.words}; this one is {_describe(self.identity)}"
            )


class LegalPersonCard(Management, _EportCard):
    """The legal-person card (法人卡): the enterprise's seal. It also manages the enterprise's operator cards.

    ``pin`` is a Pin or a supplier that is asked when the card needs it; ``sm2_id`` is as in ``PivSession``. Raises
    WrongCardError where the card is another kind, ObjectNotFoundError where it has no certificate.
    """

    card_type = CardType.LEGAL_PERSON
    words = "a legal-person card"


class OperatorCard(_EportCard):
    """The operator card (操作员卡): the personal seal of a holder who works for an enterprise.

    ``pin`` is a Pin or a supplier that is asked when the card needs it; ``sm2_id`` is as in ``PivSession``. Raises
    WrongCardError where the card is another kind, ObjectNotFoundError where it has no certificate.
    """

    card_type = CardType.OPERATOR
    words = "an operator card"


def _describe(identity: CardIdentity) -> str:
    by_type = {CardType.LEGAL_PERSON: LegalPersonCard.words, CardType.OPERATOR: OperatorCard.words}
    if identity.card_type in by_type:
        return by_type[identity.card_type]
    return "a card of another kind" if identity.card_type else "no card of the Electronic Port"
