"""A register copied to another database is the same register, or the target stays empty."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from ecard.errors import RegisterStateError
from ecard.roles.acts import Act, CardState
from ecard.roles.register import Register
from ecard.roles.register_audit import audit, require_whole
from ecard.roles.register_copy import copy_register
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow, SealedRow
from tests.roles import postgres
from tests.roles.world import ONLINE, OPERATOR, World, number

pytestmark = pytest.mark.exhaustive


def _with_history(world: World) -> World:
    seal = world.enterprise()
    world.operator(seal)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    return world


@pytest.fixture
def ready(sqlite_world: World) -> World:
    return _with_history(sqlite_world)


@pytest.fixture(params=["to sqlite", "to postgresql"])
def new_target(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Register]:
    """Makes an empty register on the other database, or on the same."""
    if request.param == "to sqlite":
        return lambda: Register.create(tmp_path / "target.db")
    server, name = request.getfixturevalue("postgres_server"), f"copy{abs(hash(request.node.nodeid))}"
    return lambda: Register.create(postgres.create_database(server, name))


def test_the_copy_is_the_same_register_and_goes_on(world: World, new_target: Callable[[], Register]) -> None:
    ready = _with_history(world)
    told: list[tuple[int, int]] = []
    with new_target() as target:
        entries = copy_register(
            ready.register, target, trust=ready.centre.trust, progress=lambda done, total: told.append((done, total))
        )
        assert target.head() == ready.register.head()
        assert told[-1] == (entries, entries)
        assert [entry.hash for entry in target.entries()] == [entry.hash for entry in ready.register.entries()]
        for key in ready.register.keys("card/"):
            assert target.history(key) == ready.register.history(key)
        assert list(audit(target, trust=ready.centre.trust)) == []
        centre = ready.another_centre(target)
        references = {key.partition("/")[2] for key in target.keys("person/")}
        assert OPERATOR in {centre.person(reference) for reference in references}
        seal = ready.holders[number(101)]
        centre.order(
            Act.UNFREEZE,
            f"card/{number(201)}",
            seal,
            at=ready.later(),
            channel=ONLINE,
            details={"ground": "unfreeze"},
        )
        assert target.status(number(201), ready.now) is CardState.ACTIVE
        assert require_whole(target, trust=ready.centre.trust) == entries + 1
        assert ready.register.status(number(201), ready.now) is CardState.FROZEN


def test_rows_are_copied_in_batches(
    ready: World, new_target: Callable[[], Register], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecard.roles.register_copy._BATCH", 2)
    told: list[int] = []
    with new_target() as target:
        entries = copy_register(ready.register, target, progress=lambda done, _total: told.append(done))
    assert told == [*range(2, entries, 2), entries]


def test_nothing_is_copied_over_a_register_or_from_an_empty_one(sqlite_world: World, tmp_path: Path) -> None:
    with pytest.raises(RegisterStateError, match=r"the register to copy to has \d+ entries: name a database"):
        copy_register(sqlite_world.register, sqlite_world.register)
    with Register.create(tmp_path / "empty.db") as empty:
        with pytest.raises(RegisterStateError, match="nothing to copy"):
            copy_register(empty, sqlite_world.register)
        with pytest.raises(RegisterStateError, match="nothing to copy"):
            copy_register(empty, empty)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (update(LogRow).where(LogRow.seq == 3).values(signed="2026-01-01T00:00:00Z"), "entry 3"),
        (delete(LogRow).where(LogRow.seq == 3), "entry 4"),
        (update(HeadRow).values(hash=b"0" * 32), "head"),
        (update(HeadRow).values(seq=3), "head"),
        (delete(SealedRow), "missing"),
        (update(SealedRow).values(data=b"another"), "changed"),
    ],
    ids=["changed entry", "lost entry", "changed head", "shortened head", "lost people", "changed people"],
)
def test_a_damaged_register_is_not_copied(
    ready: World, new_target: Callable[[], Register], damage: object, words: str
) -> None:
    with ready.register.writing() as writer:
        writer.session.execute(damage)  # type: ignore[call-overload]
    with new_target() as target:
        with pytest.raises(RegisterStateError, match=words):
            copy_register(ready.register, target)
        assert target.head()[0] == 0
        assert target.keys("card/") == []
        with target.reading() as session:
            assert session.query(LogRow).count() == session.query(SealedRow).count() == 0


def test_a_changed_index_is_put_right_by_the_copy(ready: World, new_target: Callable[[], Register]) -> None:
    with ready.register.writing() as writer:
        writer.session.execute(update(ChangeRow).where(ChangeRow.key == f"card/{number(201)}").values(value="{}"))
    with new_target() as target:
        copy_register(ready.register, target)
        assert target.status(number(201), ready.now) is CardState.FROZEN


def test_who_writes_to_the_source_meanwhile_waits(ready: World, new_target: Callable[[], Register]) -> None:
    """An order that is given while the copy goes on is refused or comes after it; it never stands in a part only."""
    seal = ready.holders[number(101)]
    with new_target() as target, ThreadPoolExecutor(1) as pool:
        waiting = []

        def begin(_done: int, _total: int) -> None:
            order = pool.submit(ready.on_card, Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
            waiting.append(order)

        before = copy_register(ready.register, target, progress=begin)
        waiting[0].result(60)
        assert before == target.head()[0] == ready.register.head()[0] - 1
