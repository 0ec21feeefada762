"""What RFC 5280, section 4, demands of a certificate beyond what path validation looks at.

A certificate that breaks these rules was not issued by a conforming CA, or was made to deceive.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.findings import Finding, FindingCode
from ecard.pki import validation_extensions as ext
from ecard.pki.validation_extensions import Extensions, KeyUsage, extensions_of
from ecard.pki.validation_general_names import DNS, is_preferred_syntax, read_general_names, require_form
from ecard.pki.validation_names import attributes_of
from ecard.pki.validation_paths import signature_problem

_EMPTY_NAME: Final = b"\x30\0"
_NEVER_CRITICAL: Final = {
    ext.AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    ext.SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
    ext.AUTHORITY_INFORMATION_ACCESS: "authorityInfoAccess",
    ext.FRESHEST_CRL: "freshestCRL",
}
_NEVER_EMPTY: Final = {
    ext.SUBJECT_ALT_NAME: "subjectAltName",
    ext.ISSUER_ALT_NAME: "issuerAltName",
    ext.CERTIFICATE_POLICIES: "certificatePolicies",
    ext.POLICY_MAPPINGS: "policyMappings",
    ext.POLICY_CONSTRAINTS: "policyConstraints",
    ext.NAME_CONSTRAINTS: "nameConstraints",
    ext.CRL_DISTRIBUTION_POINTS: "cRLDistributionPoints",
    ext.AUTHORITY_INFORMATION_ACCESS: "authorityInfoAccess",
}
# basicConstraints and policyConstraints must be critical as well; NIST PKITS has both without it and wants them
# accepted, and ecard heeds them either way
_ALWAYS_CRITICAL: Final = {
    ext.NAME_CONSTRAINTS: "nameConstraints",
    ext.INHIBIT_ANY_POLICY: "inhibitAnyPolicy",
}


def profile_findings(
    certificate: Certificate, what: object, *, is_root: bool, is_authority: bool, pedantic: bool = False
) -> Iterator[Finding]:
    """Where ``certificate``, that messages call ``what``, breaks the profile.

    A root's serial number is let pass. ``pedantic`` looks at it, and at what else CAs must do although nothing
    depends on it.
    """
    for problem in _problems(certificate, is_root, is_authority, pedantic):
        yield Finding(FindingCode.CERTIFICATE_MALFORMED, f"{what} {problem}")


@lru_cache(maxsize=2048)
def _problems(certificate: Certificate, is_root: bool, is_authority: bool, pedantic: bool) -> tuple[str, ...]:
    found = list(_fields(certificate, any_serial=is_root and not pedantic, is_authority=is_authority))
    try:
        attributes_of(certificate.subject)
        extensions = extensions_of(certificate)
        for check in (_criticality, _authority_marks, _empty_lists, _forms):
            found += check(extensions)
        found += _alternative_name(certificate, extensions)
        found += _contradictions(certificate, extensions)
        if pedantic and not (is_root and extensions.version == 1):
            found += _pedantries(certificate, extensions)
    except EncodingError as error:
        found.append(f"is malformed: {error}")
    return tuple(found)


def _fields(certificate: Certificate, *, any_serial: bool, is_authority: bool) -> Iterator[str]:
    serial = certificate.serial_number
    if not any_serial and serial <= 0:
        yield "has a serial number that is not positive (RFC 5280, section 4.1.2.2)"
    if not any_serial and serial.bit_length() > 159:
        yield "has a serial number of more than 20 octets (RFC 5280, section 4.1.2.2)"
    if certificate.issuer == _EMPTY_NAME:
        yield "names no issuer (RFC 5280, section 4.1.2.4)"
    if is_authority and certificate.subject == _EMPTY_NAME:
        yield "is a CA's and has no subject name (RFC 5280, section 4.1.2.6)"


def _criticality(extensions: Extensions) -> Iterator[str]:
    for oid, label in _NEVER_CRITICAL.items():
        if oid in extensions.critical:
            yield f"has {label} as a critical extension (RFC 5280, section 4.2)"
    for oid, label in _ALWAYS_CRITICAL.items():
        if oid in extensions.all and oid not in extensions.critical:
            yield f"has {label} as an extension that is not critical (RFC 5280, section 4.2.1)"
    if extensions.all and extensions.version != 3:
        yield f"has extensions and is of version {extensions.version} (RFC 5280, section 4.1.2.1)"


def _authority_marks(extensions: Extensions) -> Iterator[str]:
    constraints, usage = extensions.basic_constraints, extensions.key_usage
    if usage is not None and not usage:
        yield "has a keyUsage without any usage (RFC 5280, section 4.2.1.3)"
    if constraints is not None and constraints.ca:
        if constraints.path_length is not None and usage is not None and KeyUsage.KEY_CERT_SIGN not in usage:
            yield "limits a path's length and must not issue certificates (RFC 5280, section 4.2.1.9)"
        return
    if usage is not None and KeyUsage.KEY_CERT_SIGN in usage:
        yield "has the key usage keyCertSign and is no CA's (RFC 5280, section 4.2.1.9)"
    if constraints is not None and constraints.path_length is not None:
        yield "limits a path's length and is no CA's (RFC 5280, section 4.2.1.9)"
    if ext.NAME_CONSTRAINTS in extensions.all:
        yield "constrains names and is no CA's (RFC 5280, section 4.2.1.10)"


def _contradictions(certificate: Certificate, extensions: Extensions) -> Iterator[str]:
    """What the identifiers of keys say must be whole, and must not be wrong (RFC 5280, section 4.2.1.1)."""
    issuer, own = extensions.authority_key_id.key_id, extensions.subject_key_id
    value = extensions.value(ext.AUTHORITY_KEY_IDENTIFIER)
    if value is not None and sum(node.tag & 0x1F in (1, 2) for node in der.parse(value)) == 1:
        yield "names its issuer's certificate in half (RFC 5280, section 4.2.1.1)"
    if issuer is not None and own is not None and issuer != own and _is_self_signed(certificate):
        yield "is signed with its own key and says that another signed it (RFC 5280, section 4.2.1.1)"


def _pedantries(certificate: Certificate, extensions: Extensions) -> Iterator[str]:
    """What a CA must write although the signature decides, or ecard heeds it either way."""
    names_key = extensions.authority_key_id.key_id is not None
    is_bare = ext.AUTHORITY_KEY_IDENTIFIER not in extensions.all
    if not names_key and not (is_bare and _may_be_self_signed(certificate)):
        yield "does not identify the key that signed it (RFC 5280, section 4.2.1.1)"
    constraints = extensions.basic_constraints
    if constraints is not None and constraints.ca:
        if extensions.subject_key_id is None:
            yield "is a CA's and does not identify its key (RFC 5280, section 4.2.1.2)"
        if ext.BASIC_CONSTRAINTS not in extensions.critical:
            yield "is a CA's and its basicConstraints is not critical (RFC 5280, section 4.2.1.9)"
    value = extensions.value(ext.SUBJECT_ALT_NAME)
    names = () if value is None else read_general_names(value, "subjectAltName")
    if not all(is_preferred_syntax(name.content) for name in names if name.form == DNS):
        yield "has a DNS name that is no host's by RFC 1034, such as one with an underscore (RFC 5280, section 4.2.1.6)"
    if any(map(der.is_early_generalized_time, der.parse(certificate.validity).children())):
        yield "has a date before 2050 that is no UTCTime (RFC 5280, section 4.1.2.5)"
    if ext.POLICY_CONSTRAINTS in extensions.all and ext.POLICY_CONSTRAINTS not in extensions.critical:
        yield "has policyConstraints as an extension that is not critical (RFC 5280, section 4.2.1.11)"


def _is_self_signed(certificate: Certificate) -> bool:
    return certificate.is_self_issued and signature_problem(certificate, certificate.spki) is None


def _may_be_self_signed(certificate: Certificate) -> bool:
    """Also where the signature is of an algorithm that ecard does not know, which is told for itself."""
    problem = signature_problem(certificate, certificate.spki) if certificate.is_self_issued else None
    unchecked = problem is not None and problem.code is FindingCode.ALGORITHM_NOT_ALLOWED
    return unchecked or _is_self_signed(certificate)


def _empty_lists(extensions: Extensions) -> Iterator[str]:
    for oid, label in _NEVER_EMPTY.items():
        value = extensions.value(oid)
        if value is not None and not der.parse(value, label).expect(der.SEQUENCE, label).children():
            yield f"has an empty {label} (RFC 5280, section 4.2.1)"


def _alternative_name(certificate: Certificate, extensions: Extensions) -> Iterator[str]:
    """Without a subject, a critical subjectAltName names the holder (RFC 5280, section 4.1.2.6)."""
    if certificate.subject == _EMPTY_NAME and ext.SUBJECT_ALT_NAME not in extensions.critical:
        yield "has neither a subject nor a critical subjectAltName (RFC 5280, section 4.1.2.6)"


def _forms(extensions: Extensions) -> Iterator[str]:
    """Reading what has no other check shows whether it can be read: each raises EncodingError where it cannot."""
    _ = extensions.extended_key_usage, extensions.subject_key_id, extensions.authority_key_id
    _ = extensions.crl_distribution_points, extensions.access_points
    for oid in (ext.SUBJECT_ALT_NAME, ext.ISSUER_ALT_NAME):
        value = extensions.value(oid)
        for name in () if value is None else read_general_names(value, "an alternative name"):
            require_form(name)
    mappings = extensions.value(ext.POLICY_MAPPINGS)
    for pair in () if mappings is None else der.parse(mappings, "policyMappings"):
        if len([der.read_oid(policy) for policy in pair.expect(der.SEQUENCE, "a mapping of policies")]) != 2:
            raise EncodingError("a mapping of policies that is not one policy and another")
    policies = extensions.value(ext.CERTIFICATE_POLICIES)
    if policies is not None:
        found = [_policy(node) for node in der.parse(policies, "certificatePolicies").children()]
        if len(set(found)) != len(found):
            yield "names a certificate policy twice (RFC 5280, section 4.2.1.4)"


def _policy(node: der.Node) -> str:
    parts = node.expect(der.SEQUENCE, "a certificate policy").children()
    if not 1 <= len(parts) <= 2 or (len(parts) == 2 and not parts[1].expect(der.SEQUENCE, "qualifiers").children()):
        raise EncodingError("a certificate policy that is not an identifier and perhaps qualifiers")
    return der.read_oid(parts[0])
