"""The names of the package itself: the same for type checkers and at run time, and nothing is loaded unasked."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import ecard

TREE = ast.parse(Path(ecard.__file__).read_text(encoding="utf-8"))
FOR_CHECKERS = {
    alias.name: node.module
    for block in TREE.body
    if isinstance(block, ast.If)
    for node in block.body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}


def test_every_public_name_is_imported_for_type_checkers() -> None:
    assert set(FOR_CHECKERS) == set(ecard.__all__)
    assert set(ecard.__all__) <= set(dir(ecard))


@pytest.mark.parametrize("name", ecard.__all__)
def test_a_name_is_at_run_time_what_type_checkers_see(name: str) -> None:
    module = FOR_CHECKERS[name] or ""
    home = import_module(module)
    expected = import_module(f"{module}.{name}") if name.islower() and not hasattr(home, name) else getattr(home, name)
    assert ecard.__getattr__(name) is expected
    assert getattr(ecard, name) is expected


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sing'"):
        ecard.sing  # noqa: B018
    with pytest.raises(ImportError):
        exec("from ecard import sing")


@pytest.mark.parametrize("module", ["ecard", "ecard.testing", "ecard.testing.plugin"])
def test_nothing_is_loaded_unasked(module: str) -> None:
    told = f"import sys, {module}; print(*sorted(name for name in sys.modules if name.startswith('ecard')))"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= {"ecard", "ecard.testing", "ecard.testing.plugin"}


def test_everything_is_there_at_once_for_whoever_wants_it_all() -> None:
    names: dict[str, object] = {}
    exec("from ecard import *", names)
    assert set(ecard.__all__) <= set(names)
