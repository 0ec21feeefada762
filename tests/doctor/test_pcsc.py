"""The doctor with a real PC/SC service: none, without readers, without a card, and with cards of every kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecard.apdu.pcsc import ReaderInfo
from ecard.doctor import Examination, Level, State, examine
from ecard.doctor.reader_checks import check_readers
from ecard.errors import NoCardReason
from ecard.roles.secrets import CardSecrets
from ecard.simulator import InProcess, SimulatedCard
from ecard.simulator.faults import FaultyReader
from ecard.testing import ReadyCard, VirtualReader
from tests.doctor.world import World, line, states, worst
from tests.pcsc_service import PcscService, needs_pcsc, running

pytestmark = needs_pcsc


class WithoutReaders(PcscService):
    """A service that knows no reader."""

    def _prepare(self) -> tuple[Path, Path]:
        run, configuration = super()._prepare()
        (configuration / "vpcd").unlink()
        return run, configuration


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    with running() as service:
        yield service


def examined(service: PcscService, world: World, card: ReadyCard) -> Examination:
    trust, crls = world.trust(), world.crls()
    with VirtualReader(service.reader(), service.port).inserted(card):
        return examine(now=world.clock(), trust=[trust], evidence=[crls])


def test_no_card(world: World, service: PcscService) -> None:
    found = examine(now=world.clock())
    assert [x.message for x in found.lines if x.subject == "reader"] == [
        f"{service.reader(0)}: empty",
        f"{service.reader(1)}: empty",
    ]
    assert worst(found, Level.BAD) == {State.NO_CARD}
    assert "insert a card" in (line(found, "card").remedy or "")


def test_another_reader_is_asked_for(world: World, service: PcscService) -> None:
    found = examine("pcsc:gemalto", now=world.clock())
    assert worst(found, Level.BAD) == {State.UNKNOWN_READER}
    assert service.reader(1) in found.lines[-4].message or service.reader(1) in str(found)
    assert State.UNKNOWN_READER not in states(examine("pcsc:TEST READER", now=world.clock()))


def test_a_healthy_card(world: World, service: PcscService) -> None:
    found = examined(service, world, world.centre.make_legal_person_card())
    assert found.verdict is Level.GOOD, found.lines
    assert states(found).count(State.READER_FOUND) == 2
    assert line(found, "card").state is State.LEGAL_PERSON_CARD
    assert service.reader(0) in line(found, "card").message
    assert f"{service.reader(0)}: a card is in" in [x.message for x in found.lines]


def test_a_blank_card(world: World, service: PcscService) -> None:
    found = examined(service, world, world.centre.blank_card())
    assert line(found, "card").state is State.BLANK_CARD
    assert found.verdict is Level.WARNING


def test_a_locked_card(world: World, service: PcscService) -> None:
    card = world.centre.make_operator_card()
    card.simulated.memory.pin.left = card.simulated.memory.puk.left = 0
    found = examined(service, world, card)
    assert worst(found, Level.BAD) == {State.CARD_LOCKED}


def test_an_expiring_card(world: World, service: PcscService) -> None:
    card = world.centre.make_operator_card()
    world.clock.advance(seconds=(card.certificate.not_after - world.clock()).total_seconds() - 86400 * 7)
    found = examined(service, world, card)
    assert worst(found, Level.WARNING) == {State.CERTIFICATE_ENDS_SOON}
    assert "7 days left" in line(found, "certificate 9C").message


def test_a_card_that_has_no_piv_application(world: World, service: PcscService) -> None:
    class Deaf(SimulatedCard):
        def transmit(self, command: bytes, /) -> tuple[bytes, int]:
            return b"", 0x6A82

    deaf = Deaf(SimulatedCard.new(seed=1).memory)
    card = ReadyCard(deaf, FaultyReader(InProcess(deaf), world.faults, sleep=world.faults.sleep), CardSecrets.factory())
    found = examined(service, world, card)
    assert line(found, "card").state is State.UNSUPPORTED_CARD


def test_a_card_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    # the virtual reader has no card that is the wrong way round
    readers = (ReaderInfo("a reader", b"", NoCardReason.UNSUPPORTED_CARD),)
    monkeypatch.setattr("ecard.doctor.reader_checks.list_readers", lambda: readers)
    found = list(check_readers(""))
    assert [x.state for x in found] == [State.SERVICE_RUNS, State.CARD_MUTE]
    assert "the chip first and upwards" in (found[1].remedy or "")


def test_without_pyscard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    found = examine(now=world.clock())
    assert line(found, "PC/SC service").state is State.SERVICE_NOT_INSTALLED
    assert 'pip install "ecard[pcsc]"' in (line(found, "PC/SC service").remedy or "")


def test_a_service_that_ended(world: World, service: PcscService) -> None:
    service.stop()
    try:
        found = examine(now=world.clock())
    finally:
        service.start()
    assert line(found, "PC/SC service").state is State.SERVICE_NOT_RUNNING
    assert "systemctl start pcscd.socket" in (line(found, "PC/SC service").remedy or "")
    assert not [x for x in found.lines if x.subject in {"reader", "card"}]
    assert found.verdict is Level.BAD


def test_no_reader(world: World, service: PcscService) -> None:
    service.stop()
    bare = WithoutReaders()
    try:
        bare.start()
        found = examine(now=world.clock())
    finally:
        bare.stop()
        service.start()
    assert line(found, "PC/SC service").state is State.SERVICE_RUNS
    assert line(found, "reader").state is State.NO_READER
    assert "lamp" in (line(found, "reader").remedy or "")
    assert worst(found, Level.BAD) == {State.NO_READER}
