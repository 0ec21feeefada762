"""Whom the caller trusts: root certificates, the intermediates that help to reach them, and standing evidence.

There is no default and no look at the system's trust store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from ecard.certificate import Certificate, load_certificates, load_pem_certificates
from ecard.errors import EcardError, EncodingError, InvalidInputError
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, files_of, load_crls, read_file
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.validation_cache import Verdicts
from ecard.pki.validation_names import NameKey, name_key

_CERTIFICATES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
_EVIDENCE: Final = frozenset({".crl", ".ors", ".ocsp"})
_NO_EVIDENCE: Final = Evidence()
_REMEDY: Final = "give the certificate of the authority that you trust, in PEM or DER"


@dataclass(frozen=True)
class Trust:
    """Trusted roots, intermediate certificates and evidence. Immutable, so that verdicts under it can be remembered.

    A root is trusted because it is here, whether or not it is self-signed. Raises InvalidInputError without a root.
    """

    roots: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...] = ()
    evidence: Evidence = _NO_EVIDENCE

    def __init__(
        self, roots: Iterable[Certificate], intermediates: Iterable[Certificate] = (), evidence: Evidence | None = None
    ) -> None:
        object.__setattr__(self, "roots", tuple(dict.fromkeys(roots)))
        object.__setattr__(self, "intermediates", tuple(dict.fromkeys(intermediates)))
        object.__setattr__(self, "evidence", evidence or _NO_EVIDENCE)
        if not self.roots:
            raise InvalidInputError("there is no root certificate to trust", remedy=_REMEDY)

    @staticmethod
    def load(*paths: str | Path) -> Trust:
        """Trust from files or directories, in DER or PEM.

        Self-signed certificates become roots, the others intermediates; CRLs and OCSP responses become evidence.
        Of a directory, files ending in .pem .crt .cer .der .crl .ors .ocsp are read. Raises InvalidInputError where
        a path cannot be read, holds nothing of the kind, or where there is no root in all of them.
        """
        collected = _Collected()
        for path in map(Path, paths):
            for file in files_of(path, _CERTIFICATES | _EVIDENCE, "certificate and no CRL", remedy=_REMEDY):
                collected.add(file)
        if not collected.roots:
            named = ", ".join(map(str, paths)) or "nothing"
            raise InvalidInputError(f"there is no root certificate in {named}", remedy=_REMEDY)
        return Trust(collected.roots, collected.intermediates, Evidence(collected.crls, collected.ocsp))

    @cached_property
    def verdicts(self) -> Verdicts:
        """What validation remembers of certificates that were good under this trust."""
        return Verdicts()

    def __reduce__(self) -> tuple[object, ...]:
        roots, intermediates = ([c.der for c in group] for group in (self.roots, self.intermediates))
        return _restored, (roots, intermediates, self.evidence)

    @cached_property
    def by_subject(self) -> Mapping[NameKey, tuple[Certificate, ...]]:
        """Roots and intermediates by their subject's name, roots first."""
        return index_by_subject((*self.roots, *self.intermediates))

    @cached_property
    def root_set(self) -> frozenset[Certificate]:
        """The roots, for a quick look."""
        return frozenset(self.roots)


def _restored(roots: list[bytes], intermediates: list[bytes], evidence: Evidence) -> Trust:
    return Trust(map(Certificate, roots), map(Certificate, intermediates), evidence)


def index_by_subject(certificates: Iterable[Certificate]) -> dict[NameKey, tuple[Certificate, ...]]:
    """Certificates by their subject's name, without duplicates, in their order."""
    found: dict[NameKey, dict[Certificate, None]] = {}
    for certificate in certificates:
        found.setdefault(name_key(certificate.subject), {})[certificate] = None
    return {name: tuple(group) for name, group in found.items()}


class _Collected:
    """What ``Trust.load`` found so far."""

    def __init__(self) -> None:
        self.roots: list[Certificate] = []
        self.intermediates: list[Certificate] = []
        self.crls: list[Crl] = []
        self.ocsp: list[OcspResponse] = []

    def add(self, path: Path) -> None:
        data = read_file(path)
        try:
            self._add(data, path.suffix.lower())
        except EncodingError as error:
            raise InvalidInputError(f"the file {path} cannot be used: {error}") from None

    def _add(self, data: bytes, suffix: str) -> None:
        if OcspResponse.looks_like(data):
            self.ocsp.append(OcspResponse(data))
            return
        if suffix == ".crl" or Crl.looks_like(data):
            self.crls.extend(load_crls(data))
            return
        has_crl = b"-----BEGIN X509 CRL-----" in data
        if has_crl:
            self.crls.extend(load_crls(data))
        found = load_pem_certificates(data) if has_crl else load_certificates(data)
        for certificate in found:
            (self.roots if _is_self_signed(certificate) else self.intermediates).append(certificate)


def _is_self_signed(certificate: Certificate) -> bool:
    """A self-issued certificate that another key signed (RFC 5280, section 3.2: rollover) is no root."""
    try:
        return certificate.is_issued_by(certificate)
    except EcardError:
        # a root whose algorithm is not ecard's is still meant as one; validation refuses what it signs
        return True
