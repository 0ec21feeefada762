"""A card in a file, for all tests of this directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecard.simulator import CardFile, SimulatedCard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "操作员 1.card"


@pytest.fixture
def card_file(path: Path) -> CardFile:
    return CardFile.create(path, SimulatedCard.new(), wait=0.0)
