"""What a doctor must survive: cards that vanish or talk nonsense, odd files and names, clocks out of this world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from ecard.apdu.words import Ins
from ecard.doctor import Level, Line, State, examination, examine
from ecard.doctor.card_checks import CardSeen, check_card, check_secrets, look_at
from ecard.doctor.certificate_checks import check_certificates
from ecard.doctor.trust_checks import Given, check_evidence
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.simulator import Fault, Rule
from ecard.testing import ReadyCard
from tests.doctor.world import World, line, states

HARMLESS = {Ins.SELECT, Ins.GET_DATA, Ins.GET_RESPONSE, Ins.GET_METADATA, Ins.GET_SERIAL, Ins.GET_VERSION}
STATUSES = [0x9000, 0x6982, 0x6983, 0x6A82, 0x6D00, 0x6F00, 0x63C0, 0x6100, 0x61FF, 0x6C10, 0x6700, 0x0000, 0xFFFF]
Answer = tuple[bytes, int]


class Liar:
    """A connector to a good card whose answers are changed on the way; notes what was asked."""

    name, atr = "a reader", b"\x3b\x00"

    def __init__(self, card: ReadyCard, change: Callable[[bytes, bytes, int], Answer]) -> None:
        self._card, self._change = card.simulated, change
        self.asked: list[bytes] = []

    @contextmanager
    def open(self) -> Iterator[Liar]:
        self._card.power_on()
        yield self

    def transmit(self, command: bytes, /) -> Answer:
        self.asked.append(command)
        return self._change(command, *self._card.transmit(command))


def looked_at(reader: Liar, world: World) -> list[Line]:
    seen = look_at(reader)
    if isinstance(seen, Line):
        return [seen]
    judged = check_certificates(seen, now=world.clock(), trust=world.centre.trust(), evidence=None)
    return [*check_card(seen), *check_secrets(seen), *judged]


def spends_nothing(command: bytes) -> bool:
    """Whether it asks only: VERIFY without data is the question how many tries are left (SP 800-73-5 part 2, 3.2.1)."""
    return command[1] in HARMLESS or (command[1] == Ins.VERIFY and len(command) <= 5)


def nonsense(random: Random, kind: str) -> Callable[[bytes, bytes, int], Answer]:
    def change(_command: bytes, data: bytes, status: int) -> Answer:
        if random.random() > 0.15:
            return data, status
        if kind == "status":
            return b"", random.choice(STATUSES)
        if kind == "random":
            return random.randbytes(random.randrange(256)), 0x9000
        if kind == "short" or not data:
            return data[: random.randrange(len(data) + 1)], status
        changed = bytearray(data)
        changed[random.randrange(len(data))] = random.randrange(256)
        return bytes(changed), status

    return change


@pytest.mark.parametrize("kind", ["status", "random", "short", "changed"])
def test_a_card_that_talks_nonsense(world: World, kind: str) -> None:
    card, random = world.centre.make_operator_card(), Random(kind)
    seen = set()
    for _ in range(40):
        reader = Liar(card, nonsense(random, kind))
        lines = looked_at(reader, world)
        assert lines[0].subject == "card"
        assert all(map(spends_nothing, reader.asked))
        seen.add(lines[0].state)
    assert len(seen) > 1
    assert (card.simulated.memory.pin.left, card.simulated.memory.puk.left) == (3, 3)


@pytest.mark.parametrize("fault", [Fault.REMOVAL, Fault.NO_ANSWER])
def test_a_card_that_is_taken_out_at_any_moment(world: World, fault: Fault) -> None:
    card = world.centre.make_operator_card()
    assert isinstance(look_at(card.reader), CardSeen)
    steps = world.faults.commands
    assert steps > 10
    for step in range(1, steps + 1):
        world.faults.inject(Rule(fault, at=step))
        found = look_at(card.reader)
        assert isinstance(found, Line), step
        assert found.state is State.CARD_FAILS
        assert "take the card out and put it in again" in (found.remedy or "")
    assert card.simulated.memory.pin.left == 3


@pytest.mark.parametrize("status", [0x6982, 0x6A81, 0x6F00])
def test_a_card_that_keeps_its_issuers_to_itself(world: World, status: int) -> None:
    def change(command: bytes, data: bytes, given: int) -> Answer:
        return (b"", status) if b"\x5c\x03\x5f\xff\x11" in command else (data, given)

    found = looked_at(Liar(world.centre.make_operator_card(), change), world)
    assert found[0].state is State.OPERATOR_CARD


@pytest.mark.parametrize("year", [1, 1600, 1969, 2101, 9999])
def test_a_clock_out_of_this_world(world: World, year: int) -> None:
    card, trust, crls = world.save(world.centre.make_operator_card()), world.trust(), world.crls()
    now = datetime(year, 1, 1, tzinfo=UTC) if year < 2000 else datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    found = examine(card, now=now, trust=[trust], evidence=[crls])
    expected = State.CLOCK_SLOW if year < 2000 else State.CLOCK_PERHAPS_FAST
    assert line(found, "clock").state is expected
    assert "clock" in (line(found, "clock").remedy or "")
    json.dumps(found.as_dict())


@pytest.mark.parametrize("moment", [datetime.min, datetime.max], ids=["first", "last"])
def test_a_crl_from_the_ends_of_time(world: World, moment: datetime) -> None:
    crl = Crl((world.crls() / "issuing.crl").read_bytes())
    crl.this_update = crl.next_update = moment.replace(tzinfo=UTC)
    for now in (world.clock(), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        (found,) = check_evidence(Given(None, Evidence([crl]), ()), now=now)
        assert found.remedy is not None or now == moment.replace(tzinfo=UTC)


UNREADABLE = ["x" * 300, "root.pem/inside", "none"]


@pytest.mark.parametrize("name", UNREADABLE, ids=["too long", "below a file", "not there"])
def test_trust_and_evidence_that_cannot_be_read(world: World, name: str) -> None:
    (world.place / "root.pem").write_text(world.centre.root.certificate.pem())
    path = world.place / name
    found = examine(f"sim:{path}", now=world.clock(), trust=[path], evidence=[path])
    assert line(found, "trust").state is State.TRUST_UNUSABLE
    assert line(found, "evidence").state is State.EVIDENCE_UNUSABLE
    assert line(found, "card").state is State.CARD_FILE_UNUSABLE


def test_a_directory_with_what_cannot_be_read(world: World) -> None:
    crls = world.crls()
    os.mkfifo(crls / "waits-for-ever.crl")
    (crls / "directory.crl").mkdir()
    found = examine(f"sim:{crls}", now=world.clock(), trust=[world.trust()], evidence=[crls])
    assert states(found).count(State.EVIDENCE_FRESH) == 2


def test_a_link_to_evidence_that_leads_nowhere_is_evidence_that_is_missing(world: World) -> None:
    crls = world.crls()
    (crls / "leads-nowhere.crl").symlink_to("nowhere")
    found = examine(f"sim:{crls}", now=world.clock(), trust=[world.trust()], evidence=[crls])
    (line,) = [line for line in found.lines if line.state is State.EVIDENCE_UNUSABLE]
    assert "leads-nowhere.crl cannot be read" in line.message


def test_a_huge_directory_makes_no_huge_report(world: World) -> None:
    crls = world.crls()
    content = (crls / "issuing.crl").read_bytes()
    for number in range(500):
        (crls / f"{number}.crl").write_bytes(content)
    found = examine(f"sim:{crls}", now=world.clock(), trust=[world.trust()], evidence=[crls])
    evidence = [x.message for x in found.lines if x.subject == "evidence"]
    assert len(evidence) == 10
    assert evidence[-1] == "and 493 more like these"


def test_a_card_file_from_a_newer_version(world: World) -> None:
    address = world.save(world.centre.make_operator_card())
    path = Path(address.removeprefix("sim:"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))
    found = line(examine(address, now=world.clock()), "card")
    assert found.state is State.CARD_FILE_UNUSABLE
    assert "written by another version of ecard" in found.message
    assert "use the newest ecard" in (found.remedy or "")


def test_a_damaged_card_file_is_not_to_be_named_again(world: World) -> None:
    address = world.save(world.centre.make_operator_card())
    Path(address.removeprefix("sim:")).write_text("{}")
    assert "restore it from a copy" in (line(examine(address, now=world.clock()), "card").remedy or "")


def test_names_that_a_terminal_would_obey_or_cannot_show(world: World) -> None:
    odd = world.place / os.fsdecode(b"\x1b[31m\xff\n.pem")
    found = examine(f"sim:{odd}", now=world.clock(), trust=[odd], evidence=[odd])
    for each in found.lines:
        assert each.message.isprintable(), each
    str(found.as_dict()).encode()


@pytest.mark.parametrize("coding", ["ascii", "gb18030", "utf-8:strict"])
def test_a_terminal_without_chinese(world: World, coding: str) -> None:
    address, trust = world.save(world.centre.make_operator_card()), world.crls()
    environment = {**os.environ, "PYTHONIOENCODING": coding}
    call = [sys.executable, "-m", "ecard", "doctor", "--card", address, "--trust", os.fsencode(trust) + b"\xff"]
    done = subprocess.run(call, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    enterprise = "示例进出口有限公司"
    shown = "\\u793a" if coding == "ascii" else enterprise
    assert shown in done.stdout.decode(coding.partition(":")[0])


def test_an_installation_without_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("ecard.doctor.clock_checks.__file__", "/inside/an/archive.zip/clock_checks.py")
    found = examine(world.save(world.centre.make_operator_card()), now=world.clock())
    assert line(found, "clock").level is Level.GOOD
    assert examination.installation() is None
