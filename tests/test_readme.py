"""The two READMEs say the same, their examples run as printed, and their links lead somewhere."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import ecard
from ecard.cli.app import run
from ecard.testing import Centre, Clock, Faults
from tests.cli.conftest import Demo
from tests.pcsc_service import needs_pcsc, running
from tests.testing.loading import LOADING

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[1]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_both_have_the_same_code_and_as_many_headings() -> None:
    assert blocks(ENGLISH, r"\w+") == blocks(CHINESE, r"\w+")
    assert [h.count("#") for h in re.findall(r"^#+ ", ENGLISH, re.M)] == [
        h.count("#") for h in re.findall(r"^#+ ", CHINESE, re.M)
    ]
    assert [row.count("|") for row in ENGLISH.splitlines() if row.startswith("|")] == [
        row.count("|") for row in CHINESE.splitlines() if row.startswith("|")
    ]


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_links_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).is_file(), target


SIGN, VERIFY, TEST, REAL_CARD = blocks(ENGLISH, "python")


def execute(*sources: str) -> tuple[dict[str, object], str]:
    """Run Python text; what it defined and what it printed."""
    names: dict[str, object] = {}
    printed = io.StringIO()
    with redirect_stdout(printed):
        for source in sources:
            exec(compile(source, "README.md", "exec"), names)
    return names, printed.getvalue()


def test_signing_and_verifying_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--out", "demo"]) == 0
    demo = Demo(tmp_path / "demo")
    monkeypatch.setattr(ecard.pin, "prompt", lambda _request: ecard.Pin(demo.pin("operator-1")))
    assert execute(SIGN, VERIFY)[1].startswith("ACCEPTED")


def test_the_test_without_hardware_runs_as_printed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider").assert_outcomes(passed=1)


@needs_pcsc
def test_the_real_card_runs_as_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    card = Centre(clock=clock, faults=Faults(lambda _: None)).make_operator_card()
    monkeypatch.setattr(ecard.pin, "prompt", lambda _request: card.pin)
    with running() as service, service.inserted(card.reader):
        names, printed = execute(REAL_CARD)
    assert f"{service.reader()} - 3 tries left" in printed
    assert "p256 until 2036-03-02" in printed
    signed = names["signature"]
    assert isinstance(signed, bytes)
    assert b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in signed  # id-signedData


def test_every_example_is_short() -> None:
    for block in (SIGN, VERIFY, TEST, REAL_CARD):
        assert len([line for line in block.splitlines() if line]) <= 12


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_the_commands_are_listed_as_the_program_lists_them(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("TERMINAL_WIDTH", raising=False)
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert run(["--help"]) == 0
    (listed,) = blocks(text, "text")
    assert listed in printed.getvalue()
    assert len(listed.splitlines()) == len(re.findall(r"^  \S", printed.getvalue().partition("Commands:")[2], re.M))


@pytest.mark.parametrize("command", re.findall(r"^\$ ecard (\w+)", ENGLISH, re.M))
def test_the_commands_shown_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert command in capsys.readouterr().out
