"""Personal data: sealed at rest, nowhere else, and gone when erased."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from ecard.errors import InvalidInputError, OrderRefusedError, VaultError
from ecard.roles.acts import Act, Office, Refusal
from ecard.roles.orders import Receipt
from ecard.roles.people import Enclosure, Person
from ecard.roles.register import Register
from ecard.roles.register_audit import audit
from ecard.roles.register_tables import SealedRow
from ecard.roles.vault import Sealing, Vault
from tests.roles.world import CODE, ONLINE, OPERATOR, World, number


@pytest.mark.parametrize("sealing", list(Sealing))
def test_a_sealed_record_opens_with_its_key_only(world: World, sealing: Sealing) -> None:
    vault, other = (Vault(Vault.new_key(sealing), sealing=sealing) for _ in range(2))
    enclosure = Enclosure(OPERATOR)
    row = vault.seal(enclosure)
    for part in (row.data, row.wrapped_key):
        assert OPERATOR.identity_number.encode() not in part
    with world.register.writing() as writer:
        writer.session.add(row)
    with world.register.reading() as session:
        assert vault.open(session, enclosure.ref) == OPERATOR
        with pytest.raises(VaultError):
            other.open(session, enclosure.ref)
        with pytest.raises(VaultError):
            vault.open(session, "0" * 32)


@pytest.mark.parametrize("column", ["data", "wrapped_key"])
def test_every_changed_octet_of_a_record_is_noticed(sqlite_world: World, column: str) -> None:
    vault, enclosure = Vault(Vault.new_key()), Enclosure(OPERATOR)
    row = vault.seal(enclosure)
    whole = getattr(row, column)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        with sqlite_world.register.reading() as session, session.no_autoflush:
            fresh = vault.seal(enclosure)
            fresh.data, fresh.wrapped_key = row.data, row.wrapped_key
            setattr(fresh, column, bytes(damaged))
            session.add(fresh)
            session.flush()
            with pytest.raises(VaultError):
                vault.open(session, enclosure.ref)


def test_a_record_is_bound_to_its_reference(sqlite_world: World) -> None:
    vault = Vault(Vault.new_key())
    first, second = vault.seal(Enclosure(OPERATOR)), vault.seal(Enclosure(OPERATOR))
    second.data, second.wrapped_key = first.data, first.wrapped_key
    with sqlite_world.register.writing() as writer:
        writer.session.add(second)
        writer.session.flush()
        with pytest.raises(VaultError):
            vault.open(writer.session, second.ref)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        Vault(bytes(16))
    assert "0" * 8 not in repr(Vault(b"0" * 32))


def test_a_person_is_erased_and_the_chain_stays_whole(world: World) -> None:
    seal = world.enterprise()
    world.operator(seal)
    card = world.register.get(f"card/{number(201)}")
    assert card is not None
    ref = card.value["person"]
    assert world.centre.person(ref) == OPERATOR
    with pytest.raises(OrderRefusedError, check=lambda e: e.reason is Refusal.STATE):
        world.give(Act.ERASE_PERSON, f"person/{ref}", Office.CENTRE)
    world.on_card(Act.VOID, 201, Office.CENTRE, "holder-left")
    world.give(Act.ERASE_PERSON, f"person/{ref}", Office.CENTRE)
    with pytest.raises(VaultError):
        world.centre.person(ref)
    assert list(audit(world.register, trust=world.centre.trust)) == []
    with pytest.raises(OrderRefusedError):
        world.give(Act.ERASE_PERSON, f"person/{ref}", Office.CENTRE)


def test_what_is_erased_is_not_in_the_database_file(sqlite_world: World) -> None:
    """Not the data, which are never there in clear, nor the sealed record."""
    seal = sqlite_world.enterprise()
    sqlite_world.operator(seal)
    card = sqlite_world.register.get(f"card/{number(201)}")
    assert card is not None
    ref = card.value["person"]
    with sqlite_world.register.reading() as session:
        row = session.get(SealedRow, ref)
        assert row is not None
        sealed = row.data
    files = Path(sqlite_world.place)
    sqlite_world.on_card(Act.VOID, 201, Office.CENTRE, "holder-left")
    sqlite_world.give(Act.ERASE_PERSON, f"person/{ref}", Office.CENTRE)
    sqlite_world.close()
    content = b"".join(path.read_bytes() for path in files.parent.iterdir() if path.is_file())
    assert sealed not in content
    assert OPERATOR.identity_number.encode() not in content
    assert (OPERATOR.telephone or "").encode() not in content


def test_what_is_erased_is_in_no_file_though_another_program_has_the_register_open(sqlite_world: World) -> None:
    files = Path(sqlite_world.place)
    officer = sqlite_world.register.get(f"card/{number(15)}")
    assert officer is not None
    ref = officer.value["person"]
    with Register.open(files) as other:
        with other.reading() as session:
            sealed = session.get_one(SealedRow, ref).data
        sqlite_world.give(Act.DISMISS, f"card/{number(15)}", Office.CENTRE, ground="holder-left")
        sqlite_world.give(Act.ERASE_PERSON, f"person/{ref}", Office.CENTRE)
        assert sealed not in b"".join(path.read_bytes() for path in files.parent.iterdir() if path.is_file())


def test_an_order_without_the_data_of_its_person_is_refused(sqlite_world: World) -> None:
    sqlite_world.apply()
    wrong = {**Enclosure(Person("甲", OPERATOR.identity_number)).reference}
    for reference in (wrong, {"ref": "x"}, "x", None, {"ref": [], "commitment": ""}):
        with pytest.raises(OrderRefusedError, check=lambda e: e.reason is Refusal.DETAILS):
            sqlite_world.give(
                Act.APPOINT,
                f"card/{number(60)}",
                Office.CENTRE,
                makes=True,
                office="tax",
                organisation=CODE,
                organisation_code=CODE,
                person=reference,
            )


def test_without_the_vaults_key_cards_are_still_withdrawn_and_nothing_is_issued(sqlite_world: World) -> None:
    world = sqlite_world
    seal = world.enterprise()
    world.operator(seal)
    world.vault_key = Vault.new_key()
    world.centre = world.another_centre()
    world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE)
    world.on_card(Act.UNFREEZE, 201, seal, "unfreeze", channel=ONLINE)
    before = world.register.head()
    with pytest.raises(VaultError, match="key is wrong"):
        world.on_card(Act.RENEW, 201, Office.CENTRE, "replaced", makes=True)
    assert world.register.head() == before
    assert list(audit(world.register, trust=world.centre.trust)) == []


def test_a_database_put_back_to_an_older_state_is_whole_and_is_found_out_by_a_receipt(
    sqlite_world: World, tmp_path: Path
) -> None:
    seal = sqlite_world.enterprise()
    sqlite_world.operator(seal)
    with sqlite_world.register.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        older = tmp_path / "older.db"
        with sqlite3.connect(older) as copy:
            connection.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        copy.close()
    receipt = Receipt.decode(sqlite_world.on_card(Act.FREEZE, 201, seal, "freeze", channel=ONLINE).receipt.body)
    with Register.open(older) as register:
        assert list(audit(register, trust=sqlite_world.centre.trust)) == []
        assert register.entry_of(receipt.number) is None
        assert register.head()[0] < receipt.sequence
    assert sqlite_world.register.entry_of(receipt.number) is not None
