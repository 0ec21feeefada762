"""A demonstration made once, and the command line called in this process."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from ecard.cli.app import run


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


Ecard: TypeAlias = Callable[..., Outcome]
"""The command line as a function of its arguments."""


@dataclass(frozen=True)
class Demo:
    """A directory made by ``ecard demo``."""

    place: Path

    @property
    def root(self) -> str:
        return str(self.place / "trust" / "root.pem")

    @property
    def crls(self) -> str:
        return str(self.place / "trust")

    @property
    def contract(self) -> str:
        return str(self.place / "contract.txt")

    def signature(self, who: str) -> str:
        return f"{self.contract}.{who}.p7s"

    def card(self, who: str) -> str:
        return f"sim:{self.place / 'cards' / who}.card"

    @property
    def secrets(self) -> dict[str, tuple[str, str]]:
        """PIN and PUK by card, as README.txt tells a person."""
        found = re.findall(r"cards/(\S+)\.card +PIN ([0-9]+) +PUK ([0-9]+)", (self.place / "README.txt").read_text())
        return {card: (pin, puk) for card, pin, puk in found}

    def pin(self, who: str) -> str:
        return self.secrets[who][0]

    def enterprise(self) -> str:
        match = re.search(r"organisation code is (\w+)", (self.place / "README.txt").read_text())
        assert match
        return match[1]


@pytest.fixture(scope="session")
def demo_original(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("story") / "demo"
    assert run(["demo", "--out", str(place)]) == 0
    return Demo(place)


@pytest.fixture
def demo(demo_original: Demo, tmp_path: Path) -> Demo:
    """A copy of the demonstration that the test may spoil."""
    return Demo(Path(shutil.copytree(demo_original.place, tmp_path / "demo")))


@pytest.fixture
def ecard(capfd: pytest.CaptureFixture[str]) -> Ecard:
    """Call the command line and say what came out."""

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call
