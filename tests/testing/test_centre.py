"""The small centre: what it makes is what a real one makes, and what it withdraws is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import ecard
from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Origin, PinUse, Slot
from ecard.connection import connect
from ecard.errors import (
    CardFileError,
    InvalidCodeError,
    InvalidInputError,
    ManagementKeyError,
    ObjectNotFoundError,
    ProfileError,
    ValidationError,
    VerificationError,
    WithdrawalError,
)
from ecard.pki.identity import CardType
from ecard.pki.profile import Usage
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.withdrawal import Ground, RevocationReason
from ecard.simulator import PROFILES, InProcess, SimulatedCard
from ecard.testing import Centre, Clock, Faults, ReadyCard
from ecard.testing.keys import made_up_key

DOCUMENT = b"a document"
KINDS = [KeyKind.P256, KeyKind.P384, KeyKind.SM2, KeyKind.RSA2048]


def centre(seed: int = 0, kind: KeyKind = KeyKind.P256, clock: Clock | None = None) -> Centre:
    return Centre(clock=clock or Clock(), faults=Faults(lambda _: None), seed=seed, kind=kind)


def signed(card: ReadyCard, clock: Clock) -> bytes:
    with card.signing() as holder:
        return ecard.cms.sign(DOCUMENT, holder, at=clock())


def codes(signature: bytes, trust: Trust, clock: Clock) -> list[str]:
    report = ecard.cms.inspect(DOCUMENT, signature, trust=trust, signer=ecard.UnsafeAnyone(), at=clock())
    return [reason.code.label for reason in report.reasons]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_a_card_has_what_a_card_made_on_the_real_way_has(kind: KeyKind) -> None:
    made = centre(kind=kind).make_operator_card()
    with made.connect() as session:
        piv = PivSession(session)
        for slot, usage, pin_use in (
            (Slot.SIGNATURE, Usage.SIGNING, PinUse.ALWAYS),
            (Slot.AUTHENTICATION, Usage.LOGIN, PinUse.ONCE),
        ):
            metadata = piv.metadata(slot)
            assert (metadata.kind, metadata.pin_use, metadata.origin) == (kind, pin_use, Origin.GENERATED)
            assert piv.read_certificate(slot) == made.certificates[usage]
            assert metadata.public_key == made.certificates[usage].public_key
        assert [c.subject for c in piv.read_issuers()] == [made.certificate.issuer]
        assert not piv.pin_metadata().is_default
        assert not piv.puk_metadata().is_default
        with pytest.raises(ManagementKeyError):
            piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.authenticate_management_key(made.secrets.management_key)
        piv.verify(made.pin)


def test_a_card_from_the_factory() -> None:
    card = centre().blank_card()
    with card.connect() as session:
        PivSession(session).verify(card.pin)
    with pytest.raises(ObjectNotFoundError, match="has no certificate"):
        _ = card.certificate
    with pytest.raises(ObjectNotFoundError), card.signing():
        pass


@pytest.mark.parametrize("profile", sorted(set(PROFILES)))
def test_every_profile_can_be_somebodys_card(profile: str) -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_card(CardType.LEGAL_PERSON, profile=profile)
    assert codes(signed(card, clock), place.trust(), clock) == []


def test_what_a_profile_has_no_keys_for() -> None:
    with pytest.raises(InvalidInputError, match="no sm2 keys"):
        centre(kind=KeyKind.SM2).make_card(CardType.OPERATOR, profile="yubikey")
    with pytest.raises(InvalidInputError, match="no profile"):
        centre().blank_card("golden")


def test_holders_and_enterprises_of_ones_own() -> None:
    place = centre()
    card = place.make_card(
        CardType.OPERATOR, holder_name="某某", enterprise_name="示范贸易", organisation_code="91350100M000100Y43"
    )
    assert (card.identity.holder_name, card.identity.organisation_code) == ("某某", "M000100Y4")
    assert card.identity.enterprise_name == "示范贸易"
    with pytest.raises(InvalidCodeError):
        place.make_card(CardType.OPERATOR, organisation_code="123456789")
    with pytest.raises(ProfileError):
        place.make_card(CardType.SERVER)
    with pytest.raises(ProfileError):
        place.make_operator_card(holder_name=" ")


def test_many_cards_have_different_holders_numbers_keys_and_serials() -> None:
    place = centre()
    cards = [place.make_operator_card() for _ in range(12)]
    for facts in (
        {card.identity.holder_name for card in cards},
        {card.identity.card_number for card in cards},
        {certificate.spki for card in cards for certificate in card.certificates.values()},
        {certificate.serial_number for card in cards for certificate in card.certificates.values()},
        {card.serial for card in cards},
    ):
        assert len(facts) in {12, 24}


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA2048], ids=lambda kind: kind.value)
def test_the_same_seed_gives_the_same_bytes(kind: KeyKind) -> None:
    def everything(seed: int) -> list[bytes]:
        clock = Clock()
        place = centre(seed, kind, clock)
        card = place.make_legal_person_card()
        clock.advance(days=1)
        place.report_loss(card)
        certificates = (place.root.certificate, place.issuing.certificate, *card.certificates.values())
        return [*(c.der for c in certificates), *place.crls(), signed(card, clock)]

    assert everything(7) == everything(7)
    assert not set(everything(7)) & set(everything(8))


def test_sm2_differs_in_its_signatures_only() -> None:
    first, second = centre(kind=KeyKind.SM2).make_operator_card(), centre(kind=KeyKind.SM2).make_operator_card()
    assert first.certificate.spki == second.certificate.spki
    assert first.certificate.serial_number == second.certificate.serial_number
    assert first.certificate.der != second.certificate.der


def test_a_freeze_and_its_end() -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_operator_card()
    before = signed(card, clock)
    assert codes(before, place.trust(), clock) == []
    clock.advance(days=1)
    place.freeze(card)
    assert codes(signed(card, clock), place.trust(), clock) == ["on-hold"]
    with pytest.raises(WithdrawalError, match="already"):
        place.freeze(card)
    clock.advance(days=1)
    place.unfreeze(card)
    assert codes(signed(card, clock), place.trust(), clock) == []


def test_whoever_was_told_before_the_freeze_does_not_know_of_it() -> None:
    clock = Clock()
    place = centre(clock=clock)
    card, told_before = place.make_operator_card(), place.trust()
    place.freeze(card)
    assert codes(signed(card, clock), told_before, clock) == []
    assert codes(signed(card, clock), place.trust(), clock) == ["on-hold"]


def test_loss_finding_and_voiding() -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_legal_person_card()
    place.report_loss(card)
    assert codes(signed(card, clock), place.trust(), clock) == ["on-hold"]
    clock.advance(hours=1)
    place.find(card)
    assert codes(signed(card, clock), place.trust(), clock) == []
    clock.advance(hours=1)
    place.void(card)
    assert codes(signed(card, clock), place.trust(), clock) == ["revoked"]
    with pytest.raises(WithdrawalError):
        place.find(card)


def test_withdrawing_takes_the_login_certificate_too() -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_operator_card()
    place.withdraw(card, Ground.KEY_COMPROMISE)
    with pytest.raises(ValidationError, match="revoked"):
        validate(card.certificates[Usage.LOGIN], at=clock(), trust=place.trust())


def test_only_operator_cards_are_frozen() -> None:
    place = centre()
    with pytest.raises(WithdrawalError, match="only operator cards"):
        place.freeze(place.make_legal_person_card())


def test_evidence_grows_old() -> None:
    clock = Clock()
    place = centre(clock=clock)
    card, trust = place.make_operator_card(), place.trust()
    clock.advance(days=31)
    assert codes(signed(card, clock), trust, clock) == ["revocation-unknown"] * 2
    assert codes(signed(card, clock), place.trust(), clock) == []


def test_cards_of_another_seed_are_strangers() -> None:
    clock = Clock()
    card = centre(1, clock=clock).make_operator_card()
    with pytest.raises(VerificationError, match="no certificate of the issuer"):
        ecard.cms.verify(
            DOCUMENT, signed(card, clock), trust=centre(2).trust(), signer=ecard.UnsafeAnyone(), at=clock()
        )


def test_publishing_for_programs_that_read_files(tmp_path: Path) -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_operator_card()
    directory = place.publish(tmp_path / "trust")
    assert sorted(path.name for path in directory.iterdir()) == ["issuing.crl", "issuing.pem", "root.crl", "root.pem"]
    assert codes(signed(card, clock), Trust.load(directory), clock) == []
    clock.advance(hours=1)
    place.void(card)
    place.publish(directory)
    assert codes(signed(card, clock), Trust.load(directory), clock) == ["revoked"]


def test_a_card_as_a_file(tmp_path: Path) -> None:
    clock = Clock()
    place = centre(clock=clock)
    card = place.make_operator_card()
    address = card.save(tmp_path / "operator.card")
    with connect(address) as session:
        signature = ecard.cms.sign(DOCUMENT, ecard.OperatorCard(session, pin=card.pin), at=clock())
    assert codes(signature, place.trust(), clock) == []
    with pytest.raises(CardFileError):
        card.save(tmp_path / "operator.card")


def test_nothing_secret_shows() -> None:
    place = centre()
    card = place.make_operator_card(holder_name="某某某")
    for shown in (repr(card), repr(place), str(card)):
        assert card.pin.reveal().decode() not in shown
        assert card.puk.reveal().decode() not in shown
        assert card.secrets.management_key.hex() not in shown
        assert "某某某" not in shown
        assert "MAN" in shown or "Centre" in shown or "ReadyCard" in shown


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.SM2, KeyKind.RSA2048], ids=lambda kind: kind.value)
def test_a_ready_card_costs_no_new_key(kind: KeyKind) -> None:
    """What it costs in milliseconds is measured in ``benchmarks/ready_card.py``."""
    centre(kind=kind).make_operator_card()
    made = made_up_key.cache_info().misses
    for _ in range(3):
        centre(kind=kind).make_operator_card()
    assert made_up_key.cache_info().misses == made


def test_a_card_in_use_is_in_use() -> None:
    card = centre().make_operator_card()
    with card.connect(), pytest.raises(ecard.errors.CardBusyError), card.connect():
        pass


def test_a_plain_simulated_card_answers_as_a_ready_one() -> None:
    place = centre()
    card = place.make_operator_card()
    assert isinstance(card.simulated, SimulatedCard)
    with ecard.Session(InProcess(card.simulated)) as session:
        assert PivSession(session).serial() == card.serial


def test_centres_that_begin_alike_go_their_own_ways() -> None:
    first, second = centre(), centre()
    assert first.root.certificate == second.root.certificate
    first.root.revoke(first.issuing.certificate, RevocationReason.CA_COMPROMISE, at=Clock()())
    card = first.make_operator_card()
    first.void(card)
    assert (len(first.issuing.record.issued), len(second.issuing.record.issued)) == (2, 0)
    assert second.make_operator_card().certificate == card.certificate
    clock = Clock()
    assert codes(signed(second.make_operator_card(), clock), second.trust(), clock) == []
    other = second.root.create_subordinate("示例另一签发中心", at=clock())
    assert other.certificate.serial_number != second.issuing.certificate.serial_number
