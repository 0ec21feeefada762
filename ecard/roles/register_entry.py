"""One entry of the log as a value, and the hash that chains it to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn

from sqlalchemy import Row

from ecard.errors import EncodingError, RegisterStateError
from ecard.roles import canonical, moments
from ecard.roles.orders import Order, Receipt, Signed
from ecard.roles.register_tables import ChangeRow, LogRow

NOTHING_BEFORE: Final = bytes(32)
"""The hash before the first entry."""


def damaged(what: str) -> RegisterStateError:
    """The error for a register in whose tables something was found that ecard did not write."""
    return RegisterStateError(
        f"the register is damaged: {what}", remedy="audit it, and restore it from a copy that is whole"
    )


class FactValue(dict[str, Any]):
    """The fields of a fact; one that is missing is damage to the register, not a mistake of whoever asks."""

    def __missing__(self, name: str) -> NoReturn:
        raise damaged(f"something that it knows lacks its field {name}")


@dataclass(frozen=True, slots=True)
class Fact:
    """What the register knows under a key: a value, and the entry since which it is so."""

    value: Mapping[str, Any]
    sequence: int
    moment: datetime

    @staticmethod
    def of(row: ChangeRow | Row[*tuple[Any, ...]], key: str) -> Fact:
        """What a row of the table of changes says of ``key``. Raises RegisterStateError where it is damaged."""
        why = "a column has lost its type"
        if isinstance(row.value, str) and isinstance(row.seq, int):
            try:
                return Fact(FactValue(canonical.decode(row.value.encode(), "fact")), row.seq, moments.read(row.moment))
            except EncodingError as error:
                why = error.what
        raise damaged(f"what it knows of {key} cannot be read, {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An order that was carried out, what it changed, and the receipt given for it."""

    sequence: int
    moment: datetime
    """From when it is in effect: when the centre received it."""
    signer: str
    order: Signed = field(repr=False)
    changes: bytes = field(repr=False)
    receipt: Signed = field(repr=False)
    previous: bytes = field(repr=False)

    @property
    def hash(self) -> bytes:
        """SHA-256 over every part, each preceded by its length, and the hash of the entry before."""
        digest = hashlib.sha256(self.previous)
        parts = (
            str(self.sequence).encode(),
            moments.write(self.moment).encode(),
            self.signer.encode(),
            self.order.body,
            self.order.signature,
            self.changes,
            self.receipt.body,
            self.receipt.signature,
        )
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()

    @property
    def request(self) -> Order:
        """The order itself. Raises EncodingError where it is damaged."""
        return Order.decode(self.order.body)

    def read_receipt(self) -> Receipt:
        """The receipt itself. Raises EncodingError where it is damaged."""
        return Receipt.decode(self.receipt.body)

    def read_changes(self) -> dict[str, dict[str, Any]]:
        """Key to new value. Raises EncodingError where it is damaged."""
        return canonical.decode(self.changes, "entry")

    def row(self) -> LogRow:
        """The entry as the log keeps it."""
        order = self.request
        return LogRow(
            seq=self.sequence,
            moment=moments.write(self.moment),
            signer=self.signer,
            signed=moments.write(order.moment),
            number=order.number,
            body=self.order.body,
            signature=self.order.signature,
            changes=self.changes,
            receipt=self.receipt.body,
            receipt_signature=self.receipt.signature,
            previous=self.previous,
            hash=self.hash,
        )

    @staticmethod
    def made(
        receipt: Receipt, *, signer: str, order: Signed, changes: Mapping[str, Mapping[str, Any]], answer: Signed
    ) -> Entry:
        """The entry for an order that is carried out with ``receipt``, which is signed as ``answer``."""
        return Entry(
            sequence=receipt.sequence,
            moment=receipt.moment,
            signer=signer,
            order=order,
            changes=canonical.encode(changes),
            receipt=answer,
            previous=bytes.fromhex(receipt.previous),
        )

    @staticmethod
    def of(row: LogRow | Row[Any]) -> Entry:
        """The entry that a row of the table of the log holds. Raises EncodingError where a column is damaged.

        SQLite keeps a value of any type in any column.
        """
        parts = (row.body, row.signature, row.changes, row.receipt, row.receipt_signature, row.previous)
        if not isinstance(row.signer, str) or not all(isinstance(part, bytes) for part in parts):
            raise EncodingError("a column has lost its type")
        return Entry(
            sequence=row.seq,
            moment=moments.read(row.moment),
            signer=row.signer,
            order=Signed(row.body, row.signature),
            changes=row.changes,
            receipt=Signed(row.receipt, row.receipt_signature),
            previous=row.previous,
        )
