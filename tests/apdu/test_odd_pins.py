"""PIN and PUK on cards that no profile has: a typed error or success, and no try that the user did not ask for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Ins, Slot
from ecard.errors import (
    CardError,
    CardStatusError,
    LastPinTryError,
    NotSupportedByCardError,
    PinBlockedError,
    PinError,
    WrongPinError,
)
from ecard.keys import SoftwareKey
from ecard.pin import UNSAFE_NO_POLICY, Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, PUK, administered, authenticate, certificate
from tests.apdu.odd import Send, has_pin, is_query, odd

MESSAGE = b"a document"

WITH_A_WRONG_SECRET: dict[str, Callable[[PivSession], object]] = {
    "verify": lambda piv: piv.verify(Pin("654321"), use_last_try=True),
    "sign": lambda piv: CardKeyHolder(piv, pin=Pin("654321"), use_last_try=True).sign(MESSAGE),
    "change-pin": lambda piv: piv.change_pin(Pin("654321"), Pin("739205"), use_last_try=True),
    "change-puk": lambda piv: piv.change_puk(Pin("87654321"), Pin("73920518"), use_last_try=True),
    "unblock": lambda piv: piv.unblock_pin(Pin("87654321"), Pin("739205"), use_last_try=True),
}


@pytest.mark.parametrize(
    "status", [0x6C00, 0x6C08, 0x6CFF, 0x6700, 0x6100, 0x61FF, 0x6300, 0x6F00, 0x6D00, 0x6E00, 0x6B00]
)
@pytest.mark.parametrize("verb", WITH_A_WRONG_SECRET)
def test_a_card_that_counts_and_complains_of_the_length_gets_no_second_pin(status: int, verb: str) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (send(encoded)[0], status) if has_pin(command) else None

    card, connector = odd(twist)
    with pytest.raises(CardError if status != 0x6300 else PinError), Session(connector) as session:
        WITH_A_WRONG_SECRET[verb](PivSession(session))
    assert card.memory.pin.left + card.memory.puk.left == 5, "one wrong secret is one try"
    assert len([c for c in connector.commands if has_pin(Command.parse(c))]) == 1


def test_a_strict_card_that_wants_no_le_where_nothing_is_answered() -> None:
    """ISO/IEC 7816-3 case 4 for a command of case 3: refused as a wrong length, by 6700 or by 6C00."""
    for refused in (0x6700, 0x6C00):

        def twist(command: Command, encoded: bytes, send: Send, status: int = refused) -> tuple[bytes, int] | None:
            answers = (Ins.SELECT, Ins.GET_DATA, Ins.GENERAL_AUTHENTICATE, Ins.GENERATE_KEY, Ins.GET_METADATA)
            if command.ins in (*answers, Ins.GET_RESPONSE) or command.le is None:
                return None
            send(Command(Ins.GET_VERSION).short())  # a chain that is refused is over
            return b"", status

        card, connector = odd(twist)
        with Session(connector) as session:
            piv = PivSession(session)
            authenticate(piv)
            piv.import_key(Slot.AUTHENTICATION, SoftwareKey.generate(KeyKind.P256))
            piv.write_certificate(Slot.AUTHENTICATION, certificate(SoftwareKey.generate(KeyKind.P256).public_key))
            piv.move_key(Slot.AUTHENTICATION, Slot.RETIRED_1)
            piv.set_management_key(bytes(range(24)))
            CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
            piv.change_pin(Pin(PIN), Pin("739205"))
            piv.unblock_pin(Pin(PUK), Pin("580274"))
            piv.verify(Pin("580274"))
            piv.set_tries(5, 5)
        assert (card.memory.pin.left, card.memory.puk.left) == (5, 5)


@pytest.mark.parametrize("status", [0x6300, 0x6700, 0x6A80, 0x6A86, 0x6A88, 0x6D00, 0x6985, 0x6F00, 0x6C00, 0x6100])
def test_a_card_without_a_readable_counter(status: int) -> None:
    """With metadata the counter is known all the same; without, the caller has to insist."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (b"", status) if is_query(command) else None

    card, connector = odd(twist)
    with Session(connector) as session:
        CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)
    card, connector = odd(twist, Behaviour.NO_METADATA)
    with Session(connector) as session:
        piv = PivSession(session)
        assert piv.pin_tries() is None
        with pytest.raises(LastPinTryError, match="does not say"):
            piv.verify(Pin(PIN))
        CardKeyHolder(piv, pin=Pin(PIN), use_last_try=True).sign(MESSAGE)
    assert card.memory.pin.left == 3


@pytest.mark.parametrize("metadata", [0x6985, 0x6F00, 0x9000])
def test_metadata_that_make_no_sense_tell_no_counter(metadata: int) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        if command.ins == Ins.GET_METADATA:
            return b"\6\1\3" if metadata == 0x9000 else b"", metadata
        return (b"", 0x6700) if is_query(command) else None

    card, connector = odd(twist)
    with Session(connector) as session, pytest.raises(LastPinTryError, match="does not say"):
        PivSession(session).verify(Pin(PIN))
    assert card.memory.pin.left == 3


