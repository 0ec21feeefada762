"""``ecard simulator serve`` as a process of its own: in a real service, without one, twice, and ended in every way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecard.cli.app import run
from ecard.simulator import storage
from tests.pcsc_service import PcscService, needs_pcsc, running

ROOT = Path(__file__).resolve().parents[2]
ECARD = [sys.executable, "-m", "ecard"]
PATIENCE = 30.0
"""Seconds for a process to start on a busy machine."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "served.card"
    assert run(["simulator", "new", str(path), "--profile", "factory", "--serial", "4711"]) == 0
    return path


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    with running() as service:
        yield service


@contextmanager
def serving(file: Path, port: int, expected: str) -> Iterator[subprocess.Popen[str]]:
    """The command, from the moment when it has said the line ``expected`` until the end of the block."""
    process = subprocess.Popen(
        [*ECARD, "simulator", "serve", str(file), "--port", str(port)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith(expected):
                break
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def ecard(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The command line in this process, which finds the service by its environment; gives standard output."""

    def call(*arguments: str) -> str:
        capfd.readouterr()
        status = run(arguments)
        shown = capfd.readouterr()
        assert status == 0, shown.err
        return shown.out

    return call


@needs_pcsc
def test_a_card_is_managed_over_pcsc_with_the_command_line(
    file: Path, service: PcscService, tmp_path: Path, ecard: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(file, service.port, "in the reader"):
        assert json.loads(ecard("card", "list", "--json"))["readers"][0]["problem"] is None
        ecard("card", "key", "generate", "--card", "pcsc", "--slot", "9A", "-o", str(tmp_path / "key.pem"))
        for name, value in {"PIN": "123456", "NEW_PIN": "739205", "PUK": "12345678"}.items():
            monkeypatch.setenv(f"ECARD_{name}", value)
        ecard("card", "pin", "change", "--card", "pcsc")
        monkeypatch.setenv("ECARD_NEW_PIN", "580274")
        ecard("card", "pin", "unblock", "--card", "pcsc:test reader")
        assert json.loads(ecard("card", "pin", "tries", "--card", "pcsc", "--json")) == {"pin": 3, "puk": 3}
        exported = ecard("card", "certificate", "export", "--card", "pcsc", "--slot", "F9")
        assert exported.startswith("-----BEGIN CERTIFICATE-----")
        facts = json.loads(ecard("card", "info", "--card", "pcsc", "--json"))
        assert (facts["serial"], facts["pin_is_default"], facts["slots"]["9A"]["key"]) == (4711, False, "p256")


@needs_pcsc
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_it_ends_the_file_is_whole(
    file: Path, service: PcscService, how: signal.Signals, ecard: Callable[..., str]
) -> None:
    with serving(file, service.port, "in the reader") as process:
        ecard("card", "key", "generate", "--card", "pcsc", "--slot", "9C")
        process.send_signal(how)
        _, rest = process.communicate(timeout=PATIENCE)
        if how in (signal.SIGINT, signal.SIGTERM):
            assert (process.returncode, rest) == (0, "taken out\n")
    assert 0x9C in storage.read(file.read_bytes()).keys
    assert os.listdir(file.parent) == [file.name]
    # the lock went with the process
    assert run(["card", "pin", "tries", "--card", f"sim:{file}"]) == 0


@needs_pcsc
def test_a_file_is_served_once(
    file: Path, service: PcscService, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = tmp_path / "other.card"
    assert run(["simulator", "new", str(other)]) == 0
    with serving(file, service.port, "in the reader"):
        capfd.readouterr()
        begin = time.monotonic()
        assert run(["simulator", "serve", str(file), "--port", str(service.port + 1)]) == 2
        assert time.monotonic() - begin < 8
        assert capfd.readouterr().err == (
            f"ecard: {file} is in use by another program: end that program, or try again later\n"
        )
        # a reader takes one card: the second waits in front of it, and says so
        with serving(other, service.port, "waiting for the PC/SC service, or for its reader to be empty") as second:
            time.sleep(1.5)
            second.send_signal(signal.SIGINT)
            assert second.communicate(timeout=PATIENCE)[1] == "taken out\n"


def test_without_a_service_it_waits_and_says_so_once(file: Path) -> None:
    with serving(file, 1, "waiting for the PC/SC service") as process:
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest) == (0, "taken out\n")


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "70000"], ["--port", "many"]])
def test_a_port_that_is_none(file: Path, arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    assert run(["simulator", "serve", str(file), *arguments]) == 2
    assert capfd.readouterr().err.count("\n") == 1
