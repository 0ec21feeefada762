"""People: what the centre must know of a legal person, an operator, a custodian or a collector, and how it is kept.

An order names a person by a reference and a commitment; the data go beside it, into the vault, so that the log never
holds them and a person can be erased while the log stays whole.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from ecard.codes import check_identity_number
from ecard.errors import InvalidInputError
from ecard.pki.profile import MAX_NAME
from ecard.roles import canonical

_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """A person's data. None of them is ever shown by ``repr`` or an error.

    Raises InvalidCodeError for a wrong identity number (GB 11643), saying which character, and InvalidInputError for
    a name that cannot stand in a certificate, or something that is no telephone number.
    """

    name: str = field(repr=False)
    identity_number: str = field(repr=False)
    telephone: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= MAX_NAME or not self.name.isprintable() or self.name != self.name.strip():
            raise InvalidInputError(
                f"a person's name has 1 to {MAX_NAME} characters that print, none blank at its ends"
            )
        check_identity_number(self.identity_number)
        if self.telephone is not None and not _TELEPHONE.fullmatch(self.telephone):
            raise InvalidInputError("a telephone number has 6 to 20 digits, with blanks or hyphens between them")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A person's data as they go to the centre beside an order, which holds only ``reference``.

    The salt keeps the commitment from being guessed; it is erased with the person.
    """

    person: Person
    ref: str = field(default_factory=lambda: secrets.token_hex(16))
    salt: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    def encode(self) -> bytes:
        """The data as canonical JSON: what the commitment is over and the vault seals."""
        person = self.person
        return canonical.encode(
            {
                "salt": self.salt,
                "name": person.name,
                "identity_number": person.identity_number,
                "telephone": person.telephone,
            }
        )

    @staticmethod
    def decode(ref: str, data: bytes) -> Enclosure:
        """Read what ``encode`` wrote. Raises EncodingError, InvalidInputError."""
        value = canonical.decode(data, "person's record")
        return Enclosure(Person(value["name"], value["identity_number"], value["telephone"]), ref, value["salt"])

    @property
    def commitment(self) -> str:
        """SHA-256 over the data and the salt, in hexadecimal."""
        return hashlib.sha256(self.encode()).hexdigest()

    @property
    def reference(self) -> dict[str, str]:
        """What stands in an order in place of the person."""
        return {"ref": self.ref, "commitment": self.commitment}
