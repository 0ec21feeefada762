"""Certificate policies: required, mapped, inhibited."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from ecard import der
from ecard.findings import FindingCode as F
from tests.pki_validation.corpus.making import CP, IAP, PC, PM, Case, Ext, case, ext, root

ONE, TWO, ANY = "1.3.6.1.4.1.55738.8.1", "1.3.6.1.4.1.55738.8.2", "2.5.29.32.0"
BROKEN = F.CONSTRAINT_BROKEN


def under(*policies: str) -> dict[str, Ext]:
    return {CP: Ext(CP, der.sequence(*(der.sequence(der.oid(each)) for each in policies)))}


def cases() -> Iterator[Case]:
    explicit = {"explicit_policy": True}
    wants = {"explicit_policy": True, "acceptable_policies": frozenset({ONE})}
    top = root()
    below = top.ca("policy one", under(ONE))
    chain = [top, below]
    yield case("a policy all along", below.leaf(under(ONE)), chain, policy=wants)
    yield case("another policy at the end", below.leaf(under(TWO)), chain, BROKEN, policy=wants)
    yield case("no policy at the end", below.leaf(), chain, BROKEN, policy=explicit)
    yield case("no policy and none wanted", below.leaf(), chain)
    free = top.ca("any policy", under(ANY))
    yield case("any policy of the CA", free.leaf(under(ONE)), [top, free], policy=wants)
    yield case(
        "any policy where none may be",
        free.leaf(under(ONE)),
        [top, free],
        BROKEN,
        policy={**wants, "inhibit_any_policy": True},
    )
    for skip, expected in ((0, BROKEN), (3, None)):
        required = {**under(ONE), PC: ext(x509.PolicyConstraints(skip, None), True)}
        strict = top.ca(f"required after {skip}", required)
        yield case(f"a policy is required after {skip} certificates", strict.leaf(), [top, strict], expected)
    soft = top.ca("required softly", {**under(ONE), PC: ext(x509.PolicyConstraints(0, None))})
    yield case("policyConstraints not critical", soft.leaf(under(ONE)), [top, soft], pedantic=F.CERTIFICATE_MALFORMED)
    yield case("policyConstraints not critical, and broken", soft.leaf(), [top, soft], BROKEN)
    hollow = top.ca("hollow constraints", {**under(ONE), PC: Ext(PC, der.sequence(), True)})
    yield case(
        "policyConstraints without any", hollow.leaf(under(ONE)), [top, hollow], F.CERTIFICATE_MALFORMED, tolerant=None
    )
    mapping = der.sequence(der.sequence(der.oid(ONE), der.oid(TWO)))
    mapped = top.ca("mapping", {**under(ONE), PM: Ext(PM, mapping, True)})
    yield case("a policy that is mapped", mapped.leaf(under(TWO)), [top, mapped], policy=wants)
    yield case(
        "a policy that is mapped where it may not be",
        mapped.leaf(under(TWO)),
        [top, mapped],
        BROKEN,
        policy={**wants, "inhibit_policy_mapping": True},
    )
    wild = der.sequence(der.sequence(der.oid(ANY), der.oid(TWO)))
    wrong = top.ca("mapping of any", {**under(ANY), PM: Ext(PM, wild, True)})
    yield case("any policy is mapped", wrong.leaf(under(TWO)), [top, wrong], F.CONSTRAINT_BROKEN, policy=explicit)
    inhibited = top.ca("inhibiting", {**under(ANY), IAP: Ext(IAP, der.integer(0), True)})
    yield case("any policy inhibited by the CA", inhibited.leaf(under(ANY)), [top, inhibited], BROKEN, policy=explicit)
    soft = top.ca("inhibiting softly", {**under(ANY), IAP: Ext(IAP, der.integer(0))})
    yield case(
        "inhibitAnyPolicy not critical", soft.leaf(under(ONE)), [top, soft], F.CERTIFICATE_MALFORMED, tolerant=None
    )
    yield case("a policy named twice", top.leaf(under(ONE, ONE)), [top], F.CERTIFICATE_MALFORMED, tolerant=None)
    yield case("a critical list of policies", top.leaf({CP: Ext(CP, under(ONE)[CP].value, True)}), [top])
    yield from _counts()


def _counts() -> Iterator[Case]:
    """Policies are required, or any policy inhibited, after a number of certificates: numbers that are none."""
    top = root()
    for title, oid, value in (
        ("a negative requireExplicitPolicy", PC, "30038001ff"),
        ("a negative inhibitPolicyMapping", PC, "30038101ff"),
        ("requireExplicitPolicy without octets", PC, "30028000"),
        ("requireExplicitPolicy not in its shortest form", PC, "300480020001"),
        ("policyConstraints in the wrong order", PC, "3006810100800100"),
        ("policyConstraints with a count twice", PC, "3006800100800100"),
        ("policyConstraints with a third field", PC, "3003820100"),
        ("policyConstraints that is a number", PC, "020100"),
        ("a negative inhibitAnyPolicy", IAP, "0201ff"),
        ("inhibitAnyPolicy that is no number", IAP, "0101ff"),
    ):
        odd = top.ca(title, {**under(ONE), oid: Ext(oid, bytes.fromhex(value), True)})
        yield case(title, odd.leaf(under(ONE)), [top, odd], F.CERTIFICATE_MALFORMED)
    for title, value in (
        ("of three policies", "300e300c06022a0306022a0406022a05"),
        ("of one", "3006300406022a03"),
    ):
        odd = top.leaf({**under(ONE), PM: Ext(PM, bytes.fromhex(value), True)})
        yield case(f"a holder's mapping {title}", odd, [top], F.CERTIFICATE_MALFORMED, tolerant=None)
    large = {**under(ONE), PC: Ext(PC, bytes.fromhex("300b80097fffffffffffffffff"), True)}
    far = top.ca("a large requireExplicitPolicy", large)
    yield case("a requireExplicitPolicy of 71 bits", far.leaf(), [top, far])
