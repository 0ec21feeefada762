"""Short ways to validate in tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding, FindingCode
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Profile, Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import DAY, T0

NOW = T0 + DAY
UNCHECKED = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED)
TOLERANT = ValidationPolicy(revocation=Revocation.UNSAFE_NOT_CHECKED, profile=Profile.TOLERANT)


def findings(
    certificate: Certificate,
    roots: Sequence[Certificate],
    helpers: Iterable[Certificate] = (),
    *,
    at: datetime = NOW,
    policy: ValidationPolicy = UNCHECKED,
    evidence: Evidence | None = None,
) -> tuple[Finding, ...]:
    """Everything that is found wrong; nothing for a good certificate."""
    try:
        validate(certificate, at=at, trust=Trust(roots), untrusted=helpers, policy=policy, evidence=evidence)
    except ValidationError as error:
        found = error.findings
    else:
        return ()
    assert found
    assert all(isinstance(finding, Finding) for finding in found)
    return found


def codes(certificate: Certificate, roots: Sequence[Certificate], *args: Any, **options: Any) -> list[FindingCode]:
    """The codes of everything that is found wrong, in their order, each once."""
    return list(dict.fromkeys(finding.code for finding in findings(certificate, roots, *args, **options)))
