"""A user's code under mypy and pyright, against the wheel: what is right passes, what is wrong is reported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.conftest import workshop
from tests.packaging.fresh import Environment, Workshop

__all__ = ["workshop"]
HERE = Path(__file__).parent
SAMPLE, MISTAKES = "sample.py", "mistakes.py"
MARKED = {number for number, line in enumerate((HERE / MISTAKES).read_text().splitlines(), 1) if "# MISTAKE:" in line}
Reported = set[tuple[str, int, str]]


@pytest.fixture(scope="module")
def environment(workshop: Workshop) -> Environment:
    return workshop.with_extra("", beside=("pytest",))


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's directory, far from ecard's own."""
    place = tmp_path_factory.mktemp("user")
    for name in (SAMPLE, MISTAKES):
        (place / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    return place


def told_by(module: str, *arguments: str, place: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=place, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told_by_mypy(environment: Environment, code: Path) -> Reported:
    pytest.importorskip("mypy", reason="mypy is not installed (pip install mypy)")
    told = told_by("mypy", "--strict", "--python-executable", str(environment.python), SAMPLE, MISTAKES, place=code)
    found = re.findall(r"^([\w.]+):(\d+): error: (.*)$", told, re.MULTILINE)
    assert found, told
    return {(name, int(number), words) for name, number, words in found}


@pytest.fixture(scope="module")
def told_by_pyright(environment: Environment, code: Path) -> Reported:
    pytest.importorskip("basedpyright", reason="basedpyright is not installed (pip install basedpyright)")
    (code / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "include": [SAMPLE, MISTAKES]}))
    told = json.loads(told_by("basedpyright", "--outputjson", "--pythonpath", str(environment.python), place=code))
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1, f"{each.get('rule')}: {each['message']}")
        for each in told["generalDiagnostics"]
        if each["severity"] == "error"
    }


@pytest.mark.parametrize("told", ["told_by_mypy", "told_by_pyright"])
def test_what_is_right_passes(told: str, request: pytest.FixtureRequest) -> None:
    assert not {each for each in request.getfixturevalue(told) if each[0] == SAMPLE}


@pytest.mark.parametrize("told", ["told_by_mypy", "told_by_pyright"])
def test_every_mistake_is_reported_and_nothing_else(told: str, request: pytest.FixtureRequest) -> None:
    assert len(MARKED) > 12
    assert {line for name, line, _ in request.getfixturevalue(told) if name == MISTAKES} == MARKED
