"""Every wrong use of every command that could be thought of: one line, what to do, status 2, and no partial file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecard.simulator import CardFile, SimulatedCard
from tests.cli.command_tree import commands
from tests.cli.conftest import Ecard, Outcome

COMMAND = [sys.executable, "-m", "ecard"]
NUMBER = "03-JJ0A900000201"
FILES = [
    "card certificate import",
    "sign",
    "verify",
    "ceb sign",
    "ceb verify",
    "ceb explain",
    "179 sign",
    "179 verify",
    "trace show",
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one file of each kind that is none of what it should be, and a blank card."""
    monkeypatch.setenv("ECARD_CA_PASSWORD", "a long password")
    monkeypatch.setenv("ECARD_PIN", "90817263")
    CardFile.create(tmp_path / "blank.card", SimulatedCard.new())
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("just text\n")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "folder").mkdir()
    return tmp_path


def one_line(outcome: Outcome) -> str:
    assert outcome.status == 2, outcome
    assert outcome.err.startswith("ecard: "), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    return outcome.err


def call_of(command: str, file: Path, place: Path) -> list[str]:
    """A call that is right but for its file."""
    card = ["--card", f"sim:{place / 'blank.card'}"]
    trust = ["--trust", str(place / "text"), "--anyone"]
    more = {
        "card certificate import": card,
        "sign": [*card, "-o", str(place / "out")],
        "verify": [str(place / "text"), *trust],
        "ceb sign": [*card, "-o", str(place / "out")],
        "ceb verify": trust,
        "179 sign": [*card, "-o", str(place / "out")],
        "179 verify": ["--certificate", str(place / "text"), *trust],
    }
    return [*command.split(), str(file), *more.get(command, [])]


@pytest.mark.parametrize("command", FILES)
@pytest.mark.parametrize("file", ["missing", "folder", "empty", "text", "binary", "text/below", "a\0b", "x" * 5000])
def test_a_file_that_is_none(command: str, file: str, place: Path, ecard: Ecard) -> None:
    before = sorted(place.iterdir())
    outcome = ecard(*call_of(command, place / file, place))
    if command == "ceb explain" and file in {"empty", "text", "binary"}:
        assert (outcome.status, outcome.err) == (1, ""), "that it is no XML is what is wrong with it"
    else:
        one_line(outcome)
    assert sorted(place.iterdir()) == before


def surroundings(place: Path) -> Iterator[list[str]]:
    """Calls whose card, centre, slot, moment, number or output cannot be."""
    text, centre = str(place / "text"), ["--centre", str(place / "nowhere")]
    for card in (
        "",
        "usb",
        "sim:",
        f"sim:{place / 'missing'}",
        f"sim:{place / 'folder'}",
        f"sim:{text}",
        "pcsc:none such",
    ):
        yield ["sign", text, "--card", card]
        yield ["card", "info", "--card", card]
        yield ["card", "pin", "tries", "--card", card]
        yield ["card", "certificate", "export", "--card", card]
        yield ["card", "certificate", "request", "--card", card, "--name", "x"]
        yield ["card", "certificate", "delete", "--card", card, "--slot", "9C"]
        yield ["card", "key", "generate", "--card", card]
        yield ["card", "key", "attest", "--card", card]
        yield ["card", "key", "move", "--card", card, "--slot", "9C", "--to", "82"]
        yield ["card", "key", "delete", "--card", card, "--slot", "9C"]
        yield ["card", "management-key", "change", "--card", card, "-o", str(place / "key")]
    blank = f"sim:{place / 'blank.card'}"
    for slot in ("9Z", "", "99", "-1", "9C9C"):
        yield ["card", "certificate", "export", "--card", blank, "--slot", slot]
        yield ["card", "key", "generate", "--card", blank, "--slot", slot]
        yield ["card", "key", "move", "--card", blank, "--slot", "9C", "--to", slot]
        yield ["card", "certificate", "request", "--card", blank, "--name", "x", "--slot", slot]
    for output in (place / "missing" / "out", place / "folder", text + "/x"):
        yield ["card", "key", "generate", "--card", blank, "-o", str(output)]
    for moment in ("yesterday", "2026-13-01", "2026-05-04T25:00:00Z", "99999-01-01", ""):
        yield ["centre", "status", NUMBER, *centre, "--at", moment]
    for date in ("1988-13-01", "yesterday", ""):
        yield ["pin", "generate", "--birth-date", date]
    for length in ("0", "-1", "1000", "six"):
        yield ["pin", "generate", "--length", length]
    yield ["pin", "check", "123456"]
    for policy in ("missing", "text", "binary", "folder"):
        yield ["pin", "generate", "--policy", str(place / policy)]
    yield ["simulator", "new", text]
    yield ["simulator", "new", str(place / "missing" / "new.card")]
    yield ["simulator", "serve", str(place / "missing")]
    yield ["demo", "--out", text]
    yield ["demo", "--out", str(place / "missing" / "demo")]
    yield ["centre", "serve", str(place / "missing")]
    yield ["centre", "serve", text]
    yield ["centre", "new", text]
    yield ["centre", "new", str(place)]
    yield ["centre", "init", text, "--officer", blank, "--person", text, "--pin-letter", str(place / "letter")]
    yield ["centre", "audit", *centre]
    yield ["centre", "log", *centre]
    for act in ("report-loss", "report-found", "freeze", "unfreeze"):
        yield ["centre", act, NUMBER, *centre, "--card", blank]
    yield ["centre", "void", NUMBER, *centre, "--card", blank, "--ground", "misuse"]
    yield ["centre", "renew", NUMBER, *centre, "--card", blank, "--holder-card", blank]
    letter = ["--pin-letter", str(place / "letter")]
    yield ["centre", "unlock", NUMBER, *centre, "--card", blank, "--holder-card", blank, *letter]
    yield ["centre", "make-card", NUMBER, *centre, "--card", blank, "--new-card", blank, *letter]
    yield ["completion", "tcsh"]


