"""One world for each test of the doctor."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ecard.doctor import examination
from ecard.doctor.clock_checks import Witness
from ecard.testing.clock import START
from tests.doctor.world import World


@pytest.fixture(autouse=True)
def _installed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment of the tests lies before that at which this copy of ecard was really written."""
    installed = Witness("ecard was installed", START - timedelta(days=400))
    monkeypatch.setattr(examination, "installation", lambda: installed)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
