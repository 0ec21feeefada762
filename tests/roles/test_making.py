"""Making a card, and opening it as what it is."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import ecard
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, Slot
from ecard.errors import (
    CardStatusError,
    InvalidInputError,
    ObjectNotFoundError,
    PinError,
    ProfileError,
    WrongCardError,
    WrongPinError,
)
from ecard.simulator import InProcess, SimulatedCard

NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
SUBJECT = ecard.CertificateSubject(
    holder_name="甲某",
    enterprise_name="示例进出口有限公司",
    organisation_code="M000100Y4",
    card_number="03-JJ0A900000001",
    card_type=ecard.CardType.LEGAL_PERSON,
)
OPERATOR = replace(SUBJECT, holder_name="乙某", card_number="03-JJ0A900000002", card_type=ecard.CardType.OPERATOR)


@pytest.fixture(scope="module")
def issuing() -> ecard.CertificateAuthority:
    root = ecard.CertificateAuthority.create_root("Root", at=NOW)
    return root.create_subordinate("Issuing", at=NOW)


def new_secrets() -> ecard.CardSecrets:
    return ecard.CardSecrets(ecard.Pin("730185"), ecard.Pin("90817263"), secrets.token_bytes(24))


def make(
    card: InProcess,
    issuing: ecard.CertificateAuthority,
    subject: ecard.CertificateSubject = SUBJECT,
    kind: ecard.KeyKind = ecard.KeyKind.P256,
) -> tuple[ecard.Certificate, ecard.CardSecrets]:
    own = new_secrets()
    with ecard.Session(card) as session:
        made = ecard.make_card(session, authority=issuing, subject=subject, kind=kind, secrets=own, at=NOW)
    return made, own


@pytest.mark.parametrize("kind", [ecard.KeyKind.P256, ecard.KeyKind.P384, ecard.KeyKind.RSA2048, ecard.KeyKind.SM2])
def test_a_made_card_carries_certificate_and_issuer_and_signs(
    issuing: ecard.CertificateAuthority, kind: ecard.KeyKind
) -> None:
    card = InProcess(SimulatedCard.new())
    certificate, own = make(card, issuing, kind=kind)
    with ecard.Session(card) as session:
        holder = ecard.LegalPersonCard(session, pin=own.pin)
        assert holder.certificate == certificate
        assert list(holder.chain) == [issuing.certificate]
        assert holder.identity.card_number == SUBJECT.card_number
        certificate.public_key.verify(holder.sign(b"text"), b"text")


def test_the_factory_secrets_no_longer_open_a_made_card(issuing: ecard.CertificateAuthority) -> None:
    card = InProcess(SimulatedCard.new())
    _, own = make(card, issuing)
    with ecard.Session(card) as session:
        piv = ecard.PivSession(session)
        with pytest.raises(WrongPinError):
            piv.verify(ecard.Pin(FACTORY_PIN))
        with pytest.raises(ecard.EcardError):
            piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.authenticate_management_key(own.management_key)
        piv.verify(own.pin)


def test_a_card_of_the_other_kind_is_refused_before_a_pin_is_asked_for(issuing: ecard.CertificateAuthority) -> None:
    def never(_: ecard.pin.PinRequest) -> ecard.Pin:
        raise AssertionError("the PIN was asked for")

    legal_person, operator = InProcess(SimulatedCard.new()), InProcess(SimulatedCard.new())
    make(legal_person, issuing)
    make(operator, issuing, OPERATOR)
    with ecard.Session(legal_person) as session, pytest.raises(WrongCardError, match="this one is a legal-person card"):
        ecard.OperatorCard(session, pin=never)
    with ecard.Session(operator) as session, pytest.raises(WrongCardError, match="this one is an operator card"):
        ecard.LegalPersonCard(session, pin=never)


def test_a_blank_card_is_nobodys(issuing: ecard.CertificateAuthority) -> None:
    with ecard.Session(InProcess(SimulatedCard.new())) as session, pytest.raises(ObjectNotFoundError):
        ecard.OperatorCard(session, pin=ecard.Pin("730185"))


def test_a_naive_moment_is_refused_before_the_card_is_touched(issuing: ecard.CertificateAuthority) -> None:
    card = InProcess(SimulatedCard.new())
    naive = NOW.replace(tzinfo=None)
    with ecard.Session(card) as session, pytest.raises(InvalidInputError, match="time zone"):
        ecard.make_card(
            session,
            authority=issuing,
            subject=SUBJECT,
            kind=ecard.KeyKind.P256,
            secrets=new_secrets(),
            at=naive,
        )
    with ecard.Session(card) as session, pytest.raises(ObjectNotFoundError):
        ecard.PivSession(session).read_certificate(Slot.SIGNATURE)


def test_a_card_that_failed_half_way_is_still_a_factory_card(issuing: ecard.CertificateAuthority) -> None:
    card = InProcess(SimulatedCard.new())
    too_late = NOW + timedelta(days=365 * 40)
    with ecard.Session(card) as session, pytest.raises(ProfileError):
        ecard.make_card(
            session,
            authority=issuing,
            subject=SUBJECT,
            kind=ecard.KeyKind.P256,
            secrets=new_secrets(),
            at=too_late,
        )
    certificate, _ = make(card, issuing)
    assert certificate.not_before <= NOW


def test_a_card_that_is_not_from_the_factory_is_left_as_it_is(issuing: ecard.CertificateAuthority) -> None:
    card = InProcess(SimulatedCard.new())
    certificate, own = make(card, issuing)
    with pytest.raises((CardStatusError, PinError, ecard.EcardError)):
        make(card, issuing)
    with ecard.Session(card) as session:
        assert ecard.LegalPersonCard(session, pin=own.pin).certificate == certificate


def test_secrets_do_not_show_themselves() -> None:
    own = new_secrets()
    assert "730185" not in repr(own)
    assert own.management_key.hex() not in repr(own)
