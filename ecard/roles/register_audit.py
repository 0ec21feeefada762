"""Auditing a register: whether the log is whole, and whether everything else in the database follows from it.

Reads in batches: memory does not grow with the register. Source: docs/life-cycle.md, "The register".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Result, Row, RowMapping, select
from sqlalchemy.orm import Session

from ecard.errors import EcardError, EncodingError, RegisterStateError
from ecard.pki.trust import Trust
from ecard.roles import canonical, moments
from ecard.roles.audit_signatures import signature_damage
from ecard.roles.register import Register
from ecard.roles.register_database import is_current
from ecard.roles.register_entry import NOTHING_BEFORE, Entry
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow, SealedRow
from ecard.roles.register_writer import change_rows
from ecard.roles.vault import digest_of

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing wrong: the entry it is in, or None where it is in none, and what."""

    sequence: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.sequence is None else f"entry {self.sequence}: {self.what}"


def audit(register: Register, *, trust: Trust | None = None) -> Iterator[Damage]:
    """Everything that is wrong with a register, in the order of the log; nothing where it is whole.

    With ``trust``, the signatures of all orders and receipts are verified too, and the rules are applied to every order
    again, which takes longer: without it, whoever can write to the database and makes the whole chain again is not
    found out.
    """
    if not is_current(register.engine):
        yield Damage(None, "the number of the schema's version is not the one of this program")
    with register.reading() as session:
        yield from damages(session, trust=trust)


def damages(session: Session, *, trust: Trust | None = None) -> Iterator[Damage]:
    """What ``audit`` gives, as a session sees the register: also what it has written and not yet kept."""
    return _Audit(session, trust).run()


def require_whole(register: Register, *, trust: Trust | None = None) -> int:
    """How many entries a register has, after an audit. Raises RegisterStateError with the first damage."""
    for damage in audit(register, trust=trust):
        raise RegisterStateError(f"the register is damaged: {damage}")
    return register.head()[0]


