"""Signing all messages of a directory: planned first, so that one consent covers exactly what is left to do.

A file that is signed already is recognised by what is in it, so a batch that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ecard.certificate import Certificate
from ecard.documents.ceb.insertion import remove_signature
from ecard.documents.ceb.profiles import Profile
from ecard.documents.ceb.report import Step
from ecard.documents.ceb.schema import Schemas
from ecard.documents.ceb.signing import sign
from ecard.documents.ceb.suitability import SIGNING_ROLES
from ecard.documents.ceb.verifying import inspect
from ecard.documents.steps import Outcome
from ecard.documents.xml_guard import read_xml
from ecard.errors import EcardError, InvalidInputError
from ecard.files import write_atomically
from ecard.keyholder import KeyHolder
from ecard.pki.identity import CardType

_OWN_STEPS = frozenset({Step.DIGEST, Step.SIGNATURE, Step.KEY_NAME})


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be signed, and why."""

    path: Path
    error: EcardError

    def __str__(self) -> str:
        return f"{self.path.name}: {self.error}"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch. Every file of the plan is in exactly one place."""

    signed: tuple[Path, ...]
    """Files that were signed now, in their new place."""
    done: tuple[Path, ...]
    """Files that had been signed before."""
    failures: tuple[Failure, ...]
    not_attempted: tuple[Path, ...]
    """Files that were left because the batch could not go on: run it again to sign them."""
    stopped_by: EcardError | None
    """What the card, its holder or the target answered, where that ended the batch."""

    @property
    def complete(self) -> bool:
        """Whether every file is signed."""
        return not self.failures and not self.not_attempted


@dataclass(frozen=True, slots=True)
class Batch:
    """What is left to do in a directory."""

    source: Path
    target: Path
    pending: tuple[Path, ...]
    """Files to sign, as many as the holder's consent has to cover."""
    done: tuple[Path, ...]
    """Files whose signed form, by the same certificate, is in the target already."""
    blocked: tuple[Failure, ...]
    """Names that are no files, and files whose signed form has its place taken by something else."""
    replace: bool = False
    overwrite: bool = False

    @staticmethod
    def plan(
        source: Path,
        target: Path,
        certificate: Certificate,
        *,
        replace: bool = False,
        overwrite: bool = False,
        pattern: str = "*.xml",
    ) -> Batch:
        """Look at the files of ``source`` that fit ``pattern``, in the order of their names, and at ``target``.

        ``replace`` signs messages anew that are signed; ``overwrite`` replaces files in the target that are not the
        signed form of what is in the source. Directories inside ``source`` are passed over. Raises InvalidInputError
        where a directory is missing or cannot be read, both are one, or ``pattern`` is none.
        """
        _require_directory(source)
        _require_directory(target)
        if source.resolve() == target.resolve():
            raise InvalidInputError("signed messages are written into another directory than the one they come from")
        pending: list[Path] = []
        done: list[Path] = []
        blocked: list[Failure] = []
        for path in _files(source, pattern):
            signed = target / path.name
            try:
                if not path.is_file():
                    raise InvalidInputError(f"{path} is no file")
                is_done = signed.is_file() and _is_signed_form(path, signed, certificate, replace=replace)
                if not is_done:
                    _require_free(signed, overwrite=overwrite)
            except InvalidInputError as error:
                blocked.append(Failure(path, error))
            except OSError as error:
                blocked.append(Failure(path, InvalidInputError(f"{signed} cannot be used: {error.strerror}")))
            else:
                (done if is_done else pending).append(path)
        return Batch(source, target, tuple(pending), tuple(done), tuple(blocked), replace, overwrite)

    def sign(
        self,
        holder: KeyHolder,
        *,
        profile: Profile | None = None,
        schemas: Schemas | None = None,
        enterprise_codes: Collection[str] = (),
        roles: Collection[CardType] = SIGNING_ROLES,
        at: datetime | None = None,
        progress: Callable[[Path, EcardError | None], None] | None = None,
    ) -> BatchResult:
        """Sign what is pending, each file into the target at once, and go on after a message that cannot be signed.

        An error of the card, its PIN or its certificate ends the batch, and so does a target that cannot be written:
        it would meet every file. ``progress`` is called after each file with its error, None for none. The other
        arguments are those of ``sign``.
        """
        signed: list[Path] = []
        failures = list(self.blocked)
        for number, path in enumerate(self.pending):
            place = self.target / path.name
            failure = stop = None
            try:
                _require_free(place, overwrite=self.overwrite)
                message = sign(
                    path,
                    holder,
                    profile=profile,
                    replace=self.replace,
                    schemas=schemas,
                    enterprise_codes=enterprise_codes,
                    roles=roles,
                    at=at,
                )
            except InvalidInputError as error:
                failures.append(Failure(path, failure := error))
            except EcardError as error:
                stop = error
            else:
                stop = _write(place, message)
                signed += [] if stop else [place]
            if stop is not None:
                return BatchResult(tuple(signed), self.done, tuple(failures), self.pending[number:], stop)
            if progress is not None:
                progress(path, failure)
        return BatchResult(tuple(signed), self.done, tuple(failures), (), None)


def _require_directory(path: Path) -> None:
    try:
        next(path.iterdir(), None)
    except NotADirectoryError:
        raise InvalidInputError(f"{path} is not a directory") from None
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        # a name with a NUL in it
        raise InvalidInputError(f"the directory cannot be read: {error}") from None


def _files(source: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in source.glob(pattern) if not path.is_dir())
    except (ValueError, NotImplementedError):
        raise InvalidInputError(
            f"{pattern!r} is no pattern of names inside a directory", remedy="give one such as *.xml"
        ) from None
    except OSError as error:
        raise InvalidInputError(f"{source} cannot be read: {error.strerror}") from None


def _is_free(signed: Path, *, overwrite: bool) -> bool:
    """Whether a file may be put there: nothing is there, not even a link, or a file that may be replaced."""
    return (overwrite and signed.is_file()) or not os.path.lexists(signed)


def _require_free(signed: Path, *, overwrite: bool) -> None:
    if not _is_free(signed, overwrite=overwrite):
        raise _taken(signed)


def _write(path: Path, message: bytes) -> EcardError | None:
    """Write a signed message; what was wrong where it cannot be written."""
    try:
        write_atomically(path, message)
    except InvalidInputError as error:
        return error
    return None


def _taken(signed: Path) -> InvalidInputError:
    return InvalidInputError(f"{signed} holds something else", remedy="remove it")


def _is_signed_form(source: Path, signed: Path, certificate: Certificate, *, replace: bool) -> bool:
    """Whether ``signed`` is ``source`` with a good signature of the certificate's key, and not a byte else changed."""
    try:
        original, data = read_xml(source), read_xml(signed)
        if remove_signature(data) != (remove_signature(original) if replace else original):
            return False
        report = inspect(data, at=certificate.not_before)
    except InvalidInputError:
        return False
    passed = {check.step for check in report.checks if check.outcome is Outcome.PASSED}
    return report.certificate == certificate and passed >= _OWN_STEPS
