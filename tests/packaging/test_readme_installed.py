"""Each example of the README in an environment with nothing but the wheel and the extra ``cli``."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.packaging.fresh import ROOT, Environment, Outcome, Workshop

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = [line for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line.removeprefix("$ ") for line in CONSOLE if line.startswith("$ ecard ")]
SIGN, VERIFY, TEST, REAL_CARD = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


class Reader:
    """Someone who reads the README from the top and does as it says, in one directory."""

    def __init__(self, environment: Environment, place: Path) -> None:
        self.environment, self.place = environment, place
        self.pin = ""

    def does(self, command: str, *, given: str = "") -> Outcome:
        words = shlex.split(command, comments=True)
        outcome = self.environment.run(*words, cwd=self.place, more={"ECARD_PIN": self.pin}, given=given)
        told = self.place / "demo" / "README.txt"
        if told.exists():
            (self.pin,) = re.findall(r"operator-1\.card +PIN (\d+)", told.read_text(encoding="utf-8"))
        assert "Traceback" not in outcome.err
        return outcome

    def runs(self, text: str) -> Outcome:
        """Run Python text with the PIN typed where it is asked for."""
        (self.place / "example.py").write_text(text, encoding="utf-8")
        return self.does("python example.py")


@pytest.fixture(scope="module")
def reader(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    made = Reader(workshop.with_extra("cli"), tmp_path_factory.mktemp("reader"))
    assert made.does("ecard demo").status == 0
    return made


def test_signing_and_verifying(reader: Reader) -> None:
    typed = "import ecard\necard.pin.prompt = ecard.pin.environment('ECARD_PIN')\n"
    done = reader.runs(typed + SIGN + VERIFY)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("ACCEPTED")


def test_a_real_card_without_its_extra(reader: Reader) -> None:
    done = reader.environment.run("python", "-c", REAL_CARD, cwd=reader.place)
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith("ecard.errors.MissingDependencyError")
    assert 'pip install "ecard[pcsc]"' in done.err


EXPECTED = {
    "ecard doctor": (1, "bad      PC/SC service: "),
    "ecard demo": (0, "What was tried, and what came out"),
    "ecard doctor --card sim:demo/cards/operator-1.card --trust demo/trust": (0, "9 good, 0 warning, 0 bad"),
    "ecard sign demo/contract.txt --card sim:demo/cards/operator-1.card": (0, ""),
    "ecard verify demo/contract.txt demo/contract.txt.p7s --trust demo/trust --role operator": (0, "ACCEPTED"),
    'ecard pin check - --telephone "138 0013 8000" --birth-date 1988-04-01': (1, "telephone"),
}
"""What a reader sees who does one after the other, and has no reader and the PIN 138001."""


def test_the_commands(reader: Reader) -> None:
    assert [command.partition(" #")[0].rstrip() for command in COMMANDS] == list(EXPECTED)
    for command, (status, words) in EXPECTED.items():
        done = reader.does(command, given="138001\n")
        assert done.status == status, (command, done)
        assert words in done.out, (command, done)


def test_a_test_without_hardware(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "test_readme.py").write_text(TEST, encoding="utf-8")
    done = workshop.with_extra("", beside=("pytest",)).run("pytest", "-q", cwd=tmp_path)
    assert done.status == 0, done.out
    assert "1 passed" in done.out
