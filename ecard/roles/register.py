"""The register: an append-only, hash-chained log of orders, and what is known at any moment because of it.

Many processes may share one register; they write one after the other. Source: docs/life-cycle.md, "The register".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ecard.errors import RegisterStateError
from ecard.roles import register_database as database
from ecard.roles.acts import CardState
from ecard.roles.register_entry import NOTHING_BEFORE, Entry, Fact, damaged
from ecard.roles.register_tables import ChangeRow, HeadRow, LogRow
from ecard.roles.register_writer import RegisterWriter, fact_of, remake_changes

_BATCH: Final = 500


class Register:
    """A register in a database. Use ``create`` or ``open``; close it when done, or use it as a context manager."""

    def __init__(self, engine: Engine) -> None:
        self.engine: Final = engine

    @classmethod
    def create(cls, place: str | Path) -> Register:
        """A new register at a URL, or in a directory or file for SQLite; or the one that is there, up to date.

        Raises RegisterStateError where the database cannot be used, InvalidInputError for a place that is none.
        """
        engine = database.connect(place)
        if engine.url.get_backend_name() == "sqlite":
            directory = Path(engine.url.database or "").parent
            try:
                directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RegisterStateError(
                    f"the directory {directory} cannot be made: {error.strerror}", remedy="name another place"
                ) from None
        database.migrate(engine)
        return cls(engine)

    @classmethod
    def open(cls, place: str | Path) -> Register:
        """The register that is at ``place``. Raises RegisterStateError where there is none of this version."""
        engine = database.connect(place)
        database.require_current(engine)
        return cls(engine)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; RegisterStateError in place of the database's errors."""
        with database.database_errors(), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[RegisterWriter]:
        """The one writer of this moment, over all processes. What it adds is kept when the block ends without error."""
        with database.database_errors(), Session(database.for_writing(self.engine)) as session, session.begin():
            yield RegisterWriter(session)

    def get(self, key: str, *, at: datetime | None = None) -> Fact | None:
        """What is known under ``key``, now or as it was in effect at a moment. None where there was nothing."""
        with self.reading() as session:
            return fact_of(session, key, at)

    def history(self, key: str) -> list[Fact]:
        """All that ever was known under ``key``, in its order."""
        query = select(ChangeRow).where(ChangeRow.key == key).order_by(ChangeRow.seq)
        with self.reading() as session:
            return [Fact.of(row, key) for row in session.scalars(query)]

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin so, sorted: ``card/`` for all cards."""
        query = select(ChangeRow.key).where(ChangeRow.key >= prefix).distinct()
        if prefix:
            query = query.where(ChangeRow.key < prefix[:-1] + chr(ord(prefix[-1]) + 1))
        with self.reading() as session:
            return sorted(session.scalars(query))

    def status(self, card: str, at: datetime) -> CardState | None:
        """The state of the card with this number at a moment; None where there was no such card."""
        fact = self.get(f"card/{card}", at=at)
        try:
            return None if fact is None else CardState(fact.value["state"])
        except (KeyError, ValueError):
            raise damaged(f"what it knows of the card {card} is no state") from None

    def entries(self, after: int = 0, *, batch: int = _BATCH) -> Iterator[Entry]:
        """The log after an entry, in its order, ``batch`` at a time, so that memory stays bounded."""
        while True:
            query = select(LogRow).where(LogRow.seq > after).order_by(LogRow.seq).limit(batch)
            with self.reading() as session:
                found = [Entry.of(row) for row in session.scalars(query)]
            yield from found
            if len(found) < batch:
                return
            after = found[-1].sequence

    def entry_of(self, number: str) -> Entry | None:
        """The entry of the order with this number: what a sender asks who got no answer."""
        with self.reading() as session:
            row = session.scalar(select(LogRow).where(LogRow.number == number))
            return None if row is None else Entry.of(row)

    def head(self) -> tuple[int, bytes]:
        """The sequence number of the last entry, 0 where there is none, and the hash of the whole log."""
        with self.reading() as session:
            row = session.get(HeadRow, 1)
            return (0, NOTHING_BEFORE) if row is None else (row.seq, row.hash)

    def rebuild(self) -> int:
        """Make the table of changes again from the log alone; returns how many there are.

        Raises RegisterStateError where the log itself is damaged.
        """
        with self.writing() as writer:
            return remake_changes(writer.session)
