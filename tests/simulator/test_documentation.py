"""The page about the simulated card names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from ecard.simulator import PROFILES, Behaviour, Fault

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text()


def test_every_behaviour_is_in_the_table_with_its_profiles() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if re.match(r"\| `[A-Z_]+`", line)]
    profiles = {name: row[-2].strip() for row in rows if len(row) == 5 for name in re.findall(r"`([A-Z_]+)`", row[1])}
    expected = {
        behaviour.name: ", ".join(name for name, profile in PROFILES.items() if behaviour in profile.behaviours)
        for behaviour in Behaviour
    }
    assert profiles == expected


def test_every_fault_is_in_the_table() -> None:
    assert {fault.name for fault in Fault} <= set(re.findall(r"`([A-Z_]+)`", PAGE))


def test_every_profile_has_a_column() -> None:
    for name, profile in PROFILES.items():
        assert f"`{name}`" in PAGE
        assert ".".join(map(str, profile.version)) in PAGE
