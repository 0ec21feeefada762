"""Extensions: unknown, twice, malformed, with the wrong criticality, and the identifiers of keys."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from ecard import der
from ecard.findings import FindingCode as F
from tests.pki_validation.corpus.making import (
    AIA,
    AKI,
    BC,
    CDP,
    CP,
    EKU,
    KU,
    SKI,
    Case,
    Ext,
    case,
    ext,
    key,
    key_id,
    name,
    root,
)

UNKNOWN = "1.3.6.1.4.1.55738.7.1"
PROFILE_ONLY = {"expected": F.CERTIFICATE_MALFORMED, "tolerant": None}


def cases() -> Iterator[Case]:
    yield from _unknown()
    yield from _forms()
    yield from _access()
    yield from _authority_identifiers()
    yield from _subject_identifiers()


def _unknown() -> Iterator[Case]:
    top, odd = root(), {UNKNOWN: Ext(UNKNOWN, b"", True)}
    yield case("an unknown critical extension in the holder's", top.leaf(odd), [top], F.CONSTRAINT_BROKEN)
    below = top.ca("unknown CA", odd)
    yield case("an unknown critical extension in a CA's", below.leaf(), [top, below], F.CONSTRAINT_BROKEN)
    other = root("unknown root", odd)
    yield case("an unknown critical extension in the root", other.leaf(), [other], F.CONSTRAINT_BROKEN)
    yield case("an unknown extension", top.leaf({UNKNOWN: Ext(UNKNOWN, b"anything")}), [top])
    yield case("a critical extended key usage", top.leaf({EKU: Ext(EKU, der.sequence(der.oid("1.2.3")), True)}), [top])


def _forms() -> Iterator[Case]:
    top = root()
    leaf_key = key("leaf")
    usual = top.extensions(leaf_key, [], None)
    twice = top.issue(name("holder"), leaf_key, [*usual, Ext(UNKNOWN, b""), Ext(UNKNOWN, b"")])
    yield case("an unknown extension twice", twice, [top], F.CERTIFICATE_MALFORMED)
    yield case(
        "an identifier twice", top.issue(name("holder"), leaf_key, [*usual, usual[0]]), [top], F.CERTIFICATE_MALFORMED
    )
    many = {f"1.2.3.{n}": Ext(f"1.2.3.{n}", b"") for n in range(70)}
    yield case("73 extensions", top.leaf(many), [top], F.CERTIFICATE_MALFORMED)
    for oid in (KU, BC, AKI, SKI, CDP, CP, EKU, AIA):
        bad = top.leaf({oid: Ext(oid, b"malformed")})
        tolerant = "same" if oid in (KU, EKU) else None
        yield case(f"extension {oid} is not DER", bad, [top], F.CERTIFICATE_MALFORMED, tolerant=tolerant)
    for oid in (CP, CDP, AIA):
        yield case(f"extension {oid} is an empty list", top.leaf({oid: Ext(oid, b"\x30\0")}), [top], **PROFILE_ONLY)


def _access() -> Iterator[Case]:
    top = root()
    access = x509.AuthorityInformationAccess([x509.AccessDescription(x509.OID_CA_ISSUERS, x509.DNSName("example.com"))])
    yield case("authorityInfoAccess", top.leaf({AIA: ext(access)}), [top])
    yield case("a critical authorityInfoAccess", top.leaf({AIA: ext(access, True)}), [top], **PROFILE_ONLY)


def _authority_identifiers() -> Iterator[Case]:
    top = root()
    missing = {"pedantic": F.CERTIFICATE_MALFORMED}
    yield case("the holder's without the identifier of the issuer's key", top.leaf({AKI: None}), [top], **missing)
    below = top.ca("no identifier", {AKI: None})
    yield case("a CA's without the identifier of the issuer's key", below.leaf(), [top, below], **missing)
    yield case("a trusted CA's without the identifier of the issuer's key", below.leaf(), [below], **missing)
    plain = root("plain root", {AKI: None})
    yield case("a self-signed root without the identifier of the issuer's key", plain.leaf(), [plain])
    own = key("root marked root")
    value = der.sequence(der.element(0x80, key_id(own)))
    critical = root("marked root", {AKI: Ext(AKI, value, True)})
    yield case("a root's critical identifier of the issuer's key", critical.leaf(), [critical], **PROFILE_ONLY)
    yield case(
        "a critical identifier of the issuer's key",
        top.leaf({AKI: Ext(AKI, der.sequence(der.element(0x80, key_id(top.key))), True)}),
        [top],
        **PROFILE_ONLY,
    )
    hollow = root("hollow root", {AKI: Ext(AKI, der.sequence())})
    yield case("a root's identifier of the issuer's key that says nothing", hollow.leaf(), [hollow], **missing)
    directory = der.element(0xA1, der.element(0xA4, name("halved root")))
    serial = der.element(0x82, b"\x05")
    identifier = der.element(0x80, key_id(key("root halved root")))
    for title, parts in (("issuer", identifier + directory), ("serial number", identifier + serial)):
        half = root("halved root", {AKI: Ext(AKI, der.sequence(parts))})
        yield case(f"an issuer's certificate named by its {title} alone", half.leaf(), [half], **PROFILE_ONLY)
    whole = root("halved root", {AKI: Ext(AKI, der.sequence(identifier + directory + serial))})
    yield case("an issuer's certificate named in full", whole.leaf(), [whole])
    for title, parts in {
        "an unknown field": identifier + der.element(0x83, b"x"),
        "a field twice": identifier * 2,
        "its fields out of order": directory + serial + identifier,
    }.items():
        odd = root("halved root", {AKI: Ext(AKI, der.sequence(parts))})
        yield case(f"an identifier of the issuer's key with {title}", odd.leaf(), [odd], **PROFILE_ONLY)
    wrong = root("contradicting root", {AKI: Ext(AKI, der.sequence(der.element(0x80, b"another key, not its own")))})
    yield case("a self-signed root that says that another key signed it", wrong.leaf(), [wrong], **PROFILE_ONLY)
    foreign = top.leaf({AKI: Ext(AKI, der.sequence(der.element(0x80, b"somebody else's")))})
    yield case("the identifier of a key that nobody has", foreign, [top], F.PATH_NOT_FOUND)


def _subject_identifiers() -> Iterator[Case]:
    top = root()
    bare = root("bare root", {SKI: None, AKI: None})
    missing = {"pedantic": F.CERTIFICATE_MALFORMED}
    yield case("a root without the identifier of its key", bare.leaf(), [bare], **missing)
    below = top.ca("bare CA", {SKI: None})
    yield case("a CA without the identifier of its key", below.leaf(), [top, below], **missing)
    yield case("a holder without the identifier of the key", top.leaf({SKI: None}), [top])
    own = key("root critical root")
    critical = root("critical root", {SKI: Ext(SKI, der.octet_string(key_id(own)), True)})
    yield case("a root's critical identifier of its key", critical.leaf(), [critical], **PROFILE_ONLY)
    yield case(
        "a critical identifier of the holder's key",
        top.leaf({SKI: Ext(SKI, der.octet_string(b"id"), True)}),
        [top],
        **PROFILE_ONLY,
    )
