"""Is there a root to trust, and is what is known of revocation fresh?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ecard.certificate import Certificate, serial_digits
from ecard.doctor.certificate_checks import ENDS_SOON, in_days
from ecard.doctor.states import Line, State
from ecard.errors import EcardError
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.trust import Trust, index_by_subject
from ecard.pki.validation_extensions import extensions_of
from ecard.pki.validation_names import NameKey, display_name, name_key

_TRUST: Final = "trust"
_EVIDENCE: Final = "evidence"
_EVIDENCE_ENDS_SOON: Final = timedelta(days=1)
_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clocks of others may differ."""


@dataclass(frozen=True, slots=True)
class Given:
    """The trust and the evidence that could be read, and lines about what could not."""

    trust: Trust | None
    evidence: Evidence
    problems: tuple[Line, ...]

    @property
    def crls(self) -> Sequence[Crl]:
        """All CRLs."""
        return (*(self.trust.evidence.crls if self.trust else ()), *self.evidence.crls)

    @property
    def ocsp(self) -> Sequence[OcspResponse]:
        """All OCSP responses."""
        return (*(self.trust.evidence.ocsp if self.trust else ()), *self.evidence.ocsp)

    @property
    def certificates(self) -> Sequence[Certificate]:
        """The roots and the intermediates."""
        return (*self.trust.roots, *self.trust.intermediates) if self.trust else ()


def read_given(trust_paths: Sequence[Path], evidence_paths: Sequence[Path]) -> Given:
    """Read files and directories, as ``ecard verify`` does with --trust and --crl."""
    trust, evidence, problems = None, Evidence(), []
    if trust_paths:
        try:
            trust = Trust.load(*trust_paths)
        except EcardError as error:
            problems.append(Line(_TRUST, State.TRUST_UNUSABLE, error.what))
    for path in evidence_paths:
        try:
            evidence += Evidence.from_files(path)
        except EcardError as error:
            problems.append(Line(_EVIDENCE, State.EVIDENCE_UNUSABLE, error.what))
    return Given(trust, evidence, tuple(problems))


def check_trust(given: Given, *, now: datetime) -> Iterator[Line]:
    """Whether there is trust, and a line for each of its certificates that has ended or ends soon."""
    problems = [line for line in given.problems if line.subject == _TRUST]
    yield from problems
    if given.trust is None:
        if not problems:
            yield Line(_TRUST, State.TRUST_NOT_GIVEN, "no root was given, so nothing was judged by one")
        return
    for certificate in filter(_is_authority, given.certificates):
        left = certificate.not_after - now
        if left <= ENDS_SOON:
            state = State.TRUST_ENDS_SOON if left >= timedelta(0) else State.TRUST_EXPIRED
            words = in_days(left) if left >= timedelta(0) else f"ended on {certificate.not_after:%Y-%m-%d}"
            yield Line(_TRUST, state, f"{display_name(certificate.subject)}: {words}")
    roots = ", ".join(display_name(root.subject) for root in filter(_is_authority, given.trust.roots))
    yield Line(_TRUST, State.TRUST_FITS, f"trusted: {roots}")


def check_evidence(given: Given, *, now: datetime, issuers: Sequence[Certificate] = ()) -> Iterator[Line]:
    """One line for every CRL and OCSP response, and one where there is none.

    ``issuers`` are the certificates of issuers on the card, which may have signed CRLs besides those given.
    """
    signers = index_by_subject((*given.certificates, *issuers))
    problems = [line for line in given.problems if line.subject == _EVIDENCE]
    yield from problems
    for crl in given.crls:
        name = f"the CRL of {display_name(crl.issuer)}"
        state, words = _freshness(crl.this_update, crl.next_update, now)
        if given.trust is not None and state is State.EVIDENCE_FRESH and not _is_known(crl, signers):
            state, words = State.EVIDENCE_FOREIGN, "no certificate given or on the card has signed it"
        yield Line(_EVIDENCE, state, f"{name}: {words}")
    for response in given.ocsp:
        for said in response.statements:
            state, words = _freshness(said.this_update, said.next_update, now)
            yield Line(_EVIDENCE, state, f"the OCSP response about certificate {serial_digits(said.serial)}: {words}")
    if not given.crls and not given.ocsp and not problems:
        yield Line(_EVIDENCE, State.EVIDENCE_NOT_GIVEN, "nothing was given that tells of revocation")


def _freshness(begin: datetime, end: datetime | None, now: datetime) -> tuple[State, str]:
    if begin - now > _TOLERANCE:
        return State.EVIDENCE_OF_LATER, f"it is of {begin:%Y-%m-%d %H:%M} UTC, which is still to come"
    if end is None:
        return State.EVIDENCE_ENDS_SOON, f"it is of {begin:%Y-%m-%d} and does not say until when it is good"
    if now > end:
        return State.EVIDENCE_STALE, f"it was good until {end:%Y-%m-%d %H:%M} UTC"
    soon = end - now <= _EVIDENCE_ENDS_SOON
    return State.EVIDENCE_ENDS_SOON if soon else State.EVIDENCE_FRESH, f"good until {end:%Y-%m-%d %H:%M} UTC"


def _is_authority(certificate: Certificate) -> bool:
    """Whether the name in it is an authority's: the name of a holder is a personal datum and is not shown."""
    try:
        constraints = extensions_of(certificate).basic_constraints
    except EcardError:
        return False
    return constraints is not None and constraints.ca


def _is_known(crl: Crl, signers: Mapping[NameKey, Sequence[Certificate]]) -> bool:
    """Whether one of the certificates has signed a CRL."""
    for signer in signers.get(name_key(crl.issuer), ()):
        try:
            crl.verify_signed_by(signer.public_key)
        except EcardError:
            continue
        return True
    return False
