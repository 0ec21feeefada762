"""Making a card: from a factory card and a holder's details to a card that can sign.

The key is generated on the card and never leaves it. Source: docs/life-cycle, steps 4 and 6 (制作法人卡, 制卡发卡).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK, PinUse, Slot
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError
from ecard.pin import Pin, as_supplier
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import CertificateSubject
from ecard.pki.requests import build_request, read_request


@dataclass(frozen=True)
class CardSecrets:
    """What protects a card: the holder's PIN, the centre's PUK, and the key that may write to the card."""

    pin: Pin = field(repr=False)
    puk: Pin = field(repr=False)
    management_key: bytes = field(repr=False)

    @staticmethod
    def factory() -> CardSecrets:
        """The values that every PIV card leaves its factory with."""
        return CardSecrets(Pin(FACTORY_PIN), Pin(FACTORY_PUK), FACTORY_MANAGEMENT_KEY)


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
) -> Certificate:
    """Make the card in ``session`` the signing card of ``subject``, and return the certificate written to it.

    In this order: the key is generated in slot 9C (PIN before every signature), the card signs a certificate
    request, the authority issues, certificate and issuers are written, and last the factory's PIN, PUK and
    management key are replaced by ``secrets``. ``factory`` says what they are before, if not the usual values;
    ``sm2_id`` is the card's number for SM2, as in ``PivSession``.

    Raises InvalidInputError for a naive ``at``, CardError and PinError from the card, PkiError from the authority.
    A card on which this failed is still a factory card, and the act can be done again.
    """
    if at.tzinfo is None:
        raise InvalidInputError("the moment of issue has no time zone")
    before = factory or CardSecrets.factory()
    piv = PivSession(session, sm2_id=sm2_id)
    piv.authenticate_management_key(before.management_key)
    certificate = _certify(piv, authority, subject, kind, before.pin, at)
    piv.write_certificate(Slot.SIGNATURE, certificate)
    issuers = (authority.certificate, *authority.chain)
    piv.write_issuers([issuer for issuer in issuers if not issuer.is_self_issued])
    piv.set_management_key(secrets.management_key)
    piv.change_puk(before.puk, secrets.puk)
    piv.change_pin(before.pin, secrets.pin)
    return certificate


def _certify(
    piv: PivSession,
    authority: CertificateAuthority,
    subject: CertificateSubject,
    kind: KeyKind,
    pin: Pin,
    at: datetime,
) -> Certificate:
    public_key = piv.generate_key(Slot.SIGNATURE, kind, pin_use=PinUse.ALWAYS)
    algorithm = SignatureAlgorithm.default_for(kind)

    def sign(message: bytes) -> Signature:
        digest = public_key.digest(message, algorithm)
        return piv.sign_digest(
            Slot.SIGNATURE, kind, digest, algorithm, pin=as_supplier(pin), act="sign the certificate request"
        )

    request = build_request(public_key, sign, subject.card_number)
    return authority.issue(read_request(request), subject, at=at)
