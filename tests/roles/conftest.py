"""The registers of the tests: each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecard.roles.register_audit import audit
from tests.roles import postgres
from tests.roles.world import World

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes a place for a new register, on the database of the parameter."""
    if request.param == "sqlite":
        return lambda: str(tmp_path / f"register{next(_NUMBERS)}.db")
    server = request.getfixturevalue("postgres_server")
    return lambda: postgres.create_database(server, f"register{next(_NUMBERS)}")


@pytest.fixture
def world(new_place: Callable[[], str]) -> Iterator[World]:
    found = World(new_place())
    yield found
    found.close()


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """For what does not depend on the database."""
    found = World(str(tmp_path / "register.db"))
    yield found
    found.close()


@pytest.fixture
def audited(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a row's test does: the audit finds every signature good, and every act allowed."""
    worlds = {"world", "sqlite_world"} & set(request.fixturenames)
    found: list[World] = [request.getfixturevalue(name) for name in worlds]
    yield
    for world in found:
        assert list(audit(world.register, trust=world.centre.trust)) == []
