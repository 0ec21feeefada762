"""The search: what is missing, what is too much, circles, several ways, very long chains."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from ecard.findings import FindingCode as F
from tests.pki_validation.chains import DAY, T0
from tests.pki_validation.corpus.making import (
    AKI,
    BC,
    ECDSA_SHA1,
    EKU,
    NC,
    SKI,
    Authority,
    Case,
    Ext,
    case,
    constraints,
    ext,
    key,
    name,
    root,
)
from tests.pki_validation.corpus.names import permitted

FOUND_NONE = F.PATH_NOT_FOUND


def cases() -> Iterator[Case]:
    yield from _ends()
    yield from _circles()
    yield from _several()
    yield from _broken_ways()
    yield from _bridges()
    yield from _webs()
    yield from _lengths()


def _ends() -> Iterator[Case]:
    top = root()
    below = top.ca("plain CA")
    leaf = below.leaf()
    yield case("root, CA, holder", leaf, [top, below])
    yield case("a missing intermediate", leaf, [top], FOUND_NONE)
    stranger = root("unrelated root")
    yield case("a root that is not trusted", leaf, [stranger, top, below], FOUND_NONE)
    yield case("a trusted intermediate beside an untrusted root", leaf, [below, top])
    yield case("intermediates in any order and twice", leaf, [top, stranger, below, below, top])
    yield case("a holder's certificate that is trusted itself", leaf, [stranger], roots=[leaf])
    twin = root(label="twin root")
    yield case("a root of the same name and another key", leaf, [twin, below], FOUND_NONE)
    yield case("both roots of one name", leaf, [twin, top, below], roots=[top.certificate])
    nameless = {SKI: None, AKI: None}
    bare, twin = root("bare name", nameless), root("bare name", nameless, label="twin of the bare")
    without = bare.leaf({AKI: None})
    yield case(
        "roots of one name without identifiers",
        without,
        [twin],
        roots=[bare.certificate],
        pedantic=F.CERTIFICATE_MALFORMED,
    )
    yield case("another root of that name without identifiers", without, [twin], F.CERTIFICATE_SIGNATURE_INVALID)
    own = Authority(name("self-signed holder"), key("self-signed holder"))
    yield case("a self-signed holder", own.leaf(subject=own.subject, own=own.key), [top], FOUND_NONE)


def _circles() -> Iterator[Case]:
    top = root()
    one, two = Authority(name("circle 1"), key("circle 1")), Authority(name("circle 2"), key("circle 2"))
    crossed = [one.ca("circle 2", label="circle 2"), two.ca("circle 1", label="circle 1")]
    leaf = one.leaf()
    yield case("two CAs that certify each other", leaf, [top, *crossed], FOUND_NONE)
    yield case("the same with a long way allowed", leaf, [top, *crossed], FOUND_NONE, policy={"max_path_length": 255})
    left, right = (Authority(name("same circle"), key(f"same circle {n}")) for n in (1, 2))
    crossed = [left.ca("same circle", label="same circle 2"), right.ca("same circle", label="same circle 1")]
    yield case("two keys of one CA that certify each other", left.leaf(), [top, *crossed], FOUND_NONE)
    own = one.ca("circle 1", label="circle 1")
    yield case("a self-signed CA among helpers", leaf, [top, own], FOUND_NONE)
    a, b, c = top, Authority(name("B"), key("B")), Authority(name("C"), key("C"))
    labels = {id(a): "root corpus root", id(b): "B", id(c): "C"}
    pairs = ((b, a), (c, a), (a, b), (c, b), (a, c), (b, c))
    web = [by.ca("crossed", subject=of.subject, label=labels[id(of)]) for by, of in pairs]
    below = a.ca("A1")
    yield case("a trusted root that two others cross-sign", below.leaf(), [top, below, *web])


def _several() -> Iterator[Case]:
    top, second = root(), root("second root")
    expired = second.ca("corpus root", label="root corpus root", subject=top.subject, end=T0 + DAY / 2)
    yield case(
        "a shorter way beside an expired cross-certificate", top.leaf(), [top, expired], roots=[second.certificate]
    )
    good, bad = top.ca("renewed"), top.ca("renewed", end=T0 + DAY / 2)
    yield case("an expired twin before the good one", good.leaf(), [top, bad, good])
    yield case("an expired twin after the good one", good.leaf(), [top, good, bad])
    yield case("two expired twins", good.leaf(), [top, bad, top.ca("renewed", end=T0 + DAY / 3)], F.EXPIRED)
    changed = bytearray(good.certificate)
    changed[-5] ^= 1
    forged = Authority(good.subject, good.key, bytes(changed))
    yield case("a forged twin before the good one", good.leaf(), [top, forged, good])
    yield case("a forged CA", good.leaf(), [top, forged], F.CERTIFICATE_SIGNATURE_INVALID)


def _broken_ways() -> Iterator[Case]:
    """Two certificates of one CA, of which one may not be used: the way through the other counts."""
    top, second = root(), root("second root")
    odd = {"1.2.3.4": Ext("1.2.3.4", b"", True)}
    server = {"extended_usage": Purpose.SERVER_AUTH.dotted_string}
    for title, changes, fields, reason in (
        ("expired", {}, {"end": T0 + DAY / 2}, F.EXPIRED),
        ("no CA's", {BC: constraints(False)}, {}, F.CONSTRAINT_BROKEN),
        ("without basicConstraints", {BC: None}, {}, F.CONSTRAINT_BROKEN),
        ("for mail alone", {EKU: ext(x509.ExtendedKeyUsage([Purpose.EMAIL_PROTECTION]))}, {}, F.USAGE_WRONG),
        ("with names that are not permitted", {NC: ext(permitted("bad.example"), True)}, {}, F.CONSTRAINT_BROKEN),
        ("with an unknown critical extension", odd, {}, F.CONSTRAINT_BROKEN),
        ("signed with SHA-1", {}, {"algorithm": ECDSA_SHA1}, F.ALGORITHM_NOT_ALLOWED),
    ):
        bad = top.ca("one of two ways", changes, **fields)
        good = second.ca("one of two ways")
        roots = {"roots": [second.certificate], "policy": server}
        for order, both in (("before", [bad, good]), ("after", [good, bad])):
            yield case(f"a way {order} the other, {title}", good.leaf(), [top, *both], **roots)
        yield case(f"the only way, {title}", good.leaf(), [top, bad], reason, **roots)
    for title, subject in (("the root's name", top.subject), ("another name", name("apart"))):
        apart = root("apart", odd, subject=subject)
        yield case(f"a root apart, of {title}, that may not be used", top.leaf(), [top], roots=[apart.certificate])
        below = top.ca("apart", odd, subject=subject)
        yield case(f"an intermediate apart, of {title}, that may not be used", top.leaf(), [top, below])


def _bridges() -> Iterator[Case]:
    """Four authorities that a bridge joins, each on its own side a circle or a fork (RFC 4158, section 2.4)."""
    edges = (
        "W>F W>G F>G G>F F>H G>I H>I I>H X>J X>L J>K L>M L>N Y>A Y>C A>C C>A A>B C>B B>D B>E Z>O Z>P O>Q O>R P>S R>S"
    )
    pairs = [tuple(edge.split(">")) for edge in edges.split()]
    pairs += [pair for side in "WXYZ" for pair in ((side, "bridge"), ("bridge", side))]
    made = {one: Authority(name(f"joined {one}"), key(f"joined {one}")) for pair in pairs for one in pair}
    top = root("joined Z", label="joined Z")
    web = {(by, of): made[by].ca(f"joined {of}", label=f"joined {of}") for by, of in pairs}
    for last in ("N", "B", "I", "S"):
        yield case(f"a holder below {last}, over a bridge", made[last].leaf(), [top, *web.values()])
    for title, cut, found in (
        ("to the bridge", ("Z", "bridge"), FOUND_NONE),
        ("from the bridge", ("bridge", "X"), FOUND_NONE),
        ("back to the bridge", ("X", "bridge"), None),
    ):
        left = [each for pair, each in web.items() if pair != cut]
        yield case(f"a bridge without the way {title}", made["N"].leaf(), [top, *left], found)
        ended = made[cut[0]].ca(f"joined {cut[1]}", label=f"joined {cut[1]}", end=T0 + DAY / 2)
        expected = None if found is None else F.EXPIRED
        yield case(f"a bridge whose way {title} has ended", made["N"].leaf(), [top, *left, ended], expected)


def _webs() -> Iterator[Case]:
    """Every layer has many certificates of the same names and keys: the number of ways is their product."""
    top = root()
    layers: list[Authority] = []
    above = top
    for layer in range(6):
        copies = [above.ca(f"layer {layer}") for _ in range(4)]
        layers += copies
        above = copies[0]
    yield case("4 to the power of 6 good ways", above.leaf(), [top, *layers])
    yield case("4 to the power of 6 ways that end nowhere", above.leaf(), [root("elsewhere"), *layers], FOUND_NONE)
    late = [top.ca("many") for _ in range(20)]
    ended = [top.ca("many", end=T0 + DAY / 2) for _ in range(20)]
    yield case("twenty expired twins before twenty good ones", late[0].leaf(), [top, *ended, *late])
    crossed = [
        Authority(name(f"web {a}"), key(f"web {a}")).ca(f"web {b}", label=f"web {b}")
        for a in range(9)
        for b in range(9)
        if a != b
    ]
    leaf = Authority(name("web 0"), key("web 0")).leaf()
    yield case("nine CAs that all certify each other", leaf, [top, *crossed], FOUND_NONE)


def _lengths() -> Iterator[Case]:
    chain = [root()]
    for level in range(100):
        chain.append(chain[-1].ca(f"level {level}"))
    yield case("a chain of 12", chain[10].leaf(), chain[:11])
    yield case("a chain of 13", chain[11].leaf(), chain[:12], FOUND_NONE)
    long = {"max_path_length": 120}
    yield case("a chain of 102 where it is allowed", chain[100].leaf(), chain, policy=long)
    yield case("a chain of 102", chain[100].leaf(), chain, FOUND_NONE)
    again = chain[1].ca("level 0", label="level 0 again", subject=chain[1].subject)
    rolled = [*chain[:2], again]
    yield case("a self-issued CA within the longest path", again.leaf(), rolled, policy={"max_path_length": 4})
    yield case("a self-issued CA counts in it", again.leaf(), rolled, FOUND_NONE, policy={"max_path_length": 3})