class _Audit:
    def __init__(self, session: Session, trust: Trust | None) -> None:
        self._session = session
        self._trust = trust
        self._previous = NOTHING_BEFORE
        self._sequence = 0
        self._moment: datetime | None = None

    def run(self) -> Iterator[Damage]:
        """All parts, one after the other."""
        changes = self._changes()
        pending = next(changes, None)
        for row in self._rows():
            expected: list[Any] = []
            yield from self._entry(row, expected)
            while pending is not None and _place(pending) < row.seq:
                yield _of_no_entry(pending)
                pending = next(changes, None)
            found = []
            while pending is not None and _place(pending) == row.seq:
                found.append(pending)
                pending = next(changes, None)
            yield from _compare(row.seq, expected, found)
        while pending is not None:
            yield _of_no_entry(pending)
            pending = next(changes, None)
        yield from self._head()
        yield from self._sealed()

    def _rows(self) -> Iterator[Row[Any]]:
        table = LogRow.__table__
        return iter(self._stream(select(*table.c).order_by(table.c.seq)))

    def _changes(self) -> Iterator[RowMapping]:
        table = ChangeRow.__table__
        return iter(self._stream(select(*table.c).order_by(table.c.seq, table.c.key)).mappings())

    def _stream(self, query: Any) -> Result[Any]:
        return self._session.execute(query.execution_options(yield_per=_BATCH))

    def _entry(self, row: Row[Any], expected: list[Any]) -> Iterator[Damage]:
        """What is wrong with one entry; fills ``expected`` with the changes that it made."""
        sequence = row.seq
        if sequence != self._sequence + 1:
            yield Damage(sequence, f"the log goes from entry {self._sequence} to entry {sequence}")
        if row.previous != self._previous:
            yield Damage(sequence, "it does not follow the entry before")
        try:
            entry = Entry.of(row)
            if entry.hash != row.hash:
                yield Damage(sequence, "its hash does not fit its content")
            expected += change_rows(entry)
            yield from self._content(entry, row)
        except (EcardError, TypeError, ValueError, AttributeError) as error:
            words = str(error) if isinstance(error, EcardError) else "a column has lost its type"
            yield Damage(sequence, f"it cannot be read: {words}")
        self._previous, self._sequence = row.hash, sequence

    def _content(self, entry: Entry, row: Row[Any]) -> Iterator[Damage]:
        """Columns that repeat what the order or the receipt says, the order of moments, signatures and rules."""
        order, receipt = entry.request, entry.read_receipt()
        if (row.number, row.signed) != (order.number, moments.write(order.moment)):
            yield Damage(entry.sequence, "its columns do not say what the order says")
        told = (receipt.number, receipt.order, receipt.sequence, receipt.moment, receipt.previous)
        if told != (order.number, entry.order.sha256, entry.sequence, entry.moment, entry.previous.hex()):
            yield Damage(entry.sequence, "the receipt is for something else")
        if self._moment is not None and entry.moment < self._moment:
            yield Damage(entry.sequence, "it is in effect before the entry before it")
        self._moment = entry.moment
        if self._trust is not None:
            for what in signature_damage(entry, self._trust, self._session):
                yield Damage(entry.sequence, what)

    def _head(self) -> Iterator[Damage]:
        table = HeadRow.__table__
        rows = self._session.execute(select(*table.c)).mappings().all()
        if not rows and not self._sequence:
            return
        if len(rows) != 1 or rows[0]["id"] != 1:
            yield Damage(None, "the head of the log is missing, or there are several")
            return
        last = "0001-01-01T00:00:00Z" if self._moment is None else moments.write(self._moment)
        if (rows[0]["seq"], rows[0]["hash"], rows[0]["moment"]) != (self._sequence, self._previous, last):
            yield Damage(None, f"the log ends with entry {self._sequence}, its head says otherwise")

    def _sealed(self) -> Iterator[Damage]:
        """Whether the vault holds exactly the people whom the log says it holds, unchanged."""
        people = self._people()
        person = next(people, None)
        for row in self._session.scalars(select(SealedRow).order_by(SealedRow.ref).execution_options(yield_per=_BATCH)):
            while person is not None and isinstance(row.ref, str) and person[0] < row.ref:
                yield Damage(None, f"the sealed record {person[0]} is missing")
                person = next(people, None)
            if person is None or person[0] != row.ref:
                yield Damage(None, f"the sealed record {_short(row.ref)} is nobody's")
            else:
                parts = (row.wrapped_key, row.data)
                if not all(isinstance(part, bytes) for part in parts) or digest_of(row) != person[1]:
                    yield Damage(None, f"the sealed record {person[0]} was changed")
                person = next(people, None)
        while person is not None:
            yield Damage(None, f"the sealed record {person[0]} is missing")
            person = next(people, None)

    def _people(self) -> Iterator[tuple[str, str]]:
        """Reference and digest of everybody who was not erased, sorted by reference."""
        table = ChangeRow.__table__
        query = (
            select(table.c.key, table.c.value)
            .where(table.c.key >= "person/", table.c.key < "person0")
            .order_by(table.c.key, table.c.seq)
        )
        last: tuple[str, str] | None = None
        for row in self._session.execute(query.execution_options(yield_per=_BATCH)):
            if last is not None and last[0] != row.key:
                yield from _sealed_of(*last)
            last = (row.key, row.value)
        if last is not None:
            yield from _sealed_of(*last)


def _sealed_of(key: str, value: str) -> Iterator[tuple[str, str]]:
    try:
        sealed = canonical.decode(value.encode(), "fact").get("sealed")
    except (EncodingError, AttributeError):
        return  # a changed row was named where it was compared with the log
    if sealed is not None and isinstance(key, str):
        yield key.partition("/")[2], sealed


def _place(change: RowMapping) -> float:
    """Where a change stands among the entries; after all of them where SQLite has no number there, as it sorts them."""
    return change["seq"] if isinstance(change["seq"], int | float) else math.inf


def _of_no_entry(change: RowMapping) -> Damage:
    sequence = change["seq"] if isinstance(change["seq"], int) else None
    return Damage(sequence, f"a change of {_short(change['key'])} that no entry made")


def _compare(sequence: int, expected: list[Any], found: list[RowMapping]) -> Iterator[Damage]:
    wanted = {row["key"]: dict(row) for row in expected}
    for row in found:
        if wanted.pop(row["key"], None) != dict(row):
            yield Damage(sequence, f"the change of {_short(row['key'])} is not the one that the entry made")
    for key in wanted:
        yield Damage(sequence, f"the change of {key} is missing")


def _short(text: object) -> str:
    return str(text)[:90] if isinstance(text, str) and text.isprintable() else "something unreadable"
