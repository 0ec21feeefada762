"""pyhanko-certvalidator as the judge of certificate policies, and as a second opinion on all of RFC 5280, section 6.1,
but names. It is given one path, one moment and no network, and never judges revocation.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from asn1crypto import x509 as asn1
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator import errors as judge_errors
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    AcceptAllAlgorithms,
    CertRevTrustPolicy,
    PKIXValidationParams,
)
from pyhanko_certvalidator.sig_validate import SignatureValidator
from pyhanko_certvalidator.validate import async_validate_path

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EcardError, EncodingError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey
from ecard.pki.policy import ValidationPolicy
from ecard.pki.validation_extensions import CERTIFICATE_POLICIES, POLICY_MAPPINGS, extensions_of
from ecard.pki.validation_paths import Path

_ALWAYS: Final = timedelta(days=365 * 1900)
"""A tolerance that no certificate's dates fall outside of, and that no datetime overflows with."""


MAX_POLICIES: Final = 256
"""How many policies, and how many mappings of them, a certificate may have before certvalidator is asked."""


class _Certificate(asn1.Certificate):  # type: ignore[misc]
    """A certificate without name constraints: ecard judges those itself, IP addresses and empty constraints too."""

    @property
    def name_constraints_value(self) -> None:
        return None


class _Signatures(SignatureValidator):
    """Signature checks by ecard's own keys, so that SM2 is a key like any other."""

    def validate_signature(
        self, signature: bytes, signed_data: bytes, public_key_info: Any, signature_algorithm: Any, context: Any = None
    ) -> None:
        """Raise InvalidSignature unless the key signed the data."""
        try:
            algorithm = SignatureAlgorithm.by_oid(signature_algorithm["algorithm"].dotted)
            PublicKey.from_spki(public_key_info.dump()).verify(Signature(algorithm, signature), signed_data)
        except EcardError as error:
            raise InvalidSignature from error


class _NoSignatures(SignatureValidator):
    """No check: for a path whose bad signatures are findings already, so that they do not hide others."""

    def validate_signature(self, *_: Any, **__: Any) -> None:
        """Pass."""


def policy_findings(path: Path, at: datetime, policy: ValidationPolicy, *, only_constraints: bool) -> list[Finding]:
    """What certvalidator finds wrong with a path at a moment: nothing or one thing, as it stops at the first.

    ``only_constraints`` leaves out signatures and dates, which were found wrong before.
    """
    if len(path) == 1:
        return []
    if any(map(_has_too_many, path)):
        return [
            Finding(FindingCode.CONSTRAINT_BROKEN, f"a certificate of the path has more than {MAX_POLICIES} policies")
        ]
    try:
        certificates = [_Certificate.load(c.der, strict=True) for c in path]
        anchor = CertTrustAnchor(certificates[-1], TrustQualifiers(max_path_length=certificates[-1].max_path_length))
        context = ValidationContext(
            trust_roots=[anchor],
            moment=at,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
            time_tolerance=_ALWAYS if only_constraints else timedelta(0),
            algorithm_usage_policy=AcceptAllAlgorithms(),
            signature_validator=_NoSignatures() if only_constraints else _Signatures(),
        )
        candidate = ValidationPath(anchor, certificates[-2:0:-1], certificates[0])
        _run(async_validate_path(context, candidate, _parameters(policy)))
    except judge_errors.PathValidationError as error:
        return [_finding(error, path[0])]
    except Exception as error:  # noqa: BLE001 - a foreign parser on hostile input: whatever it raises is a refusal
        name = type(error).__name__
        message = f"the path's policies cannot be judged, a certificate of it is malformed ({name})"
        return [Finding(FindingCode.CERTIFICATE_MALFORMED, message)]
    return []


def _has_too_many(certificate: Certificate) -> bool:
    values = (extensions_of(certificate).value(oid) for oid in (CERTIFICATE_POLICIES, POLICY_MAPPINGS))
    try:
        return any(value and len(list(islice(der.parse(value), MAX_POLICIES + 1))) > MAX_POLICIES for value in values)
    except EncodingError:
        return False  # certvalidator reports it


def _run(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that never waits, with or without an event loop around."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("certvalidator tried to wait for something")  # pragma: no cover - it has nothing to fetch


def _parameters(policy: ValidationPolicy) -> PKIXValidationParams:
    return PKIXValidationParams(
        user_initial_policy_set=frozenset(policy.acceptable_policies or {"any_policy"}),
        initial_policy_mapping_inhibit=policy.inhibit_policy_mapping,
        initial_explicit_policy=policy.explicit_policy,
        initial_any_policy_inhibit=policy.inhibit_any_policy,
    )


_KINDS: Final = (
    ("polic", "is not valid for any certificate policy that is accepted"),
    ("maximum path length", "is below a CA that allows no more CAs below it"),
)


def _finding(error: judge_errors.PathValidationError, certificate: Certificate) -> Finding:
    """A finding in own words: the library's message may hold names of holders."""
    who = f"the certificate {certificate.serial_digits}" if error.is_ee_cert else "a CA certificate of the path"
    if isinstance(error, judge_errors.ExpiredError):
        return Finding(FindingCode.EXPIRED, f"{who} expired", error.expired_dt)
    if isinstance(error, judge_errors.NotYetValidError):
        return Finding(FindingCode.NOT_YET_VALID, f"{who} is not yet valid", error.valid_from)
    text = str(error)
    what = next((words for part, words in _KINDS if part in text), "breaks a constraint of its path")
    return Finding(FindingCode.CONSTRAINT_BROKEN, f"{who} {what}")