def test_surroundings_that_cannot_be(place: Path, ecard: Ecard) -> None:
    before = sorted(place.iterdir())
    for call in surroundings(place):
        outcome = ecard(*call)
        assert outcome.out == "", call
        one_line(outcome)
    assert sorted(place.iterdir()) == before


def test_every_command_without_what_it_needs(ecard: Ecard) -> None:
    for path, command in commands():
        if any(parameter.required for parameter in command.params):
            told = one_line(ecard(*path.split()[1:]))
            assert f"see {path} -h" in told
        one_line(ecard(*path.split()[1:], "--no-such-option"))


def test_errors_under_json_are_one_line_too(ecard: Ecard, place: Path) -> None:
    outcome = ecard("card", "info", "--card", f"sim:{place / 'missing'}", "--json")
    one_line(outcome)
    assert outcome.out == ""


def test_a_pin_letter_is_never_written_over(place: Path, ecard: Ecard) -> None:
    (place / "person.json").write_text('{"name": "乙某", "identity_number": "110101199003070070"}')
    (place / "letter").write_text("another's")
    card = f"sim:{place / 'blank.card'}"
    call = ["centre", "init", place / "centre", "--officer", card, "--person", place / "person.json"]
    assert "exists already" in one_line(ecard(*call, "--pin-letter", place / "letter"))
    assert (place / "letter").read_text() == "another's"
    assert not (place / "centre").exists()


def process(*arguments: str | bytes, **more: object) -> subprocess.CompletedProcess[bytes]:
    options: dict[str, object] = {
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        "check": False,
        "timeout": 120,
    }
    return subprocess.run([*COMMAND, *arguments], **{**options, **more})  # type: ignore[call-overload,no-any-return]  # noqa: PLW1510


def of_one_line(result: subprocess.CompletedProcess[bytes]) -> bytes:
    assert result.returncode == 2, result
    assert result.stderr.count(b"\n") == 1, result.stderr
    assert result.stderr.startswith(b"ecard: ")
    return result.stderr


@pytest.mark.parametrize("arguments", [["completion", "bash"], ["pin", "check", "-", "--json"]])
def test_a_full_disk_behind_standard_output(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        assert b"No space left" in of_one_line(process(*arguments, stdout=full, stdin=None, input=b"90817263\n"))


@pytest.mark.parametrize("both", [False, True])
def test_a_full_disk_behind_standard_error(both: bool) -> None:
    with open("/dev/full", "wb") as full:
        out = full if both else subprocess.DEVNULL
        arguments = ["completion", "zsh"] if both else ["trace", "show", "/dev/null/missing"]
        assert process(*arguments, stdout=out, stderr=full).returncode == 2, "1 would say: not accepted"


def test_a_pipe_that_nobody_reads() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert b"Broken pipe" in of_one_line(process("completion", "zsh", stdout=writer))
    finally:
        os.close(writer)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_standard_streams_that_are_closed(closed: str) -> None:
    line = " ".join([*COMMAND, "completion", "bash", closed])
    result = subprocess.run(["sh", "-c", line], capture_output=True, check=False, timeout=120)
    if " >&-" in f" {closed}":
        assert result.returncode == 2
        assert b"Traceback" not in result.stderr
        assert (b"standard output: is closed" in result.stderr) is (closed == ">&-")
    else:
        assert (result.returncode, result.stderr) == (0, b"")
        assert b"complete" in result.stdout


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    of_one_line(process("trace", "show", os.fsencode(tmp_path) + b"/\xff\xfe", stdout=subprocess.PIPE))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_locale_without_the_characters(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "ECARD_LANGUAGE": "zh"}
    result = process("pin", "check", "-", stdout=subprocess.PIPE, env=environment, stdin=None, input=b"123456\n")
    assert (result.returncode, result.stderr) == (1, b""), "weak, and told so"
    assert b"PIN \\u" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    call = [*COMMAND, "demo", "--out", str(tmp_path / "demo"), "--algorithm", "rsa2048"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        while not list(tmp_path.iterdir()) and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(number)
        out, err = running.communicate(timeout=120)
    assert (running.returncode, out, err) == (2, b"", b"ecard: interrupted\n")
    assert list(tmp_path.iterdir()) == []
