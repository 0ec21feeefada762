"""What can be found wrong with a signature or a certificate, as facts: one list of codes for the whole library.

Each code carries the indication and sub-indication of ETSI EN 319 102-1 (tables 5 and 6) that it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Indication(Enum):
    """The outcome of a validation (ETSI EN 319 102-1, section 5.1.3)."""

    PASSED = "TOTAL-PASSED"
    """The signature is good under the caller's conditions."""
    FAILED = "TOTAL-FAILED"
    """The signature is bad; no further evidence can mend it."""
    INDETERMINATE = "INDETERMINATE"
    """Neither: evidence is missing, or a condition of the caller is not met."""


class FindingCode(Enum):
    """One way of being wrong: (code for programs, indication, ETSI sub-indication)."""

    MALFORMED = ("malformed", Indication.FAILED, "FORMAT_FAILURE")
    DOCUMENT_CHANGED = ("document-changed", Indication.FAILED, "HASH_FAILURE")
    ATTRIBUTES_CHANGED = ("signed-attributes-changed", Indication.FAILED, "SIG_CRYPTO_FAILURE")
    CONTENT_TYPE_WRONG = ("content-type-wrong", Indication.FAILED, "SIG_CONSTRAINTS_FAILURE")
    SIGNING_TIME_WRONG = ("signing-time-wrong", Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")
    SIGNATURE_INVALID = ("signature-invalid", Indication.FAILED, "SIG_CRYPTO_FAILURE")
    SIGNATURE_MISSING = ("signature-missing", Indication.FAILED, "FORMAT_FAILURE")
    SIGNATURE_MISPLACED = ("signature-misplaced", Indication.FAILED, "FORMAT_FAILURE")
    MESSAGE_UNKNOWN = ("message-unknown", Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")
    KEY_NAME_WRONG = ("key-name-wrong", Indication.FAILED, "SIG_CONSTRAINTS_FAILURE")
    DECLARANT_DIFFERS = ("declarant-differs", Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")
    SIGNER_CERTIFICATE_MISSING = (
        "signer-certificate-missing",
        Indication.INDETERMINATE,
        "NO_SIGNING_CERTIFICATE_FOUND",
    )
    SIGNER_CERTIFICATE_WRONG = ("signer-certificate-wrong", Indication.FAILED, "SIG_CONSTRAINTS_FAILURE")
    SIGNER_NOT_ALLOWED = ("signer-not-allowed", Indication.INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")
    ALGORITHM_NOT_ALLOWED = ("algorithm-not-allowed", Indication.INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE")
    CERTIFICATE_MALFORMED = ("certificate-malformed", Indication.INDETERMINATE, "CERTIFICATE_CHAIN_GENERAL_FAILURE")
    CERTIFICATE_SIGNATURE_INVALID = (
        "certificate-signature-invalid",
        Indication.INDETERMINATE,
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    )
    PATH_NOT_FOUND = ("path-not-found", Indication.INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND")
    NOT_YET_VALID = ("not-yet-valid", Indication.INDETERMINATE, "OUT_OF_BOUNDS_NO_POE")
    EXPIRED = ("expired", Indication.INDETERMINATE, "OUT_OF_BOUNDS_NO_POE")
    REVOKED = ("revoked", Indication.INDETERMINATE, "REVOKED_NO_POE")
    ON_HOLD = ("on-hold", Indication.INDETERMINATE, "TRY_LATER")
    REVOCATION_UNKNOWN = ("revocation-unknown", Indication.INDETERMINATE, "TRY_LATER")
    USAGE_WRONG = ("usage-wrong", Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")
    CONSTRAINT_BROKEN = ("constraint-broken", Indication.INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE")

    def __init__(self, label: str, indication: Indication, sub_indication: str) -> None:
        self.label = label
        self.indication = indication
        self.sub_indication = sub_indication


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong. ``message`` is a sentence for people, without personal data.

    ``since`` is the moment from which it is so, where there is one: of revocation, hold or expiry. ``reason``
    is the reason code of a revocation (RFC 5280, section 5.3.1), in its ASN.1 spelling.
    """

    code: FindingCode
    message: str
    since: datetime | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return self.message


def overall(findings: tuple[Finding, ...]) -> Indication:
    """The indication that all findings together lead to: failed before indeterminate before passed."""
    indications = {finding.code.indication for finding in findings}
    for indication in (Indication.FAILED, Indication.INDETERMINATE):
        if indication in indications:
            return indication
    return Indication.PASSED
