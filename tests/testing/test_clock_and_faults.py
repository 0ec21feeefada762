"""The clock goes forward when told, and faults happen when and as long as they are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

import ecard
from ecard.apdu.piv import PivSession
from ecard.apdu.words import Ins
from ecard.errors import CardConnectionError, CardError, CardProtocolError, InvalidInputError
from ecard.simulator import Fault, Rule
from ecard.testing import Centre, Clock, Faults, ReadyCard
from ecard.testing.clock import START


def test_the_clock_stands_and_is_moved() -> None:
    clock = Clock()
    assert clock() == clock.now == START
    assert clock.advance(days=1, hours=2, minutes=3, seconds=4.9) == START + timedelta(days=1, seconds=7384)
    assert clock() == clock.now


def test_the_clock_speaks_utc() -> None:
    clock = Clock(datetime(2026, 5, 4, 16, 0, 0, 999, tzinfo=timezone(timedelta(hours=8))))
    assert clock() == datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert clock().tzinfo is UTC
    with pytest.raises(InvalidInputError, match="time zone"):
        Clock(datetime(2026, 5, 4))


def test_the_clock_does_not_go_back() -> None:
    clock = Clock()
    with pytest.raises(InvalidInputError, match="backwards"):
        clock.advance(days=1, hours=-25)
    assert clock() == START


@pytest.mark.parametrize("days", [1e300, 1e9, 3e6, float("inf"), float("nan")])
def test_the_clock_does_not_leave_the_calendar(days: float) -> None:
    clock = Clock()
    with pytest.raises(InvalidInputError, match="years 1 to 9999"):
        clock.advance(days=days)
    assert clock() == START


class Sleep:
    seconds = 0.0

    def __call__(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def sleep() -> Sleep:
    return Sleep()


@pytest.fixture
def faults(sleep: Sleep) -> Faults:
    return Faults(sleep)


@pytest.fixture
def card(faults: Faults) -> ReadyCard:
    return Centre(clock=Clock(), faults=faults).make_operator_card()


def works(card: ReadyCard) -> bool:
    with card.signing() as holder:
        return bool(holder.sign(b"a document").der)


def test_nothing_goes_wrong_unasked(card: ReadyCard) -> None:
    assert works(card)


def test_a_bare_fault_happens_to_the_next_command(card: ReadyCard, faults: Faults) -> None:
    faults.inject(Fault.REMOVAL)
    with pytest.raises(CardConnectionError, match="removed"):
        works(card)
    assert faults.commands == 1
    assert works(card)


def test_a_fault_while_a_session_lasts(card: ReadyCard, faults: Faults) -> None:
    with card.connect() as session:
        piv = PivSession(session)
        piv.verify(card.pin)
        faults.inject(Rule(Fault.POWER_LOSS, ins=Ins.GET_DATA))
        with pytest.raises(CardConnectionError):
            piv.chuid()
    assert works(card)


def test_the_commands_are_counted_from_the_injection(card: ReadyCard, faults: Faults) -> None:
    assert works(card)
    faults.inject(Rule(Fault.NO_ANSWER, at=3))
    with pytest.raises(CardConnectionError):
        works(card)
    assert faults.commands == 3


def test_a_fault_that_stays_until_it_is_cleared(card: ReadyCard, faults: Faults) -> None:
    faults.inject(Rule(Fault.GARBAGE, ins=Ins.GET_DATA, times=0))
    for _ in range(2):
        with pytest.raises(CardProtocolError):
            works(card)
    faults.clear()
    assert works(card)
    assert faults.commands > 3


def test_one_set_of_faults_for_all_cards(faults: Faults) -> None:
    place = Centre(clock=Clock(), faults=faults)
    first, second = place.make_operator_card(), place.make_legal_person_card()
    faults.inject(Rule(Fault.REMOVAL, times=2))
    for card in (
        first,
        second,
    ):
        with pytest.raises(CardError):
            works(card)
    assert works(first)
    assert works(second)


def test_slowness_takes_no_time_of_the_test(card: ReadyCard, faults: Faults, sleep: Sleep) -> None:
    faults.inject(Rule(Fault.SLOW, delay=3600.0))
    assert works(card)
    assert sleep.seconds == 3600


def test_the_package_names_what_it_has() -> None:
    assert {name: getattr(ecard.testing, name).__name__ for name in ecard.testing.__all__} == {
        name: name for name in ecard.testing.__all__
    }
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ecard.testing.Nothing
