"""Cards in a real PC/SC service: sessions, busy readers, removal, reset, restart, watching."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.pcsc import PcscReader, list_readers
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.watching import CardEvent, Change, watch
from ecard.apdu.words import Slot
from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    CardRemovedError,
    NoCardError,
    NoCardReason,
    ServiceLostError,
)
from ecard.pin import Pin
from ecard.simulator import PROFILES, Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, with_key
from tests.pcsc_service import PcscService, needs_pcsc, running

pytestmark = needs_pcsc
MESSAGE = b"a document"
ODD = [
    (Behaviour.SHORT_COMMANDS_ONLY,),
    (Behaviour.NO_COMMAND_CHAINING,),
    (Behaviour.WITHHOLDS_WITHOUT_LE, Behaviour.MUTE_ON_LONG_EXTENDED_WITHOUT_LE),
    tuple(set(Behaviour) - {Behaviour.NO_COMMAND_CHAINING, Behaviour.RSA_SIGN_FAILS, Behaviour.COUNTER_QUERY_REFUSED}),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    with running() as service:
        yield service


@pytest.fixture(autouse=True)
def empty_readers(service: PcscService) -> None:
    """The service takes a moment to notice that the last test's card is out, and to know its readers when it begins."""

    def are_empty() -> bool:
        with suppress(NoCardError):
            return reasons() == [NoCardReason.NO_CARD] * 2
        return False

    eventually(are_empty)


@pytest.fixture
def card() -> SimulatedCard:
    return SimulatedCard.new(seed=1)


@pytest.fixture
def inserted(service: PcscService, card: SimulatedCard) -> Iterator[threading.Event]:
    with_key(InProcess(card))
    with service.inserted(card) as in_reader:
        yield in_reader


def eventually(holds: object, seconds: float = 15.0) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def reasons() -> list[NoCardReason | None]:
    return [reader.reason for reader in list_readers()]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_does_its_work_over_pcsc(service: PcscService, profile: str) -> None:
    card = SimulatedCard.new(profile, seed=1)
    with service.inserted(card):
        made = with_key(PcscReader())
        with Session(PcscReader("ecard test reader")) as session:
            assert session.atr == card.atr
            assert session.name == service.reader(0)
            signature = CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)
        made.public_key.verify(signature, MESSAGE)


@pytest.mark.parametrize("behaviours", ODD, ids=lambda b: "-".join(x.value for x in b) if len(b) < 3 else "all")
def test_odd_cards_do_their_work_over_pcsc(service: PcscService, behaviours: tuple[Behaviour, ...]) -> None:
    card = SimulatedCard.new(seed=1, behaviours=behaviours)
    with service.inserted(card):
        for kind in (KeyKind.P256, KeyKind.RSA2048):
            made = with_key(PcscReader(), Slot.AUTHENTICATION, kind)
            with Session(PcscReader()) as session:
                signature = CardKeyHolder(PivSession(session), Slot.AUTHENTICATION, pin=Pin(PIN)).sign(MESSAGE)
            made.public_key.verify(signature, MESSAGE)


def test_why_there_is_no_card(service: PcscService) -> None:
    assert reasons() == [NoCardReason.NO_CARD] * 2
    for name, reason, words in (
        (None, NoCardReason.NO_CARD, "insert one"),
        ("test reader 00 01", NoCardReason.NO_CARD, "00 01"),
        ("other", NoCardReason.UNKNOWN_READER, "there are: ecard test reader 00 00"),
    ):
        with pytest.raises(NoCardError, match=words) as raised, Session(PcscReader(name)):
            pass
        assert raised.value.reason is reason


def test_the_reader_with_a_card_is_the_first(service: PcscService, card: SimulatedCard) -> None:
    with service.inserted(card, slot=1):
        assert reasons() == [NoCardReason.NO_CARD, None]
        assert list_readers()[1].atr == card.atr
        with Session(PcscReader()) as session:
            assert session.name == service.reader(1)


@pytest.mark.parametrize("wait", [0, 0.4])
def test_a_busy_card_is_waited_for_and_not_longer(inserted: threading.Event, service: PcscService, wait: float) -> None:
    with Session(PcscReader()) as session:
        begin = time.monotonic()
        with pytest.raises(CardBusyError, match=f"another program holds the card in {service.reader(0)}"):
            Session(PcscReader(wait=wait)).__enter__()
        assert wait <= time.monotonic() - begin < wait + 3
        assert PivSession(session).pin_tries() == 3, "who had the card still has it"
    assert threading.active_count() <= 2, "the only thread is the one that serves the card"


@pytest.mark.parametrize("wait", [0, -1, 1e-6])
def test_a_free_card_is_had_without_waiting(inserted: threading.Event, wait: float) -> None:
    for _ in range(5):
        with Session(PcscReader(wait=wait)) as session:
            assert PivSession(session).pin_tries() == 3


def test_a_busy_card_is_had_as_soon_as_it_is_free(inserted: threading.Event) -> None:
    first = Session(PcscReader())
    first.__enter__()
    threading.Timer(0.3, lambda: first.__exit__(None, None, None)).start()
    with Session(PcscReader(wait=5)) as session:
        assert PivSession(session).pin_tries() == 3


