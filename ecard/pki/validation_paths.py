"""The search for paths from a certificate to a trusted root: bounded, and able to say where it ended.

Only links whose signature verifies are followed, so that a heap of forged certificates costs one check each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ecard.certificate import Certificate
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey
from ecard.pki.trust import Trust, index_by_subject
from ecard.pki.validation_extensions import AuthorityKeyIdentifier, Extensions, extensions_of
from ecard.pki.validation_names import NameKey, display_name, name_key, same_name

MAX_SIGNATURE_CHECKS: Final = 200
"""How many signatures one search may check."""
MAX_PATHS: Final = 32
"""How many complete paths one search may yield."""

Path = tuple[Certificate, ...]
"""The certificate first, the root last."""


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Where the search ended without a root: the path so far, and why it did not go on."""

    path: Path
    finding: Finding


class PathSearch:
    """One search. ``dead_ends`` fills while ``paths`` is consumed."""

    def __init__(self, trust: Trust, untrusted: Iterable[Certificate], *, max_length: int) -> None:
        self._trust = trust
        self._others: Mapping[NameKey, tuple[Certificate, ...]] = index_by_subject(untrusted)
        self._max_length = max_length
        self._checks_left = MAX_SIGNATURE_CHECKS
        self._paths_left = MAX_PATHS
        self.dead_ends: list[DeadEnd] = []
        # a web of cross-certificates comes to the same certificates and names again and again
        self._known: dict[NameKey, tuple[Certificate, ...]] = {}
        self._key_ids: dict[Certificate, bytes | None] = {}
        self._issuers: dict[Certificate, list[Certificate]] = {}

    def paths(self, certificate: Certificate) -> Iterator[Path]:
        """The paths from ``certificate`` to a root, each when it is found."""
        for path in self._extend((certificate,)):
            yield path
            self._paths_left -= 1
            if not self._paths_left:
                return

    def known_as(self, name: bytes) -> tuple[Certificate, ...]:
        """All certificates, trusted or not, whose subject has the name."""
        key = name_key(name)
        if key not in self._known:
            found = (*self._trust.by_subject.get(key, ()), *self._others.get(key, ()))
            self._known[key] = tuple(dict.fromkeys(found))
        return self._known[key]

    def _extend(self, path: Path) -> Iterator[Path]:
        last = path[-1]
        if last in self._trust.root_set:
            yield path
        elif len(path) >= self._max_length:
            self._end(path, f"no trusted root was reached within {self._max_length} certificates ({self._tried()})")
        else:
            yield from self._through_issuers(path)

    def _through_issuers(self, path: Path) -> Iterator[Path]:
        child = path[-1]
        issuers = self._candidates(path)
        if not issuers:
            self._end(path, self._missing(child))
            return
        problems = []
        for issuer in issuers:
            if not self._checks_left:
                self._end(path, f"the search for a path was given up after {MAX_SIGNATURE_CHECKS} signatures")
                return
            self._checks_left -= 1
            problem = signature_problem(child, issuer.spki)
            if problem is None:
                yield from self._extend((*path, issuer))
            problems.append(problem)
        if all(problems):
            self.dead_ends.append(DeadEnd((*path, issuers[0]), _link_finding(child, issuers[0], problems[0])))

    def _candidates(self, path: Path) -> list[Certificate]:
        seen = {(name_key(c.subject), c.spki) for c in path}
        return [c for c in self._issuers_of(path[-1]) if (name_key(c.subject), c.spki) not in seen]

    def _issuers_of(self, child: Certificate) -> list[Certificate]:
        """Who may have signed ``child``, the likeliest first."""
        if child not in self._issuers:
            wanted = _authority_key(child)
            found = [c for c in self.known_as(child.issuer) if _may_have_signed(wanted, c, self._key_id(c))]
            found.sort(key=lambda c: (c not in self._trust.root_set, not _is_named(wanted, self._key_id(c))))
            self._issuers[child] = found
        return self._issuers[child]

    def _key_id(self, certificate: Certificate) -> bytes | None:
        if certificate not in self._key_ids:
            self._key_ids[certificate] = _key_id(certificate)
        return self._key_ids[certificate]

    def _end(self, path: Path, message: str) -> None:
        self.dead_ends.append(DeadEnd(path, Finding(FindingCode.PATH_NOT_FOUND, message)))

    def _missing(self, child: Certificate) -> str:
        if same_name(child.issuer, child.subject):
            what = f"the certificate {child.serial_digits} is self-signed and is not one of the trusted roots"
            return f"{what} ({self._tried()})"
        wanted = _authority_key(child)
        name = display_name(child.issuer)
        missing = f"no certificate of the issuer {name}"
        if wanted.key_id is not None:
            missing += f" with the key identifier {wanted.key_id.hex()}"
        others = [c for c in self.known_as(child.issuer) if c.spki != child.spki]
        return f"{missing} was found ({self._tried()}{_other_keys(others)})"

    def _tried(self) -> str:
        others = sum(map(len, self._others.values()))
        intermediates = len(self._trust.intermediates)
        return f"tried: roots {len(self._trust.roots)}, intermediates {intermediates}, further certificates {others}"


