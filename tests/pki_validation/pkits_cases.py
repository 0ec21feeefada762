"""The settings and outcomes of NIST PKITS 1.0.1 (sections 4.1 to 4.16) that a file's name alone does not tell.

Of every other test the name says what is expected: Valid... or Invalid... with the default settings.
"""

from __future__ import annotations

from typing import Any, NamedTuple

P1, P2, P3, P6 = (f"2.16.840.1.101.3.2.1.48.{n}" for n in (1, 2, 3, 6))


class Case(NamedTuple):
    """One part of a test: whether the path is valid under the settings."""

    valid: bool
    settings: dict[str, Any]


def case(valid: bool, *policies: str, **settings: bool) -> Case:
    return Case(valid, {"acceptable_policies": frozenset(policies) if policies else None, **settings})


EXPLICIT = {"explicit_policy": True}
PARTS: dict[str, list[Case]] = {
    # 4.8 certificate policies; CPSPointerQualifierTest20 is recommended to be run with explicit policy
    "CPSPointerQualifierTest20": [case(True, P1, **EXPLICIT)],
    "AllCertificatesNoPoliciesTest2": [case(True), case(False, **EXPLICIT)],
    "DifferentPoliciesTest3": [case(True), case(False, **EXPLICIT), case(False, P1, P2, **EXPLICIT)],
    "DifferentPoliciesTest4": [case(False)],
    "DifferentPoliciesTest5": [case(False)],
    "OverlappingPoliciesTest6": [case(True), case(True, P1), case(False, P2)],
    "DifferentPoliciesTest7": [case(False)],
    "DifferentPoliciesTest8": [case(False)],
    "DifferentPoliciesTest9": [case(False)],
    "AllCertificatesSamePoliciesTest10": [case(True), case(True, P1), case(True, P2)],
    "AllCertificatesanyPolicyTest11": [case(True), case(True, P1)],
    "DifferentPoliciesTest12": [case(False)],
    "AllCertificatesSamePoliciesTest13": [case(True, P1), case(True, P2), case(True, P3)],
    "AnyPolicyTest14": [case(True, P1), case(False, P2)],
    "UserNoticeQualifierTest15": [case(True)],
    "UserNoticeQualifierTest16": [case(True)],
    "UserNoticeQualifierTest17": [case(True)],
    "UserNoticeQualifierTest18": [case(True, P1), case(True, P2)],
    "UserNoticeQualifierTest19": [case(True)],
    # 4.10 policy mappings
    "ValidPolicyMappingTest1": [case(True, P1), case(False, P2), case(False, inhibit_policy_mapping=True)],
    "InvalidPolicyMappingTest2": [case(False), case(False, inhibit_policy_mapping=True)],
    "ValidPolicyMappingTest3": [case(False, P1), case(True, P2)],
    "ValidPolicyMappingTest5": [case(True, P1), case(False, P6)],
    "ValidPolicyMappingTest6": [case(True, P1), case(False, P6)],
    "ValidPolicyMappingTest12": [case(True, P1), case(True, P2)],
    # 4.12 inhibit any policy
    "inhibitAnyPolicyTest3": [case(True), case(False, inhibit_any_policy=True)],
}
FIRST_TEST = [
    case(True, **EXPLICIT),
    case(True, P1, **EXPLICIT),
    case(False, P2, **EXPLICIT),
    case(True, P1, P2, **EXPLICIT),
]
"""4.8.1 judges the certificate of 4.1.1 again, with these settings."""

SKIPPED = {
    "ValidDSASignaturesTest4": "DSA is not one of ecard's algorithms",
    "ValidDSAParameterInheritanceTest5": "DSA is not one of ecard's algorithms",
}
"""Tests that do not apply, each with the reason. Invalid DSA signatures are refused like any other."""


def parts_of(name: str) -> list[Case]:
    """The parts of the test whose end-entity certificate is ``name`` without its ending EE."""
    if name in PARTS:
        return PARTS[name]
    assert name.startswith(("Valid", "Invalid")), name
    return [case(name.startswith("Valid"))]
