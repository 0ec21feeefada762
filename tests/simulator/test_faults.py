"""Faults on demand: each does what it says, when its rule says."""

from __future__ import annotations

import pytest

from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.errors import CardConnectionError, InvalidInputError
from ecard.simulator import Fault, FaultyReader, FaultyTransport, InProcess, Rule, SimulatedCard
from tests.simulator.terminal import PIN, WRONG_PIN, Terminal

DISCOVERY = Command(Ins.GET_DATA, 0x3F, 0xFF, b"\x5c\x01\x7e").short()


def faulty(*rules: Rule) -> Terminal:
    """A terminal whose card fails by ``rules``; the SELECT that opens it is command 1."""
    card = SimulatedCard.new()
    transport = FaultyTransport(card, rules)
    transport.power_on()
    found = Terminal(transport)
    found.select()
    return found


def transport_of(terminal: Terminal) -> FaultyTransport:
    assert isinstance(terminal.card, FaultyTransport)
    return terminal.card


def test_without_rules_nothing_happens() -> None:
    card = faulty()
    assert card.verify() == 0x9000
    assert transport_of(card).script.commands == 2


def test_removal_lasts_until_the_card_is_powered_again() -> None:
    card = faulty(Rule(Fault.REMOVAL, at=3))
    card.verify()
    for _ in range(3):
        with pytest.raises(CardConnectionError):
            card.tries()
    transport_of(card).power_on()
    card.select()
    assert card.tries() == 0x63C3


def test_power_loss_happens_once_and_forgets() -> None:
    card = faulty(Rule(Fault.POWER_LOSS, ins=Ins.GET_DATA))
    card.verify()
    with pytest.raises(CardConnectionError):
        card.get(0x7E)
    assert card.status(Ins.VERIFY, 0, 0x80) == 0x6D00
    card.select()
    assert card.tries() == 0x63C3


def test_no_answer_happens_once_and_forgets_nothing() -> None:
    card = faulty(Rule(Fault.NO_ANSWER, ins=Ins.GET_DATA))
    card.verify()
    with pytest.raises(CardConnectionError):
        card.get(0x7E)
    assert card.tries() == 0x9000


@pytest.mark.parametrize(("executed", "left"), [(True, 0x63C2), (False, 0x63C3)])
@pytest.mark.parametrize("fault", [Fault.NO_ANSWER, Fault.WRONG_STATUS])
def test_the_command_was_executed_or_not(fault: Fault, executed: bool, left: int) -> None:
    card = faulty(Rule(fault, ins=Ins.VERIFY, executed=executed))
    if fault is Fault.NO_ANSWER:
        with pytest.raises(CardConnectionError):
            card.verify(WRONG_PIN)
    else:
        assert card.verify(WRONG_PIN) == 0x6F00
    assert card.tries() == left


def test_altered_answers() -> None:
    good = faulty().raw(DISCOVERY)[0]
    assert len(good) == 20
    expected = {
        Fault.TRUNCATED: (good[:10], 0x9000),
        Fault.WRONG_STATUS: (b"", 0x6A82),
        Fault.ENDLESS: (bytes(256), 0x61FF),
        Fault.WRONG_LE: (b"", 0x6C01),
        Fault.SLOW: (good, 0x9000),
    }
    for fault, answer in expected.items():
        assert faulty(Rule(fault, at=2, status=0x6A82, delay=0.0)).raw(DISCOVERY) == answer
    data, status = faulty(Rule(Fault.GARBAGE, at=2)).raw(DISCOVERY)
    assert (len(data), status) == (20, 0x9000)
    assert data != good
    data, status = faulty(Rule(Fault.WRONG_LENGTH, at=2)).raw(DISCOVERY)
    assert (data[:20], len(data), status) == (good, 36, 0x9000)


def test_garbage_is_the_same_every_time() -> None:
    answers = {faulty(Rule(Fault.GARBAGE, at=2)).raw(DISCOVERY) for _ in range(3)}
    assert len(answers) == 1


