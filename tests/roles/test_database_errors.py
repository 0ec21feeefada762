"""A database that is locked, full, read only, damaged, gone or none: said in words, and nothing is left behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from ecard.errors import InvalidInputError, RegisterStateError
from ecard.roles import register_database
from ecard.roles.acts import Act, Office
from ecard.roles.register import Register
from ecard.roles.register_audit import audit, require_whole
from tests.roles import postgres
from tests.roles.world import World, number


def test_whoever_waits_for_a_lock_that_nobody_gives_back_is_told(
    new_place: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_database, "_BUSY_SECONDS", 1)
    world = World(new_place())
    before = world.register.head()
    with world.register.writing(), pytest.raises(RegisterStateError, match="is locked by another program"):
        world.on_card(Act.DISMISS, 13, Office.CENTRE, "holder-left")
    assert world.register.head() == before
    world.on_card(Act.DISMISS, 13, Office.CENTRE, "holder-left")
    world.close()


def test_a_full_disk_is_said_and_nothing_is_half_done(sqlite_world: World) -> None:
    engine = sqlite_world.register.engine
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()

    @event.listens_for(engine, "begin")
    def _limit(connection: object) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    heads = []

    def fill() -> None:
        for _ in range(50):
            heads.append(sqlite_world.register.head())
            sqlite_world.centre.crl(at=sqlite_world.later(), next_update=sqlite_world.now.replace(year=2027))

    with pytest.raises(RegisterStateError, match="has no more room on its disk"):
        fill()
    assert sqlite_world.register.head() == heads[-1]
    assert list(audit(sqlite_world.register, trust=sqlite_world.centre.trust)) == []


def test_a_register_that_may_only_be_read_is_said(sqlite_world: World) -> None:
    @event.listens_for(sqlite_world.register.engine, "connect")
    def _only_read(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    sqlite_world.register.engine.dispose()
    with pytest.raises(RegisterStateError, match="can only be read"):
        sqlite_world.apply()


def test_a_server_that_is_gone_is_no_damage(postgres_server: str) -> None:
    name = "gone"
    world = World(postgres.create_database(postgres_server, name))
    world.close()
    import psycopg

    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with pytest.raises(RegisterStateError, match="database failed"):
        require_whole(world.register)
    with pytest.raises(RegisterStateError, match="database failed"):
        list(audit(world.register))


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "register.db").write_bytes(b"no database" * 1000)
    for way in (Register.open, Register.create):
        with pytest.raises(RegisterStateError, match="is damaged, or is none"):
            way(tmp_path)


def test_looking_for_a_register_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(RegisterStateError, match="there is no register here"):
        Register.open(tmp_path / "register.db")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RegisterStateError, match="cannot be made"):
        Register.create(tmp_path / "file" / "register.db")


@pytest.mark.parametrize("name", ["new.sqlite3", "sub/new.register", "new"])
def test_a_register_is_made_whatever_its_name_ends_in(tmp_path: Path, name: str) -> None:
    Register.create(tmp_path / name).close()
    Register.open(tmp_path / name).close()


def test_a_copy_of_the_file_under_any_name_is_a_register(tmp_path: Path) -> None:
    Register.create(tmp_path / "register.db").close()
    (tmp_path / "register.db").rename(tmp_path / "register.db.2026-03-02")
    Register.open(tmp_path / "register.db.2026-03-02").close()


def test_a_place_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegisterStateError, match="there is no register here"):
        Register.open(tmp_path / ("a" * 300))
    for way in (Register.open, Register.create):
        with pytest.raises(InvalidInputError, match="zero byte"):
            way(tmp_path / "a\0.db")


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nor a database's URL"):
        Register.open("postgresql://somebody:secret@127.0.0.1:none/none")


@pytest.mark.parametrize("version", ["'9999'", "''", "x'00'", "5"])
def test_a_schema_of_a_later_version_is_neither_opened_nor_migrated(sqlite_world: World, version: str) -> None:
    with closing(sqlite3.connect(sqlite_world.place)) as connection, connection:
        connection.execute(f"UPDATE alembic_version SET version_num = {version}")
    with pytest.raises(RegisterStateError, match="of another version"):
        Register.open(sqlite_world.place)
    with pytest.raises(RegisterStateError, match="does not know"):
        Register.create(sqlite_world.place)


def test_a_text_that_no_database_holds_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="half of a character pair"):
        world.register.status("\ud800", world.now)
    with pytest.raises(InvalidInputError, match="half of a character pair"):
        world.register.entry_of("\ud800")


def test_all_keys_are_those_that_begin_with_nothing(world: World) -> None:
    assert f"card/{number(1)}" in world.register.keys("")
