"""The examples of docs/testing.md are a test suite that passes, and the page names what there is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import ecard.testing
from tests.testing.loading import LOADING

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_examples_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    # without a service the reader's example is skipped; what it shows is tried in test_reader.py. In a process of its
    # own, because libpcsclite looks for its service once in a process
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nonexistent")
    for number, block in enumerate(BLOCKS):
        pytester.makepyfile(**{f"test_{number}": block})
    pytester.makeini(re.search(r"```ini\n(.*?)```", TEXT, re.DOTALL)[1])  # type: ignore[index]
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    result = pytester.runpytest_subprocess(*LOADING, "-p", "no:cacheprovider", "-rs")
    assert len(BLOCKS) == 7
    result.assert_outcomes(passed=8, skipped=2)
    result.stdout.fnmatch_lines(["*no virtual PC/SC reader*", "*run with --ecard-hardware*"])


def test_every_fixture_and_class_is_on_the_page(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_inprocess(*LOADING, "-p", "no:cacheprovider", "--fixtures").stdout.str()
    fixtures = set(re.findall(r"^(ecard_\w+)", shown, re.MULTILINE))
    assert fixtures == set(re.findall(r"^\| `(ecard_\w+)`", TEXT, re.MULTILINE))
    named = re.search(r"the classes are in `ecard.testing`: (.*)\.", TEXT)
    assert named
    assert set(re.findall(r"`(\w+)`", named[1])) == set(ecard.testing.__all__)


def test_every_method_that_is_named_exists() -> None:
    for name in re.findall(r"`(\w+)\(", TEXT):
        homes = [ecard.testing.Centre, ecard.testing.Clock, ecard.testing.Faults, ecard.testing.ReadyCard]
        assert name == "ecard_clock" or any(hasattr(home, name) for home in homes), name
