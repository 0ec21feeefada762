"""``ecard doctor`` as a person and as a program use it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ecard.apdu.piv import PivSession
from ecard.connection import connect
from ecard.errors import EcardError
from ecard.pin import Pin
from tests.cli.conftest import Demo, Ecard

SUBJECTS = ["libraries", "card", "PIN", "PUK", "certificate 9C", "clock", "trust", "evidence", "evidence"]


def test_a_healthy_card(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("doctor", "--card", demo.card("operator-1"), "--trust", demo.crls)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[-1] == "9 good, 0 warning, 0 bad"
    assert all(line.startswith("good     ") for line in lines[:-1])
    assert "\x1b" not in outcome.out


def test_for_programs(demo: Demo, ecard: Ecard) -> None:
    call = ["doctor", "--card", demo.card("operator-1"), "--trust", demo.root, "--crl", demo.crls, "--json"]
    told = json.loads(ecard(*call).out)
    assert told["verdict"] == "good"
    assert [line["subject"] for line in told["lines"]] == SUBJECTS
    assert {line["level"] for line in told["lines"]} == {"good"}


def test_a_warning_is_no_failure(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("doctor", "--card", demo.card("operator-1"))
    assert outcome.status == 0
    assert "warning  trust: no root was given, so nothing was judged by one\n" in outcome.out
    assert "           give the root that verifiers trust with --trust\n" in outcome.out


def test_a_revoked_card(demo: Demo, ecard: Ecard) -> None:
    outcome = ecard("doctor", "--card", demo.card("operator-2"), "--trust", demo.crls)
    assert outcome.status == 1
    assert "bad      certificate 9C: " in outcome.out
    assert "ask the data centre for a new card" in outcome.out


def test_a_blocked_pin(demo: Demo, ecard: Ecard) -> None:
    address = demo.card("operator-1")
    for _ in range(3):
        with connect(address) as session, pytest.raises(EcardError):
            PivSession(session).verify(Pin("90817263"), use_last_try=True)
    outcome = ecard("doctor", "--card", address)
    assert outcome.status == 1
    assert "bad      PIN: no try is left\n           set a new PIN with the PUK (ecard card pin unblock)" in outcome.out


def test_a_blank_card(tmp_path: Path, ecard: Ecard) -> None:
    assert ecard("simulator", "new", tmp_path / "blank.card").status == 0
    outcome = ecard("doctor", "--card", f"sim:{tmp_path}/blank.card")
    assert outcome.status == 0
    assert "warning  card: a card without a certificate" in outcome.out


def test_a_card_file_that_is_not_there(tmp_path: Path, ecard: Ecard) -> None:
    outcome = ecard("doctor", "--card", f"sim:{tmp_path}/none.card")
    assert outcome.status == 1
    assert "bad      card: " in outcome.out


@pytest.mark.parametrize("arguments", [["--card", "usb"], ["--pin", "123456"], ["surplus"]])
def test_what_cannot_be_asked(ecard: Ecard, arguments: list[str]) -> None:
    outcome = ecard("doctor", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1


def test_without_a_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "nowhere")}
    call = [sys.executable, "-m", "ecard", "doctor", "--json"]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    states = {line["subject"]: line["state"] for line in json.loads(done.stdout)["lines"]}
    assert states["PC/SC service"] in {"service-not-running", "service-not-installed"}


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal_only(tmp_path: Path, settings: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | settings
    call = [sys.executable, "-m", "ecard", "doctor", "--card", f"sim:{tmp_path}/none.card"]
    subprocess.run(call, env=environment, stdout=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert ("\x1b[31mbad" in shown) is coloured


def test_the_help_has_an_example(ecard: Ecard) -> None:
    shown = ecard("doctor", "-h").out
    assert "Example: ecard doctor" in shown
    assert "0 nothing is bad, 1 something is" in shown
