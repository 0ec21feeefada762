"""The table of states: codes for programs, and a remedy for everything that is not good."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecard.cli.app import program
from ecard.doctor import Level, State


def test_codes_are_names_and_differ() -> None:
    assert [state.code for state in State] == [state.name.lower().replace("_", "-") for state in State]


@pytest.mark.parametrize("state", State, ids=lambda state: state.code)
def test_everything_that_is_not_good_has_a_remedy(state: State) -> None:
    assert (state.remedy is None) is (state.level is Level.GOOD)
    assert state.remedy is None or not state.remedy.endswith(".")


def test_commands_that_remedies_name_exist() -> None:
    commands = {" ".join(words) for words in paths(program(), ())}
    named = {
        name.strip()
        for state in State
        for name in re.findall(r"(?:\(|: )ecard ([a-z ]+?)(?:\)|$| makes)", state.remedy or "")
    }
    assert len(named) >= 3
    assert named <= commands


def paths(command: object, before: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names of all commands."""
    below = getattr(command, "commands", {})
    return [before, *(path for name, sub in below.items() for path in paths(sub, (*before, name)))]


def test_every_state_is_seen_in_a_test() -> None:
    tests = "".join(
        path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_states.py"
    )
    assert {state.name for state in State} <= set(re.findall(r"State\.([A-Z_]+)", tests))
