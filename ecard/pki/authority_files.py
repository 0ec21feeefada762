"""The files of an authority: ``authority.json``, its state, and ``authority.key``, its key as encrypted PKCS#8.

The state is replaced atomically: after a crash it is the old one or the new one. What OCSP answers told since stands in
a third file (``authority_answers``).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecard.certificate import serial_digits
from ecard.errors import AuthorityStateError, EcardError, InvalidInputError, InvalidKeyError, WrongCardError
from ecard.keyholder import KeyHolder
from ecard.keys import SoftwareKey
from ecard.pki import authority_answers, authority_state
from ecard.pki.authority_issuer import Issuer
from ecard.pki.authority_lock import locked
from ecard.pki.authority_state import Saved

STATE_FILE: Final = "authority.json"
KEY_FILE: Final = "authority.key"


def save(authority: Issuer, directory: Path, key: SoftwareKey | None, password: bytes | None) -> None:
    """Write the files, alone; see ``CertificateAuthority.save``.

    Raises InvalidInputError for a software key without a password.
    """
    is_new = not (directory / STATE_FILE).exists()
    if is_new and key is not None and not password:
        raise InvalidInputError("an authority's software key is kept only encrypted", remedy="give a password")
    with locked(directory):
        if (directory / STATE_FILE).exists():
            _require_unchanged(authority, load(directory))
        elif key is not None and password:
            _require_no_other_key(directory, key, password)
            _write(directory / KEY_FILE, (key.pkcs8(password),))
        save_state(authority, directory)


def _require_no_other_key(directory: Path, key: SoftwareKey, password: bytes) -> None:
    """AuthorityStateError where a key is there that belongs to another authority, whose state is lost perhaps."""
    if not (directory / KEY_FILE).exists():
        return
    with suppress(InvalidKeyError):
        if load_key(directory, password).public_key == key.public_key:
            return  # this very save was interrupted before
    raise AuthorityStateError(
        f"{directory} holds another key, and no state of an authority beside it",
        remedy=f"save to another directory, or move {KEY_FILE} away",
    )


def save_state(authority: Issuer, directory: Path) -> None:
    """Write the state file, in the hands of whoever holds the lock; what the file of answers has goes into it."""
    authority.record.revision += 1
    try:
        _write(directory / STATE_FILE, authority_state.encode(authority))
    except AuthorityStateError:
        authority.record.revision -= 1
        raise
    authority_answers.clear(directory)


def _require_unchanged(authority: Issuer, saved: Saved) -> None:
    """Raise AuthorityStateError where someone else saved, or answered, what this authority does not know."""
    record = authority.record
    if saved.certificate != authority.certificate:
        raise AuthorityStateError("the directory holds another authority", remedy="save to another directory")
    if saved.record.revision != record.revision:
        raise AuthorityStateError(
            "the authority was saved by someone else since it was loaded", remedy="load it again and repeat the act"
        )
    for serial, moment in saved.record.told.items():
        record.tell((serial,), moment)
    for event in record.journal.since(len(saved.record.journal)):
        if event.at < record.told.get(event.serial, event.at):
            raise AuthorityStateError(
                f"an OCSP answer given meanwhile says otherwise of certificate {serial_digits(event.serial)}",
                remedy="load the authority again and withdraw from a later moment",
            )


def version(directory: Path) -> tuple[int, ...]:
    """A value that is another one after every save. Raises AuthorityStateError where there is no state file."""
    path = directory / STATE_FILE
    try:
        found = path.stat()
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be read: {error.strerror}") from None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _write(path: Path, content: Iterable[bytes]) -> None:
    """Replace a file atomically, readable by its owner alone, in the hands of whoever holds the lock."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for unfinished in path.parent.glob(f".{path.name}.{'[0-9a-f]' * 8}"):
            unfinished.unlink(missing_ok=True)  # of a program that was killed: only one at a time writes
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None


def load(directory: Path) -> Saved:
    """Read the state file. Raises AuthorityStateError."""
    path = directory / STATE_FILE
    try:
        saved = authority_state.decode(_read(path))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, EcardError) as error:
        if isinstance(error, AuthorityStateError):
            raise
        raise AuthorityStateError(f"{path} is no state of an authority, or is damaged") from None
    for serial, moment in authority_answers.read(directory):
        saved.record.tell((serial,), moment)
    return saved


def load_key(directory: Path, password: bytes | None) -> SoftwareKey:
    """Read the key file. Raises AuthorityStateError where there is none and InvalidKeyError for a wrong password."""
    return SoftwareKey.from_pkcs8(_read(directory / KEY_FILE), password)


def require_same_key(holder: KeyHolder, saved: Saved) -> None:
    """WrongCardError unless the holder's certificate is the authority's."""
    if holder.certificate.public_key.canonical != saved.certificate.public_key.canonical:
        raise WrongCardError("the key is not the one of this authority")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be read: {error.strerror}") from None
