"""A new centre, and ``ecard centre copy``: the centre goes on in another database, or stays where it is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ecard.certificate import Certificate
from ecard.cli import centre_copying
from ecard.cli.register_place import read_person
from ecard.errors import InvalidInputError
from ecard.roles.register import Register
from ecard.roles.register_copy import copy_register
from tests.cli.conftest import Ecard
from tests.cli.founding import found_centre


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return found_centre(tmp_path, monkeypatch)


def named(centre: Path) -> str:
    return str(json.loads((centre / "centre.json").read_bytes())["register"])


def test_a_new_centre_has_the_certificates_that_its_cards_are_verified_with(centre: Path) -> None:
    root, issuing = (Certificate.from_pem((centre / f"{name}.pem").read_bytes()) for name in ("root", "issuing"))
    seal = Certificate.from_pem((centre / "seal.pem").read_bytes())
    seal.verify_issued_by(issuing)
    issuing.verify_issued_by(root)


def test_a_centre_goes_on_with_the_copy(centre: Path, ecard: Ecard) -> None:
    with Register.open(named(centre)) as old:
        head = old.head()
    outcome = ecard("centre", "copy", centre, "new.db", "--json")
    assert json.loads(outcome.out) == {"entries": head[0], "centre_moved": True}
    assert named(centre) == str(centre.parent / "new.db")
    (centre / "register.db").unlink()
    assert ecard("centre", "audit", "--centre", centre).status == 0
    with Register.open("new.db") as new:
        assert new.head() == head


def test_a_register_alone_moves_no_centre(centre: Path, ecard: Ecard) -> None:
    before = named(centre)
    outcome = ecard("centre", "copy", before, "new.db")
    assert (outcome.status, outcome.out) == (0, "")
    assert "copied, and audited" in outcome.err
    assert "goes on" not in outcome.err
    assert named(centre) == before


@pytest.mark.parametrize("target", ["new.db", "new", "new/register.sqlite"])
def test_a_damaged_register_leaves_all_as_it_was(centre: Path, ecard: Ecard, target: str) -> None:
    before = named(centre)
    with sqlite3.connect(before) as database:
        database.execute("UPDATE head SET hash = zeroblob(32)")
    outcome = ecard("centre", "copy", centre, target)
    assert outcome.status == 2
    assert "the register to copy is damaged" in outcome.err
    assert named(centre) == before
    assert not list(centre.parent.glob("new*"))


def test_an_entry_made_meanwhile_is_not_lost(centre: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    before = named(centre)

    def then_another(old: Register, new: Register, **options: object) -> int:
        entries = copy_register(old, new, **options)  # type: ignore[arg-type]
        with sqlite3.connect(before) as database:
            database.execute("UPDATE head SET seq = seq + 1")
        return entries

    monkeypatch.setattr(centre_copying, "copy_register", then_another)
    outcome = ecard("centre", "copy", centre, "new.db")
    assert outcome.status == 2
    assert "has got new entries while it was copied" in outcome.err
    assert named(centre) == before
    assert not list(centre.parent.glob("new.db*"))


@pytest.mark.parametrize("content", ["[" * 4000, '{"name": ' * 400])
def test_a_person_nested_deeply_is_refused(centre: Path, ecard: Ecard, content: str) -> None:
    (centre.parent / "deep.json").write_text(content)
    outcome = ecard(
        *("centre", "register-operator", "M000100Y4/1", "--person", "deep.json", "--centre", centre),
        *("--card", f"sim:{centre.parent / 'officer.card'}"),
    )
    assert (outcome.status, outcome.err) == (2, "ecard: deep.json is no JSON file of a person\n")


def test_of_a_file_without_an_end_only_the_begin_is_read() -> None:
    with pytest.raises(InvalidInputError, match="must say name"):
        read_person(Path("/dev/zero"))


def test_what_is_to_be_named_is_said(centre: Path, ecard: Ecard) -> None:
    more = ["--centre", centre, "--card", f"sim:{centre.parent / 'officer.card'}"]
    outcome = ecard("centre", "approve", "enterprise/M000100Y4", *more)
    assert "--office technical-supervision, industry-and-commerce, tax" in outcome.err
    outcome = ecard("centre", "register-operator", "M000100Y4/乙", "--person", centre.parent / "person.json", *more)
    assert "named CODE/NAME" in outcome.err
    outcome = ecard("centre", "file-business", "M000100Y4", "tax", *more)
    wanted = "ecard: tax is no competent department: name one of customs, foreign-exchange, foreign-trade\n"
    assert (outcome.status, outcome.err) == (2, wanted)
    outcome = ecard("centre", "status", "\udcff", "--centre", centre)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)


@pytest.mark.parametrize("target", ["sqlite://", "sqlite:///:memory:"])
def test_a_copy_in_memory_is_refused(centre: Path, ecard: Ecard, target: str) -> None:
    before = named(centre)
    outcome = ecard("centre", "copy", centre, target)
    assert (outcome.status, outcome.err) == (
        2,
        "ecard: a register in memory is gone when the program ends: name a file\n",
    )
    assert named(centre) == before


def test_a_file_named_by_a_url_is_found_from_every_directory(
    centre: Path, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ecard("centre", "copy", centre, "sqlite:///new.db").status == 0
    assert named(centre) == str(centre.parent / "new.db")
    monkeypatch.chdir("/")
    assert ecard("centre", "audit", "--centre", centre).status == 0


def test_a_file_named_by_a_url_goes_again_where_the_copy_fails(centre: Path, ecard: Ecard) -> None:
    with sqlite3.connect(named(centre)) as database:
        database.execute("UPDATE head SET hash = zeroblob(32)")
    assert ecard("centre", "copy", centre, "sqlite:///new.db").status == 2
    assert not list(centre.parent.glob("new*"))


def test_copying_to_itself_is_refused(centre: Path, ecard: Ecard) -> None:
    before = Path(named(centre)).read_bytes()
    outcome = ecard("centre", "copy", centre, named(centre))
    assert outcome.status == 2
    assert "name a database that is empty" in outcome.err
    assert Path(named(centre)).read_bytes() == before


def test_no_centre_no_copy(tmp_path: Path, ecard: Ecard) -> None:
    outcome = ecard("centre", "copy", tmp_path, tmp_path / "new.db")
    assert outcome.status == 2
    assert len(outcome.err.splitlines()) == 1
    assert not (tmp_path / "new.db").exists()