def test_a_busy_reader_leaves_nothing_open(inserted: threading.Event) -> None:
    with Session(PcscReader()):
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            with pytest.raises(CardBusyError):
                Session(PcscReader(wait=0)).__enter__()
        assert len(os.listdir("/proc/self/fd")) <= before


def test_a_removed_card_is_said_to_be_so_and_works_again(inserted: threading.Event) -> None:
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        inserted.clear()
        eventually(lambda: reasons()[0] is NoCardReason.NO_CARD)
        with pytest.raises(CardRemovedError):
            piv.pin_tries()
        with pytest.raises(CardConnectionError, match="failed earlier"):
            piv.pin_tries()
    inserted.set()
    eventually(lambda: reasons()[0] is None)
    with Session(PcscReader()) as session:
        assert PivSession(session).pin_tries() == 3


RESET = """
from smartcard.scard import *
import sys
context = SCardEstablishContext(SCARD_SCOPE_USER)[1]
result, card, protocol = SCardConnect(context, sys.argv[1], SCARD_SHARE_SHARED, 3)
print("connected", flush=True)
sys.stdin.readline()
print(SCardDisconnect(card, SCARD_RESET_CARD), flush=True)
"""


def test_a_card_reset_by_another_program(inserted: threading.Event, service: PcscService) -> None:
    """The other program resets while we hold no transaction; a session notices before it sends anything."""
    other = subprocess.Popen(
        [sys.executable, "-c", RESET, service.reader(0)],
        env=service.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    other.stdout.readline()
    with Session(PcscReader()) as session:
        PivSession(session).verify(Pin(PIN))
    other.stdin.write(b"\n")
    other.stdin.flush()
    assert other.wait(5) == 0
    with Session(PcscReader()) as session:
        assert PivSession(session).pin_tries() == 3
    other.stdin.close()
    other.stdout.close()


def test_the_service_ends_and_comes_back(service: PcscService, inserted: threading.Event) -> None:
    for end in (service.stop, service.kill):
        with Session(PcscReader()) as session:
            piv = PivSession(session)
            end()
            with pytest.raises(ServiceLostError):
                piv.pin_tries()
        with pytest.raises(NoCardError) as raised:
            list_readers()
        assert raised.value.reason is NoCardReason.SERVICE_NOT_RUNNING
        service.start()
        eventually(lambda: reasons()[0] is None)
        with Session(PcscReader()) as session:
            assert PivSession(session).pin_tries() == 3


def test_watching_tells_what_comes_and_goes(service: PcscService, inserted: threading.Event) -> None:
    name, other = service.reader(0), service.reader(1)
    events = watch(timeout=5)
    first = [next(events) for _ in range(3)]
    assert [e.change for e in first] == [Change.READER_ADDED, Change.READER_ADDED, Change.CARD_INSERTED]
    assert {e.reader for e in first[:2]} == {name, other}
    assert first[2].atr
    inserted.clear()
    assert next(events) == CardEvent(Change.CARD_REMOVED, name)
    inserted.set()
    assert next(events) == CardEvent(Change.CARD_INSERTED, name, first[2].atr)
    events.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(events)


def test_watching_ends_when_nothing_happens(service: PcscService) -> None:
    cpu, begin = time.process_time(), time.monotonic()
    assert [e.change for e in watch(timeout=1.2)] == [Change.READER_ADDED] * 2
    assert 1.1 < time.monotonic() - begin < 5
    assert time.process_time() - cpu < 0.5, "waiting costs no work"


def test_watching_a_service_that_ends(service: PcscService) -> None:
    events = watch()
    next(events)
    next(events)
    threading.Timer(0.3, service.stop).start()
    with pytest.raises((ServiceLostError, NoCardError)):
        next(events)
    service.start()
    eventually(lambda: len(list_readers()) == 2)


HOLDING = """
import sys, time
from ecard.apdu.pcsc import PcscReader
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.pin import Pin

with Session(PcscReader()) as session:
    PivSession(session).verify(Pin("123456"))
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_leaves_no_transaction(service: PcscService, inserted: threading.Event) -> None:
    for _ in range(3):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDING],
            env={**service.environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CardBusyError), Session(PcscReader(wait=0.2)):
            pass
        holder.kill()
        holder.communicate(timeout=5)
        with Session(PcscReader(wait=5)) as session:
            assert PivSession(session).pin_tries() == 3


SIGNING = """
import sys
from ecard.algorithms import KeyKind
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.pcsc import PcscReader
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.pin import Pin

count, per_session = int(sys.argv[1]), int(sys.argv[2])
certificate = None
for begin in range(0, count, per_session):
    with Session(PcscReader(wait=60)) as session:
        card = CardKeyHolder(PivSession(session), pin=Pin("123456"), certificate=certificate)
        certificate = card.certificate
        for number in range(min(per_session, count - begin)):
            card.sign(f"document {begin + number}".encode())
print(count)
"""


def test_two_processes_sign_with_one_card_at_the_same_time(service: PcscService, card: SimulatedCard) -> None:
    """Each verifies its PIN and signs in one transaction, a thousand times."""
    count = 1000
    with_key(InProcess(card))
    with service.inserted(card):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", SIGNING, str(count), "1"],
                env={**service.environment, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        results = [process.communicate(timeout=300) for process in processes]
    assert [(out.strip(), err) for out, err in results] == [(str(count).encode(), b"")] * 2
    assert card.memory.pin.left == 3
