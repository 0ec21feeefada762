"""What a caller demands of a certificate, apart from whom it trusts: the policy of validation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.errors import InvalidInputError
from ecard.pki.validation_extensions import NO_USAGE, KeyUsage


class Revocation(Enum):
    """Whether revocation is judged."""

    REQUIRED = "required"
    """Every certificate of the path but the root needs evidence that it was not revoked at the moment."""
    UNSAFE_NOT_CHECKED = "unsafe-not-checked"
    """Revocation is not looked at. A lost or voided card passes."""


class Profile(Enum):
    """How closely certificates must follow the profile of RFC 5280, section 4, beyond what path validation needs."""

    PEDANTIC = "pedantic"
    """STRICT, and besides what sections 4 and 5 demand of CAs although nothing depends on it, such as identifiers of
    keys in every certificate, basicConstraints and policyConstraints critical, a number in every CRL."""
    STRICT = "strict"
    """What a conforming CA must not issue is refused: serial numbers that are not positive or longer than 20 octets,
    extensions with the wrong criticality, empty issuers, and the like."""
    TOLERANT = "tolerant"
    """Only path validation (RFC 5280, section 6) decides."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """An algorithm or kind of key that may be used, for ever or in signatures made before ``until``."""

    what: SignatureAlgorithm | KeyKind
    until: datetime | None = None


MODERN_ALGORITHMS: Final = frozenset(
    Allowed(what)
    for what in (*SignatureAlgorithm, *KeyKind)
    if what not in (SignatureAlgorithm.RSA_SHA1, KeyKind.RSA1024)
)
"""All that ecard knows except SHA-1 and RSA with 1024 bits."""

EPORT_2021_ALGORITHMS: Final = MODERN_ALGORITHMS | {
    Allowed(SignatureAlgorithm.RSA_SHA1),
    Allowed(KeyKind.RSA1024),
}
"""What the RSA generation of E-Port cards needs besides: SHA-1 and RSA with 1024 bits. Both are broken or nearly so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationPolicy:
    """What a certificate and its path must satisfy. Every default is the strict choice.

    Raises InvalidInputError for what nothing can satisfy.
    """

    required_usage: KeyUsage = NO_USAGE
    """Bits of keyUsage that the certificate must have, all of them."""
    one_of_usage: KeyUsage = NO_USAGE
    """Bits of keyUsage of which the certificate must have at least one."""
    extended_usage: str | None = None
    """A purpose (object identifier) that must be allowed by every certificate of the path that has extKeyUsage."""
    algorithms: frozenset[Allowed] = MODERN_ALGORITHMS
    """What may sign certificates and CRLs, and what keys there may be, and until when."""
    revocation: Revocation = Revocation.REQUIRED
    evidence_tolerance: timedelta = timedelta(0)
    """By how much evidence may miss the moment at either end, for clocks that differ."""
    freshness: timedelta = timedelta(0)
    """How long evidence that promises no next update counts as current."""
    max_path_length: int = 12
    """How many certificates a path may have, the root and the certificate itself included."""
    profile: Profile = Profile.STRICT
    acceptable_policies: frozenset[str] | None = None
    """Certificate policies that the caller accepts (RFC 5280, section 6.1.1 c); None for any."""
    explicit_policy: bool = False
    """Whether the path must be valid for one of ``acceptable_policies`` (RFC 5280, section 6.1.1 e)."""
    inhibit_policy_mapping: bool = False
    """RFC 5280, section 6.1.1 d."""
    inhibit_any_policy: bool = False
    """RFC 5280, section 6.1.1 f."""

    def __post_init__(self) -> None:
        if self.evidence_tolerance < timedelta(0) or self.freshness < timedelta(0):
            raise InvalidInputError("a tolerance or freshness of evidence is negative")
        if self.acceptable_policies is not None and not self.acceptable_policies:
            raise InvalidInputError("no certificate policy is acceptable", remedy="use None to accept any")
        if self.max_path_length < 1:
            raise InvalidInputError("a path has at least one certificate")

    def for_signers(self) -> ValidationPolicy:
        """The policy for those who sign evidence: as strict, but without what concerns the certificate's own use."""
        return replace(
            self,
            required_usage=NO_USAGE,
            one_of_usage=NO_USAGE,
            extended_usage=None,
            acceptable_policies=None,
            explicit_policy=False,
        )

    def allows(self, what: SignatureAlgorithm | KeyKind, at: datetime) -> bool:
        """Whether an algorithm or kind of key is allowed at a moment."""
        if Allowed(what) in self.algorithms:
            return True
        return any(a.what is what and a.until is not None and at < a.until for a in self.algorithms)
