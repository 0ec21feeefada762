"""Whatever is changed or taken away in the database, the audit names it."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, text, update

from ecard.algorithms import KeyKind
from ecard.errors import RegisterStateError
from ecard.keyholder import KeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.profile import Usage
from ecard.roles import centre, certificate_facts, register_audit
from ecard.roles.acts import Act, CardKind, Office
from ecard.roles.orders import Order, Signed
from ecard.roles.people import Enclosure
from ecard.roles.register import Register
from ecard.roles.register_audit import audit, require_whole
from ecard.roles.register_entry import NOTHING_BEFORE, Entry
from ecard.roles.register_tables import Base, ChangeRow, LogRow
from ecard.roles.rules import RULES
from ecard.roles.rules_case import Actor, Case
from tests.roles.world import CODE, COUNTER, ONLINE, OPERATOR, World, number, request_of

pytestmark = pytest.mark.exhaustive

EVERY_ROW = bool(os.environ.get("ECARD_EVERY_ROW"))
TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)


@pytest.fixture
def ready(world: World) -> World:
    seal = world.enterprise()
    world.operator(seal)
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    return world


def _flipped(value: Any, place: int) -> Any:
    """The value with one bit changed, of its own type."""
    if isinstance(value, int):
        return value ^ 1 << 13  # the bit is so high that no other row has the number
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    data[place % len(data)] ^= 1
    return bytes(data) if isinstance(value, bytes) else data.decode(errors="replace")


def _where(table: Table, row: Any) -> Any:
    query = table.c[0] == table.c[0]
    for column in table.primary_key.columns:
        query &= column == row[column.name]
    return query


def _damages(world: World) -> list[str]:
    return [str(damage) for damage in audit(world.register)]


def test_a_whole_register_has_no_damage(ready: World) -> None:
    assert _damages(ready) == []
    assert list(audit(ready.register, trust=ready.centre.trust)) == []
    assert require_whole(ready.register) == ready.register.head()[0]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_changed_value_is_named_wherever_it_is(ready: World, table: Table) -> None:
    with ready.register.engine.connect() as connection:
        rows = connection.execute(select(table)).mappings().all()
    for place, row in enumerate(rows[:: 1 if EVERY_ROW else max(1, len(rows) // 5)]):
        for column in table.columns:
            changed = _flipped(row[column.name], place * 7 + len(column.name))
            with ready.register.engine.connect() as connection:
                connection.execute(update(table).where(_where(table, row)).values({column.name: changed}))
                connection.commit()
            found = _damages(ready)
            with ready.register.engine.connect() as connection:
                now = dict(row) | {column.name: changed}
                connection.execute(update(table).where(_where(table, now)).values(dict(row)))
                connection.commit()
            assert found, f"{column} of {dict(row)}"
            if table.name in {"log", "change"} and column.name != "seq":
                assert any(f"entry {row['seq']}" in damage for damage in found)
    assert _damages(ready) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_deleted_row_is_named(ready: World, table: Table) -> None:
    with ready.register.engine.connect() as connection:
        rows = connection.execute(select(table)).mappings().all()
    for row in rows:
        with ready.register.engine.connect() as connection:
            connection.execute(delete(table).where(_where(table, row)))
            connection.commit()
        found = _damages(ready)
        with ready.register.engine.connect() as connection:
            connection.execute(insert(table).values(**row))
            connection.commit()
        assert found, f"{table.name} {dict(row)}"
    assert _damages(ready) == []


def test_an_added_change_is_named(ready: World) -> None:
    with ready.register.engine.begin() as connection:
        row = {"key": "card/none", "seq": 99999, "moment": "2026-01-01T00:00:00Z", "value": "{}"}
        connection.execute(insert(ChangeRow).values(**row))
    assert _damages(ready) == ["entry 99999: a change of card/none that no entry made"]


def test_two_entries_in_the_other_order_are_named(ready: World) -> None:
    with ready.register.engine.begin() as connection:
        for old, new in ((5, 0), (6, 5), (0, 6)):
            connection.execute(update(LogRow).where(LogRow.seq == old).values(seq=new))
    found = _damages(ready)
    assert any("entry 5" in damage for damage in found)
    assert any("entry 6" in damage for damage in found)


def test_a_chain_made_again_by_someone_without_the_seal_is_found_with_the_signatures(ready: World) -> None:
    """Whoever can write to the database can make all hashes fit, but not the centre's signatures."""
    _forge(ready.register)
    assert _damages(ready) == []
    found = [str(damage) for damage in audit(ready.register, trust=ready.centre.trust)]
    assert any("the receipt was not signed by the centre" in damage for damage in found)
    assert any("signature is not good" in damage for damage in found)


@pytest.mark.parametrize("other", [{"ref": [], "commitment": ""}, {"ref": "the operator", "commitment": "another"}])
def test_what_an_order_says_besides_is_no_damage(ready: World, other: dict[str, Any]) -> None:
    """A note in the shape of a person, which no rule reads, also of one who is in the order by right."""
    operator = Enclosure(OPERATOR)
    note = other | ({"ref": operator.ref} if other["ref"] else {})
    ready.centre.order(
        Act.REGISTER_OPERATOR,
        f"operator/{CODE}/9",
        ready.holders[number(101)],
        at=ready.later(),
        channel=ONLINE,
        details={"person": operator.reference, "note": note},
        enclosures=[operator],
    )
    assert list(audit(ready.register, trust=ready.centre.trust)) == []


