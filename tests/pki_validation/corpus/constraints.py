"""Who is a CA, how many may follow, and what keys may be used for in a path."""

from __future__ import annotations

from collections.abc import Iterator

from ecard.findings import FindingCode as F
from tests.pki_validation.corpus.making import BC, KU, NC, SKI, Case, Ext, case, constraints, ext, root, usage
from tests.pki_validation.corpus.names import permitted

PROFILE_ONLY = {"expected": F.CERTIFICATE_MALFORMED, "tolerant": None}


def cases() -> Iterator[Case]:
    yield from _authorities()
    yield from _usages_of_authorities()
    yield from _lengths()


def _authorities() -> Iterator[Case]:
    top = root()
    for title, changes in {
        "an intermediate that is no CA": {BC: constraints(False)},
        "an intermediate without basicConstraints": {BC: None},
        "an intermediate with empty basicConstraints": {BC: Ext(BC, b"\x30\0", True)},
    }.items():
        below = top.ca(title, changes)
        yield case(title, below.leaf(), [top, below], F.CONSTRAINT_BROKEN)
    end = top.leaf()
    fake = top.ca("holder as CA")
    fake.certificate = top.leaf(own=fake.key, common="holder as CA")
    yield case("a holder's certificate as a CA's", fake.leaf(), [top, fake], F.CONSTRAINT_BROKEN)
    for title, changes in {"is no CA": {BC: constraints(False)}, "lacks basicConstraints": {BC: None}}.items():
        other = root(f"root that {title}", changes)
        yield case(f"a root that {title}", other.leaf(), [other], F.CONSTRAINT_BROKEN)
    soft = {BC: constraints(True, critical=False)}
    other, below = root("soft root", soft), top.ca("soft CA", soft)
    yield case("a root's basicConstraints not critical", other.leaf(), [other], pedantic=F.CERTIFICATE_MALFORMED)
    yield case("a CA's basicConstraints not critical", below.leaf(), [top, below], pedantic=F.CERTIFICATE_MALFORMED)
    yield case("a CA judged as the last of the path", top.ca("last CA").certificate, [top])
    yield case("a root judged by itself", top.certificate, [top])
    yield case("basicConstraints absent in the holder's", top.leaf({BC: None}), [top])
    bad = {BC: Ext(BC, bytes.fromhex("3006010101020100"), True)}
    below = top.ca("odd boolean", bad)
    yield case("a TRUE that is not FF", below.leaf(), [top, below], F.CERTIFICATE_MALFORMED)
    yield case("a chain of one that is not trusted", end, [root("another root")], F.PATH_NOT_FOUND)


def _usages_of_authorities() -> Iterator[Case]:
    top = root()
    for title, bits in {"cRLSign alone": ("crl_sign",), "digitalSignature alone": ("digital_signature",)}.items():
        below = top.ca(f"CA with {title}", {KU: usage(*bits)})
        yield case(f"an intermediate with {title}", below.leaf(), [top, below], F.USAGE_WRONG)
        other = root(f"root with {title}", {KU: usage(*bits)})
        yield case(f"a root with {title}", other.leaf(), [other], F.USAGE_WRONG)
    below = top.ca("CA of no usage", {KU: None})
    yield case("an intermediate without keyUsage", below.leaf(), [top, below])
    none = {KU: Ext(KU, bytes.fromhex("030100"), True)}
    below = top.ca("CA of an empty usage", none)
    yield case("an intermediate with an empty keyUsage", below.leaf(), [top, below], F.USAGE_WRONG)
    yield case("an empty keyUsage", top.leaf(none), [top], **PROFILE_ONLY)
    signs = top.leaf({KU: usage("digital_signature", "key_cert_sign")})
    yield case("keyCertSign of a holder", signs, [top], **PROFILE_ONLY)
    yield case(
        "keyCertSign without basicConstraints", top.leaf({KU: usage("key_cert_sign"), BC: None}), [top], **PROFILE_ONLY
    )
    limited = top.ca("limited without signing", {KU: usage("crl_sign")}, path_length=0)
    yield case("a path length without keyCertSign", limited.leaf(), [top, limited], F.USAGE_WRONG)
    last = top.ca("limited and last", {KU: usage("crl_sign")}, path_length=0)
    yield case("a path length without keyCertSign, judged last", last.certificate, [top], **PROFILE_ONLY)
    ended = top.leaf({BC: Ext(BC, bytes.fromhex("3003020100"), True)})
    yield case("a path length of a holder", ended, [top], **PROFILE_ONLY)
    yield case("no keyUsage of a holder", top.leaf({KU: None}), [top])
    yield case(
        "name constraints of a holder", top.leaf({NC: ext(permitted("example.com"), True)}), [top], **PROFILE_ONLY
    )


def _lengths() -> Iterator[Case]:
    top = root()
    for length in (0, 1, 2):
        below = top.ca(f"length {length}", path_length=length)
        yield case(f"a holder below a path length of {length}", below.leaf(), [top, below])
    first = top.ca("first of length 0", path_length=0)
    second = first.ca("second of length 0", path_length=0)
    yield case("a CA as the last below a path length of 0", second.certificate, [top, first])
    yield case("a CA too many below a path length of 0", second.leaf(), [top, first, second], F.CONSTRAINT_BROKEN)
    one = top.ca("length of one", path_length=1)
    two = one.ca("length of two", path_length=2)
    yield case("a path length that grows", two.leaf(), [top, one, two])
    third = two.ca("third below one")
    yield case("a path length that grows and is broken", third.leaf(), [top, one, two, third], F.CONSTRAINT_BROKEN)
    again = one.ca("length of one", label="rollover of one", path_length=1)
    last = again.ca("last below rollover", path_length=0)
    yield case("a self-issued CA is not counted", last.leaf(), [top, one, again, last])
    narrow = root("narrow root", {BC: constraints(True, 0)})
    below = narrow.ca("below the narrow root")
    yield case("a path length of the root", below.leaf(), [narrow, below], F.CONSTRAINT_BROKEN)
    yield case("a path length of the root, kept", narrow.leaf(), [narrow])
    negative = top.ca("negative length", {BC: Ext(BC, bytes.fromhex("30060101ff0201ff"), True)})
    yield case("a negative path length", negative.leaf(), [top, negative], F.CERTIFICATE_MALFORMED)
    huge = top.ca("huge length", {BC: Ext(BC, bytes.fromhex("300d0101ff02080fffffffffffffff"), True)})
    yield case("a path length of 60 bits", huge.leaf(), [top, huge])
    wide = top.ca("no identifier below", {SKI: None}, path_length=0)
    yield case("a path length and no identifier", wide.leaf(), [top, wide], pedantic=F.CERTIFICATE_MALFORMED)
