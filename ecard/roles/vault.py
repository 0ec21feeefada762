"""The vault: personal data encrypted at rest, every person under a key of his own.

That key is wrapped under a key that is not in the database. To erase a person is to delete both; what is left in the
log is a salted hash of what nobody knows any more.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import Enum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlalchemy import delete
from sqlalchemy.orm import Session

from ecard.errors import InvalidInputError, VaultError
from ecard.roles.people import Enclosure, Person
from ecard.roles.register_tables import SealedRow

_NONCE: Final = 12
_TAG: Final = 16


class Sealing(Enum):
    """The cipher of a vault, and the length of its keys in octets."""

    AES_256_GCM = 32
    """NIST SP 800-38D."""
    SM4_GCM = 16
    """GB/T 32907, in the same mode (RFC 8998)."""


class Vault:
    """Seals and opens the records of people with a key that the caller keeps outside the database.

    ``key`` has 32 octets for AES-256-GCM, 16 for SM4-GCM. Raises InvalidInputError for a key of another length.
    """

    def __init__(self, key: bytes, *, sealing: Sealing = Sealing.AES_256_GCM) -> None:
        if len(key) != sealing.value:
            raise InvalidInputError(f"a vault's key for {sealing.name} has {sealing.value} octets")
        self._key = bytes(key)
        self._sealing = sealing

    def __repr__(self) -> str:
        return f"<Vault {self._sealing.name}>"

    @staticmethod
    def new_key(sealing: Sealing = Sealing.AES_256_GCM) -> bytes:
        """A new key for a vault. Keep it: without it nothing in the vault can be read."""
        return secrets.token_bytes(sealing.value)

    def seal(self, enclosure: Enclosure) -> SealedRow:
        """The record of a person, ready for the database."""
        own, ref = secrets.token_bytes(self._sealing.value), enclosure.ref.encode()
        return SealedRow(
            ref=enclosure.ref,
            wrapped_key=self._encrypt(self._key, own, b"key of " + ref),
            data=self._encrypt(own, enclosure.encode(), b"data of " + ref),
        )

    def open(self, session: Session, ref: str) -> Person:
        """The person with a reference. Raises VaultError where there is none, or it cannot be opened."""
        row = session.get(SealedRow, ref)
        if row is None:
            raise VaultError("there is nobody with this reference", remedy="the person may have been erased")
        own = self._decrypt(self._key, row.wrapped_key, b"key of " + ref.encode())
        return Enclosure.decode(ref, self._decrypt(own, row.data, b"data of " + ref.encode())).person

    def wrap(self, data: bytes, name: str) -> bytes:
        """Another secret of the centre, such as a card's PUK, under the vault's own key and bound to a name."""
        return self._encrypt(self._key, data, b"secret " + name.encode())

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """What was wrapped under the same name. Raises VaultError."""
        return self._decrypt(self._key, wrapped, b"secret " + name.encode())

    @staticmethod
    def erase(session: Session, ref: str) -> None:
        """Delete the record of a person, with the key that opens it, for good."""
        session.execute(delete(SealedRow).where(SealedRow.ref == ref))

    def _encrypt(self, key: bytes, data: bytes, bound_to: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        encryptor = Cipher(self._cipher(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound_to)
        return nonce + encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def _decrypt(self, key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
        nonce, data, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
        try:
            decryptor = Cipher(self._cipher(key), modes.GCM(nonce, tag)).decryptor()
            decryptor.authenticate_additional_data(bound_to)
            return decryptor.update(data) + decryptor.finalize()
        except (InvalidTag, TypeError, ValueError):
            raise VaultError("a person's record cannot be opened: the key is wrong, or the record damaged") from None

    def _cipher(self, key: bytes) -> algorithms.AES | algorithms.SM4:
        return algorithms.AES(key) if self._sealing is Sealing.AES_256_GCM else algorithms.SM4(key)


def digest_of(row: SealedRow) -> str:
    """SHA-256 of a sealed record, in hexadecimal: by it the log knows whether the record was changed."""
    digest = hashlib.sha256(len(row.wrapped_key).to_bytes(8, "big"))
    digest.update(row.wrapped_key)
    digest.update(row.data)
    return digest.hexdigest()
