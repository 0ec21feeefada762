"""A card as a key holder, and how many commands a signature costs."""

from __future__ import annotations

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.consent import Consent
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Ins, PinUse, Slot
from ecard.certificate import Certificate
from ecard.errors import (
    ConsentExceededError,
    InvalidInputError,
    InvalidSignatureError,
    ObjectNotFoundError,
    WrongPinError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import PROFILES, InProcess, SimulatedCard
from tests.apdu.making import PIN, Asked, administered, certificate, issuer_certificate, with_key
from tests.apdu.scripted import Counting

MESSAGE = b"a document"


@pytest.fixture
def reader() -> Counting:
    connector = InProcess(SimulatedCard.new(seed=1))
    with_key(connector)
    return Counting(connector)


def holder(session: Session, **options: object) -> CardKeyHolder:
    return CardKeyHolder(PivSession(session), **{"pin": Pin(PIN), **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2])
@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.AUTHENTICATION])
def test_every_kind_of_key_signs(kind: KeyKind, slot: Slot) -> None:
    connector = InProcess(SimulatedCard.new(seed=1))
    made = with_key(connector, slot, kind)
    with Session(connector) as session:
        card = holder(session, slot=slot)
        signature = card.sign(MESSAGE)
        assert card.certificate == made
        assert signature.algorithm is card.algorithm
    made.public_key.verify(signature, MESSAGE)


def test_cold_a_signature_costs_five_commands_and_warm_two(reader: Counting) -> None:
    with Session(reader) as session:
        card = holder(session)
        card.sign(MESSAGE)
        assert reader.instructions == [
            Ins.SELECT,
            Ins.GET_DATA,
            Ins.VERIFY,
            Ins.VERIFY,
            Ins.GENERAL_AUTHENTICATE,
        ]
        del reader.commands[:]
        card.sign(MESSAGE)
        assert reader.instructions == [Ins.VERIFY, Ins.GENERAL_AUTHENTICATE]


def test_with_the_certificate_known_a_cold_signature_costs_four_commands(reader: Counting) -> None:
    with Session(reader) as session:
        known = PivSession(session).read_certificate(Slot.SIGNATURE)
    del reader.commands[:]
    with Session(reader) as session:
        holder(session, certificate=known).sign(MESSAGE)
    assert len(reader.commands) == 4


def test_a_chain_is_read_when_it_is_wanted_and_put_in_order(reader: Counting) -> None:
    stranger = certificate(SoftwareKey.generate(KeyKind.P256).public_key)
    with administered(reader) as piv:
        piv.write_issuers([stranger, issuer_certificate()])
    with Session(reader) as session:
        card = holder(session)
        assert card.chain == (issuer_certificate(), stranger)
        count = len(reader.commands)
        assert card.chain == (issuer_certificate(), stranger)
        assert len(reader.commands) == count


def test_a_card_without_issuers_has_no_chain(reader: Counting) -> None:
    with Session(reader) as session:
        assert holder(session).chain == ()


def test_a_slot_without_a_certificate_is_no_holder(reader: Counting) -> None:
    with (
        Session(reader) as session,
        pytest.raises(ObjectNotFoundError, match=r"^slot 9A of the card holds no certificate"),
    ):
        holder(session, slot=Slot.AUTHENTICATION).sign(MESSAGE)


def test_a_certificate_of_another_key_is_found_out(reader: Counting) -> None:
    other = certificate(SoftwareKey.generate(KeyKind.P256).public_key)
    with Session(reader) as session, pytest.raises(InvalidSignatureError, match="does not belong"):
        holder(session, certificate=other).sign(MESSAGE)


def test_the_holder_is_asked_at_every_signature_that_needs_it(reader: Counting) -> None:
    asked = Asked()
    with Session(reader) as session:
        card = holder(session, pin=asked, act="seal a contract")
        for _ in range(3):
            card.sign(MESSAGE)
    assert [r.act for r in asked.requests] == ["seal a contract"] * 3


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_signs(profile: str) -> None:
    connector = InProcess(SimulatedCard.new(profile, seed=1))
    made = with_key(connector)
    with Session(connector) as session:
        made.public_key.verify(holder(session).sign(MESSAGE), MESSAGE)


def test_many_are_signed_with_one_question(reader: Counting) -> None:
    asked, messages = Asked(), [bytes((i,)) for i in range(5)]
    with Session(reader) as session:
        card = holder(session, pin=asked)
        signatures = list(card.sign_many(messages, consent=Consent(5, 60)))
        for message, signature in zip(messages, signatures, strict=True):
            card.certificate.public_key.verify(signature, message)
    assert len(asked.requests) == 1
    assert asked.requests[0].act == "sign up to 5 documents"
    assert reader.instructions.count(Ins.VERIFY) == 6, "the key still wants the PIN each time"


def test_a_consent_ends_with_its_count(reader: Counting) -> None:
    with Session(reader) as session:
        card = holder(session)
        signed = card.sign_many([MESSAGE] * 3, consent=Consent(2, 60))
        next(signed)
        next(signed)
        with pytest.raises(ConsentExceededError, match="2 signatures and no more"):
            next(signed)
    assert reader.instructions.count(Ins.GENERAL_AUTHENTICATE) == 2


def test_a_consent_ends_with_its_time(reader: Counting) -> None:
    now = [100.0]
    asked = Asked()
    with (
        Session(reader) as session,
        holder(session, pin=asked).consented(Consent(10, 60), clock=lambda: now[0]) as card,
    ):
        card.sign(MESSAGE)
        now[0] += 59
        card.sign(MESSAGE)
        now[0] += 1
        with pytest.raises(ConsentExceededError, match="60 seconds"):
            card.sign(MESSAGE)
        assert card.chain == ()
    assert len(asked.requests) == 1


def test_a_wrong_pin_ends_a_consent(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with CardKeyHolder(piv, pin=Pin("654321")).consented(Consent(10, 60)) as card:
            with pytest.raises(WrongPinError):
                card.sign(MESSAGE)
            with pytest.raises(ConsentExceededError, match="did not take"):
                card.sign(MESSAGE)
        assert piv.pin_tries() == 2


@pytest.mark.parametrize(("most", "seconds"), [(0, 60), (-1, 60), (100_001, 60), (1, 0), (1, -1), (1, 86401.0)])
def test_a_consent_without_bounds_is_none(most: int, seconds: float) -> None:
    with pytest.raises(InvalidInputError):
        Consent(most, seconds)


def test_reprs_show_no_person(reader: Counting) -> None:
    with Session(reader) as session:
        card = holder(session)
        assert isinstance(card.certificate, Certificate)
        assert "Test Holder" not in repr(card)
        assert PIN not in repr(card)
        assert PinUse.ALWAYS is card.piv.pin_use(Slot.SIGNATURE)
