"""PIN and PUK: the counter is read first, the last try refused, a wrong PIN never repeated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Ins, Reference
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    InvalidInputError,
    LastPinTryError,
    NoPinError,
    NotSupportedByCardError,
    PinBlockedError,
    PinFormatError,
    WeakPinError,
    WrongPinError,
)
from ecard.pin import UNSAFE_NO_POLICY, HolderFacts, Pin, PinReference, PinRequest, Reason
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, PUK, Asked, administered, authenticate
from tests.apdu.scripted import Counting, Scripted

MUTE_COUNTER = (Behaviour.COUNTER_QUERY_REFUSED, Behaviour.NO_METADATA)


@pytest.fixture
def card() -> SimulatedCard:
    return SimulatedCard.new(seed=1)


@pytest.fixture
def reader(card: SimulatedCard) -> Counting:
    return Counting(InProcess(card))


@contextmanager
def piv_of(card: SimulatedCard) -> Iterator[PivSession]:
    with Session(InProcess(card)) as session:
        yield PivSession(session)


def verifies(reader: Counting) -> list[bytes]:
    return [c for c in reader.commands if c[1] == Ins.VERIFY]


def wrong(piv: PivSession, times: int = 1, *, use_last_try: bool = False) -> None:
    for _ in range(times):
        with pytest.raises((WrongPinError, PinBlockedError)):
            piv.verify(Pin("654321"), use_last_try=use_last_try)


def test_the_counter_is_read_before_the_pin_is_sent(reader: Counting) -> None:
    with Session(reader) as session:
        PivSession(session).verify(Pin(PIN))
    assert verifies(reader) == [bytes.fromhex("00200080"), bytes.fromhex("0020008008313233343536FFFF")]


def test_after_a_right_pin_the_counter_is_known(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        piv.verify(Pin(PIN))
        del reader.commands[:]
        piv.verify(Pin(PIN))
    assert len(verifies(reader)) == 1


def test_a_new_session_reads_the_counter_again(card: SimulatedCard) -> None:
    for _ in range(2):
        reader = Counting(InProcess(card))
        with Session(reader) as session:
            PivSession(session).verify(Pin(PIN))
        assert len(verifies(reader)) == 2


def test_a_wrong_pin_is_sent_once_and_says_what_is_left(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(WrongPinError, match="wrong PIN, 2 tries left") as raised:
            piv.verify(Pin("654321"))
        assert raised.value.tries_left == 2
        assert piv.pin_tries() == 2
    assert len([c for c in verifies(reader) if len(c) > 5]) == 1


def test_after_a_wrong_pin_the_counter_is_read_again(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        piv.verify(Pin(PIN))
        wrong(piv)
        del reader.commands[:]
        piv.verify(Pin(PIN))
    assert len(verifies(reader)) == 2


def test_the_last_try_is_refused_unless_the_caller_insists(reader: Counting) -> None:
    asked = Asked()
    with Session(reader) as session:
        piv = PivSession(session)
        wrong(piv, 2)
        del reader.commands[:]
        with pytest.raises(LastPinTryError, match="one try is left"):
            piv.verify(asked)
        assert not asked.requests, "nobody is asked for a PIN that is not going to be used"
        assert [len(c) for c in verifies(reader)] == [4]
        piv.verify(asked, use_last_try=True)
        assert asked.requests[0].tries_left == 1
        assert piv.pin_tries() == 3


def test_a_card_with_a_single_try_keeps_asking_to_insist(reader: Counting) -> None:
    with administered(reader) as piv:
        piv.verify(Pin(PIN))
        piv.set_tries(1, 1)
        for _ in range(2):
            with pytest.raises(LastPinTryError):
                piv.verify(Pin(PIN))
            piv.verify(Pin(PIN), use_last_try=True)


@pytest.mark.parametrize("behaviours", [(), (Behaviour.LAST_WRONG_PIN_SAYS_BLOCKED,)])
def test_a_blocked_pin_is_said_to_be_so_and_what_to_do(behaviours: tuple[Behaviour, ...]) -> None:
    asked = Asked()
    with Session(InProcess(SimulatedCard.new(seed=1, behaviours=behaviours))) as session:
        piv = PivSession(session)
        wrong(piv, 2)
        with pytest.raises(PinBlockedError, match="unblock it with the PUK"):
            piv.verify(Pin("654321"), use_last_try=True)
        assert piv.pin_tries() == 0
        with pytest.raises(PinBlockedError, match="the PIN is blocked"):
            piv.verify(asked, use_last_try=True)
        assert not asked.requests
        piv.unblock_pin(Pin(PUK), Pin("739205"))
        piv.verify(Pin("739205"))


@pytest.mark.parametrize("pin", ["12345", "123456789", "1"])
def test_a_pin_that_the_card_cannot_take_is_not_sent(reader: Counting, pin: str) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(PinFormatError, match="6 to 8"):
            piv.verify(Pin(pin))
        with pytest.raises(PinFormatError):
            piv.change_pin(Pin(PIN), Pin(pin), policy=UNSAFE_NO_POLICY)
        with pytest.raises(PinFormatError):
            piv.unblock_pin(Pin(pin), Pin(PIN), policy=UNSAFE_NO_POLICY)
        assert piv.pin_tries() == 3
        assert piv.puk_tries() == 3
    assert all(len(c) == 4 for c in verifies(reader))
    assert not {Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER} & set(reader.instructions)


def test_a_supplier_that_gives_no_pin_costs_no_try(reader: Counting) -> None:
    def none(request: PinRequest) -> Pin:
        raise NoPinError("no PIN")

    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(NoPinError):
            piv.verify(none)
        assert piv.pin_tries() == 3


def test_a_bare_text_is_no_pin(reader: Counting) -> None:
    with Session(reader) as session, pytest.raises(InvalidInputError):
        PivSession(session).verify(PIN)  # type: ignore[arg-type]


def test_the_supplier_is_told_what_for_and_its_pin_is_closed(reader: Counting) -> None:
    given: list[Pin] = []

    def supply(request: PinRequest) -> Pin:
        assert (request.act, request.tries_left, request.reference) == ("seal", 3, PinReference.PIN)
        assert request.card == reader.name
        given.append(Pin(PIN))
        return given[0]

    with Session(reader) as session:
        PivSession(session).verify(supply, act="seal")
    assert len(given) == 1
    with pytest.raises(Exception, match="closed"):
        given[0].reveal()


def test_changing_the_pin(card: SimulatedCard, reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(WrongPinError):
            piv.change_pin(Pin("654321"), Pin("739205"))
        piv.change_pin(Pin(PIN), Pin("739205"))
        piv.verify(Pin("739205"))
        wrong(piv, 2)
        with pytest.raises(LastPinTryError):
            piv.change_pin(Pin("739205"), Pin(PIN), policy=UNSAFE_NO_POLICY)
        piv.change_pin(Pin("739205"), Pin(PIN), policy=UNSAFE_NO_POLICY, use_last_try=True)
        assert piv.pin_tries() == 3


def test_changing_the_puk_and_its_counter(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        assert piv.puk_tries() == 3
        with pytest.raises(WrongPinError, match="wrong PUK, 2 tries left"):
            piv.change_puk(Pin("87654321"), Pin("73920518"))
        assert piv.puk_tries() == 2
        piv.change_puk(Pin(PUK), Pin("73920518"))
        with pytest.raises(WrongPinError, match="wrong PUK"):
            piv.unblock_pin(Pin(PUK), Pin(PIN), policy=UNSAFE_NO_POLICY)
        with pytest.raises(WrongPinError, match="wrong PUK"):
            piv.unblock_pin(Pin(PUK), Pin(PIN), policy=UNSAFE_NO_POLICY)
        with pytest.raises(LastPinTryError, match="PUK"):
            piv.unblock_pin(Pin("73920518"), Pin(PIN), policy=UNSAFE_NO_POLICY)
        with pytest.raises(PinBlockedError, match="reset"):
            piv.unblock_pin(Pin(PUK), Pin(PIN), policy=UNSAFE_NO_POLICY, use_last_try=True)
        with pytest.raises(PinBlockedError, match="PUK is blocked"):
            piv.change_puk(Pin(PUK), Pin(PUK))
        assert piv.puk_tries() == 0


def test_reading_the_counters_spends_nothing(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        for _ in range(10):
            assert (piv.pin_tries(), piv.puk_tries()) == (3, 3)


def test_a_verified_pin_hides_the_counter_from_cards_without_metadata() -> None:
    reader = InProcess(SimulatedCard.new(seed=1, behaviours=[Behaviour.NO_METADATA]))
    with Session(reader) as session:
        piv = PivSession(session)
        assert piv.pin_tries() == 3
        piv.verify(Pin(PIN))
        assert piv.pin_tries() is None
        assert piv.pin_status().verified
        with pytest.raises(NotSupportedByCardError):
            piv.puk_tries()
        piv.unblock_pin(Pin(PUK), Pin(PIN), policy=UNSAFE_NO_POLICY)


def test_a_card_that_does_not_tell_its_counter_needs_insistence() -> None:
    reader = Counting(InProcess(SimulatedCard.new(seed=1, behaviours=MUTE_COUNTER)))
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(LastPinTryError, match="does not say"):
            piv.verify(Pin(PIN))
        piv.verify(Pin(PIN), use_last_try=True)
    assert len([c for c in verifies(reader) if len(c) > 5]) == 1


def test_the_old_way_of_telling_tries_is_understood() -> None:
    with Session(InProcess(SimulatedCard.new(seed=1, behaviours=[Behaviour.RETRIES_IN_WHOLE_BYTE]))) as session:
        piv = PivSession(session)
        assert piv.pin_tries() == 3
        with pytest.raises(WrongPinError) as raised:
            piv.verify(Pin("654321"))
        assert raised.value.tries_left == 2


def test_logging_out(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        piv.verify(Pin(PIN))
        assert piv.pin_status().verified
        piv.log_out()
        assert not piv.pin_status().verified


def test_setting_the_numbers_of_tries(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(CardStatusError, match="management key and verify the PIN"):
            piv.set_tries(5, 4)
        authenticate(piv)
        piv.verify(Pin(PIN))
        piv.set_tries(5, 4)
        assert (piv.pin_metadata().total, piv.puk_metadata().total) == (5, 4)
        assert (piv.pin_tries(), piv.puk_tries()) == (5, 4)
        for numbers in ((0, 3), (3, 256)):
            with pytest.raises(InvalidInputError, match="1 to 255"):
                piv.set_tries(*numbers)


def test_a_weak_new_pin_is_refused_by_the_cards_policy() -> None:
    with Session(InProcess(SimulatedCard.new(seed=1, behaviours=[Behaviour.WEAK_PIN_REFUSED]))) as session:
        piv = PivSession(session)
        with pytest.raises(CardStatusError, match="policy"):
            piv.change_pin(Pin(PIN), Pin("111111"), policy=UNSAFE_NO_POLICY)


def test_the_global_pin_of_a_card_that_prefers_it() -> None:
    reader = Counting(InProcess(SimulatedCard.new(seed=1)))
    with Session(reader) as session:
        piv = PivSession(session, pin_reference=Reference.GLOBAL_PIN)
        piv.pin_status()
        assert reader.commands[-1] == bytes.fromhex("00200000")
        with pytest.raises(InvalidInputError):
            PivSession(session, pin_reference=Reference.PUK)


def test_resetting_needs_both_blocked_and_blocks_them_only_when_told(reader: Counting) -> None:
    with Session(reader) as session:
        piv = PivSession(session)
        with pytest.raises(CardStatusError, match="blocked"):
            piv.reset()
        assert (piv.pin_tries(), piv.puk_tries()) == (3, 3)
        piv.change_pin(Pin(PIN), Pin("739205"))
        piv.reset(block_first=True)
        assert (piv.pin_tries(), piv.puk_tries()) == (3, 3)
        piv.verify(Pin(PIN))


def test_a_card_without_reset_is_not_blocked_for_nothing() -> None:
    with Session(InProcess(SimulatedCard.new(seed=1, behaviours=[Behaviour.NO_RESET]))) as session:
        piv = PivSession(session)
        with pytest.raises(NotSupportedByCardError):
            piv.reset(block_first=True)
        assert (piv.pin_tries(), piv.puk_tries()) == (3, 3)


def test_a_card_that_never_blocks_is_not_tried_for_ever() -> None:
    def transmit(command: bytes) -> tuple[bytes, int]:
        return b"", {Ins.RESET: 0x6985, Ins.VERIFY: 0x63CF}.get(Ins(command[1]), 0x9000)

    card = Scripted(transmit)
    with Session(card) as session, pytest.raises(CardProtocolError, match="be blocked"):
        PivSession(session).reset(block_first=True)
    assert len(card.commands) < 300


def test_a_card_that_refuses_to_count_is_not_tried_again() -> None:
    def transmit(command: bytes) -> tuple[bytes, int]:
        return b"", {Ins.RESET: 0x6985, Ins.VERIFY: 0x6700}.get(Ins(command[1]), 0x9000)

    card = Scripted(transmit)
    with Session(card) as session, pytest.raises(CardProtocolError):
        PivSession(session).reset(block_first=True)
    assert len(card.commands) == 3


def test_data_where_the_state_of_the_pin_should_be_make_no_sense() -> None:
    card = Scripted(lambda command: (b"x" if command[1] == Ins.VERIFY else b"", 0x9000))
    with Session(card) as session, pytest.raises(CardProtocolError, match="where there are none"):
        PivSession(session).pin_tries()


class TestPolicyOfNewPins:
    """A weak new PIN never reaches the card, unless the caller gives the policy up by name."""

    FACTS = HolderFacts(telephones=["138 0013 8000"])

    @pytest.mark.parametrize("pin", ["123456", "888888", "19880401", "147258"])
    def test_a_weak_pin_is_not_sent(self, pin: str) -> None:
        card = SimulatedCard.new()
        with piv_of(card) as piv:
            with pytest.raises(WeakPinError) as caught:
                piv.change_pin(Pin("730185"), Pin(pin))
            assert pin not in str(caught.value)
            with pytest.raises(WeakPinError):
                piv.unblock_pin(Pin("73018529"), Pin(pin))
            assert (piv.pin_tries(), piv.puk_tries()) == (3, 3)

    def test_the_facts_of_the_holder_count(self) -> None:
        with piv_of(SimulatedCard.new()) as piv:
            with pytest.raises(WeakPinError) as caught:
                piv.change_pin(Pin(PIN), Pin("00138000"), facts=self.FACTS)
            assert Reason.TELEPHONE_NUMBER in caught.value.reasons
            piv.change_pin(Pin(PIN), Pin("730185"), facts=self.FACTS)

    def test_the_old_pin_again_is_refused(self) -> None:
        with piv_of(SimulatedCard.new()) as piv:
            with pytest.raises(WeakPinError) as caught:
                piv.change_pin(Pin("730185"), Pin("730185"))
            assert caught.value.reasons == (Reason.USED_BEFORE,)

    def test_the_puk_as_pin_is_refused(self) -> None:
        with piv_of(SimulatedCard.new()) as piv:
            with pytest.raises(WeakPinError) as caught:
                piv.unblock_pin(Pin("73018529"), Pin("73018529"))
            assert caught.value.reasons == (Reason.EQUAL_TO_PUK,)

    def test_giving_the_policy_up_by_name(self) -> None:
        with piv_of(SimulatedCard.new()) as piv:
            piv.change_pin(Pin(PIN), Pin("111111"), policy=UNSAFE_NO_POLICY)
            piv.verify(Pin("111111"))
