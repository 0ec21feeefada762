"""Under what a signature is judged, and the part of judging that every kind of document shares: who signed.

Whether the certificate was good at the moment, and whether its holder is one whom the caller allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents.signers import SignerPolicy, answer_of
from ecard.errors import EcardError, ValidationError
from ecard.findings import Finding, FindingCode
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardIdentity
from ecard.pki.policy import Revocation, ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import ValidatedCertificate, validate
from ecard.pki.validation_extensions import KeyUsage

# a login certificate is for digitalSignature alone: what its key signs was chosen by a server, and may be anything
_DOCUMENT_USAGE: Final = KeyUsage.NON_REPUDIATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Whom to trust, who may sign, when, on what evidence and under what policy.

    ``policy`` is the strict one where there is none. Unless it demands a usage of its own, the signer's certificate
    must be for non-repudiation, as those for logging in are not. Raises InvalidInputError for a moment without a
    time zone.
    """

    trust: Trust
    signer: SignerPolicy
    at: datetime
    evidence: Evidence | None = None
    policy: ValidationPolicy | None = None
    document_policy: ValidationPolicy = field(init=False, repr=False)
    """The policy in force for the signer's certificate."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", in_utc(self.at))
        object.__setattr__(self, "document_policy", _in_force(self.policy))

    def weakness(self, what: SignatureAlgorithm | KeyKind) -> tuple[Finding, ...]:
        """What speaks against a document's signature being made with this algorithm or kind of key."""
        if self.document_policy.allows(what, self.at):
            return ()
        name = what.label if isinstance(what, SignatureAlgorithm) else f"a key of kind {what.value}"
        return (Finding(FindingCode.ALGORITHM_NOT_ALLOWED, f"{name} is too weak to be allowed"),)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the report should know of the conditions themselves."""
        if self.document_policy.revocation is Revocation.UNSAFE_NOT_CHECKED:
            return ("whether a card was revoked was not looked at, as the caller wanted",)
        return ()


@dataclass(frozen=True, slots=True)
class SignerVerdict:
    """What came out of judging a signer's certificate."""

    findings: tuple[Finding, ...] = ()
    validated: ValidatedCertificate | None = None
    identity: CardIdentity | None = None


def judge_signer(
    certificate: Certificate, conditions: Conditions, *, untrusted: tuple[Certificate, ...] = ()
) -> SignerVerdict:
    """Validate ``certificate`` at the moment of judgement and ask the caller's policy about its holder.

    ``untrusted`` are certificates that came with the document and may help to reach a root.
    """
    findings: list[Finding] = []
    validated = identity = None
    try:
        validated = validate(
            certificate,
            at=conditions.at,
            trust=conditions.trust,
            evidence=conditions.evidence,
            policy=conditions.document_policy,
            untrusted=untrusted,
        )
    except ValidationError as error:
        found = [finding for finding in error.findings if isinstance(finding, Finding)]
        # an error without findings is a refusal all the same
        findings += found or [Finding(FindingCode.PATH_NOT_FOUND, str(error))]
    try:
        identity = _identity(certificate)
    except EcardError as error:
        findings.append(Finding(FindingCode.CERTIFICATE_MALFORMED, f"the signer's certificate: {error}"))
    else:
        findings += _answer(conditions.signer, identity, certificate)
    return SignerVerdict(tuple(findings), validated, identity)


def _answer(policy: SignerPolicy, identity: CardIdentity, certificate: Certificate) -> tuple[Finding, ...]:
    try:
        return answer_of(policy, identity, certificate)
    except EcardError as error:
        # one that asks a register, say: that it could not answer is nothing that is wrong with the certificate
        name = type(policy).__name__
        message = f"the policy {name} could not say whether it allows the signer: {error}"
        return (Finding(FindingCode.SIGNER_NOT_ALLOWED, message),)


@lru_cache(maxsize=64)
def _in_force(policy: ValidationPolicy | None) -> ValidationPolicy:
    chosen = policy or ValidationPolicy()
    if not chosen.required_usage and not chosen.one_of_usage:
        chosen = replace(chosen, required_usage=_DOCUMENT_USAGE)
    return chosen


@lru_cache(maxsize=256)
def _identity(certificate: Certificate) -> CardIdentity:
    return CardIdentity.from_certificate(certificate)
