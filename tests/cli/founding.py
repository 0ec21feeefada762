"""A data centre in a directory, founded by the command of that name as a user would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecard.cli.app import run
from ecard.simulator import CardFile, SimulatedCard


def found_centre(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a new centre in ``place``, its first officer's card beside it.

    The password of its authorities is in the environment afterwards, where the commands look for it.
    """
    monkeypatch.setenv("ECARD_CA_PASSWORD", "a long password")
    (place / "person.json").write_text(json.dumps({"name": "乙某", "identity_number": "110101199003070070"}))
    CardFile.create(place / "officer.card", SimulatedCard.new())
    officer = ["--officer", f"sim:{place / 'officer.card'}", "--person", str(place / "person.json")]
    assert run(["centre", "init", str(place / "centre"), *officer, "--pin-letter", str(place / "officer.pin")]) == 0
    return place / "centre"
