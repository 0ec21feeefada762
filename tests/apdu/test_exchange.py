"""Length forms, chaining, 61xx and 6Cxx, against cards that say what the test tells them to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.apdu.atr import historical_bytes, takes_extended_length
from ecard.apdu.command import Command, for_t0
from ecard.apdu.exchange import ALL, MAX_ANSWER, MAX_ROUNDS, Response
from ecard.apdu.session import Session
from ecard.errors import CardConnectionError, CardProtocolError
from tests.apdu.scripted import Scripted

OK = 0x9000
YUBIKEY = bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940")
FACTORY = bytes.fromhex("3B8F800180F9A00000030800001000730000C07F")


def run(card: Scripted, command: Command, *, extended: bool | None = None) -> Response:
    with Session(card, extended=extended) as session:
        return session.exchange(command)


@pytest.mark.parametrize(
    ("atr", "history", "extended"),
    [
        (YUBIKEY, "8073C021C057597562694B6579", True),
        (FACTORY, "80F9A00000030800001000730000C0", True),
        (bytes.fromhex("3B8B8001 80F9A000000308000010 00C8"), "80F9A00000030800001000", False),
        (bytes.fromhex("3BF711000081 31FE6543616E6F6B657999"), "43616E6F6B6579", False),
        (bytes.fromhex("3B80800101"), "", False),
        (bytes.fromhex("3B 8A 80 01 00 73 00 00 40 07 90 00"), "", False),
        (bytes.fromhex("3B 88 80 01 00 73 00 00 40 07 90 00"), "0073000040079000", True),
        (bytes.fromhex("3B 84 80 01 80 72 00 40"), "80720040", False),
        (b"", "", False),
        (b"\x3b", "", False),
        (bytes.fromhex("3BFD13"), "", False),
    ],
)
def test_the_answer_to_reset_says_what_the_card_can(atr: bytes, history: str, extended: bool) -> None:
    assert historical_bytes(atr).hex().upper() == history
    assert takes_extended_length(atr) is extended


@given(st.binary(max_size=40))
def test_any_answer_to_reset_can_be_read(atr: bytes) -> None:
    assert takes_extended_length(atr) in (True, False)
    assert len(historical_bytes(atr)) <= 15


def test_a_short_command_stays_short_and_has_le() -> None:
    card = Scripted([(b"ab", OK)])
    assert run(card, Command(0xCB, 0x3F, 0xFF, b"\x5c\x01\x7e")) == (b"ab", OK)
    assert card.commands == [bytes.fromhex("00CB3FFF035C017E00")]


def test_long_data_are_chained_where_nothing_says_extended() -> None:
    card = Scripted([(b"", OK), (b"", OK), (b"x", OK)])
    assert run(card, Command(0xDB, 0x3F, 0xFF, bytes(600))).status == OK
    assert [c[:5].hex().upper() for c in card.commands] == ["10DB3FFFFF", "10DB3FFFFF", "00DB3FFF5A"]
    assert [len(c) for c in card.commands] == [260, 260, 96]
    assert card.commands[-1][-1] == 0, "the last command expects data"


@pytest.mark.parametrize("atr", [YUBIKEY, FACTORY])
def test_long_data_are_extended_where_the_card_says_so(atr: bytes) -> None:
    card = Scripted([(b"", OK)], atr=atr)
    run(card, Command(0xDB, 0x3F, 0xFF, bytes(600)))
    assert card.commands == [bytes.fromhex("00DB3FFF000258") + bytes(600) + b"\0\0"]


def test_a_long_answer_is_asked_for_extended() -> None:
    card = Scripted([(bytes(3000), OK)], atr=FACTORY)
    assert len(run(card, Command(0xCB, 0x3F, 0xFF, b"\x5c\x01\x7e", ALL)).data) == 3000
    assert card.commands == [bytes.fromhex("00CB3FFF0000035C017E0000")]


def test_the_caller_can_forbid_extended_commands() -> None:
    card = Scripted([(b"", OK)] * 3, atr=FACTORY)
    run(card, Command(0xDB, data=bytes(600)), extended=False)
    assert len(card.commands) == 3


def test_a_card_that_refuses_extended_after_all_gets_short_ones_from_then_on() -> None:
    card = Scripted([(b"", 0x6700), (b"", OK), (b"", OK), (b"", OK), (b"", OK)], atr=FACTORY)
    with Session(card) as session:
        assert session.exchange(Command(0xDB, data=bytes(300))).status == OK
        assert session.exchange(Command(0xDB, data=bytes(300))).status == OK
    assert [c[0] for c in card.commands] == [0x00, 0x10, 0x00, 0x10, 0x00]


@pytest.mark.parametrize("status", [0x6884, 0x6E00, 0x6A80, 0x6700])
def test_a_card_without_chaining_gets_extended_commands(status: int) -> None:
    card = Scripted([(b"", status), (b"", OK), (b"", OK)])
    with Session(card) as session:
        assert session.exchange(Command(0xDB, data=bytes(300))).status == OK
        assert session.exchange(Command(0xDB, data=bytes(300))).status == OK
    assert [len(c) for c in card.commands] == [260, 309, 309]


def test_a_card_that_can_do_neither_is_not_asked_for_ever() -> None:
    card = Scripted([(b"", 0x6700), (b"", 0x6884)], atr=FACTORY)
    assert run(card, Command(0xDB, data=bytes(300))).status == 0x6884


def test_a_refused_link_ends_the_chain() -> None:
    card = Scripted([(b"", OK), (b"", 0x6982)])
    assert run(card, Command(0xDB, data=bytes(900))).status == 0x6982
    assert len(card.commands) == 2


@pytest.mark.parametrize("answer", [(b"x", OK), (b"", 0x6110)])
def test_an_answer_in_the_middle_of_a_chain_makes_no_sense(answer: tuple[bytes, int]) -> None:
    with pytest.raises(CardProtocolError, match="before the chain was complete"):
        run(Scripted([answer]), Command(0xDB, data=bytes(300)))


def test_the_rest_is_fetched() -> None:
    card = Scripted([(bytes(256), 0x6120), (bytes(32), 0x6105), (b"abcde", OK)])
    assert run(card, Command(0xCB)) == (bytes(288) + b"abcde", OK)
    assert card.commands[1:] == [bytes.fromhex("00C0000020"), bytes.fromhex("00C0000005")]


def test_6100_means_256() -> None:
    card = Scripted([(b"", 0x6100), (bytes(256), OK)])
    assert len(run(card, Command(0xCB)).data) == 256
    assert card.commands[1] == bytes.fromhex("00C0000000")


def test_an_error_while_fetching_is_the_answer() -> None:
    assert run(Scripted([(b"a", 0x6101), (b"", 0x6F00)]), Command(0xCB)).status == 0x6F00


def test_a_wrong_le_is_put_right_once() -> None:
    card = Scripted([(b"", 0x6C0A), (bytes(10), OK)])
    assert len(run(card, Command(0xCA)).data) == 10
    assert card.commands == [bytes.fromhex("00CA000000"), bytes.fromhex("00CA00000A")]


def test_a_wrong_le_is_put_right_while_fetching_too() -> None:
    card = Scripted([(b"", 0x6110), (b"", 0x6C08), (bytes(8), OK)])
    assert len(run(card, Command(0xCA)).data) == 8


def test_a_card_that_is_never_content_with_le_is_asked_once_more_without() -> None:
    card = Scripted(lambda command: (b"", 0x6C01))
    assert run(card, Command(0xCA)).status == 0x6C01
    assert [command.hex() for command in card.commands] == ["00ca000000", "00ca000001", "00ca0000"]


@pytest.mark.parametrize("extended", [True, False])
def test_a_command_that_is_too_long_for_the_card_is_not_tried_without_end(extended: bool) -> None:
    card = Scripted(lambda command: (b"", 0x6700))
    assert run(card, Command(0xDB, data=bytes(300)), extended=extended).status == 0x6700
    assert len(card.commands) <= 4
    card.commands.clear()
    assert run(card, Command(0x20, data=bytes(8), le=None), extended=extended).status == 0x6700
    assert len(card.commands) == 1


def test_more_data_without_end_is_an_error() -> None:
    card = Scripted(lambda command: (bytes(256), 0x61FF))
    with pytest.raises(CardProtocolError, match="without end"):
        run(card, Command(0xCB))
    assert len(card.commands) <= MAX_ANSWER // 256 + 2


def test_more_data_that_never_come_are_an_error_at_once() -> None:
    card = Scripted(lambda command: (b"", 0x61FF))
    with pytest.raises(CardProtocolError, match="without end"):
        run(card, Command(0xCB))
    assert len(card.commands) == 2


def test_data_in_drops_are_an_error_after_a_bounded_number_of_rounds() -> None:
    card = Scripted(lambda command: (b"x", 0x61FF))
    with pytest.raises(CardProtocolError, match="without end"):
        run(card, Command(0xCB))
    assert len(card.commands) == MAX_ROUNDS + 1


@pytest.mark.parametrize("status", [0, 0x5FFF, 0xA000, -1, 1 << 20])
def test_a_status_word_that_is_none_is_an_error(status: int) -> None:
    with pytest.raises(CardProtocolError, match="none of a card"):
        run(Scripted([(b"", status)]), Command(0xCB))


@pytest.mark.parametrize("error", [OSError("gone"), EOFError(), TimeoutError(), ConnectionResetError()])
def test_errors_of_the_system_become_connection_errors(error: Exception) -> None:
    def fail(command: bytes) -> tuple[bytes, int]:
        raise error

    with pytest.raises(CardConnectionError):
        run(Scripted(fail), Command(0xCB))


@given(
    data=st.binary(max_size=2000),
    answer=st.binary(max_size=3000),
    piece=st.integers(1, 256),
    extended=st.booleans(),
)
def test_whatever_the_form_the_card_gets_the_data_and_the_caller_the_answer(
    data: bytes, answer: bytes, piece: int, extended: bool
) -> None:
    received, rest = bytearray(), bytearray(answer)

    def card(encoded: bytes) -> tuple[bytes, int]:
        command = Command.parse(encoded)
        received.extend(command.data)
        if command.cla:
            return b"", OK
        out = bytes(rest[:piece])
        del rest[:piece]
        return out, (0x6100 | min(len(rest), 0xFF)) if rest else OK

    if len(answer) // piece >= MAX_ROUNDS:
        return
    assert run(Scripted(card), Command(0x87, data=data, le=ALL), extended=extended) == (answer, OK)
    assert bytes(received) == data


@pytest.mark.parametrize(
    ("encoded", "sent"),
    [
        ("00200080", "0020008000"),
        ("00FD000000", "00FD000000"),
        ("0020008002313200", "00200080023132"),
        ("00200080023132", "00200080023132"),
        ("00CB3FFF0000035C017E0000", "00CB3FFF0000035C017E0000"),
        ("00CB3FFF03" + "5C017E" + "03", "00CB3FFF035C017E"),
    ],
)
def test_the_older_protocol_has_no_le_after_data(encoded: str, sent: str) -> None:
    assert for_t0(bytes.fromhex(encoded)).hex().upper() == sent
