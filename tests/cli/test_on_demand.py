"""A command's file is imported when the command is asked for, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ecard.cli.app import program
from ecard.cli.on_demand import PLACES

HEAVY = {"alembic", "sqlalchemy", "lxml", "pyhanko_certvalidator"}
ASKED = """
import sys
from ecard.cli.app import run
status = run(sys.argv[1:])
print(sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


def imported_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return HEAVY & set(done.stderr.replace("'", " ").replace(",", " ").split())


@pytest.mark.parametrize(
    "arguments", [("card", "-h"), ("completion", "bash"), ("pin", "-h"), ("trace", "-h")], ids=" ".join
)
def test_a_command_that_needs_no_database_and_no_validation_imports_none(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) == set()


def test_the_data_centre_does_import_its_database() -> None:
    assert "sqlalchemy" in imported_by("centre", "-h")


def test_the_tree_has_every_place_under_its_name() -> None:
    commands = program().commands
    assert list(commands) == list(PLACES)
    assert len(commands) == len(PLACES)
    for name in PLACES:
        assert commands[name].name == name
    with pytest.raises(KeyError):
        commands["nothing"]


def test_a_command_cannot_be_removed() -> None:
    with pytest.raises(TypeError, match="cannot be removed"):
        del program().commands["sign"]
