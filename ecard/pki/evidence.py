"""Evidence: CRLs, OCSP responses and the register's history, from which revocation is judged.

A collection of statements that are not believed until their signatures were verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from ecard import der
from ecard.errors import EncodingError, InvalidInputError
from ecard.pki.crl import Crl, load_pem_crls
from ecard.pki.crl_index import HOLD
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.validation_names import NameKey, name_key

MAX_FILE: Final = 512 * 1024 * 1024
"""The most bytes of one file; the largest CRL in PEM takes two thirds of it."""
_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Interval:
    """A time during which a certificate was revoked or on hold: from ``since`` until before ``until`` (None: still)."""

    since: datetime
    until: datetime | None = None
    reason: str = HOLD

    def contains(self, moment: datetime) -> bool:
        """Whether the certificate was withdrawn at ``moment``."""
        return self.since <= moment and (self.until is None or moment < self.until)


@runtime_checkable
class RevocationHistory(Protocol):
    """The register of a CA, which remembers holds that no CRL lists any more."""

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        """All intervals of the certificate with ``serial`` of ``issuer`` (a name in DER).

        None where the register does not keep that issuer's certificates.
        """


@dataclass(frozen=True)
class _Histories:
    """Two registers, asked one after the other."""

    first: RevocationHistory
    second: RevocationHistory

    def intervals(self, issuer: bytes, serial: int) -> Sequence[Interval] | None:
        found = self.first.intervals(issuer, serial)
        return self.second.intervals(issuer, serial) if found is None else found


@dataclass(frozen=True)
class Evidence:
    """CRLs and OCSP responses, and optionally the register's history.

    A CRL or response is given as its object or as its bytes. Raises EncodingError where bytes are neither.
    """

    crls: Sequence[Crl] = ()
    ocsp: Sequence[OcspResponse] = ()
    history: RevocationHistory | None = field(default=None, repr=False, hash=False)

    def __init__(
        self,
        crls: Iterable[Crl | bytes] = (),
        ocsp: Iterable[OcspResponse | bytes] = (),
        history: RevocationHistory | None = None,
    ) -> None:
        object.__setattr__(self, "crls", tuple(c if isinstance(c, Crl) else _read_crl(c) for c in crls))
        object.__setattr__(self, "ocsp", tuple(o if isinstance(o, OcspResponse) else OcspResponse(o) for o in ocsp))
        object.__setattr__(self, "history", history)

    @staticmethod
    def from_files(*paths: str | Path, history: RevocationHistory | None = None) -> Evidence:
        """Evidence from files, each a CRL in DER or PEM (several may follow each other) or an OCSP response in DER.

        Of a directory, the files that end in .crl are read. Raises InvalidInputError where a file cannot be read or a
        directory holds none, EncodingError where a file is neither.
        """
        crls: list[Crl] = []
        ocsp: list[OcspResponse] = []
        found = (file for path in paths for file in files_of(Path(path), {".crl"}, "file that ends in .crl"))
        for path in found:
            data = read_file(path)
            try:
                if OcspResponse.looks_like(data):
                    ocsp.append(OcspResponse(data))
                else:
                    crls.extend(load_crls(data))
            except EncodingError as error:
                raise EncodingError(f"the file {path} cannot be used as evidence: {error}") from None
        return Evidence(crls, ocsp, history)

    def __add__(self, other: Evidence) -> Evidence:
        """Both together; the right one's history is asked where the left one's does not keep an issuer."""
        crls, ocsp = (*self.crls, *other.crls), (*self.ocsp, *other.ocsp)
        if self.history is None or other.history is None or self.history is other.history:
            return Evidence(crls, ocsp, other.history if self.history is None else self.history)
        return Evidence(crls, ocsp, _Histories(self.history, other.history))

    def __reduce__(self) -> tuple[object, ...]:
        return Evidence, (self.crls, self.ocsp, self.history)

    @cached_property
    def crls_by_issuer(self) -> Mapping[NameKey, tuple[Crl, ...]]:
        """The CRLs of each issuer."""
        found: dict[NameKey, list[Crl]] = {}
        for crl in self.crls:
            found.setdefault(name_key(crl.issuer), []).append(crl)
        return {name: tuple(dict.fromkeys(crls)) for name, crls in found.items()}

    @cached_property
    def fingerprint(self) -> frozenset[bytes]:
        """A value that is equal for evidence with the same statements."""
        return frozenset(crl.sha256 for crl in self.crls) | {response.sha256 for response in self.ocsp}


def files_of(path: Path, suffixes: Collection[str], what: str, *, remedy: str | None = None) -> list[Path]:
    """A file, or of a directory the files whose names end in one of ``suffixes``, in order.

    InvalidInputError where the directory cannot be read, or holds no ``what``. A link that leads nowhere is one of the
    files: left out silently, the revocation that it was to tell of would be lost.
    """
    try:
        if not path.is_dir():
            return [path]
        # a pipe of such a name would be waited for without end; a link to nothing stands for a file that is missing
        named = (file for file in path.iterdir() if file.suffix.lower() in suffixes)
        found = sorted(file for file in named if file.is_file() or (file.is_symlink() and not file.exists()))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}") from None
    if not found:
        raise InvalidInputError(f"the directory {path} holds no {what}", remedy=remedy)
    return found


def read_file(path: Path) -> bytes:
    """The bytes of a file; InvalidInputError where it cannot be read, is empty, or has more than ``MAX_FILE``."""
    read = BytesIO()
    try:
        with path.open("rb") as file:
            # in pieces: a device such as /dev/zero tells no size, and never ends
            while read.tell() <= MAX_FILE and (piece := file.read(_PIECE)):
                read.write(piece)
    except OSError as error:
        raise InvalidInputError(f"the file {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInputError(f"the file {str(path)!r} cannot be read: {error}") from None
    data = read.getvalue()
    if not data:
        raise InvalidInputError(f"the file {path} is empty")
    if len(data) > MAX_FILE:
        raise InvalidInputError(f"the file {path} is larger than {MAX_FILE} bytes", remedy="give its CRLs one by one")
    return data


def load_crls(data: bytes) -> list[Crl]:
    """The CRLs in a file's bytes: one in DER, or any number in PEM. EncodingError where there is none."""
    if der.is_binary(data):
        return [Crl(data)]
    found = load_pem_crls(data)
    if not found:
        raise EncodingError("no CRL found, neither PEM nor DER")
    return found


def _read_crl(data: bytes) -> Crl:
    found = load_crls(bytes(data))
    if len(found) != 1:
        raise InvalidInputError(f"{len(found)} CRLs where one was expected")
    return found[0]
