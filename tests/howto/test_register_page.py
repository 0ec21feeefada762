"""The page that moves a register, on a real PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecard.cli.app import run
from ecard.roles.register import Register
from tests.cli.founding import found_centre
from tests.howto.pages import blocks, run_page
from tests.roles import postgres

URL = "postgresql://ecard@db.example/register"


def test_a_centre_goes_on_in_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    found_centre(place, monkeypatch)
    with Register.open("centre/register.db") as register:
        before = register.head()
    target = postgres.create_database(postgres_server, "moved")
    assert any(URL in block.text for block in blocks("register-postgresql.md"))
    run_page("register-postgresql.md", place, changed=lambda text: text.replace(URL, target))
    assert json.loads(Path("centre/centre.json").read_bytes()) == {"register": target}
    assert Path("centre/centre.json").stat().st_mode & 0o777 == 0o600
    with Register.open(target) as register:
        assert register.head() == before
    assert not Path("centre/register.db").exists()
    assert run(["centre", "status", "--centre", "centre", "03-JJ0A900000002"]) == 0
