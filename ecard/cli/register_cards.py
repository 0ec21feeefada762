"""What the data centre does to a card because of an order: making it, renewing its certificates, unlocking it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Slot
from ecard.certificate import Certificate
from ecard.cli.card_options import open_piv, open_session, pin_supplier
from ecard.cli.pin_letter import pin_letter
from ecard.cli.register_giving import Done, Wanted, give_to, signing
from ecard.cli.register_place import keeping_secrets, kept_secrets
from ecard.errors import EcardError, ManagementKeyError, PinBlockedError, WrongCardError
from ecard.pin import Pin, PinPolicy, PinRequest
from ecard.pki.identity import CardIdentity
from ecard.pki.profile import Usage
from ecard.roles.acts import Act
from ecard.roles.centre import Centre, Requests
from ecard.roles.orders import Order
from ecard.roles.personalising import SLOTS, personalise, request_certificates, write_certificates
from ecard.roles.secrets import CardSecrets

HOLDER_PIN_VARIABLE: Final = "ECARD_HOLDER_PIN"
_MAKE_ANOTHER: Final = "make another card under another number"
_RENEW_AGAIN: Final = "renew it again"
_REPLACE: Final = "replace the card: ecard centre replace"


def give_and_make(
    directory: Path, signer: str | None, wanted: Wanted, number: str, *, new_card: str, letter: Path
) -> Done:
    """Make a card because of an order; the order is signed by the card ``signer``, or by the seal where it is None."""
    own = CardSecrets(PinPolicy.default().generate(), _new_puk(), secrets.token_bytes(24))
    done: list[Done] = []
    # only an officer has no application or enterprise that is for one card
    otherwise = _MAKE_ANOTHER if wanted.act is Act.APPOINT else f"{_REPLACE} {number}"
    with (
        signing(directory, signer, wanted.act) as (centre, holder),
        pin_letter(letter, own.pin, otherwise) as written,
        _told_of_entry(done, number, otherwise),
    ):

        def issue(requests: Requests) -> Mapping[Usage, Certificate]:
            with keeping_secrets(directory, number, own):
                given = give_to(centre, holder, wanted, requests=requests)
            done.append(given)
            written.on_its_way()
            return given.accepted.certificates

        with _blank_card(new_card, done) as session:
            personalise(session, name=number, kind=KeyKind.P256, secrets=own, issue=issue, issuers=_issuers(centre))
    return done[0]


@contextmanager
def _blank_card(address: str, done: Sequence[Done]) -> Iterator[Session]:
    """A session with the card that is to be made, which has the factory's management key until something is done."""
    with open_session(address, None) as session:
        try:
            yield session
        except ManagementKeyError:
            if done:
                raise
            raise WrongCardError(
                "the card is not blank: its management key is not the one from the factory",
                remedy="put in a blank card, or reset this one",
            ) from None


@contextmanager
def _told_of_entry(done: Sequence[Done], number: str, otherwise: str) -> Iterator[None]:
    """Say with an error of the card, once the centre agreed, that the register has the card by now."""
    try:
        yield
    except EcardError as error:
        if done:
            what = f"{error.what}, after card {number} came into the register (entry {done[0].accepted.sequence})"
            EcardError.__init__(error, what, remedy=otherwise)
        raise


def give_and_renew(directory: Path, signer: str, wanted: Wanted, number: str, *, holder_card: str) -> Done:
    """Give a card new certificates on new keys; the old keys are lost only after the centre found the order right."""
    known = kept_secrets(directory, number)
    begun: list[bool] = []
    with (
        _told_of_new_keys(begun),
        signing(directory, signer, wanted.act) as (centre, officer),
        _holder_card(holder_card, number) as piv,
        _holder_pin(piv) as pin,
    ):
        piv.verify(pin)
        piv.authenticate_management_key(known.management_key)

        def requests() -> Requests:
            kind = piv.read_certificate(Slot.SIGNATURE).public_key.kind
            begun.append(True)
            return request_certificates(piv, SLOTS, name=number, kind=kind, pin=pin)

        now, base = datetime.now(UTC), centre.base(wanted.subject)
        order = Order(
            act=wanted.act,
            subject=wanted.subject,
            base=base,
            moment=now,
            channel=wanted.channel,
            details=wanted.details,
        )
        accepted = centre.give(order.sign(officer), at=now, requests=requests)
        write_certificates(piv, accepted.certificates, _issuers(centre))
    return Done(wanted.act, accepted)


@contextmanager
def _told_of_new_keys(begun: Sequence[bool]) -> Iterator[None]:
    """Say with an error, once new keys were ``begun``, that the old ones are lost: the card signs nothing any more."""
    try:
        yield
    except EcardError as error:
        if begun:
            what = f"{error.what}, and the card has new keys without their certificates"
            EcardError.__init__(error, what, remedy=f"{_RENEW_AGAIN}; if that fails, {_REPLACE}")
        raise


def give_and_unlock(
    directory: Path, signer: str, wanted: Wanted, number: str, *, holder_card: str, letter: Path
) -> Done:
    """Give a card whose PIN is blocked a new first PIN, with the PUK that the centre keeps."""
    known, pin = kept_secrets(directory, number), PinPolicy.default().generate()
    with (
        signing(directory, signer, wanted.act) as (centre, officer),
        _holder_card(holder_card, number) as piv,
        pin_letter(letter, pin, _REPLACE) as written,
    ):
        if piv.puk_tries() == 0:
            raise PinBlockedError("the PUK of the card is blocked", remedy=_REPLACE, reference="PUK")
        accepted = centre.order(wanted.act, wanted.subject, officer, at=datetime.now(UTC), details=wanted.details)
        written.on_its_way()
        piv.unblock_pin(known.puk, pin)
    return Done(wanted.act, accepted)


@contextmanager
def _holder_card(address: str, number: str) -> Iterator[PivSession]:
    """The card at an address, which must be the one with this number."""
    with open_piv(address, None) as piv:
        found = CardIdentity.from_certificate(piv.read_certificate(Slot.SIGNATURE)).card_number
        if found != number:
            raise WrongCardError(f"the card at {address} is not the card {number}", remedy="insert that card")
        yield piv


@contextmanager
def _holder_pin(piv: PivSession) -> Iterator[Pin]:
    """The PIN of the holder, asked for once."""
    request = PinRequest(card=piv.name, act="renew its certificates", tries_left=piv.pin_tries())
    with pin_supplier(HOLDER_PIN_VARIABLE)(request) as pin:
        yield pin


def _issuers(centre: Centre) -> tuple[Certificate, ...]:
    return (centre.authority.certificate, *centre.authority.chain)


def _new_puk() -> Pin:
    return Pin("".join(str(secrets.randbelow(10)) for _ in range(8)))
