"""A data centre kept in a directory: its authorities, its seal, the key of its vault, and where its register is."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.cli.language import translate
from ecard.codes import check_card_number
from ecard.errors import EcardError, InvalidInputError
from ecard.files import write_atomically
from ecard.keyholder import SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.pin.silent_terminal import kept_silent
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, PublicationPoints
from ecard.pki.publishing import points_at
from ecard.pki.requests import build_request
from ecard.roles.centre import Centre
from ecard.roles.certificate_facts import serial_of
from ecard.roles.people import Person
from ecard.roles.register import Register
from ecard.roles.register_database import lasting
from ecard.roles.secrets import CardSecrets
from ecard.roles.vault import Vault

_PRIVATE: Final = 0o600
_MAX_PERSON: Final = 4096
PASSWORD_VARIABLE: Final = "ECARD_CA_PASSWORD"  # noqa: S105 - a name, not a password
_MINIMUM: Final = 8
_CARDS: Final = "cards"


@dataclass(frozen=True, slots=True, repr=False)
class KeptSecrets:
    """What the centre keeps of a card's secrets."""

    puk: Pin
    management_key: bytes


def authorities_password(*, is_new: bool = False) -> bytes:
    """The password of the centre's keys, from ECARD_CA_PASSWORD or typed. Raises InvalidInputError."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is None:
        if not sys.stdin.isatty():
            raise InvalidInputError(
                "there is no terminal to ask for the centre's password at",
                remedy=f"set the environment variable {PASSWORD_VARIABLE}",
            )
        given = _typed(translate("Password of the centre's keys: "))
        if is_new and _typed(translate("Again: ")) != given:
            raise InvalidInputError("the two passwords differ")
    if is_new and len(given) < _MINIMUM:
        raise InvalidInputError(f"the password must have at least {_MINIMUM} characters")
    # a variable may have bytes that are not UTF-8: they are the password as well
    return given.encode(errors="surrogateescape")


def _typed(question: str) -> str:
    try:
        with kept_silent(question):
            return getpass.getpass(question)
    except UnicodeDecodeError:
        # it holds what was typed, so another is raised in its place
        pass
    raise InvalidInputError(
        "the password has characters in another encoding than the terminal's",
        remedy=f"type ASCII characters, or set the environment variable {PASSWORD_VARIABLE}",
    )


def found(
    directory: Path,
    database: str | None,
    *,
    name: str,
    organisation_code: str,
    card: str,
    password: bytes,
    address: str | None = None,
) -> None:
    """Found a centre in a new directory, and the first entry of its register. Raises InvalidInputError.

    ``address`` is where `ecard centre serve` will publish; it is written into every certificate.
    """
    require_new_directory(directory)
    place = lasting(database or str(directory.absolute() / "register.db"))
    now = datetime.now(UTC)
    root = CertificateAuthority.create_root(f"{name} 根", at=now, points=_points(address, "root"))
    issuing = root.create_subordinate(name, at=now, points=_points(address, "issuing"))
    key = SoftwareKey.generate(KeyKind.P256)
    subject = CertificateSubject(
        holder_name=name,
        enterprise_name=name,
        organisation_code=organisation_code,
        card_number=card,
        card_type=CardType.LEGAL_PERSON,
    )
    seal = issuing.issue(build_request(key.public_key, key.sign, card), subject, at=now)
    root.save(directory / "root", password=password)
    issuing.save(directory / "issuing", password=password)
    write_atomically(directory / "root.pem", root.certificate.pem().encode())
    write_atomically(directory / "issuing.pem", issuing.certificate.pem().encode())
    write_atomically(directory / "seal.pem", seal.pem().encode())
    write_atomically(directory / "seal.key", key.pkcs8(password), mode=_PRIVATE)
    write_atomically(directory / "vault.key", Vault.new_key(), mode=_PRIVATE)
    point_to(directory, place)
    Register.create(place).close()
    with centre_in(directory, password) as centre:
        centre.found(name, subject.organisation_code, card, at=now)


def take_back(directory: Path) -> None:
    """Remove a centre that could not be made whole, and what it founded in a database elsewhere; it can begin anew.

    Whatever cannot be removed stays.
    """
    with suppress(EcardError, OSError):
        seal = Certificate.from_pem((directory / "seal.pem").read_bytes())
        with register_in(directory) as register, register.writing() as writer:
            writer.take_back_founding(serial_of(seal))
    shutil.rmtree(directory, ignore_errors=True)


def require_new_directory(directory: Path) -> None:
    """InvalidInputError where a directory is there already and is not empty, or something else is."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidInputError(f"{directory} exists already", remedy="name another directory")


