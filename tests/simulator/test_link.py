"""The wire on the card's side: lengths, Le, answers in pieces, chains of commands, malformed bytes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.simulator import PROFILES, Behaviour, SimulatedCard
from tests.simulator.terminal import Terminal, terminal

pytestmark = pytest.mark.exhaustive

TAG = 0x5FC10A
READ = bytes.fromhex("5C035FC10A")


def card_with(size: int, *behaviours: Behaviour) -> tuple[Terminal, bytes]:
    """A card with an object, and what GET DATA of it returns: ``size`` bytes."""
    card = terminal(behaviours=behaviours, managed=True)
    header = len(tlv.encode(0x53, bytes(size))) - size
    content = bytes(i & 0xFF for i in range(size - header))
    assert card.put(TAG, content) == 0x9000
    whole = tlv.encode(0x53, content)
    assert len(whole) == size
    return card, whole


def get(card: Terminal, le: int | None, *, extended: bool = False) -> tuple[bytes, int]:
    command = Command(Ins.GET_DATA, 0x3F, 0xFF, READ, le)
    return card.raw(command.extended() if extended else command.short())


def more(card: Terminal, le: int = 0) -> tuple[bytes, int]:
    return card.raw(Command(Ins.GET_RESPONSE, le=le).short())


@pytest.mark.parametrize(
    "apdu", ["", "00", "00A404", "00A4040005A0", "00A40400060102030405", "0020008000000001", "00CB3FFF0000"]
)
def test_lengths_that_do_not_fit_are_refused(apdu: str) -> None:
    card = terminal()
    assert card.raw(apdu) == (b"", 0x6700)
    assert card.tries() == 0x63C3


@pytest.mark.parametrize("cla", [0x01, 0x04, 0x0C, 0x40, 0x80, 0x84, 0xFF])
def test_other_classes_are_refused(cla: int) -> None:
    assert terminal().raw(bytes((cla, 0x20, 0, 0x80))) == (b"", 0x6E00)


@pytest.mark.parametrize("ins", [0x00, 0x70, 0xCA, 0xB0, 0x22, 0xF5])
def test_other_instructions_are_unknown(ins: int) -> None:
    assert terminal().status(ins) == 0x6D00


def test_le_is_honoured_and_the_rest_is_announced_and_fetched() -> None:
    card, whole = card_with(100)
    assert get(card, 8) == (whole[:8], 0x6100 | 92)
    assert more(card, 2) == (whole[8:10], 0x6100 | 90)
    assert more(card) == (whole[10:], 0x9000)
    assert more(card) == (b"", 0x6985)


def test_le_zero_is_all_there_is_up_to_256_short() -> None:
    card, whole = card_with(1000)
    assert get(card, 0) == (whole[:256], 0x61FF)
    assert get(card, 0, extended=True) == (whole, 0x9000)
    assert get(card, 300, extended=True) == (whole[:300], 0x61FF)


def test_a_missing_le_is_the_largest() -> None:
    card, whole = card_with(1000)
    assert get(card, None) == (whole[:256], 0x61FF)
    assert get(card, None, extended=True) == (whole, 0x9000)
    assert card.raw("00CB3FFF05" + READ.hex())[0] == whole[:256]


def test_get_response_without_le() -> None:
    card, whole = card_with(300)
    get(card, 0)
    assert card.raw("00C00000") == (whole[256:], 0x9000)


@pytest.mark.parametrize("left", [4, 43, 255, 256, 257, 700])
def test_the_two_styles_of_announcing_what_is_left(left: int) -> None:
    plain, _ = card_with(256 + left)
    exact, _ = card_with(256 + left, Behaviour.EXACT_REMAINDER)
    assert get(plain, 0)[1] == (0x6100 | left if left < 256 else 0x61FF)
    assert get(exact, 0)[1] == (0x6100 | left if left < 256 else 0x6100)


def test_another_command_gives_up_the_rest() -> None:
    card, _ = card_with(300)
    get(card, 0)
    card.tries()
    assert more(card) == (b"", 0x6985)


def test_a_failing_command_has_no_rest() -> None:
    card, _ = card_with(300)
    get(card, 0)
    assert card.status(Ins.VERIFY, 0, 0x99) == 0x6A88
    assert more(card) == (b"", 0x6985)


@pytest.mark.parametrize("size", [1, 16, 100, 254, 255])
def test_a_chain_is_one_command(size: int) -> None:
    card = terminal(managed=True)
    content = bytes(range(250)) * 8
    command = Command(Ins.PUT_DATA, 0x3F, 0xFF, READ + tlv.encode(0x53, content))
    answers = [card.raw(link.short()) for link in command.chain(size)]
    assert answers == [(b"", 0x9000)] * len(answers)
    assert card.get(TAG)[0] == tlv.encode(0x53, content)


def test_a_chain_of_extended_commands() -> None:
    card = terminal(managed=True)
    command = Command(Ins.PUT_DATA, 0x3F, 0xFF, READ + tlv.encode(0x53, bytes(2000)))
    assert [card.raw(link.extended())[1] for link in command.chain(900)] == [0x9000] * 3


def test_a_chain_given_up_for_another_command_is_forgotten() -> None:
    card = terminal(managed=True)
    card.raw("10DB3FFF03" + "5C035F")
    assert card.tries() == 0x63C3
    assert card.raw("00DB3FFF05" + "C10A5301FF")[1] == 0x6A80


def test_a_chain_that_changes_its_parameters_is_forgotten() -> None:
    card = terminal(managed=True)
    card.raw("1020008004" + "31323334")
    assert card.raw("0020000004" + "3536ffff")[1] == 0x6A88
    assert card.raw("1020008004" + "31323334")[1] == 0x9000
    assert card.raw("0020008004" + "3536ffff")[1] == 0x9000


def test_a_chain_is_bounded() -> None:
    card = terminal(managed=True)
    link = Command(Ins.PUT_DATA, 0x3F, 0xFF, bytes(60000), None, 0x10).extended()
    assert card.raw(link) == (b"", 0x6700)
    small = Command(Ins.PUT_DATA, 0x3F, 0xFF, bytes(250), None, 0x10).short()
    statuses = [card.raw(small)[1] for _ in range(80)]
    assert 0x6700 in statuses


def test_a_card_without_chaining_or_extended_commands_says_so() -> None:
    card = terminal(behaviours={Behaviour.NO_COMMAND_CHAINING, Behaviour.SHORT_COMMANDS_ONLY})
    assert card.raw("10DB3FFF035C0153")[1] == 0x6884
    assert card.raw(Command(Ins.GET_DATA, 0x3F, 0xFF, b"\x5c\x01\x7e").extended())[1] == 0x6700


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    profile=st.sampled_from(sorted(PROFILES)),
    apdus=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                lambda cla, ins, p1, p2, data, le: Command(ins, p1, p2, data, le, cla).short(),
                st.sampled_from((0x00, 0x00, 0x00, 0x10)),
                # generating RSA keys by chance would take long, and needs the management key anyway
                st.sampled_from(sorted(Ins)),
                st.sampled_from((0, 1, 2, 4, 0x11, 0x14, 0x3F, 0x54, 0xFF)),
                st.sampled_from((0, 0x80, 0x81, 0x9A, 0x9B, 0x9C, 0x9E, 0xF9, 0xFF)),
                st.one_of(st.binary(max_size=24), st.binary(max_size=20).map(lambda d: b"\x7c" + bytes((len(d),)) + d)),
                st.sampled_from((None, 0, 1, 8)),
            ),
        ),
        max_size=12,
    ),
)
def test_whatever_comes_is_answered(profile: str, apdus: list[bytes]) -> None:
    card = SimulatedCard.new(profile, seed=1)
    card.power_on()
    found = Terminal(card)
    found.raw("00A4040005A000000308")
    found.manage(card.memory.management.value, card.memory.management.algorithm)
    found.generate(0x9E, 0x11)
    for apdu in apdus:
        data, status = card.transmit(apdu)
        assert 0x6100 <= status <= 0x9000
        assert status in (0x9000, *range(0x6100, 0x6200)) or not data
