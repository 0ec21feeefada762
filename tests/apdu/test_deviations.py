"""Cards that differ from the standard, each difference alone and all that go together: the same work gets done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.transport import Connector
from ecard.apdu.words import Ins, PinUse, Slot, TouchUse
from ecard.errors import (
    CardStatusError,
    NotSupportedByCardError,
    PinBlockedError,
    WrongPinError,
)
from ecard.pin import Pin
from ecard.simulator import PROFILES, Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, PUK, administered, certificate, with_key
from tests.apdu.scripted import Counting, Scripted

pytestmark = pytest.mark.exhaustive

MESSAGE = b"a document"
RANDOM = bytes((i * 89 + i // 7) & 0xFF for i in range(1500))


def cards() -> Iterator[tuple[str, SimulatedCard]]:
    for name in PROFILES:
        yield name, SimulatedCard.new(name, seed=1)
    for behaviour in Behaviour:
        yield behaviour.value, SimulatedCard.new(seed=1, behaviours=[behaviour])
    odd = set(Behaviour) - {
        Behaviour.NO_COMMAND_CHAINING,  # a card that takes neither long commands nor chains takes no certificate
        Behaviour.RSA_SIGN_FAILS,
        Behaviour.COUNTER_QUERY_REFUSED,
        Behaviour.WEAK_PIN_REFUSED,
    }
    yield "all-at-once", SimulatedCard.new(seed=1, behaviours=odd)


CARDS = dict(cards())


def make(name: str) -> InProcess:
    memory = CARDS[name].memory
    return InProcess(SimulatedCard.new(memory.profile, seed=2))


def insists(name: str) -> bool:
    """A card that does not tell its counter needs a caller who insists."""
    return name == Behaviour.COUNTER_QUERY_REFUSED.value


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.AUTHENTICATION, Slot.KEY_MANAGEMENT])
def test_a_key_is_made_certified_and_used(name: str, slot: Slot) -> None:
    connector = make(name)
    made = with_key(connector, slot)
    with Session(connector) as session:
        card = CardKeyHolder(PivSession(session), slot, pin=Pin(PIN), use_last_try=insists(name))
        for number in range(3):
            message = MESSAGE + bytes((number,))
            made.public_key.verify(card.sign(message), message)
        assert card.certificate == made
        assert card.chain == ()


@pytest.mark.parametrize("name", CARDS)
def test_a_long_certificate_goes_in_and_comes_out(name: str) -> None:
    connector = make(name)
    with administered(connector) as piv:
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.P256)
        made = certificate(public, extra=RANDOM)
        piv.write_certificate(Slot.SIGNATURE, made)
        assert piv.read_certificate(Slot.SIGNATURE) == made


@pytest.mark.parametrize("name", CARDS)
def test_rsa_where_the_card_can(name: str) -> None:
    connector = make(name)
    made = with_key(connector, Slot.AUTHENTICATION, KeyKind.RSA2048)
    with Session(connector) as session:
        card = CardKeyHolder(PivSession(session), Slot.AUTHENTICATION, pin=Pin(PIN), use_last_try=insists(name))
        if Behaviour.RSA_SIGN_FAILS in CARDS[name].memory.profile.behaviours:
            with pytest.raises(CardStatusError, match="6A80"):
                card.sign(MESSAGE)
            assert card.piv.pin_tries() in (3, None)
        else:
            made.public_key.verify(card.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize("name", [name for name in CARDS if name != Behaviour.COUNTER_QUERY_REFUSED.value])
def test_the_life_of_pin_and_puk(name: str) -> None:
    with Session(make(name)) as session:
        piv = PivSession(session)
        assert piv.pin_tries() == 3
        for left in (2, 1):
            with pytest.raises(WrongPinError) as raised:
                piv.verify(Pin("654321"))
            assert raised.value.tries_left == left == piv.pin_tries()
        with pytest.raises(PinBlockedError):
            piv.verify(Pin("654321"), use_last_try=True)
        piv.unblock_pin(Pin(PUK), Pin("739205"))
        piv.change_pin(Pin("739205"), Pin("840397"))
        piv.change_puk(Pin(PUK), Pin("73920518"))
        piv.verify(Pin("840397"))


LACKING = {
    Behaviour.NO_VERSION: lambda piv: piv.version(),
    Behaviour.NO_SERIAL: lambda piv: piv.serial(),
    Behaviour.NO_METADATA: lambda piv: piv.metadata(Slot.SIGNATURE),
    Behaviour.NO_ATTESTATION: lambda piv: piv.attest(Slot.SIGNATURE),
    Behaviour.NO_SET_RETRIES: lambda piv: piv.set_tries(3, 3),
    Behaviour.NO_DISCOVERY: lambda piv: piv.discovery(),
    Behaviour.NO_MOVE_KEY: lambda piv: piv.move_key(Slot.SIGNATURE, Slot.RETIRED_2),
}


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("behaviour", LACKING, ids=lambda b: b.value)
def test_what_the_card_lacks_is_said_in_one_way(name: str, behaviour: Behaviour) -> None:
    connector = make(name)
    with_key(connector)
    lacks = behaviour in CARDS[name].memory.profile.behaviours
    with administered(connector) as piv:
        piv.verify(Pin(PIN), use_last_try=True)
        with pytest.raises(NotSupportedByCardError, match="6D00") if lacks else nullcontext():
            LACKING[behaviour](piv)


def test_always_asking_for_the_data_gets_them_from_a_card_that_withholds_them() -> None:
    counting = Counting(InProcess(SimulatedCard.new("canokey", seed=1)))
    with_key(counting)
    with Session(counting) as session:
        CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)
    for encoded in counting.commands:
        command = Command.parse(encoded)
        assert command.le is not None or command.cla & 0x10 or command.ins == Ins.VERIFY, encoded.hex()


@pytest.mark.parametrize("behaviour", [Behaviour.SHORT_COMMANDS_ONLY, Behaviour.NO_COMMAND_CHAINING])
def test_the_form_of_long_commands_is_found_out(behaviour: Behaviour) -> None:
    connector = InProcess(SimulatedCard.new(seed=1, behaviours=[behaviour]))
    made = with_key(connector, Slot.AUTHENTICATION, KeyKind.RSA2048)
    for extended in (None, True, False):
        with Session(connector, extended=extended) as session:
            card = CardKeyHolder(PivSession(session), Slot.AUTHENTICATION, pin=Pin(PIN))
            made.public_key.verify(card.sign(MESSAGE), MESSAGE)


def test_a_touch_that_does_not_come() -> None:
    card = SimulatedCard.new(seed=1, touched=lambda: False)
    connector: Connector = InProcess(card)
    with administered(connector) as piv:
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.P256, touch_use=TouchUse.ALWAYS, pin_use=PinUse.ALWAYS)
        piv.write_certificate(Slot.SIGNATURE, certificate(public))
        with pytest.raises(CardStatusError, match="touch"):
            CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
        assert card.memory.pin.left == 3


def test_a_card_that_says_6300_does_not_say_how_many() -> None:
    card = Scripted(lambda c: (b"", 0x6300 if c[1] == Ins.VERIFY else 0x9000))
    with Session(card) as session:
        assert PivSession(session).pin_status().left is None


def test_a_card_on_which_somebody_left_the_pin_verified() -> None:
    """The counter cannot be read then, and is at its top."""
    card = SimulatedCard.new(seed=1)
    with_key(InProcess(card))
    card.power_on()
    piv_commands = Scripted(card.transmit)
    for _ in range(2):
        with Session(piv_commands) as session:
            CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)
    assert card.memory.pin.left == 3