def test_garbage_where_there_are_no_data() -> None:
    assert len(faulty(Rule(Fault.GARBAGE, at=2)).raw(bytes.fromhex("0020008008") + PIN)[0]) == 1


def test_the_answer_to_the_command_before() -> None:
    card = faulty(Rule(Fault.OTHER_ANSWER, at=3))
    discovery = card.raw(DISCOVERY)
    assert card.raw(bytes.fromhex("00200080")) == discovery
    assert card.raw(bytes.fromhex("00200080")) == (b"", 0x63C3)
    first = FaultyTransport(SimulatedCard.new(), [Rule(Fault.OTHER_ANSWER, at=1)])
    first.power_on()
    assert first.transmit(bytes.fromhex("00A4040005A000000308")) == (b"", 0x9000)


@pytest.mark.parametrize(("fault", "answer"), [(Fault.ENDLESS, (bytes(256), 0x61FF)), (Fault.WRONG_LE, (b"", 0x6C01))])
def test_what_lasts_for_ever_lasts_until_the_power_goes(fault: Fault, answer: tuple[bytes, int]) -> None:
    card = faulty(Rule(fault, at=2))
    for _ in range(20):
        assert card.raw(DISCOVERY) == answer
    transport_of(card).power_on()
    card.select()
    assert card.tries() == 0x63C3


def test_slow_waits() -> None:
    waited: list[float] = []
    transport = FaultyTransport(SimulatedCard.new(), [Rule(Fault.SLOW, at=1, delay=2.5)], sleep=waited.append)
    transport.power_on()
    assert transport.transmit(bytes.fromhex("00A4040005A000000308"))[1] == 0x9000
    assert waited == [2.5]


def test_how_often_a_rule_works() -> None:
    for times, expected in ((1, [0x6F00, 0x63C3, 0x63C3]), (2, [0x6F00, 0x6F00, 0x63C3]), (0, [0x6F00] * 3)):
        card = faulty(Rule(Fault.WRONG_STATUS, ins=Ins.VERIFY, times=times))
        assert [card.tries() for _ in range(3)] == expected


def test_a_rule_that_looks_at_the_command() -> None:
    card = faulty(Rule(Fault.WRONG_STATUS, when=lambda command: len(command.data) == 8, times=0))
    assert card.tries() == 0x63C3
    assert card.verify() == 0x6F00


def test_the_first_rule_that_concerns_a_command_decides() -> None:
    card = faulty(Rule(Fault.WRONG_STATUS, at=2, status=0x6A81), Rule(Fault.WRONG_STATUS, times=0, ins=Ins.VERIFY))
    assert [card.tries() for _ in range(2)] == [0x6A81, 0x6F00]


def test_bytes_that_are_no_command_concern_no_rule() -> None:
    card = faulty(Rule(Fault.REMOVAL, ins=0))
    assert card.raw(b"\0\0") == (b"", 0x6700)


@pytest.mark.parametrize("wrong", [{"at": 0}, {"times": -1}, {"delay": -1.0}])
def test_rules_that_make_no_sense(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError):
        Rule(Fault.SLOW, **wrong)  # type: ignore[arg-type]


def test_a_reader_counts_over_all_sessions_and_takes_the_card_back() -> None:
    reader = FaultyReader(InProcess(SimulatedCard.new(serial=7)), [Rule(Fault.REMOVAL, at=3)])
    assert reader.name == "simulated card 7"
    with reader.open() as card:
        assert reader.atr == card.atr
        Terminal(card).select()
    with reader.open() as card:
        Terminal(card).select()
        with pytest.raises(CardConnectionError):
            Terminal(card).tries()
    with reader.open() as card:
        Terminal(card).select()
        assert Terminal(card).tries() == 0x63C3
        card.power_off()
        with pytest.raises(CardConnectionError):
            Terminal(card).tries()
    assert reader.script.commands == 6
