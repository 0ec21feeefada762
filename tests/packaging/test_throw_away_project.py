"""Somebody else's project: the wheel, pytest, and a file of twenty lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.fresh import Environment, Workshop
from tests.testing.test_project import PROJECT


@pytest.fixture(scope="module")
def project(workshop: Workshop) -> Environment:
    return workshop.with_extra("", beside=("pytest",))


def test_it_signs_verifies_and_freezes(project: Environment, tmp_path: Path) -> None:
    (tmp_path / "test_seals.py").write_text(PROJECT, encoding="utf-8")
    done = project.run("pytest", "--strict-markers", "-W", "error", "-v", cwd=tmp_path)
    assert done.status == 0, done.out
    assert "test_seals.py::test_the_legal_person_seals PASSED" in done.out
    assert "test_seals.py::test_a_frozen_operator_is_refused PASSED" in done.out


def test_a_suite_that_does_not_use_the_plugin_does_not_load_ecard(project: Environment, tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n    assert 'ecard.errors' not in sys.modules\n", encoding="utf-8"
    )
    done = project.run("pytest", "-q", cwd=tmp_path)
    assert done.status == 0, done.out


def test_its_help_names_the_options_and_fixtures(project: Environment, tmp_path: Path) -> None:
    shown = project.run("pytest", "--help", cwd=tmp_path).out
    assert {"--ecard-seed", "--ecard-hardware"} <= set(shown.replace("=", " ").split())
    fixtures = project.run("pytest", "--fixtures", cwd=tmp_path).out
    for name in ("ecard_card", "ecard_legal_person_card", "ecard_operator_card", "ecard_centre", "ecard_trust"):
        assert name in fixtures
