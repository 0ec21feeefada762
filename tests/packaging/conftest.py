"""The workshop that all processes of a run share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.packaging.fresh import Workshop


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    place = tmp_path_factory.getbasetemp()
    # the processes of one run have directories of their own beside each other
    shared = Path(place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "packaging"
    shared.mkdir(exist_ok=True)
    return Workshop(shared)
