"""A session: the only thing that transmits, ended whatever happens."""

from __future__ import annotations

import gc
import threading

import pytest

from ecard.apdu.command import Command
from ecard.apdu.session import Session
from ecard.apdu.words import Ins
from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    CardStatusError,
    EcardError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    PinBlockedError,
    WrongPinError,
)
from ecard.simulator import InProcess, SimulatedCard
from tests.apdu.scripted import Scripted

GET = Command(Ins.GET_DATA, 0x3F, 0xFF, b"\x5c\x01\x7e")


def test_before_and_after_a_session_nothing_is_sent() -> None:
    card = Scripted([(b"", 0x9000)])
    session = Session(card)
    with pytest.raises(CardConnectionError, match="has not begun"):
        session.exchange(GET)
    with session:
        session.exchange(GET)
    with pytest.raises(CardConnectionError, match="has ended"):
        session.exchange(GET)
    with pytest.raises(CardConnectionError, match="has ended"):
        session.transmit(GET)
    assert len(card.commands) == 1


def test_a_session_is_used_once() -> None:
    session = Session(Scripted([]))
    with session:
        pass
    with pytest.raises(CardConnectionError, match="used once"), session:
        pass


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, CardConnectionError])
def test_a_session_ends_whatever_happens(error: type[BaseException]) -> None:
    card = Scripted([])
    with pytest.raises(error), Session(card):
        raise error("x")
    assert (card.opened, card.closed) == (1, 1)


def test_an_abandoned_session_gives_the_card_back() -> None:
    card = Scripted([])
    Session(card).__enter__()
    gc.collect()
    assert card.closed == 1, "the generator of the connector closes it, no __del__ of ecard"
    assert not hasattr(Session, "__del__")


def test_after_a_failure_the_session_is_over_and_a_new_one_works() -> None:
    answers = iter([CardConnectionError("the card was removed"), (b"ok", 0x9000), (b"ok", 0x9000)])

    def card(command: bytes) -> tuple[bytes, int]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    reader = Scripted(card)
    with Session(reader) as session:
        with pytest.raises(CardConnectionError, match="removed"):
            session.transmit(GET)
        with pytest.raises(CardConnectionError, match="failed earlier"):
            session.transmit(GET)
    assert len(reader.commands) == 1
    with Session(reader) as session:
        assert session.transmit(GET) == b"ok"


def test_one_session_at_a_time() -> None:
    reader = InProcess(SimulatedCard.new(seed=1))
    with Session(reader), pytest.raises(CardBusyError), Session(reader):
        pass
    with Session(reader) as session:
        assert session.atr == reader.atr


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with Session(InProcess(SimulatedCard.new(seed=1))) as session:
        session.exchange(GET)
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("command", "status", "error", "words"),
    [
        (Command(Ins.VERIFY, p2=0x80, data=b"1" * 8), 0x63C2, WrongPinError, "wrong PIN, 2 tries left"),
        (Command(Ins.VERIFY, p2=0x80, data=b"1" * 8), 0x63C1, WrongPinError, "wrong PIN, 1 try left"),
        (Command(Ins.VERIFY, p2=0x80, data=b"1" * 8), 0x63C0, PinBlockedError, "unblock it with the PUK"),
        (Command(Ins.VERIFY, p2=0x80, data=b"1" * 8), 0x6983, PinBlockedError, "unblock it with the PUK"),
        (Command(Ins.CHANGE_REFERENCE_DATA, p2=0x81), 0x63C1, WrongPinError, "wrong PUK, 1 try left"),
        (Command(Ins.RESET_RETRY_COUNTER, p2=0x80), 0x6983, PinBlockedError, "reset"),
        (Command(Ins.CHANGE_REFERENCE_DATA, p2=0x80), 0x6985, CardStatusError, "policy"),
        (Command(Ins.GET_VERSION), 0x6D00, NotSupportedByCardError, "6D00, command not supported"),
        (Command(Ins.GET_DATA), 0x6A82, ObjectNotFoundError, "6A82"),
        (Command(Ins.GET_METADATA), 0x6A88, ObjectNotFoundError, "6A88"),
        (Command(Ins.GENERATE_KEY), 0x6A80, NotSupportedByCardError, "6A80"),
        (Command(Ins.GET_METADATA), 0x6A86, NotSupportedByCardError, "6A86"),
        (Command(Ins.IMPORT_KEY), 0x6A86, NotSupportedByCardError, "6A86"),
        (Command(Ins.PUT_DATA), 0x6982, CardStatusError, "management key first"),
        (Command(Ins.GENERAL_AUTHENTICATE), 0x6982, CardStatusError, "give a PIN"),
        (Command(Ins.GENERAL_AUTHENTICATE), 0x6600, CardStatusError, "touch"),
        (Command(Ins.GENERAL_AUTHENTICATE), 0x6983, CardStatusError, "6983"),
        (Command(Ins.RESET), 0x6985, CardStatusError, "blocked"),
        (Command(Ins.GET_DATA), 0x6C01, CardStatusError, "6C01"),
        (Command(Ins.GET_DATA), 0x6281, CardStatusError, "unknown meaning"),
    ],
)
def test_refusals_become_domain_errors_in_one_place(
    command: Command, status: int, error: type[EcardError], words: str
) -> None:
    with Session(Scripted(lambda encoded: (b"", status))) as session, pytest.raises(error, match=words) as raised:
        session.transmit(command, "trying")
    if isinstance(raised.value, WrongPinError):
        assert raised.value.tries_left == status & 0x0F
    if isinstance(raised.value, CardStatusError):
        assert raised.value.status == status


def test_repr_tells_the_state() -> None:
    session = Session(Scripted([]))
    assert "has not begun" in repr(session)
    with session:
        assert "open" in repr(session)
    assert "has ended" in repr(session)
