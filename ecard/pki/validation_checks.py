"""The checks of a path that need no search and no state: RFC 5280, section 6.1, without policies.

These are the fast lane: for a path in which neither certificates nor caller constrain policies they are all that
section 6.1 asks for. Each check looks at one certificate in its place, and every failure becomes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from ecard.certificate import Certificate
from ecard.errors import EcardError, EncodingError, UnsupportedAlgorithmError
from ecard.findings import Finding, FindingCode
from ecard.pki import validation_extensions as ext
from ecard.pki.policy import Profile, ValidationPolicy
from ecard.pki.validation_extensions import Extensions, KeyUsage, extensions_of
from ecard.pki.validation_name_constraints import broken_constraints
from ecard.pki.validation_names import display_name, same_name
from ecard.pki.validation_paths import Path
from ecard.pki.validation_profile import profile_findings

RECOGNISED: Final = frozenset(
    {
        ext.SUBJECT_KEY_IDENTIFIER,
        ext.KEY_USAGE,
        ext.SUBJECT_ALT_NAME,
        ext.BASIC_CONSTRAINTS,
        ext.NAME_CONSTRAINTS,
        ext.CRL_DISTRIBUTION_POINTS,
        ext.CERTIFICATE_POLICIES,
        ext.POLICY_MAPPINGS,
        ext.AUTHORITY_KEY_IDENTIFIER,
        ext.POLICY_CONSTRAINTS,
        ext.EXTENDED_KEY_USAGE,
        ext.FRESHEST_CRL,
        ext.INHIBIT_ANY_POLICY,
        ext.AUTHORITY_INFORMATION_ACCESS,
        ext.OCSP_NO_CHECK,
    }
)
"""Extensions that may be critical."""
POLICY_EXTENSIONS: Final = frozenset({ext.POLICY_MAPPINGS, ext.POLICY_CONSTRAINTS, ext.INHIBIT_ANY_POLICY})
"""Extensions that the fast lane does not judge."""
_ANY_PURPOSE: Final = "2.5.29.37.0"


class Place(NamedTuple):
    """A certificate in its place: ``position`` 0 is the certificate itself, the last the root."""

    path: Path
    position: int
    at: datetime
    policy: ValidationPolicy

    @property
    def certificate(self) -> Certificate:
        """The certificate looked at."""
        return self.path[self.position]

    @property
    def is_root(self) -> bool:
        """Whether this is the end of the path."""
        return self.position == len(self.path) - 1

    @property
    def extensions(self) -> Extensions:
        """The certificate's extensions. Raises EncodingError."""
        return extensions_of(self.certificate)

    def __str__(self) -> str:
        return describe(self.certificate, is_authority=self.position > 0)


def describe(certificate: Certificate, *, is_authority: bool) -> str:
    """The certificate in a message: a CA by its name, a holder's certificate by its serial number alone."""
    serial = certificate.serial_digits
    try:
        constraints = extensions_of(certificate).basic_constraints
    except EncodingError:
        constraints = None
    if is_authority and constraints is not None and constraints.ca:
        return f"the CA certificate {serial} of {display_name(certificate.subject)}"
    return f"the certificate {serial}"


def check_path(path: Path, at: datetime, policy: ValidationPolicy, *, complete: bool = True) -> list[Finding]:
    """Everything that is wrong with the certificates of a path at a moment, the root's first.

    With ``complete`` false the path ends before a root, and its last certificate is judged like the others.
    """
    findings: list[Finding] = []
    for index in reversed(range(len(path))):
        findings += check_place(Place(path, index, at, policy), trusted=complete and index == len(path) - 1)
    return [*findings, *_names(path)]


def check_place(place: Place, *, trusted: bool) -> Iterator[Finding]:
    """Everything that is wrong with one certificate in its place; ``trusted`` where it is the root."""
    checks: list[Callable[[Place], Iterator[Finding]]] = [_dates, _key, _critical, _policy_counts]
    if not trusted:
        checks.append(_signature_algorithm)
    if place.position:
        checks.append(_authority)
    else:
        checks.append(_usage)
    for check in checks:
        yield from _guarded(check, place)
    profile, position = place.policy.profile, place.position
    if profile is not Profile.TOLERANT:
        pedantic = profile is Profile.PEDANTIC
        yield from profile_findings(
            place.certificate, place, is_root=trusted, is_authority=position > 0, pedantic=pedantic
        )


def _guarded(check: Callable[[Place], Iterator[Finding]], place: Place) -> Iterator[Finding]:
    try:
        yield from check(place)
    except UnsupportedAlgorithmError as error:
        yield Finding(FindingCode.ALGORITHM_NOT_ALLOWED, f"{place}: {error}")
    except EcardError as error:
        yield Finding(FindingCode.CERTIFICATE_MALFORMED, f"{place} is malformed: {error}")


