"""The register's tables: the log, what each entry changed, the head of the chain, and the sealed personal data.

``change`` is an index of the log: it can be made again from it. ``sealed`` is the one table that is not only added
to, because a person can be erased.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_SORTED: Final = "C"
"""Keys sort by their bytes on every database, whatever its language."""


def _key(length: int) -> String:
    return String(length).with_variant(String(length, collation=_SORTED), "postgresql")


class Base(DeclarativeBase):
    """The tables of the register."""


class LogRow(Base):
    """One order that was carried out. ``hash`` covers all other columns, and through ``previous`` all rows before."""

    __tablename__ = "log"
    __table_args__ = (Index("log_signer", "signer", "seq"),)

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    moment: Mapped[str] = mapped_column(String(20))
    signer: Mapped[str] = mapped_column(String(40))
    """The serial number of the signer's certificate."""
    signed: Mapped[str] = mapped_column(String(20))
    """The moment that the order says."""
    number: Mapped[str] = mapped_column(String(32), unique=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    changes: Mapped[bytes] = mapped_column(LargeBinary)
    """A JSON object: key to new value."""
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    receipt_signature: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class ChangeRow(Base):
    """What one entry of the log made of one fact."""

    __tablename__ = "change"
    __table_args__ = (Index("change_seq", "seq"), {"sqlite_with_rowid": False})

    key: Mapped[str] = mapped_column(_key(90), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    moment: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(Text)


class HeadRow(Base):
    """The end of the chain; its one row is what writers wait for."""

    __tablename__ = "head"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    moment: Mapped[str] = mapped_column(String(20))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class SealedRow(Base):
    """A person's data, encrypted under a key of its own, which is wrapped under a key outside the database."""

    __tablename__ = "sealed"

    ref: Mapped[str] = mapped_column(_key(32), primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    data: Mapped[bytes] = mapped_column(LargeBinary)
