"""The fields of a certificate: version, serial number, algorithms, names, validity, key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from ecard import der
from ecard.findings import FindingCode as F
from tests.pki_validation.chains import DAY, T0
from tests.pki_validation.corpus.making import (
    AKI,
    ECDSA_SHA384,
    SAN,
    Case,
    Ext,
    Key,
    case,
    dns,
    key,
    key_id,
    name,
    root,
    spki,
)

SECOND = timedelta(seconds=1)
EMPTY = der.sequence()


def cases() -> Iterator[Case]:
    yield from _serials()
    yield from _versions_and_algorithms()
    yield from _surplus_fields()
    yield from _names()
    yield from _validity()
    yield from _keys()


def _serials() -> Iterator[Case]:
    top = root()
    only_profile = {"expected": F.CERTIFICATE_MALFORMED, "tolerant": None}
    odd = {"zero": der.integer(0), "negative": der.integer(-7), "of 21 octets": b"\2\x15\1" + b"7" * 20}
    for title, serial in odd.items():
        yield case(f"a serial number {title}", top.leaf(serial=serial), [top], **only_profile)
    yield case("a serial number of 20 octets", top.leaf(serial=b"\2\x14\x7f" + b"7" * 19), [top])
    yield case("a serial number of 160 bits", top.leaf(serial=b"\2\x15\0\xff" + b"7" * 19), [top], **only_profile)
    yield case("a serial number not in its shortest form", top.leaf(serial=b"\2\2\0\1"), [top], F.CERTIFICATE_MALFORMED)
    yield case("a serial number without octets", top.leaf(serial=b"\2\0"), [top], F.CERTIFICATE_MALFORMED)
    below = top.ca("serial CA", serial=der.integer(0))
    yield case("an intermediate's serial number zero", below.leaf(), [top, below], **only_profile)
    zero = root("zero root", serial=der.integer(0))
    yield case("a root's serial number zero", zero.leaf(), [zero], pedantic=F.CERTIFICATE_MALFORMED)
    yield case("a root judged by itself with zero", zero.certificate, [zero], pedantic=F.CERTIFICATE_MALFORMED)
    negative = root("negative root", serial=der.integer(-77))
    yield case("a root's negative serial number", negative.leaf(), [negative], pedantic=F.CERTIFICATE_MALFORMED)


def _versions_and_algorithms() -> Iterator[Case]:
    top = root()
    bare = top.issue(name("holder"), key("leaf"), [], version=1)
    yield case("a holder's certificate of version 1", bare, [top], pedantic=F.CERTIFICATE_MALFORMED)
    old = top.ca("old CA")
    old.certificate = top.issue(old.subject, old.key, [], version=1)
    yield case("an intermediate of version 1", old.leaf(), [top, old], F.CONSTRAINT_BROKEN)
    ancient = root("ancient root")
    ancient.certificate = ancient.issue(ancient.subject, ancient.key, [], version=1)
    yield case("a root of version 1", ancient.leaf(), [ancient])
    for version in (1, 2):
        title = f"extensions in version {version}"
        yield case(title, top.leaf(version=version), [top], F.CERTIFICATE_MALFORMED, tolerant=None)
    yield case("version 4", top.leaf(version=4), [top], F.CERTIFICATE_MALFORMED)
    differing = top.leaf(outer=ECDSA_SHA384)
    yield case("two different signature algorithms", differing, [top], F.CERTIFICATE_MALFORMED)
    below = top.ca("differing CA", outer=ECDSA_SHA384)
    yield case("two different signature algorithms in a CA", below.leaf(), [top, below], F.CERTIFICATE_MALFORMED)
    stranger = key("stranger")
    yield case("another key's signature", top.leaf(signer=stranger), [top], F.CERTIFICATE_SIGNATURE_INVALID)
    changed = bytearray(top.leaf())
    changed[-3] ^= 1
    yield case("a changed signature", bytes(changed), [top], F.CERTIFICATE_SIGNATURE_INVALID)
    yield case("an octet after the end", top.leaf() + b"\0", [top], F.CERTIFICATE_MALFORMED)
    yield case("no certificate", b"\x30\0", [top], F.CERTIFICATE_MALFORMED)
    indefinite = top.leaf()
    indefinite = b"\x30\x80" + indefinite[4:] + b"\0\0"
    yield case("an indefinite length", indefinite, [top], F.CERTIFICATE_MALFORMED)


def _surplus_fields() -> Iterator[Case]:
    """What stands behind the extensions must not hide them: here an extension that is critical and unknown."""
    top = root()
    hidden = der.element(der.context(3), der.sequence(Ext("1.2.3.4", der.null(), True).der))
    one, two = b"\x81\2\0a", b"\x82\2\0b"
    for title, last in {
        "a unique identifier behind the extensions": hidden + two,
        "NULL behind the extensions": hidden + der.null(),
        "two lists of extensions": hidden * 2,
        "a field with an unknown tag": hidden + b"\xa4\0",
        "NULL instead of extensions": der.null(),
        "unique identifiers in the wrong order": two + one,
        "a unique identifier twice": one * 2,
    }.items():
        yield case(title, top.leaf(last=last), [top], F.CERTIFICATE_MALFORMED)
    usual = Ext("2.5.29.19", EMPTY).der + Ext(AKI, der.sequence(der.element(0x80, key_id(top.key)))).der
    listed = der.element(der.context(3), der.sequence(usual))
    yield case("both unique identifiers", top.leaf(last=one + two + listed), [top])


def _names() -> Iterator[Case]:
    top = root()
    endless = der.element(6, b"\x2a" + b"\xff" * 5_000 + b"\1")
    huge = der.sequence(der.element(der.SET, der.sequence(endless, der.utf8_string("x"))))
    yield case("an empty issuer", top.leaf(issuer=EMPTY), [top], F.PATH_NOT_FOUND)
    nameless = root("nameless", subject=EMPTY)
    yield case("a CA without a name", nameless.leaf(), [nameless], F.CERTIFICATE_MALFORMED, tolerant=None)
    yield case(
        "no subject, alternative name not critical",
        top.leaf(subject=EMPTY),
        [top],
        F.CERTIFICATE_MALFORMED,
        tolerant=None,
    )
    critical = Ext(SAN, dns("example.com").value, True)
    yield case("no subject, alternative name critical", top.leaf({SAN: critical}, subject=EMPTY), [top])
    yield case("a subject beside a critical alternative name", top.leaf({SAN: critical}), [top])
    yield case(
        "no subject and no alternative name",
        top.leaf({SAN: None}, subject=EMPTY),
        [top],
        F.CERTIFICATE_MALFORMED,
        tolerant=None,
    )
    other_case = name("CORPUS  Root")
    yield case("an issuer's name in other letters and spaces", top.leaf(issuer=other_case), [top])
    printable = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "corpus root", x509.name._ASN1Type.PrintableString)])
    yield case("an issuer's name in another string type", top.leaf(issuer=printable.public_bytes()), [top])
    yield case("an issuer's name with one letter more", top.leaf(issuer=name("corpus roots")), [top], F.PATH_NOT_FOUND)
    for title, subject in {"is no list of sets": der.sequence(der.sequence()), "has an endless type": huge}.items():
        yield case(f"a subject that {title}", top.leaf(subject=subject), [top], F.CERTIFICATE_MALFORMED, tolerant=None)
    nul = name("corpus root\0.example.com")
    yield case("an issuer's name with NUL", top.leaf(issuer=nul), [top], F.PATH_NOT_FOUND)
    for title, names in {
        "not DER": Ext(SAN, b"example.com"),
        "an empty list": Ext(SAN, EMPTY),
        "a name in UTF-8": Ext(SAN, der.sequence(der.element(0x82, "点.example".encode()))),
        "an empty DNS name": Ext(SAN, der.sequence(der.element(0x82, b""))),
        "a DNS name with NUL": Ext(SAN, der.sequence(der.element(0x82, b"a\0.example"))),
        "a DNS name with a leading period": Ext(SAN, der.sequence(der.element(0x82, b".example.com"))),
        "a DNS name with a blank": Ext(SAN, der.sequence(der.element(0x82, b" "))),
        "a wildcard alone": Ext(SAN, der.sequence(der.element(0x82, b"*"))),
        "a wildcard inside": Ext(SAN, der.sequence(der.element(0x82, b"foo.*.example.com"))),
        "a wildcard that is half a label": Ext(SAN, der.sequence(der.element(0x82, b"ba*.example.com"))),
        "a mail address with two at signs": Ext(SAN, der.sequence(der.element(0x81, b"a@b@example.com"))),
        "a mail address without host": Ext(SAN, der.sequence(der.element(0x81, b"a@"))),
        "an address of 5 octets": Ext(SAN, der.sequence(der.element(0x87, b"\1\2\3\4\5"))),
        "an address and a mask": Ext(SAN, der.sequence(der.element(0x87, bytes(8)))),
        "a URI without scheme": Ext(SAN, der.sequence(der.element(0x86, b"//example.com"))),
        "a form that does not exist": Ext(SAN, der.sequence(der.element(0x89, b"x"))),
    }.items():
        yield case(f"alternative name: {title}", top.leaf({SAN: names}), [top], F.CERTIFICATE_MALFORMED, tolerant=None)
    for title, good in {
        "a wildcard": dns("*.example.com"),
        "a quoted mailbox": Ext(SAN, der.sequence(der.element(0x81, b'"a@b"@example.com'))),
        "IPv6": Ext(SAN, der.sequence(der.element(0x87, bytes(16)))),
        "another form alone": Ext(SAN, der.sequence(der.element(0xA0, der.oid("1.2.3"), der.element(0xA0, b"\5\0")))),
    }.items():
        yield case(f"alternative name: {title}", top.leaf({SAN: good}), [top])
    yield case("no alternative name", top.leaf({SAN: None}), [top])
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    for title, host, preferred in (
        ("an underscore", "under_score.example.com", False),
        ("an underscore behind a wildcard", "*.under_score.example.com", False),
        ("an address as a DNS name", "192.0.2.1", False),
        ("a number at the end", "example.1", False),
        ("a number at the beginning", "3com.example", True),
        ("numbers but for the end", "1.2.0.192.in-addr.arpa", True),
        ("a hyphen before a label", "-a.example.com", False),
        ("a hyphen behind a label", "a-.example.com", False),
        ("a label of 63 octets", longest, True),
        ("a label of 64 octets", "a" * 64 + ".example.com", False),
        ("254 octets", longest + "d", False),
        ("one label", "localhost", True),
    ):
        verdict = None if preferred else F.CERTIFICATE_MALFORMED
        yield case(f"alternative name: {title}", top.leaf({SAN: dns(host)}), [top], pedantic=verdict)


def _validity() -> Iterator[Case]:
    top = root()
    begin, end = T0 + 2 * DAY, T0 + 4 * DAY
    leaf = top.leaf(begin=begin, end=end)
    yield case("at the first second", leaf, [top], at=begin)
    yield case("at the last second", leaf, [top], at=end)
    yield case("a second too early", leaf, [top], F.NOT_YET_VALID, at=begin - SECOND)
    yield case("a millisecond too early", leaf, [top], F.NOT_YET_VALID, at=begin - SECOND / 1000)
    yield case("a second too late", leaf, [top], F.EXPIRED, at=end + SECOND)
    below = top.ca("short CA", begin=begin, end=end)
    yield case("an intermediate that expired", below.leaf(), [top, below], F.EXPIRED, at=end + SECOND)
    yield case("an intermediate to come", below.leaf(), [top, below], F.NOT_YET_VALID, at=begin - SECOND)
    short = root("short root", begin=begin, end=end)
    yield case("a root that expired", short.leaf(), [short], F.EXPIRED, at=end + SECOND)
    yield case("a holder's certificate that outlives its CA", below.leaf(end=T0 + 9 * DAY), [top, below], at=begin)
    yield case("an end before the beginning", top.leaf(begin=end, end=begin), [top], F.NOT_YET_VALID, at=T0 + 3 * DAY)
    for title, times in {
        "a time without seconds": (b"\x17\x0b2601010000Z", der.time(end)),
        "a time with an offset": (b"\x17\x0f2601010000+0800", der.time(end)),
        "a fraction of a second": (b"\x18\x1120260101000000.5Z", der.time(end)),
        "a 13th month": (b"\x17\x0d261301000000Z", der.time(end)),
    }.items():
        yield case(title, top.leaf(times=der.sequence(*times)), [top], F.CERTIFICATE_MALFORMED)
    generalized = der.sequence(b"\x18\x0f20260101000000Z", b"\x18\x0f20270101000000Z")
    odd = {"pedantic": F.CERTIFICATE_MALFORMED}
    yield case("dates before 2050 as GeneralizedTime", top.leaf(times=generalized), [top], **odd)
    mixed = der.sequence(der.time(T0), b"\x18\x0f20491231235959Z")
    long = root("long root", times=mixed)
    yield case("a root's end in 2049 as GeneralizedTime", long.leaf(), [long], **odd)
    after = der.sequence(der.time(T0), b"\x18\x0f20500101000000Z")
    yield case("an end in 2050 as GeneralizedTime", top.leaf(times=after), [top])
    far = der.sequence(der.time(T0), b"\x18\x0f99991231235959Z")
    yield case("no end of validity", top.leaf(times=far), [top])
    old = der.sequence(b"\x17\x0d500101000000Z", der.time(end))
    yield case("valid since 1950", top.leaf(times=old), [top])


def _keys() -> Iterator[Case]:
    top = root()
    for kind in ("p384", "rsa2048", "rsa3072"):
        other = root(f"{kind} root", label=kind)
        below = other.ca(f"{kind} CA", label=f"{kind} below" if kind == "p384" else None)
        yield case(f"a root with a key of kind {kind}", below.leaf(), [other, below])
        yield case(f"a holder's key of kind {kind}", top.leaf(own=key(kind)), [top])
    yield case("a holder's RSA key of 1024 bits", top.leaf(own=key("rsa1024")), [top], F.ALGORITHM_NOT_ALLOWED)
    weak = root("weak root", label="rsa1024")
    yield case("a root's RSA key of 1024 bits", weak.leaf(), [weak], F.ALGORITHM_NOT_ALLOWED)
    shape = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    others = {
        "P-521": ec.generate_private_key(ec.SECP521R1()).public_key().public_bytes(*shape),
        "P-224": ec.generate_private_key(ec.SECP224R1()).public_key().public_bytes(*shape),
        "Ed25519": ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(*shape),
        "P-192": ec.generate_private_key(ec.SECP192R1()).public_key().public_bytes(*shape),
        "DSA": dsa.generate_private_key(2048).public_key().public_bytes(*shape),
        "RSA of 2052 bits": rsa.generate_private_key(65537, 2052).public_key().public_bytes(*shape),
        "RSA of 2056 bits": rsa.generate_private_key(65537, 2056).public_key().public_bytes(*shape),
    }
    for kind, public in others.items():
        yield case(f"a holder's key of kind {kind}", top.leaf(public=public), [top], F.ALGORITHM_NOT_ALLOWED)
    label = "curve in full"
    full = spelt_out(key(label))
    below, other = top.ca(label, public=full, label=label), root(label, public=full, label=label)
    for what, peer, above in (
        ("holder", top.leaf(public=full), [top]),
        ("CA", below.leaf(), [top, below]),
        ("root", other.leaf(), [other]),
    ):
        yield case(f"the curve of a {what}'s key in full", peer, above, F.ALGORITHM_NOT_ALLOWED)
    off = bytearray(spki(key("leaf")))
    off[-1] ^= 1
    yield case("a public key that is no point", top.leaf(public=bytes(off)), [top], F.CERTIFICATE_MALFORMED)
    empty = bytes.fromhex("3012300d06092a864886f70d0101010500030100")
    yield case("a public key without octets", top.leaf(public=empty), [top], F.CERTIFICATE_MALFORMED)
    broken = top.ca("broken key", public=empty)
    yield case("a CA's key without octets", broken.leaf(), [top, broken], F.CERTIFICATE_SIGNATURE_INVALID)


def spelt_out(own: Key) -> bytes:
    """The public key with the parameters of P-256 instead of its name (SEC 1, section C.2; values of SEC 2, 2.4.2)."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    base = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    base += "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    curve = der.sequence(
        der.integer(1),
        der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(p)),
        der.sequence(der.octet_string((p - 3).to_bytes(32, "big")), der.octet_string(b)),
        der.octet_string(bytes.fromhex(f"04{base}")),
        der.integer(order),
        der.integer(1),
    )
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), curve), der.bit_string(point))
