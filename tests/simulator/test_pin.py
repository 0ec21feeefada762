"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER and SET PIN RETRIES."""

from __future__ import annotations

import pytest

from ecard.apdu.words import Ins
from ecard.simulator import Behaviour, SimulatedCard
from ecard.simulator.weak_pin import is_trivial
from tests.simulator.terminal import OTHER_PIN, OTHER_PUK, PIN, PUK, WRONG_PIN, Terminal, terminal


def test_asking_for_the_tries_costs_none() -> None:
    card = terminal()
    assert [card.tries() for _ in range(5)] == [0x63C3] * 5


def test_a_wrong_pin_costs_a_try_and_the_right_one_gives_them_back() -> None:
    card = terminal()
    assert card.verify(WRONG_PIN) == 0x63C2
    assert card.verify(WRONG_PIN) == 0x63C1
    assert card.tries() == 0x63C1
    assert card.verify() == 0x9000
    card.status(Ins.VERIFY, 0xFF, 0x80)
    assert card.tries() == 0x63C3


def test_the_third_wrong_pin_blocks_and_then_the_right_one_does_not_help() -> None:
    card = terminal()
    assert [card.verify(WRONG_PIN) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.verify() == 0x6983
    assert card.tries() == 0x6983


def test_a_wrong_pin_withdraws_the_pin_presented_before() -> None:
    card = terminal()
    card.verify()
    card.verify(WRONG_PIN)
    assert card.tries() == 0x63C2


def test_log_out() -> None:
    card = terminal()
    card.verify()
    assert card.tries() == 0x9000
    assert card.status(Ins.VERIFY, 0xFF, 0x80) == 0x9000
    assert card.tries() == 0x63C3
    assert card.status(Ins.VERIFY, 0xFF, 0x80, PIN) == 0x6700


@pytest.mark.parametrize("length", [1, 6, 7, 9, 16])
def test_a_pin_of_the_wrong_length_costs_no_try(length: int) -> None:
    card = terminal()
    assert card.verify(b"1" * length) == 0x6A80
    assert card.tries() == 0x63C3


@pytest.mark.parametrize("reference", [0x00, 0x81, 0x82, 0x96, 0x9B])
def test_verify_of_anything_but_the_pin_is_not_found(reference: int) -> None:
    assert terminal().status(Ins.VERIFY, 0, reference, PIN) == 0x6A88


@pytest.mark.parametrize("ins", [Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER])
def test_other_parameters_are_refused_and_cost_no_try(ins: Ins) -> None:
    card = terminal()
    assert card.status(ins, 0x01, 0x80, WRONG_PIN + OTHER_PIN) == 0x6A86
    assert card.tries() == 0x63C3


def test_change_the_pin() -> None:
    card = terminal()
    assert card.change(0x80, PIN, OTHER_PIN) == 0x9000
    assert card.verify(PIN) == 0x63C2
    assert card.verify(OTHER_PIN) == 0x9000


def test_change_the_puk() -> None:
    card = terminal()
    assert card.change(0x81, PUK, OTHER_PUK) == 0x9000
    assert card.unblock(PUK, OTHER_PIN) == 0x63C2
    assert card.unblock(OTHER_PUK, OTHER_PIN) == 0x9000
    assert card.verify(OTHER_PIN) == 0x9000


def test_changing_with_a_wrong_old_value_counts_as_a_wrong_value() -> None:
    card = terminal()
    assert [card.change(0x80, WRONG_PIN, OTHER_PIN) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.change(0x80, PIN, OTHER_PIN) == 0x6983
    assert [card.change(0x81, WRONG_PIN, OTHER_PUK) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.unblock(PUK, OTHER_PIN) == 0x6983


@pytest.mark.parametrize("new", [b"12345\xff\xff\xff", b"\xff" * 8, b"1234\xff567", b"\xff1234567"])
def test_a_new_pin_that_is_none_is_refused_and_the_old_one_stays(new: bytes) -> None:
    card = terminal()
    assert card.change(0x80, PIN, new) == 0x6A80
    assert card.unblock(PUK, new) == 0x6A80
    assert card.verify() == 0x9000


@pytest.mark.parametrize("length", [0, 8, 15, 17])
def test_change_and_unblock_want_sixteen_bytes(length: int) -> None:
    card = terminal()
    assert card.status(Ins.CHANGE_REFERENCE_DATA, 0, 0x80, b"1" * length) == 0x6A80
    assert card.status(Ins.RESET_RETRY_COUNTER, 0, 0x80, b"1" * length) == 0x6A80
    assert card.tries() == 0x63C3


def test_unblock_a_blocked_pin() -> None:
    card = terminal()
    for _ in range(3):
        card.verify(WRONG_PIN)
    assert card.unblock(PUK, OTHER_PIN) == 0x9000
    assert card.tries() == 0x63C3
    assert card.verify(OTHER_PIN) == 0x9000


def test_a_wrong_puk_counts_on_the_puk_alone() -> None:
    card = terminal()
    assert [card.unblock(OTHER_PUK, OTHER_PIN) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert card.tries() == 0x63C3
    assert card.verify() == 0x9000


@pytest.mark.parametrize("ins", [Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER])
def test_change_and_unblock_of_what_is_no_pin_is_not_found(ins: Ins) -> None:
    assert terminal().status(ins, 0, 0x9B, PIN + OTHER_PIN) == 0x6A88


def test_counters_survive_power_off() -> None:
    card = terminal()
    chip = card.card
    assert isinstance(chip, SimulatedCard)
    card.verify(WRONG_PIN)
    card.unblock(OTHER_PUK, OTHER_PIN)
    chip.power_off()
    chip.power_on()
    card.select()
    assert card.tries() == 0x63C2
    assert card.unblock(OTHER_PUK, OTHER_PIN) == 0x63C1


def test_set_retries_wants_both_keys_and_restores_the_factory_values() -> None:
    card = terminal()
    card.change(0x80, PIN, OTHER_PIN)
    card.change(0x81, PUK, OTHER_PUK)
    assert card.status(Ins.SET_PIN_RETRIES, 5, 7) == 0x6982
    card.verify(OTHER_PIN)
    assert card.status(Ins.SET_PIN_RETRIES, 5, 7) == 0x6982
    card.manage()
    assert card.status(Ins.SET_PIN_RETRIES, 0, 7) == 0x6A86
    assert card.status(Ins.SET_PIN_RETRIES, 5, 7) == 0x9000
    assert card.tries() == 0x63C5
    assert card.verify(PIN) == 0x9000
    assert card.unblock(OTHER_PUK, OTHER_PIN) == 0x63C6
    assert card.unblock(PUK, OTHER_PIN) == 0x9000


def test_more_tries_than_the_status_word_can_tell_are_told_as_fifteen() -> None:
    card = terminal(managed=True)
    card.verify()
    card.status(Ins.SET_PIN_RETRIES, 255, 255)
    assert card.tries() == 0x63CF
    assert card.verify(WRONG_PIN) == 0x63CF


def test_a_weak_pin_is_refused_where_the_card_judges_pins() -> None:
    card = terminal(behaviours={Behaviour.WEAK_PIN_REFUSED})
    assert card.change(0x80, PIN, b"111111\xff\xff") == 0x6985
    assert card.unblock(PUK, b"654321\xff\xff") == 0x6985
    assert card.change(0x81, PUK, b"23456789") == 0x6985
    assert card.change(0x80, PIN, OTHER_PIN) == 0x9000
    assert terminal().change(0x80, PIN, b"111111\xff\xff") == 0x9000


@pytest.mark.parametrize(
    ("value", "trivial"), [(b"000000", True), (b"345678", True), (b"876543", True), (b"135790", False)]
)
def test_what_is_trivial(value: bytes, trivial: bool) -> None:
    assert is_trivial(value) is trivial


def test_what_is_too_weak_may_be_decided_by_somebody_else() -> None:
    chip = SimulatedCard.new(behaviours={Behaviour.WEAK_PIN_REFUSED}, too_weak=lambda value: value == b"739184")
    chip.power_on()
    card = Terminal(chip)
    card.select()
    assert card.change(0x80, PIN, OTHER_PIN) == 0x6985
    assert card.change(0x80, PIN, b"111111\xff\xff") == 0x9000
