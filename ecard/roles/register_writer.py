"""Writing to the register: one transaction at a time over all processes, in which facts are read and an entry added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, select, tuple_
from sqlalchemy.orm import Session

from ecard.errors import EncodingError, InvalidInputError
from ecard.roles import canonical, moments
from ecard.roles.register_entry import NOTHING_BEFORE, Entry, Fact, damaged
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow, SealedRow

_BATCH: Final = 500
_END: Final = 2**62
_MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)


class RegisterWriter:
    """The register as long as its lock is held. Facts that are read here cannot change before the end."""

    def __init__(self, session: Session) -> None:
        self.session: Final = session
        head = session.get(HeadRow, 1, with_for_update=True)
        if head is None:
            head = HeadRow(id=1, seq=0, moment="0001-01-01T00:00:00Z", hash=NOTHING_BEFORE)
            session.add(head)
            session.flush()  # of two processes that begin a register at the same time, one waits here and fails
        _require_head(head)
        self._head: Final = head
        self._facts: dict[str, Fact | None] = {}
        """What was read: under the lock it stays so, and every question to a server is a way there and back."""

    @property
    def sequence(self) -> int:
        """The number of the last entry, 0 where there is none."""
        return self._head.seq

    @property
    def hash(self) -> bytes:
        """The hash of the whole log."""
        return self._head.hash

    def effective(self, at: datetime) -> datetime:
        """The moment from which an entry that is added at ``at`` is in effect: never before the last entry's.

        Raises InvalidInputError where the last entry lies so far in the future that a clock must be wrong.
        """
        last, moment = moments.read(self._head.moment), moments.whole(at)
        if last - moment > _MAX_CLOCK_DIFFERENCE:
            raise InvalidInputError(
                "the register has entries of a later moment than now", remedy="set the clocks of all centres right"
            )
        return max(last, moment)

    def get(self, key: str) -> Fact | None:
        """What is known under ``key``."""
        if key not in self._facts:
            self._facts[key] = fact_of(self.session, key, None)
        return self._facts[key]

    def entry_of(self, number: str) -> Entry | None:
        """The entry of the order with this number."""
        row = self.session.scalar(select(LogRow).where(LogRow.number == number))
        return None if row is None else Entry.of(row)

    def last_signed(self, signer: str) -> datetime | None:
        """The moment in the last order that was signed with the certificate of this serial number."""
        return last_signed(self.session, signer, before=_END)

    def append(self, entry: Entry) -> None:
        """Add the next entry, with its changes, to the log."""
        self._facts.clear()
        row = entry.row()
        self.session.add(row)
        rows = change_rows(entry)
        if rows:
            self.session.execute(insert(ChangeRow), rows)
        self._head.seq, self._head.moment, self._head.hash = entry.sequence, row.moment, row.hash
        self.session.flush()

    def take_back_founding(self, signer: str) -> None:
        """Empty a register that was founded with the certificate of this serial number, whose key nobody has any more.

        A register that another seal founded stays as it is.
        """
        first = self.session.get(LogRow, 1)
        if first is not None and first.signer == signer:
            for table in (ChangeRow, LogRow, SealedRow, HeadRow):
                self.session.execute(delete(table))


def _require_head(head: HeadRow) -> None:
    """RegisterStateError where the head of the log holds what nobody can go on from."""
    try:
        moments.read(head.moment)
    except EncodingError:
        is_whole = False
    else:
        is_whole = isinstance(head.seq, int) and isinstance(head.hash, bytes) and len(head.hash) == len(NOTHING_BEFORE)
    if not is_whole:
        raise damaged("the head of the log cannot be read")


def change_rows(entry: Entry) -> list[Mapping[str, Any]]:
    """The rows of the table of changes that follow from an entry."""
    moment = moments.write(entry.moment)
    return [
        {"key": key, "seq": entry.sequence, "moment": moment, "value": canonical.encode(value).decode()}
        for key, value in sorted(entry.read_changes().items())
    ]


def remake_changes(session: Session) -> int:
    """Make the table of changes from the log alone; returns how many rows there are.

    Raises RegisterStateError where the log itself is damaged.
    """
    session.execute(delete(ChangeRow))
    previous = NOTHING_BEFORE
    for row in session.scalars(select(LogRow).order_by(LogRow.seq).execution_options(yield_per=_BATCH)):
        try:
            entry = Entry.of(row)
            is_whole = entry.previous == previous and entry.hash == row.hash
        except EncodingError:
            is_whole = False
        if not is_whole:
            raise damaged(f"entry {row.seq} of the log")
        previous = entry.hash
        rows = change_rows(entry)
        if rows:
            session.execute(insert(ChangeRow), rows)
    return session.scalar(select(func.count()).select_from(ChangeRow)) or 0


def fact_of(session: Session, key: str, at: datetime | None, *, before: int | None = None) -> Fact | None:
    """What was known under ``key`` at a moment, or is known now for None; by the entries before one, if it is given."""
    limits = {"at": None if at is None else moments.write(at), "before": before}
    query = _fact_query(*(name for name, value in limits.items() if value is not None))
    row = session.execute(query, {"key": key, **limits}).first()
    if row is None:
        return None
    return Fact.of(row, key)


# Building a statement takes SQLAlchemy longer than these take the database, so they are built once.


@cache
def _fact_query(*limits: str) -> Select[int, str, str]:
    query = select(ChangeRow.seq, ChangeRow.moment, ChangeRow.value).where(ChangeRow.key == bindparam("key"))
    if "at" in limits:
        query = query.where(ChangeRow.moment <= bindparam("at"))
    if "before" in limits:
        query = query.where(ChangeRow.seq < bindparam("before"))
    return query.order_by(ChangeRow.seq.desc()).limit(1)


@cache
def _last_signed_query() -> Select[str, str]:
    # asked for in the order of the index: a planner that takes signers to be few would walk the log backwards
    place = tuple_(LogRow.signer, LogRow.seq)
    query = select(LogRow.signer, LogRow.signed).where(place < tuple_(bindparam("signer"), bindparam("before")))
    return query.order_by(LogRow.signer.desc(), LogRow.seq.desc()).limit(1)


def last_signed(session: Session, signer: str, *, before: int) -> datetime | None:
    """The moment in the last order before an entry that was signed with the certificate of this serial number."""
    row = session.execute(_last_signed_query(), {"signer": signer, "before": before}).first()
    return None if row is None or row.signer != signer else moments.read(row.signed)
