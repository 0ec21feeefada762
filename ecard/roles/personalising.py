"""Making a factory card somebody's: keys on the card, certificates for them, and secrets of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import PinUse, Slot
from ecard.certificate import Certificate
from ecard.keys import PublicKey
from ecard.pin import Pin, PinSupplier, as_supplier
from ecard.pki.profile import Usage
from ecard.pki.requests import build_request
from ecard.roles.secrets import CardSecrets

SLOTS: Final[Mapping[Usage, Slot]] = MappingProxyType({Usage.SIGNING: Slot.SIGNATURE, Usage.LOGIN: Slot.AUTHENTICATION})
"""The table: in which slot the key for each usage is generated."""
_PIN_USE: Final = {Usage.SIGNING: PinUse.ALWAYS, Usage.LOGIN: PinUse.ONCE}


def personalise(
    session: Session,
    *,
    name: str,
    kind: KeyKind,
    secrets: CardSecrets,
    issue: Callable[[Mapping[Usage, bytes]], Mapping[Usage, Certificate]],
    issuers: Sequence[Certificate],
    usages: Iterable[Usage] = (Usage.SIGNING, Usage.LOGIN),
    before: CardSecrets | None = None,
    sm2_id: int | None = None,
) -> Mapping[Usage, Certificate]:
    """Make the card in ``session`` somebody's, and return the certificates written to it.

    In this order: the keys are generated, the card signs a request for each, ``issue`` turns the requests into
    certificates, these and the ``issuers`` are written, and last the secrets that the card had ``before``, by default
    the factory's, are replaced by ``secrets``. ``name`` is the common name in the requests.

    Raises CardError and PinError from the card, and whatever ``issue`` raises: then the card has still the secrets of
    before, and the act can be done again.
    """
    old = before or CardSecrets.factory()
    piv = PivSession(session, sm2_id=sm2_id)
    piv.authenticate_management_key(old.management_key)
    certificates = issue(request_certificates(piv, usages, name=name, kind=kind, pin=old.pin))
    write_certificates(piv, certificates, issuers)
    piv.set_management_key(secrets.management_key)
    piv.change_puk(old.puk, secrets.puk)
    piv.change_pin(old.pin, secrets.pin)
    return certificates


def request_certificates(
    piv: PivSession, usages: Iterable[Usage], *, name: str, kind: KeyKind, pin: Pin
) -> Mapping[Usage, bytes]:
    """Generate a new key for each usage, and have the card sign a certificate request (PKCS#10, DER) with it.

    The keys that were in the slots are lost. The management key must have been presented. Raises CardError, PinError.
    """
    return {usage: _request(piv, usage, kind, pin, name) for usage in usages}


def request_for_key(
    piv: PivSession,
    slot: Slot,
    public_key: PublicKey,
    *,
    name: str,
    pin: Pin | PinSupplier,
    use_last_try: bool = False,
) -> bytes:
    """A certificate request (PKCS#10, DER) with the common name ``name``, signed by the key in ``slot``.

    ``public_key`` is that key's public half. Raises CardError, PinError, and RequestError where the slot holds
    another key, or the name cannot stand in a certificate.
    """
    algorithm = SignatureAlgorithm.default_for(public_key.kind)

    def sign(message: bytes) -> Signature:
        digest = public_key.digest(message, algorithm)
        return piv.sign_digest(
            slot,
            public_key.kind,
            digest,
            algorithm,
            pin=as_supplier(pin),
            act="sign the certificate request",
            use_last_try=use_last_try,
        )

    return build_request(public_key, sign, name)


def write_certificates(
    piv: PivSession, certificates: Mapping[Usage, Certificate], issuers: Iterable[Certificate]
) -> None:
    """Write what was issued, and the issuers that are no roots, to the card. Raises CardError."""
    for usage, certificate in certificates.items():
        piv.write_certificate(SLOTS[usage], certificate)
    piv.write_issuers([issuer for issuer in issuers if not issuer.is_self_issued])


def _request(piv: PivSession, usage: Usage, kind: KeyKind, pin: Pin, name: str) -> bytes:
    public_key = piv.generate_key(SLOTS[usage], kind, pin_use=_PIN_USE[usage])
    return request_for_key(piv, SLOTS[usage], public_key, name=name, pin=pin)
