"""The virtual reader in a real PC/SC service, and the guard of tests that use real cards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecard.simulator import SimulatedCard
from tests.pcsc_service import PcscService, needs_pcsc, running
from tests.testing.loading import LOADING

pytestmark = needs_pcsc
ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "COLUMNS": "300"}
USES = """
import subprocess, sys
import ecard
import pytest
from ecard.apdu.piv import PivSession
from ecard.apdu.pcsc import list_readers
from ecard.errors import CardBusyError, CardConnectionError, NoCardError, NoCardReason
from ecard.simulator import Fault, Rule

def test_signing_through_the_service(ecard_reader, ecard_operator_card, ecard_trust, ecard_clock):
    with ecard_reader.inserted(ecard_operator_card):
        with ecard.connect(ecard_reader.address) as session:
            operator = ecard.OperatorCard(session, pin=ecard_operator_card.pin)
            signature = ecard.cms.sign(b"a document", operator, at=ecard_clock())
        with pytest.raises(CardBusyError), ecard_operator_card.connect():
            pass
    asked = {"trust": ecard_trust, "at": ecard_clock(), "signer": ecard.UnsafeAnyone()}
    assert ecard.cms.verify(b"a document", signature, **asked).accepted

def test_it_is_empty_before_and_after(ecard_reader, ecard_card):
    assert ecard_reader.find().reason is NoCardReason.NO_CARD
    with ecard_reader.inserted(ecard_card):
        assert ecard_reader.find().reason is None
    assert ecard_reader.find().reason is NoCardReason.NO_CARD

def test_other_programs_see_the_card(ecard_reader, ecard_card):
    with ecard_reader.inserted(ecard_card):
        call = [sys.executable, "-m", "ecard", "card", "info", "--card", ecard_reader.address]
        shown = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    assert f"serial: {ecard_card.serial}" in shown

def test_a_card_that_is_taken_out_and_put_in_again(ecard_reader, ecard_card):
    with ecard_reader.inserted(ecard_card) as insertion:
        with ecard.connect(ecard_reader.address) as session:
            piv = PivSession(session)
            insertion.take_out()
            with pytest.raises(CardConnectionError):
                piv.pin_tries()
        with pytest.raises(NoCardError), ecard.connect(ecard_reader.address):
            pass
        insertion.put_in()
        with ecard.connect(ecard_reader.address) as session:
            assert PivSession(session).serial() == ecard_card.serial

def test_a_card_in_use_does_not_go_into_the_reader(ecard_reader, ecard_card):
    with ecard_card.connect(), pytest.raises(CardBusyError), ecard_reader.inserted(ecard_card):
        pass
    assert ecard_reader.find().reason is NoCardReason.NO_CARD

def test_a_second_card_in_the_same_test(ecard_reader, ecard_card, ecard_operator_card):
    for card in (ecard_card, ecard_operator_card):
        with ecard_reader.inserted(card), ecard.connect(ecard_reader.address) as session:
            assert PivSession(session).serial() == card.serial

def test_faults_reach_the_service(ecard_reader, ecard_card, ecard_faults):
    with ecard_reader.inserted(ecard_card):
        ecard_faults.inject(Rule(Fault.WRONG_STATUS, ins=0xA4, times=0, status=0x6A82))
        with ecard.connect(ecard_reader.address) as session, pytest.raises(NoCardError, match="no PIV application"):
            PivSession(session)
        ecard_faults.clear()
        with ecard.connect(ecard_reader.address) as session:
            PivSession(session)
"""
REAL = """
import ecard, pytest
from ecard.apdu.piv import PivSession

@pytest.mark.ecard_hardware(serial=4711)
def test_the_right_card(ecard_hardware):
    with ecard.connect(ecard_hardware) as session:
        assert PivSession(session).serial() == 4711

@pytest.mark.ecard_hardware(serial=4712)
def test_another_card(ecard_hardware):
    raise AssertionError("it ran")
"""


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    with running() as service:
        yield service


def run(place: Path, service: PcscService, source: str, *arguments: str) -> str:
    """What a run of pytest in a process of its own says; libpcsclite looks for its service once in a process."""
    (place / "test_it.py").write_text(source)
    settings = f"[pytest]\necard_vpcd_reader = {service.reader()}\necard_vpcd_port = {service.port}\n"
    (place / "pytest.ini").write_text(settings)
    call = [sys.executable, "-m", "pytest", *LOADING, "-p", "no:cacheprovider", "-rs", *arguments, "test_it.py"]
    environment = service.environment | SETTINGS
    return subprocess.run(call, cwd=place, env=environment, capture_output=True, text=True, check=False).stdout


def test_the_reader_does_what_readers_do(tmp_path: Path, service: PcscService) -> None:
    assert "7 passed" in run(tmp_path, service, USES)


def test_two_processes_take_turns(tmp_path: Path, service: PcscService) -> None:
    said = run(tmp_path, service, USES, "-n", "2", "-k", "signing or empty or faults")
    assert "3 passed" in said, said


def test_a_reader_that_is_taken_is_left_alone(tmp_path: Path, service: PcscService) -> None:
    with service.inserted(SimulatedCard.new(seed=1)):
        said = run(tmp_path, service, USES, "-k", "signing")
    assert "1 skipped" in said
    assert f"another program has put a card into {service.reader()}" in said


def test_the_wrong_name(tmp_path: Path, service: PcscService) -> None:
    said = run(tmp_path, service, USES, "-k", "signing", "-o", "ecard_vpcd_reader=Nobody's")
    assert "1 skipped" in said
    assert 'has no reader "Nobody\'s": install vsmartcard-vpcd' in said


def test_without_a_service(tmp_path: Path) -> None:
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "nowhere")}
    (tmp_path / "test_it.py").write_text(USES)
    call = [sys.executable, "-m", "pytest", *LOADING, "-p", "no:cacheprovider", "-rs", "-k", "signing", "test_it.py"]
    environment |= SETTINGS
    said = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False).stdout
    assert "1 skipped" in said
    assert "the PC/SC service does not answer: start it" in said


def test_only_the_card_with_the_serial_number_is_used(tmp_path: Path, service: PcscService) -> None:
    with service.inserted(SimulatedCard.new(serial=4711)), service.inserted(SimulatedCard.new(serial=1), slot=1):
        said = run(tmp_path, service, REAL, "--ecard-hardware")
    assert "1 passed, 1 skipped" in said
    assert "no card has the serial number 4712, there are: 4711 in" in said
    assert f"1 in {service.reader(1)}" in said
