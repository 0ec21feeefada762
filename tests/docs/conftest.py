"""A demonstration made once, and the site built once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecard.cli.app import run
from tests.docs.blocks import ROOT


@pytest.fixture(scope="session")
def demo_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("documented") / "demo"
    assert run(["demo", "--out", str(place)]) == 0
    return place


@pytest.fixture
def place(demo_made: Path, tmp_path: Path) -> Path:
    """A directory with a demonstration and nothing else."""
    shutil.copytree(demo_made, tmp_path / "demo")
    return tmp_path


@dataclass(frozen=True)
class Site:
    """The built site, and what the build said."""

    place: Path
    status: int
    said: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    for name in ("sphinx", "furo", "myst_parser"):
        pytest.importorskip(name, reason="the site needs the packages of the group docs")
    place = tmp_path_factory.mktemp("site")
    strictly = ["--nitpicky", "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto"]
    call = [sys.executable, "-m", "sphinx", *strictly, "-b", "html", "docs", str(place)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return Site(place, done.returncode, done.stdout + done.stderr)