def _points(address: str | None, name: str) -> PublicationPoints | None:
    return None if address is None else replace(points_at(address, name), delta_crl=None)


@contextmanager
def register_in(directory: Path) -> Iterator[Register]:
    """The register of the centre in a directory; needs no password."""
    with Register.open(register_of(directory)) as register:
        yield register


def register_of(directory: Path) -> str:
    """Where the register of the centre in a directory is, as ``Register.open`` takes it. Raises InvalidInputError."""
    try:
        return str(json.loads((directory / "centre.json").read_bytes())["register"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInputError(f"{directory} holds no data centre", remedy="ecard centre init DIR") from None


def point_to(directory: Path, place: str) -> None:
    """Write down where the register of the centre in a directory is; a URL may hold a password."""
    write_atomically(directory / "centre.json", json.dumps({"register": place}).encode(), mode=_PRIVATE)


@contextmanager
def centre_in(directory: Path, password: bytes) -> Iterator[Centre]:
    """The centre in a directory. Raises InvalidInputError where there is none, InvalidKeyError for a wrong password."""
    with register_in(directory) as register:
        issuing = CertificateAuthority.load(directory / "issuing", password=password)
        key = SoftwareKey.from_pkcs8((directory / "seal.key").read_bytes(), password)
        seal = SoftwareKeyHolder(key, Certificate.from_pem((directory / "seal.pem").read_bytes()))
        # a fresh record: what was issued and withdrawn follows from the register
        authority = CertificateAuthority(issuing.holder, chain=issuing.chain, points=issuing.points)
        yield Centre(register, authority, seal=seal, vault=vault_in(directory))


def vault_in(directory: Path) -> Vault:
    """The vault, whose key is kept beside the register and not in it."""
    try:
        return Vault((directory / "vault.key").read_bytes())
    except OSError as error:
        raise InvalidInputError(f"the vault's key cannot be read: {error.strerror}") from None


@contextmanager
def keeping_secrets(directory: Path, number: str, secrets: CardSecrets) -> Iterator[None]:
    """Keep what opens a card, sealed with the vault's key: the centre needs the PUK to unlock it.

    They are written before the block orders the card, lest a full disk lose them after, and take their name only
    after it: there may be a card of that number, whose secrets are kept.
    """
    check_card_number(number)
    text = json.dumps({"puk": secrets.puk.reveal().decode(), "management_key": secrets.management_key.hex()})
    path = directory / _CARDS / f"{number}.sealed"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    written = path.with_name(f".{path.name}-{token_hex(8)}")
    write_atomically(written, vault_in(directory).wrap(text.encode(), number), mode=_PRIVATE)
    try:
        yield
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    written.replace(path)


def keeps_secrets(directory: Path) -> bool:
    """Whether a centre's directory keeps the secrets of any card."""
    return any((directory / _CARDS).glob("*"))


def kept_secrets(directory: Path, number: str) -> KeptSecrets:
    """What opens a card, as it was kept. InvalidInputError where nothing was kept, VaultError where it is damaged."""
    try:
        sealed = (directory / _CARDS / f"{number}.sealed").read_bytes()
    except (OSError, ValueError):
        raise InvalidInputError(f"the centre keeps no PUK of a card {number}", remedy="look at its number") from None
    text = json.loads(vault_in(directory).unwrap(sealed, number))
    return KeptSecrets(Pin(text["puk"]), bytes.fromhex(text["management_key"]))


def read_person(path: Path) -> Person:
    """A person from a JSON file with name, identity_number and perhaps telephone. Errors show none of them."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_PERSON + 1)
        value = json.loads(text) if len(text) <= _MAX_PERSON else None
    except (OSError, ValueError, RecursionError):
        raise InvalidInputError(f"{path} is no JSON file of a person") from None
    wanted = {"name", "identity_number", "telephone"}
    if not isinstance(value, Mapping) or not wanted - {"telephone"} <= set(value) <= wanted:
        raise InvalidInputError(f"{path} must say name, identity_number and, if there is one, telephone")
    if not all(isinstance(part, str) for part in value.values()):
        raise InvalidInputError(f"{path} has a field that is not a text")
    return Person(value["name"], value["identity_number"], value.get("telephone"))
