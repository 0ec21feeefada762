"""Name constraints: each form permitted and excluded, along the path, and malformed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from ecard import der
from ecard.findings import FindingCode as F
from tests.pki_validation.corpus.making import NC, SAN, Authority, Case, Ext, case, dns, ext, key, name, root

BROKEN = F.CONSTRAINT_BROKEN
PERMITTED, EXCLUDED = 0, 1


def permitted(*hosts: str) -> x509.NameConstraints:
    return x509.NameConstraints([x509.DNSName(each) for each in hosts], None)


def subtrees(kind: int, *bases: bytes) -> dict[str, Ext]:
    """The extension by hand: ``bases`` are general names in DER."""
    return {NC: Ext(NC, der.sequence(der.element(der.context(kind), *map(der.sequence, bases))), True)}


def text(form: int, value: str) -> bytes:
    return der.element(0x80 | form, value.encode())


def directory(*attributes: x509.NameAttribute[Any]) -> bytes:
    return der.element(der.context(4), x509.Name(attributes).public_bytes())


def address(value: str) -> bytes:
    net = ip_network(value)
    return der.element(0x87, net.network_address.packed, net.netmask.packed)


def alternative(*names: bytes) -> dict[str, Ext]:
    return {SAN: Ext(SAN, der.sequence(*names))}


def host(value: str) -> bytes:
    return der.element(0x87, ip_address(value).packed)


# form of name, constraint, name, whether the name is inside
FORMS: Sequence[tuple[str, bytes, bytes, bool]] = [
    ("DNS", text(2, "example.com"), text(2, "example.com"), True),
    ("DNS", text(2, "example.com"), text(2, "foo.bar.example.com"), True),
    ("DNS", text(2, "example.com"), text(2, "EXAMPLE.com"), True),
    ("DNS", text(2, "example.com"), text(2, "not-example.com"), False),
    ("DNS", text(2, "foo.example.com"), text(2, "example.com"), False),
    ("DNS", text(2, ""), text(2, "example.com"), True),
    ("IPv4", address("192.0.2.0/24"), host("192.0.2.255"), True),
    ("IPv4", address("192.0.2.0/24"), host("192.0.3.0"), False),
    ("IPv4", address("0.0.0.0/0"), host("203.0.113.9"), True),
    ("IPv4", address("192.0.2.7/32"), host("192.0.2.7"), True),
    ("IPv6", address("2001:db8::/32"), host("2001:db8:ffff::1"), True),
    ("IPv6", address("2001:db8::/32"), host("2001:db9::1"), False),
    ("IPv6 under IPv4", address("0.0.0.0/0"), host("::ffff:192.0.2.1"), False),
    ("mail", text(1, "foo@example.com"), text(1, "foo@example.com"), True),
    ("mail", text(1, "foo@example.com"), text(1, "foo@EXAMPLE.com"), True),
    ("mail", text(1, "foo@example.com"), text(1, "Foo@example.com"), False),
    ("mail", text(1, "foo@example.com"), text(1, "bar@example.com"), False),
    ("mail", text(1, "*@example.com"), text(1, "*@example.com"), True),
    ("mail", text(1, "*@example.com"), text(1, "foo@example.com"), False),
    ("mail", text(1, "f*o@example.com"), text(1, "foo@example.com"), False),
    ("mail", text(1, "example.com"), text(1, "foo@example.com"), True),
    ("mail", text(1, "example.com"), text(1, "foo@mail.example.com"), False),
    ("mail", text(1, ".example.com"), text(1, "foo@mail.example.com"), True),
    ("mail", text(1, ".example.com"), text(1, "foo@example.com"), False),
    ("URI", text(6, "example.com"), text(6, "https://example.com/x"), True),
    ("URI", text(6, "example.com"), text(6, "https://www.example.com/x"), False),
    ("URI", text(6, ".example.com"), text(6, "https://user@www.example.com:8443/x"), True),
    ("URI", text(6, ".example.com"), text(6, "https://example.com.evil/"), False),
]


def cases() -> Iterator[Case]:
    for number, (form, base, inside, matches) in enumerate(FORMS):
        for kind, word, passes in ((PERMITTED, "permitted", matches), (EXCLUDED, "excluded", not matches)):
            top = root(f"{word} {number}", subtrees(kind, base))
            title = f"{form} {'inside' if matches else 'outside'} what is {word}, {number}"
            yield case(title, top.leaf(alternative(inside)), [top], None if passes else BROKEN)
    yield from _directories()
    yield from _mixed()
    yield from _along()
    yield from _malformed()
    yield from _many()
    yield from _several_ways()


def _directories() -> Iterator[Case]:
    country, unit = (
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "示例"),
    )
    inside = name("holder", country, unit)
    outside = name("holder", country, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "其他"))
    for kind, word in ((PERMITTED, "permitted"), (EXCLUDED, "excluded")):
        top = root(f"directory {word}", subtrees(kind, directory(country, unit)))
        good, bad = (inside, outside) if kind == PERMITTED else (outside, inside)
        yield case(f"a subject that is well under {word} names", top.leaf({SAN: None}, subject=good), [top])
        yield case(f"a subject that breaks {word} names", top.leaf({SAN: None}, subject=bad), [top], BROKEN)
        mixed = alternative(der.element(der.context(4), bad))
        yield case(f"an alternative name that breaks {word} names", top.leaf(mixed, subject=good), [top], BROKEN)
        mixed = alternative(der.element(der.context(4), good))
        yield case(
            f"a subject that breaks {word} names beside a good alternative", top.leaf(mixed, subject=bad), [top], BROKEN
        )
    top = root(
        "directory letters",
        subtrees(PERMITTED, directory(x509.NameAttribute(NameOID.ORGANIZATION_NAME, "EXAMPLE  org"))),
    )
    folded = name("holder", x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Org"))
    yield case("a permitted directory name in other letters", top.leaf({SAN: None}, subject=folded), [top])
    mail = x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@evil.example")
    top = root("mail in the subject", subtrees(PERMITTED, text(1, "example.com")))
    yield case(
        "a mail address in the subject that is not permitted",
        top.leaf({SAN: None}, subject=name("holder", mail)),
        [top],
        BROKEN,
    )


def _mixed() -> Iterator[Case]:
    both = x509.NameConstraints([x509.DNSName("example.com")], [x509.DNSName("example.com")])
    top = root("both", {NC: ext(both, True)})
    yield case("permitted and excluded at once", top.leaf(), [top], BROKEN)
    for kind in (PERMITTED, EXCLUDED):
        top = root(f"another form {kind}", subtrees(kind, address("192.0.2.0/24")))
        yield case(f"constraints of another form, {kind}", top.leaf(), [top])
    top = root("second name", subtrees(EXCLUDED, text(2, "bad.example.com")))
    yield case("a second name that is excluded", top.leaf({SAN: dns("example.com", "bad.example.com")}), [top], BROKEN)
    yield case("a wildcard above what is excluded", top.leaf({SAN: dns("*.example.com")}), [top], BROKEN)
    top = root("narrow host", subtrees(PERMITTED, text(2, "foo.example.com")))
    yield case("a wildcard above what is permitted", top.leaf({SAN: dns("*.example.com")}), [top], BROKEN)
    other = der.element(0xA0, der.oid("1.3.6.1.4.1.55738.7.3"), der.element(0xA0, b"\5\0"))
    top = root("other names", subtrees(EXCLUDED, other))
    yield case("a name of an unknown form that is excluded", top.leaf(alternative(other)), [top], BROKEN)
    yield case("an unknown form that is excluded and does not appear", top.leaf(), [top])
    soft = root("soft constraints", {NC: ext(permitted("example.com"))})
    yield case("constraints that are not critical", soft.leaf(), [soft], F.CERTIFICATE_MALFORMED, tolerant=None)
    stray = soft.leaf({SAN: dns("other.example")})
    yield case("constraints that are not critical and broken", stray, [soft], BROKEN)


def _along() -> Iterator[Case]:
    top = root()
    wide = top.ca("two hosts", {NC: ext(permitted("foo.example.com", "bar.example.com"), True)})
    narrow = wide.ca("one host", {NC: ext(permitted("bar.example.com"), True)})
    yield case(
        "narrowed further down, outside", narrow.leaf({SAN: dns("foo.example.com")}), [top, wide, narrow], BROKEN
    )
    yield case("narrowed further down, inside", narrow.leaf({SAN: dns("bar.example.com")}), [top, wide, narrow])
    first = top.ca("one host first", {NC: ext(permitted("bar.example.com"), True)})
    second = first.ca("two hosts after", {NC: ext(permitted("foo.example.com", "bar.example.com"), True)})
    yield case("widened further down", second.leaf({SAN: dns("foo.example.com")}), [top, first, second], BROKEN)
    yield case("widened further down, inside", second.leaf({SAN: dns("bar.example.com")}), [top, first, second])
    bound = top.ca("bound CA", {NC: ext(permitted("good.example.com"), True)})
    strayed = bound.ca("strayed CA", {SAN: dns("bad.example.com")})
    yield case(
        "a CA's own name that is not permitted",
        strayed.leaf({SAN: dns("good.example.com")}),
        [top, bound, strayed],
        BROKEN,
    )
    rolled = root("rolling", {NC: ext(permitted("example.com"), True), SAN: dns("rolling.example")})
    again = rolled.ca("rolling", {SAN: dns("rolling.example")}, label="rolled over", subject=rolled.subject)
    yield case("a self-issued CA is free of constraints", again.leaf(), [rolled, again])
    own = again.leaf({SAN: dns("rolling.example")}, subject=rolled.subject)
    yield case("a self-issued holder is not free of constraints", own, [rolled, again], BROKEN)
    own_names = top.ca("own names", {NC: ext(permitted("example.com"), True), SAN: dns("own.other")})
    yield case("a CA is free of its own constraints", own_names.leaf(), [top, own_names])


def _malformed() -> Iterator[Case]:
    bad = F.CERTIFICATE_MALFORMED
    for title, base in {
        "a wildcard": text(2, "*.example.com"),
        "a leading period in a DNS name": text(2, ".example.com"),
        "an empty label": text(2, "a..example"),
        "a DNS name not in ASCII": text(2, "点.example"),
        "a wildcard of hosts of mail": text(1, "*.example.com"),
        "a mail address at a wildcard": text(1, "foo@*.example.com"),
        "a mail address with two at signs": text(1, "invalid@invalid@example.com"),
        "a URI instead of a host": text(6, "https://example.com/"),
        "an address without mask": der.element(0x87, b"\x7f\0\0\1"),
        "an IPv6 address without mask": der.element(0x87, bytes(16) + b"\1"),
        "a mask with holes": der.element(0x87, b"\x7f\0\0\1\xff\0\xff\0"),
    }.items():
        for kind, word in ((PERMITTED, "permitted"), (EXCLUDED, "excluded")):
            top = root(f"malformed {word}", subtrees(kind, base))
            yield case(f"{word} by {title}", top.leaf(), [top], bad)
    for title, value in {
        "nothing": der.sequence(),
        "empty lists": der.sequence(der.element(0xA0), der.element(0xA1)),
        "a list and an empty one": der.sequence(
            der.element(0xA0, der.sequence(text(2, "example.com"))), der.element(0xA1)
        ),
        "an empty list and one": der.sequence(
            der.element(0xA0), der.element(0xA1, der.sequence(text(2, "other.example")))
        ),
        "a minimum": der.sequence(der.element(0xA0, der.sequence(text(2, "example.com"), der.element(0x80, b"\1")))),
        "no list": b"\5\0",
    }.items():
        top = root(f"hollow {title}", {NC: Ext(NC, value, True)})
        yield case(f"constraints of {title}", top.leaf(), [top], bad)
    top = root("invalid names", subtrees(PERMITTED, text(1, "example.com")))
    two = alternative(text(1, "good@example.com"), text(1, "invalid@address@example.com"))
    yield case("a permitted mail address with two at signs", top.leaf(two), [top], bad)
    top = root("invalid addresses", subtrees(PERMITTED, address("192.0.2.0/24")))
    masked = alternative(address("192.0.2.0/24"), host("192.0.2.1"))
    yield case("a permitted address with a mask", top.leaf(masked), [top], bad)
    top = root("invalid hosts", subtrees(PERMITTED, text(2, "example.com")))
    dotted = alternative(text(2, ".example.com"), text(2, "foo.example.com"))
    yield case("a permitted host with a leading period", top.leaf(dotted), [top], bad)


def _many() -> Iterator[Case]:
    """Every name has to be compared with every constraint of its form."""
    for form, host, domain in ((2, "{}{}.test", "test"), (1, "{}{}@test", "test")):
        names, others = ([text(form, host.format(letter, n)) for n in range(513)] for letter in "tx")
        lists = [[text(form, domain), *names], others]
        fields = [der.element(der.context(kind), *map(der.sequence, bases)) for kind, bases in enumerate(lists)]
        top = root(f"many names {form}", {NC: Ext(NC, der.sequence(*fields), True)})
        leaf = top.leaf(alternative(*names))
        yield case(f"513 names of form {form} under 1027 constraints", leaf, [top], F.CERTIFICATE_MALFORMED)


def _several_ways() -> Iterator[Case]:
    """One key with two certificates: through one of them names are broken, through the other not."""
    top, second = root(), root("second root")
    limited = top.ca("limited CA", subtrees(EXCLUDED, text(2, "bad.example.com")))
    through = Authority(name("two ways"), key("two ways"))
    changes = {SAN: dns("bad.example.com")}
    one = limited.ca("two ways", changes, label="two ways").certificate
    for title, other, above in (
        ("a way around broken constraints", second.ca("two ways", label="two ways").certificate, [top, second]),
        ("a way around an untrusted root", limited.ca("two ways", label="two ways").certificate, [top]),
    ):
        roots = [each.certificate for each in above]
        helpers = (limited.certificate, one, other)
        leaf = through.leaf({SAN: dns("good.example.com")})
        yield Case(title, leaf, tuple(roots), helpers)
