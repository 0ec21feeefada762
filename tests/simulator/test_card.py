"""The card as an object: seeds, connectors, what it shows of itself."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ecard.apdu import words
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.errors import CardBusyError, CardConnectionError, InvalidInputError
from ecard.simulator import InProcess, SimulatedCard, storage
from ecard.simulator.randomness import SeededRandomness, SystemRandomness, scalar
from tests.simulator.terminal import WRONG_PIN, Terminal

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def life(seed: int | bytes) -> list[tuple[bytes, int]]:
    """Everything that a card answers in a short life."""
    card = SimulatedCard.new(seed=seed, clock=lambda: NOW)
    card.power_on()
    terminal = Terminal(card)
    terminal.select()
    terminal.manage()
    made = [terminal.generate(slot, algorithm) for slot, algorithm in ((0x9A, 0x11), (0x9D, 0x54), (0x9E, 0x06))]
    terminal.verify()
    answers = [(public, 0) for public in made]
    answers += [terminal.use(0x9A, words.P256, bytes(32)), terminal.get(0x5FC102), terminal.get(0x5FFF01)]
    return answers


def test_the_same_seed_gives_the_same_card_keys_and_signatures_included() -> None:
    assert life(7) == life(7)
    assert life(b"seed") == life(b"seed")
    assert life(7) != life(8)
    assert life(-1) != life(255)


def test_a_seeded_card_does_not_make_a_key_twice_also_after_saving() -> None:
    card = SimulatedCard.new(seed=1)
    made = set()
    for _ in range(3):
        card.power_on()
        terminal = Terminal(card)
        terminal.select()
        terminal.manage()
        made |= {terminal.generate(slot, words.P256) for slot in (0x9A, 0x9D)}
        card = SimulatedCard(storage.read(storage.write(card.memory)))
    assert len(made) == 6


def test_without_a_seed_every_card_is_another() -> None:
    assert SimulatedCard.new().memory.serial != SimulatedCard.new().memory.serial


def test_scalars_are_in_range() -> None:
    class Fixed:
        def __init__(self, byte: int) -> None:
            self.byte = byte

        def take(self, size: int) -> bytes:
            return bytes((self.byte,)) * size

    for order in (5, 2**256 - 189):
        assert 1 <= scalar(Fixed(0), order) < order
        assert 1 <= scalar(Fixed(255), order) < order
        assert 1 <= scalar(SystemRandomness(), order) < order
    assert {scalar(SeededRandomness(bytes((i,))), 5) for i in range(60)} == {1, 2, 3, 4}


def test_nothing_secret_shows() -> None:
    card = SimulatedCard.new(seed=b"the seed", serial=77)
    card.power_on()
    terminal = Terminal(card)
    terminal.select()
    terminal.manage()
    for slot, algorithm in ((0x9A, 0x11), (0x9D, 0x54), (0x9E, 0x06)):
        terminal.generate(slot, algorithm)
    shown = f"{card!r} {card.memory!r} {card.memory.keys!r} {card._application!r}"
    assert "the seed" not in shown
    assert "pkcs8" not in shown
    assert "\\x01\\x02\\x03\\x04" not in shown
    assert "123456" not in shown


@pytest.mark.parametrize("profile", ["factory", "yubikey", "canokey", "minimal"])
@pytest.mark.parametrize("year", [1, 970, 1949, 2049, 9960, 9979, 9999])
def test_a_card_can_be_made_near_either_end_of_the_calendar(profile: str, year: int) -> None:
    card = SimulatedCard.new(profile, seed=1, clock=lambda: datetime(year, 12, 31, tzinfo=UTC))
    with Session(InProcess(card)) as session:
        expires = PivSession(session).chuid().expires
    last = date.max if year > 9979 else (datetime(year, 12, 31) + timedelta(days=365 * 20)).date()
    assert expires == last, "8 digits, also of a year that needs fewer than four"


@pytest.mark.parametrize("moment", [datetime(2026, 5, 4), datetime.min.replace(tzinfo=timezone(timedelta(hours=8)))])
def test_a_clock_that_tells_no_moment_makes_no_card(moment: datetime) -> None:
    with pytest.raises(InvalidInputError, match="the clock of the card"):
        SimulatedCard.new(clock=lambda: moment)


def test_in_process_powers_the_card_for_the_session_alone() -> None:
    card = SimulatedCard.new(serial=5)
    reader = InProcess(card)
    assert reader.name == "simulated card 5"
    assert reader.atr == card.atr
    with reader.open() as opened:
        assert card.powered
        terminal = Terminal(opened)
        terminal.select()
        terminal.verify()
        terminal.verify(WRONG_PIN)
    assert not card.powered
    with pytest.raises(CardConnectionError):
        card.transmit(b"\0\x20\0\x80")
    with reader.open() as opened:
        terminal = Terminal(opened)
        terminal.select()
        assert terminal.tries() == 0x63C2


def test_in_process_is_for_one_at_a_time() -> None:
    reader = InProcess(SimulatedCard.new(), wait=0.05)
    with reader.open(), pytest.raises(CardBusyError), reader.open():
        raise AssertionError
    entered = threading.Event()

    def hold() -> None:
        with reader.open():
            entered.set()
            threading.Event().wait(0.1)

    reader = InProcess(reader.card, wait=float("inf"))
    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(5)
    with reader.open() as card:
        Terminal(card).select()
    holder.join()


def test_an_error_in_the_session_still_switches_the_card_off() -> None:
    card = SimulatedCard.new()
    with pytest.raises(KeyError), InProcess(card).open():
        raise KeyError
    assert not card.powered