def _other_keys(others: list[Certificate]) -> str:
    """What the certificates of the right name and the wrong key have as key identifiers."""
    known = [key.hex() for key in (_key_id(c) for c in others[:4]) if key]
    return f"; of that name only with the key identifier {', '.join(known)}" if known else ""


def _safely(certificate: Certificate) -> Extensions | None:
    try:
        return extensions_of(certificate)
    except EncodingError:
        return None


def _authority_key(certificate: Certificate) -> AuthorityKeyIdentifier:
    """The identifier of the issuer's key; empty where it is absent or cannot be read: a check reports that later."""
    extensions = _safely(certificate)
    try:
        return extensions.authority_key_id if extensions else AuthorityKeyIdentifier()
    except EncodingError:
        return AuthorityKeyIdentifier()


def _key_id(certificate: Certificate) -> bytes | None:
    extensions = _safely(certificate)
    try:
        return extensions.subject_key_id if extensions else None
    except EncodingError:
        return None


def _may_have_signed(wanted: AuthorityKeyIdentifier, issuer: Certificate, known: bytes | None) -> bool:
    """Whether nothing in the key identifiers, the issuer's ``known``, speaks against it (RFC 5280, 4.2.1.1)."""
    if wanted.key_id is not None and known is not None:
        return wanted.key_id == known
    if wanted.issuer is not None and wanted.serial is not None:
        return same_name(wanted.issuer, issuer.issuer) and wanted.serial == issuer.serial_number
    return True


def _is_named(wanted: AuthorityKeyIdentifier, known: bytes | None) -> bool:
    return wanted.key_id is not None and wanted.key_id == known


class SignatureProblem(NamedTuple):
    """What is wrong with a certificate's signature, and what explains it, where something does."""

    code: FindingCode
    why: str | None = None


@lru_cache(maxsize=8192)
def signature_problem(child: Certificate, issuer_spki: bytes) -> SignatureProblem | None:
    """What is wrong with ``child``'s signature if the key signed it; None where it verifies. Remembered."""
    try:
        PublicKey.from_spki(issuer_spki).verify(child.signature, child.tbs)
    except InvalidSignatureError as error:
        return SignatureProblem(FindingCode.CERTIFICATE_SIGNATURE_INVALID, error.remedy)
    except UnsupportedAlgorithmError as error:
        return SignatureProblem(FindingCode.ALGORITHM_NOT_ALLOWED, str(error))
    except EcardError:
        # an ECDSA value that is no DER, a public key that is no point: nothing verifies with it
        return SignatureProblem(FindingCode.CERTIFICATE_SIGNATURE_INVALID)
    return None


def _link_finding(child: Certificate, issuer: Certificate, problem: SignatureProblem | None) -> Finding:
    of = f"the certificate {child.serial_digits}"
    by = f"its issuer {display_name(issuer.subject)}"
    why = f" ({problem.why})" if problem is not None and problem.why else ""
    if problem is not None and problem.code is FindingCode.ALGORITHM_NOT_ALLOWED:
        return Finding(problem.code, f"the signature of {of} by {by} cannot be checked{why}")
    message = f"the signature of {of} was not made by {by}, or the certificate was changed{why}"
    return Finding(FindingCode.CERTIFICATE_SIGNATURE_INVALID, message)