def no_information(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
    """Wrong is 6300, which the standard calls "no information"."""
    data, status = send(encoded)
    return data, 0x6300 if status >> 8 == 0x63 else status


def test_wrong_without_a_number_is_not_blocked() -> None:
    card, connector = odd(no_information, Behaviour.NO_METADATA)
    with Session(connector) as session:
        piv = PivSession(session)
        with pytest.raises(WrongPinError, match="does not say how many") as raised:
            piv.verify(Pin("654321"), use_last_try=True)
        assert raised.value.tries_left is None
        with pytest.raises(WrongPinError, match="wrong PUK"):
            piv.unblock_pin(Pin("87654321"), Pin("739205"))
        with pytest.raises(LastPinTryError):
            piv.unblock_pin(Pin(PUK), Pin("739205"))
        piv.unblock_pin(Pin(PUK), Pin("739205"), use_last_try=True)
        piv.verify(Pin("739205"), use_last_try=True)
    assert (card.memory.pin.left, card.memory.puk.left) == (3, 3)


def test_wrong_without_a_number_is_looked_up_where_the_card_tells_later() -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return no_information(command, encoded, send) if has_pin(command) else None

    _, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        for left in (2, 1):
            with pytest.raises(WrongPinError) as raised:
                piv.verify(Pin("654321"))
            assert raised.value.tries_left == left
            with pytest.raises(WrongPinError) as raised:
                piv.change_puk(Pin("87654321"), Pin("73920518"))
            assert raised.value.tries_left == left
        with pytest.raises(PinBlockedError):
            piv.verify(Pin("654321"), use_last_try=True)


@pytest.mark.parametrize("told", [0x9000, 0x63CF, 0x63C3, 0x63FF])
def test_a_counter_that_lies_is_not_believed_after_a_refusal(told: int) -> None:
    """The query says always the same; what the refusal itself said counts, and the last try stays."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (b"", told) if is_query(command) else None

    card, connector = odd(twist, Behaviour.NO_METADATA)
    with Session(connector) as session:
        piv = PivSession(session)
        for _ in range(2):
            with pytest.raises(WrongPinError):
                piv.verify(Pin("654321"))
        for _ in range(3):
            with pytest.raises(LastPinTryError, match="one try is left"):
                piv.verify(Pin("654321"))
        assert card.memory.pin.left == 1
        piv.unblock_pin(Pin(PUK), Pin("739205"))
        piv.verify(Pin("739205"))


def test_the_puk_s_last_try_is_kept_where_only_the_refusals_tell() -> None:
    card, connector = odd(lambda command, encoded, send: None, Behaviour.NO_METADATA)
    with Session(connector) as session:
        piv = PivSession(session)
        for verb in (
            lambda: piv.unblock_pin(Pin("87654321"), Pin("739205")),
            lambda: piv.change_puk(Pin("87654321"), Pin("73920518")),
        ):
            with pytest.raises(WrongPinError):
                verb()
        with pytest.raises(LastPinTryError, match="one try is left before the PUK is blocked"):
            piv.unblock_pin(Pin(PUK), Pin("739205"))
        piv.unblock_pin(Pin(PUK), Pin("739205"), use_last_try=True)
        piv.change_puk(Pin(PUK), Pin("73920518"))
        with pytest.raises(WrongPinError):
            piv.change_puk(Pin(PUK), Pin("73920518"))
        assert card.memory.puk.left == 2
        piv.change_puk(Pin("73920518"), Pin(PUK))
        for _ in range(2):
            with pytest.raises(WrongPinError):
                piv.change_puk(Pin("87654321"), Pin("73920518"))
        for _ in range(2):
            with pytest.raises(PinBlockedError):
                piv.change_puk(Pin("87654321"), Pin("73920518"), use_last_try=True)


@pytest.mark.parametrize("status", [0x63C3, 0x6A86, 0x6A80, 0x6D00, 0x6700, 0x6300])
def test_a_card_that_does_not_know_logging_out_is_not_said_to_have_refused_a_pin(status: int) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (b"", status) if command.ins == Ins.VERIFY and command.p1 == 0xFF else None

    _, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        piv.verify(Pin(PIN))
        with pytest.raises(NotSupportedByCardError, match=f"logging out.*{status:04X}"):
            piv.log_out()


@pytest.mark.parametrize("behaviour", [None, Behaviour.RETRIES_IN_WHOLE_BYTE, Behaviour.LAST_WRONG_PIN_SAYS_BLOCKED])
@pytest.mark.parametrize("tries", [1, 3, 15, 16, 255])
def test_any_number_of_tries(behaviour: Behaviour | None, tries: int) -> None:
    card = SimulatedCard.new(seed=1, behaviours=[behaviour] if behaviour else [])
    with administered(InProcess(card)) as piv:
        piv.verify(Pin(PIN))
        piv.set_tries(tries, tries)
        assert piv.pin_tries() == tries or (piv.pin_tries() == 15 and behaviour is not Behaviour.RETRIES_IN_WHOLE_BYTE)
        assert piv.puk_tries() == tries
        if tries == 1:
            with pytest.raises(LastPinTryError):
                piv.verify(Pin(PIN))
        for _ in range(min(tries, 20) - 1):
            with pytest.raises(WrongPinError):
                piv.verify(Pin("654321"))
        if tries < 20:
            with pytest.raises(LastPinTryError):
                piv.verify(Pin("654321"))
        assert card.memory.pin.left == max(tries - min(tries, 20) + 1, 1)
        piv.reset(block_first=True)
        assert piv.pin_tries() == 3


def test_a_weak_new_pin_that_the_card_refuses_spends_no_try() -> None:
    card, connector = odd(lambda command, encoded, send: None, Behaviour.WEAK_PIN_REFUSED)
    with Session(connector) as session, pytest.raises(CardStatusError, match="policy"):
        PivSession(session).change_pin(Pin(PIN), Pin("111111"), policy=UNSAFE_NO_POLICY)
    assert card.memory.pin.left == 3