def is_plain(path: Path, policy: ValidationPolicy) -> bool:
    """Whether the fast lane judges the path alone: neither certificates nor caller constrain policies."""
    if policy.acceptable_policies is not None or policy.explicit_policy:
        return False
    try:
        return not any(POLICY_EXTENSIONS & extensions_of(c).all.keys() for c in path)
    except EncodingError:
        return True  # the fast lane reports it


def _dates(place: Place) -> Iterator[Finding]:
    certificate, at = place.certificate, place.at
    if at < certificate.not_before:
        message = f"{place} is valid only from {_moment(certificate.not_before)}"
        yield Finding(FindingCode.NOT_YET_VALID, message, certificate.not_before)
    if at > certificate.not_after:
        yield Finding(
            FindingCode.EXPIRED, f"{place} expired at {_moment(certificate.not_after)}", certificate.not_after
        )


def _policy_counts(place: Place) -> Iterator[Finding]:
    """Only whether they can be read: certvalidator takes a negative count for one."""
    _ = place.extensions.policy_counts
    return iter(())


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _key(place: Place) -> Iterator[Finding]:
    kind = place.certificate.public_key.kind
    if not place.policy.allows(kind, place.at):
        yield Finding(
            FindingCode.ALGORITHM_NOT_ALLOWED, f"{place} has a key of kind {kind.value}, which is not allowed"
        )


def _signature_algorithm(place: Place) -> Iterator[Finding]:
    algorithm = place.certificate.signature.algorithm
    if not place.policy.allows(algorithm, place.at):
        message = f"{place} is signed with {algorithm.label}, which is not allowed"
        yield Finding(FindingCode.ALGORITHM_NOT_ALLOWED, message)


def _critical(place: Place) -> Iterator[Finding]:
    for oid in sorted(place.extensions.critical - RECOGNISED):
        message = f"{place} has the critical extension {oid}, which ecard does not know"
        yield Finding(FindingCode.CONSTRAINT_BROKEN, message)


def _authority(place: Place) -> Iterator[Finding]:
    """RFC 5280, section 6.1.4 (k) to (n); a root of version 1 is a CA because the caller trusts it."""
    extensions = place.extensions
    if place.is_root and extensions.version == 1:
        return
    constraints, usage = extensions.basic_constraints, extensions.key_usage
    if constraints is None or not constraints.ca:
        yield Finding(FindingCode.CONSTRAINT_BROKEN, f"{place} is no CA and must not issue certificates")
    elif constraints.path_length is not None and _authorities_below(place) > constraints.path_length:
        message = f"{place} allows {constraints.path_length} CAs below it, and the path has more"
        yield Finding(FindingCode.CONSTRAINT_BROKEN, message)
    if usage is not None and KeyUsage.KEY_CERT_SIGN not in usage:
        yield Finding(
            FindingCode.USAGE_WRONG, f"{place} lacks the key usage keyCertSign and must not issue certificates"
        )
    wanted, purposes = place.policy.extended_usage, extensions.extended_key_usage
    if wanted and purposes is not None and not {wanted, _ANY_PURPOSE} & purposes:
        yield Finding(FindingCode.USAGE_WRONG, f"{place} is a CA for other extended key usages than {wanted}")


def _names(path: Path) -> Iterator[Finding]:
    try:
        for below, above, problem in broken_constraints(path):
            who = describe(path[below], is_authority=below > 0)
            by = describe(path[above], is_authority=True)
            yield Finding(FindingCode.CONSTRAINT_BROKEN, f"{who} {problem} by {by}")
    except EncodingError as error:
        message = f"the names in the path cannot be judged: {error}"
        yield Finding(FindingCode.CERTIFICATE_MALFORMED, message)


def _authorities_below(place: Place) -> int:
    return sum(not same_name(c.subject, c.issuer) for c in place.path[1 : place.position])


def _usage(place: Place) -> Iterator[Finding]:
    policy, extensions = place.policy, place.extensions
    usage = extensions.key_usage
    if usage is not None:
        missing = policy.required_usage & ~usage
        if missing:
            yield Finding(FindingCode.USAGE_WRONG, f"{place} lacks the key usage {', '.join(missing.labels)}")
        if policy.one_of_usage and not policy.one_of_usage & usage:
            wanted = " or ".join(policy.one_of_usage.labels)
            yield Finding(FindingCode.USAGE_WRONG, f"{place} lacks the key usage {wanted}")
    purposes = extensions.extended_key_usage
    if policy.extended_usage and purposes is not None and not {policy.extended_usage, _ANY_PURPOSE} & purposes:
        message = f"{place} lacks the extended key usage {policy.extended_usage}"
        yield Finding(FindingCode.USAGE_WRONG, message)
