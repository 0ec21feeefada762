"""SQLite keeps a value of any type in any column: the audit names it, and other readers raise an EcardError."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, Table, text

from ecard.errors import EcardError, RegisterStateError
from ecard.pki.identity import CardIdentity
from ecard.roles.acts import Act, Office
from ecard.roles.certificate_facts import serial_of
from ecard.roles.permissions import ActiveCard
from ecard.roles.register import Register
from ecard.roles.register_audit import audit
from ecard.roles.register_copy import copy_register
from ecard.roles.register_history import RegisterHistory
from ecard.roles.register_tables import Base
from tests.roles.world import ONLINE, World, number

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
VALUES = {"text": "'abc'", "octets": "x'00'", "number": "5", "fraction": "7.5", "no text": "cast(x'ff' AS text)"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A register whose last entry has one change only: an application."""
    world = World(str(tmp_path_factory.mktemp("original") / "register.db"))
    world.operator(world.enterprise())
    world.register_operator(world.holders[number(101)], "9")
    world.close()
    return world


@pytest.fixture
def world(original: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it."""
    shutil.copy(original.place, tmp_path / "register.db")
    found = copy(original)
    found.register = Register.open(tmp_path / "register.db")
    found.centre = found.another_centre()
    yield found
    found.close()


def _damage(world: World, table: Table, column: Column[object], value: str) -> None:
    """Put the value into the newest row of a table."""
    keys = ", ".join(c.name for c in reversed(list(table.primary_key.columns)))
    newest = f"SELECT {keys} FROM {table.name} ORDER BY {keys.replace(',', ' DESC,')} DESC LIMIT 1"
    with world.register.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table.name} SET {column.name} = {value} WHERE ({keys}) = ({newest})"))


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        pytest.param(t, c, id=f"{t.name}.{c.name}")
        for t in TABLES
        for c in t.columns
        if (t.name, c.name) != ("log", "seq")
    ],
)
def test_a_value_of_another_type(world: World, table: Table, column: Column[object], value: str) -> None:
    if (table.name, column.name) == ("head", "id") and value != "number":
        pytest.skip("SQLite itself refuses it")
    _damage(world, table, column, VALUES[value])
    assert list(audit(world.register))
    with suppress(EcardError):
        [entry.request for entry in world.register.entries()]
    with suppress(EcardError):
        [world.register.history(key) for key in (*world.register.keys("card/"), *world.register.keys("operator/"))]
    with suppress(EcardError):
        world.on_card(Act.FREEZE, 201, world.holders[number(101)], "freeze", channel=ONLINE)
    with suppress(EcardError):
        world.centre.crl(at=world.later(), next_update=world.now + timedelta(days=1))
    with suppress(EcardError):
        world.register.rebuild()


def test_a_damaged_record_in_the_vault_is_named_while_it_is_copied(world: World, tmp_path: Path) -> None:
    with world.register.engine.begin() as connection:
        connection.execute(text("UPDATE sealed SET ref = CAST(ref AS blob)"))
    with Register.create(tmp_path / "copy.db") as target, pytest.raises(RegisterStateError, match="nobody's"):
        copy_register(world.register, target)


@pytest.mark.parametrize("value", ["{}", '{"state":5}', "[]", "x"])
def test_a_state_that_is_none(world: World, value: str) -> None:
    with world.register.engine.begin() as connection:
        connection.execute(text("UPDATE change SET value = :value WHERE key LIKE 'card/%'"), {"value": value})
    with pytest.raises(RegisterStateError, match=r"the register is damaged.*: audit it"):
        world.state(201)


@pytest.mark.parametrize("kind", ["certificate", "card"])
@pytest.mark.parametrize("value", ["{}", '{"state":[]}'])
def test_a_fact_that_lost_its_fields_is_damage_for_the_audit_and_for_everybody(
    world: World, kind: str, value: str
) -> None:
    signer = world.officers[Office.TAX].certificate
    with world.register.engine.begin() as connection:
        connection.execute(
            text("UPDATE change SET value = :value WHERE key LIKE :key"), {"value": value, "key": f"{kind}/%"}
        )
    what = f"card/{number(10)}" if kind == "card" else f"certificate/{serial_of(signer)}"
    found = [str(damage) for damage in audit(world.register, trust=world.centre.trust)]
    assert any(line.endswith(f"the change of {what} is not the one that the entry made") for line in found)
    history = RegisterHistory(world.register, world.authority.certificate.subject)
    for ask in (
        lambda: world.on_card(Act.DISMISS, 12, Office.CENTRE, "holder-left"),
        lambda: world.another_centre().crl(at=world.now, next_update=world.now + timedelta(days=1)),
        lambda: history.intervals(history.issuer, int(serial_of(signer), 16)),
        lambda: ActiveCard(register=world.register, at=world.now).check(CardIdentity.from_certificate(signer), signer),
    ):
        with pytest.raises(EcardError):
            ask()
