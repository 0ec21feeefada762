"""The two READMEs say the same, their examples run as printed, and their links lead somewhere."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import ecard
from ecard.cli.app import run
from tests.cli.conftest import Demo

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


def test_the_python_examples_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--out", "demo"]) == 0
    demo = Demo(tmp_path / "demo")
    monkeypatch.setattr(ecard.pin, "prompt", lambda _request: ecard.Pin(demo.pin("operator-1")))
    names: dict[str, object] = {}
    printed = io.StringIO()
    with redirect_stdout(printed):
        for block in blocks(ENGLISH, "python"):
            exec(compile(block, "README.md", "exec"), names)
    assert printed.getvalue().startswith("ACCEPTED")
    assert "3 tries left on a factory card" in printed.getvalue()


@pytest.mark.parametrize("command", re.findall(r"^\$ ecard (\w+)", ENGLISH, re.M))
def test_the_commands_shown_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert command in capsys.readouterr().out
