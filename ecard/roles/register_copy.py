"""Moving a register to another database: from SQLite to PostgreSQL, or back.

The log, the head of its chain and the sealed people are copied; what follows from the log is made anew from it, and the
copy is audited before it is kept. Source: docs/how-to/register-postgresql.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ecard.errors import RegisterStateError
from ecard.pki.trust import Trust
from ecard.roles.register import Register
from ecard.roles.register_audit import damages
from ecard.roles.register_tables import Base, HeadRow, LogRow, SealedRow
from ecard.roles.register_writer import remake_changes

_BATCH: Final = 500


def copy_register(
    source: Register,
    target: Register,
    *,
    trust: Trust | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Copy ``source`` into ``target``, which ``Register.create`` has just made; returns how many entries there are.

    Nobody writes to the source meanwhile. Afterwards both are whole, and only one may go on: orders that are given to
    both make two histories. The key of the vault is outside of the database, and stays as it is. With ``trust`` the
    audit verifies the signatures of all orders and receipts too. ``progress`` is told how many entries of how many
    have been copied.

    Raises RegisterStateError where the source has no entries, the target has some, the source is damaged, or a
    database fails. The target is as empty as before then.
    """
    if not source.head()[0]:
        raise RegisterStateError("there is nothing to copy: the register has no entries")
    # a target that has entries may be the source itself, and then it must not be locked twice
    if target.head()[0]:
        raise RegisterStateError(
            f"the register to copy to has {target.head()[0]} entries", remedy="name a database that is empty"
        )
    with source.writing() as old, target.writing() as new:
        if new.sequence:
            raise RegisterStateError("somebody else has just begun the register to copy to")
        total = old.sequence
        _copy_rows(old.session, new.session, LogRow, lambda done: progress(done, total) if progress else None)
        _copy_rows(old.session, new.session, SealedRow, lambda _: None)
        _copy_head(old.session, new.session)
        remake_changes(new.session)
        for damage in damages(new.session, trust=trust):
            raise RegisterStateError(
                f"the register to copy is damaged: {damage}",
                remedy="audit it, and restore it from a copy that is whole",
            )
        return total


def _copy_rows(source: Session, target: Session, table: type[Base], copied: Callable[[int], None]) -> None:
    """Copy all rows, ``_BATCH`` at a time so that memory stays bounded; ``copied`` is told how many so far."""
    columns, count = table.__table__.c, 0
    result = source.execute(select(*columns).order_by(*table.__table__.primary_key).execution_options(yield_per=_BATCH))
    for rows in result.mappings().partitions():
        target.execute(insert(table), [dict(row) for row in rows])
        count += len(rows)
        copied(count)


def _copy_head(source: Session, target: Session) -> None:
    """As it is in the source, whatever the log says: a log whose end was cut off is found by the audit."""
    old, new = source.get_one(HeadRow, 1), target.get_one(HeadRow, 1)
    new.seq, new.moment, new.hash = old.seq, old.moment, old.hash
    target.flush()