def test_a_crl_after_an_order_of_a_clock_that_is_ahead_is_no_damage(ready: World) -> None:
    signed = ready.signed(Act.APPOINT, 50, ready.seal, moment=ready.now + timedelta(minutes=4), channel=COUNTER)
    order = Order.decode(signed.body)
    person, key = Enclosure(OPERATOR), SoftwareKey.generate(KeyKind.P256)
    details = {"office": "tax", "organisation": "示例税务局", "organisation_code": CODE, "person": person.reference}
    requests = {Usage.SIGNING: request_of(key)}
    signed = replace(order, details=details).sign(ready.seal)
    ready.centre.give(signed, at=ready.now, enclosures=[person], requests=requests)
    ready.centre.crl(at=ready.later(), next_update=ready.now + timedelta(days=1))
    assert list(audit(ready.register, trust=ready.centre.trust)) == []


def _raise_the_void(case: Case) -> None:
    """What no row of the table allows."""
    case.put(case.order.subject, {**case.require(case.order.subject), "state": "active"})


def _approve_too(case: Case) -> None:
    """What the rule does, and an approval that no department gave."""
    RULES[Act.UNFREEZE](case)
    case.put(f"business/{CODE}/customs", {"state": "approved"})


def test_an_act_that_no_rule_allows_is_named_although_the_seal_signed_it(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.on_card(Act.VOID, 201, Office.CENTRE, "misuse")
    monkeypatch.setattr(centre, "RULES", {**RULES, Act.UNFREEZE: _raise_the_void})
    place = ready.on_card(Act.UNFREEZE, 201, ready.holders[number(101)], "unfreeze", channel=ONLINE).sequence
    assert (ready.state(201), _damages(ready)) == ("active", [])
    found = [str(damage) for damage in audit(ready.register, trust=ready.centre.trust)]
    assert found == [f"entry {place}: the order was not allowed: the card is void, and void is final"]


def test_a_change_that_does_not_follow_from_the_order_is_named(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centre, "RULES", {**RULES, Act.UNFREEZE: _approve_too})
    place = ready.on_card(Act.UNFREEZE, 201, ready.holders[number(101)], "unfreeze", channel=ONLINE).sequence
    found = [str(damage) for damage in audit(ready.register, trust=ready.centre.trust)]
    assert found == [f"entry {place}: by the rules the order makes something else of business/{CODE}/customs"]


def test_an_order_by_a_frozen_card_is_named_although_the_seal_signed_it(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = ready.holders[number(101)]
    ready.on_card(Act.REPORT_LOSS, 101, Office.CENTRE, "loss")
    actor = Actor(number(101), CardKind.LEGAL_PERSON, CODE, None, _serial(seal))
    monkeypatch.setattr(centre, "actor_of", lambda *_: actor)
    place = ready.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE).sequence
    found = [str(damage) for damage in audit(ready.register, trust=ready.centre.trust)]
    assert found == [f"entry {place}: the order was not allowed: the card that signed is lost"]


def _serial(holder: KeyHolder) -> str:
    return certificate_facts.serial_of(holder.certificate)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM alembic_version", "UPDATE alembic_version SET version_num = '0000'"]
)
def test_a_schema_of_another_version_is_named(ready: World, statement: str) -> None:
    with ready.register.engine.begin() as connection:
        connection.execute(text(statement))
    assert _damages(ready) == ["the number of the schema's version is not the one of this program"]


def _forge(register: Register) -> None:
    """Leave out the last entry's signatures, and make the chain and the head fit."""
    with register.writing() as writer:
        row = writer.session.scalars(select(LogRow).order_by(LogRow.seq.desc())).first()
        assert row is not None
        entry = Entry.of(row)
        forged = Entry(
            sequence=entry.sequence,
            moment=entry.moment,
            signer=entry.signer,
            order=Signed(entry.order.body, b"0"),
            changes=entry.changes,
            receipt=Signed(entry.receipt.body, b"0"),
            previous=entry.previous,
        )
        row.signature, row.receipt_signature, row.hash = b"0", b"0", forged.hash
        writer._head.hash = forged.hash


def test_a_damaged_log_is_not_rebuilt_from(ready: World) -> None:
    with ready.register.engine.begin() as connection:
        connection.execute(update(LogRow).where(LogRow.seq == 3).values(changes=b"{}"))
    before = ready.register.history("centre")
    with pytest.raises(RegisterStateError, match="entry 3"):
        ready.register.rebuild()
    assert ready.register.history("centre") == before
    with pytest.raises(RegisterStateError, match="entry 3"):
        require_whole(ready.register)


def test_an_empty_register_is_whole(new_place: Callable[[], str]) -> None:
    with Register.create(new_place()) as register:
        assert require_whole(register) == 0
        assert register.head() == (0, NOTHING_BEFORE)


def _peak(world: World) -> int:
    tracemalloc.start()
    assert list(audit(world.register)) == []
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_the_memory_of_an_audit_does_not_grow_with_the_register(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_audit, "_BATCH", 5)
    seal = ready.holders["03-JJ0A900000101"]
    list(audit(ready.register))
    small = _peak(ready)
    for _ in range(150):
        ready.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
        ready.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    assert _peak(ready) < 1.5 * small
