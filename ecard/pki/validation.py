"""``validate``: whether a certificate was good at a moment, under given trust, evidence and policy.

Never reads the clock and never touches the network: what it does not find in its arguments it calls missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.revocation import Source
from ecard.pki.trust import Trust
from ecard.pki.validation_engine import Engine, Verdict


@dataclass(frozen=True, slots=True)
class ValidatedCertificate:
    """A certificate that was good at ``at``, and on what grounds."""

    certificate: Certificate
    at: datetime
    path: tuple[Certificate, ...]
    """The certificate first, the root last."""
    valid_until: datetime
    """Until when nothing that the verdict depends on changes: never past an expiry in the path or the next update of
    the evidence."""
    sources: tuple[Source, ...]
    """The evidence that revocation was judged from; empty where it was not judged."""

    @property
    def root(self) -> Certificate:
        """The trusted root."""
        return self.path[-1]

    @property
    def evidence(self) -> tuple[str, ...]:
        """The evidence that revocation was judged from, in words."""
        return tuple(dict.fromkeys(str(source) for source in self.sources))


def validate(
    certificate: Certificate,
    *,
    at: datetime,
    trust: Trust,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    untrusted: Iterable[Certificate] = (),
) -> ValidatedCertificate:
    """Judge ``certificate`` at the moment ``at`` (RFC 5280, section 6), revocation included.

    ``trust`` says whose root is believed; ``evidence`` is added to that of ``trust``; ``untrusted`` are certificates
    that may help to build the path, such as those that came with a signature.

    Raises ValidationError with everything that was found wrong in ``findings``; InvalidInputError where ``at`` has no
    time zone, or no place in the calendar of UTC. A successful verdict is remembered with ``trust`` for as long as
    nothing can change it.
    """
    moment = in_utc(at, "moment of validation")
    policy = policy or ValidationPolicy()
    helpers = tuple(untrusted)
    all_evidence = trust.evidence + evidence if evidence is not None else trust.evidence
    key = (certificate.sha256, all_evidence.fingerprint, policy, tuple(c.sha256 for c in helpers))
    remembers = all_evidence.history is None
    verdict: Verdict | None = trust.verdicts.find(key, moment) if remembers else None
    if verdict is None:
        verdict = Engine(trust, all_evidence, policy, helpers).judge(certificate, moment)
        if verdict.findings:
            raise _refusal(verdict.findings)
        if remembers:
            trust.verdicts.remember(key, verdict)
    return _validated(certificate, moment, verdict)


def _validated(certificate: Certificate, at: datetime, verdict: Verdict) -> ValidatedCertificate:
    return ValidatedCertificate(certificate, at, verdict.path, verdict.before, verdict.sources)


def _refusal(findings: tuple[Finding, ...]) -> ValidationError:
    what = "; ".join(dict.fromkeys(finding.message for finding in findings))
    return ValidationError(f"the certificate is not valid: {what}", findings=findings)
