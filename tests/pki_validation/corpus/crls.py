"""CRLs: of the right issuer, time, scope and form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cryptography import x509

from ecard import der
from ecard.findings import FindingCode as F
from tests.pki_validation.chains import DAY, T0
from tests.pki_validation.corpus.making import (
    AKI,
    CDP,
    ECDSA_SHA384,
    KU,
    Case,
    Ext,
    case,
    entry,
    ext,
    key,
    key_id,
    name,
    root,
    serial_of,
    usage,
)

UNKNOWN, REVOKED = F.REVOCATION_UNKNOWN, F.REVOKED
HERE, THERE = "http://crl.example/here.crl", "http://crl.example/there.crl"
ODD = "1.3.6.1.4.1.55738.7.1"
IDP, NUMBER, DELTA, REASON = "2.5.29.28", "2.5.29.20", "2.5.29.27", "2.5.29.21"
NOW = T0 + DAY


def scope(name: str | None = None, **flags: Any) -> Ext:
    names = None if name is None else [x509.UniformResourceIdentifier(name), *flags.pop("full", ())]
    fields = dict.fromkeys(
        ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs"), False
    )
    point = x509.IssuingDistributionPoint(names, None, **{"only_some_reasons": None, **fields, **flags})
    return ext(point, True)


def at(*names: str, **more: Any) -> dict[str, Ext]:
    uris = [x509.UniformResourceIdentifier(each) for each in names]
    point = x509.DistributionPoint(uris, None, more.get("reasons"), more.get("issuer"))
    return {CDP: ext(x509.CRLDistributionPoints([point]))}


def cases() -> Iterator[Case]:
    yield from _entries()
    yield from _times()
    yield from _signers()
    yield from _forms()
    yield from _scopes()
    yield from _points()
    yield from _certificate_issuers()
    yield from _deltas()
    yield from _holds()
    yield from _levels()


def _entries() -> Iterator[Case]:
    top = root()
    leaf = top.leaf()
    own = serial_of(leaf)
    others = [entry(own + n) for n in range(1, 4)]
    yield case("no list", leaf, [top], UNKNOWN, crls=())
    yield case("not listed", leaf, [top], crls=(top.crl(others),))
    yield case("an empty list", leaf, [top], crls=(top.crl(),))
    yield case("listed", leaf, [top], REVOKED, crls=(top.crl([*others, entry(own)]),))
    hold = Ext(REASON, bytes.fromhex("0a0106"))
    yield case("on hold", leaf, [top], F.ON_HOLD, crls=(top.crl([entry(own, T0, hold)]),))
    for title, reason in {"a reason that does not exist": "0a0107", "a reason of the future": "0a0163"}.items():
        yield case(title, leaf, [top], REVOKED, crls=(top.crl([entry(own, T0, Ext(REASON, bytes.fromhex(reason)))]),))
    yield case("a revocation to come", leaf, [top], REVOKED, crls=(top.crl([entry(own, T0 + 3 * DAY)]),))
    yield case("a revocation before the issue", leaf, [top], REVOKED, crls=(top.crl([entry(own, T0 - 3 * DAY)]),))
    many = [entry(2**70 + n) for n in range(10_000)]
    yield case("10,000 others are listed", leaf, [top], crls=(top.crl(many),))
    yield case("listed among 10,000", leaf, [top], REVOKED, crls=(top.crl([*many, entry(own)]),))
    yield case("an entry twice", leaf, [top], UNKNOWN, crls=(top.crl([others[0], others[0]]),))
    for critical, expected in ((True, UNKNOWN), (False, REVOKED)):
        odd = entry(own, T0, Ext(ODD, b"", critical))
        yield case(
            f"an unknown extension of the entry, critical {critical}", leaf, [top], expected, crls=(top.crl([odd]),)
        )
    stray = entry(own + 1, T0, Ext(ODD, b"", True))
    yield case("an unknown critical extension of another entry", leaf, [top], UNKNOWN, crls=(top.crl([stray]),))
    namesake = root("another issuer")
    listed = namesake.crl([entry(own)])
    yield case("the serial number in another issuer's list", leaf, [top, namesake], crls=(top.crl(), listed))
    yield case("another issuer's list alone", leaf, [top, namesake], UNKNOWN, crls=(listed,))


def _times() -> Iterator[Case]:
    top = root()
    leaf = top.leaf()
    yield case("a list of tomorrow", leaf, [top], UNKNOWN, crls=(top.crl(begin=NOW + DAY),))
    yield case("a list of yesterday", leaf, [top], UNKNOWN, crls=(top.crl(end=NOW - timedelta(seconds=1)),))
    yield case("a list to the second", leaf, [top], crls=(top.crl(begin=NOW, end=NOW),))
    yield case("a list without next update", leaf, [top], UNKNOWN, crls=(top.crl(end=None),))
    early, late = b"\x18\x0f20260101000000Z", b"\x18\x0f20260201000000Z"
    for title, times in (
        ("a list whose dates are GeneralizedTime", early + late),
        ("a list whose next update is GeneralizedTime", der.time(T0) + late),
        ("a list without next update whose date is GeneralizedTime", early),
    ):
        good = None if late in times else UNKNOWN
        yield case(title, leaf, [top], good, pedantic=UNKNOWN, crls=(top.crl(times=times),))
        listed = top.crl([entry(serial_of(leaf))], times=times)
        yield case(f"listed in {title}", leaf, [top], REVOKED, pedantic=UNKNOWN, crls=(listed,))
    far = der.time(T0) + b"\x18\x0f20500101000000Z"
    yield case("a list whose next update is in 2050", leaf, [top], crls=(top.crl(times=far),))
    old = top.crl([entry(serial_of(leaf))], end=None)
    yield case("listed in a list without next update", leaf, [top], REVOKED, crls=(old,))
    stale = top.crl([entry(serial_of(leaf))], end=NOW - timedelta(hours=1))
    yield case("listed in a list of yesterday", leaf, [top], REVOKED, crls=(stale,))


def _signers() -> Iterator[Case]:
    top = root()
    leaf = top.leaf()
    yield case(
        "a list of another key in the issuer's name", leaf, [top], UNKNOWN, crls=(top.crl(signer=key("stranger")),)
    )
    other = root("other signer")
    yield case(
        "a list of another trusted key in the issuer's name",
        leaf,
        [top],
        UNKNOWN,
        roots=[other.certificate],
        crls=(top.crl(signer=other.key),),
    )
    changed = bytearray(top.crl())
    changed[-4] ^= 1
    yield case("a changed list", leaf, [top], UNKNOWN, crls=(bytes(changed),))
    mute = root("mute root", {KU: usage("key_cert_sign")})
    yield case("an issuer without cRLSign", mute.leaf(), [mute], UNKNOWN, crls=(mute.crl(),))
    plain = root("plain issuer", {KU: None})
    yield case("an issuer without keyUsage", plain.leaf(), [plain], crls=(plain.crl(),))


def _forms() -> Iterator[Case]:
    top = root()
    leaf = top.leaf()
    for critical, expected in ((True, UNKNOWN), (False, None)):
        odd = top.crl(extensions=[Ext(ODD, b"", critical)])
        yield case(f"an unknown extension of the list, critical {critical}", leaf, [top], expected, crls=(odd,))
    yield case("a list without number", leaf, [top], pedantic=UNKNOWN, crls=(top.crl(number=None),))
    critical = ext(x509.CRLNumber(5), True)
    yield case("a list with a critical number", leaf, [top], UNKNOWN, crls=(top.crl(number=critical),))
    for title, number in {"negative": -1, "of 21 octets": 2**160}.items():
        odd = top.crl(number=Ext(NUMBER, der.integer(number)))
        yield case(f"a list with a number that is {title}", leaf, [top], pedantic=UNKNOWN, crls=(odd,))
    for title, identifier in {"without": None, "with an empty": Ext(AKI, der.sequence())}.items():
        unmarked = top.crl(key_identifier=identifier)
        yield case(f"a list {title} identifier of its key", leaf, [top], pedantic=UNKNOWN, crls=(unmarked,))
    critical = Ext(AKI, der.sequence(der.element(0x80, key_id(top.key))), True)
    yield case(
        "a list with a critical identifier of its key", leaf, [top], UNKNOWN, crls=(top.crl(key_identifier=critical),)
    )
    yield case("a list with a number of 20 octets", leaf, [top], crls=(top.crl(number=ext(x509.CRLNumber(2**158))),))
    yield case("a list of version 1", leaf, [top], pedantic=UNKNOWN, crls=(top.crl(version=1),))
    yield case("a list of version 3", leaf, [top], F.CERTIFICATE_MALFORMED, crls=(top.crl(version=3),))
    yield case(
        "a list with two different algorithms",
        leaf,
        [top],
        F.CERTIFICATE_MALFORMED,
        crls=(top.crl(outer=ECDSA_SHA384),),
    )
    twice = [Ext(ODD, b""), Ext(ODD, b"")]
    yield case(
        "a list with an extension twice", leaf, [top], F.CERTIFICATE_MALFORMED, crls=(top.crl(extensions=twice),)
    )


def _scopes() -> Iterator[Case]:
    top = root()
    plain, here = top.leaf(), top.leaf(at(HERE))
    yield case("the list of the point", here, [top], crls=(top.crl(extensions=[scope(HERE)]),))
    yield case("the list of another point", here, [top], UNKNOWN, crls=(top.crl(extensions=[scope(THERE)]),))
    yield case("a list for all beside a point", here, [top], crls=(top.crl(),))
    yield case(
        "the list of a point without one in the certificate",
        plain,
        [top],
        UNKNOWN,
        crls=(top.crl(extensions=[scope(HERE)]),),
    )
    other = x509.DNSName("crl.example")
    beside = ext(
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.UniformResourceIdentifier(HERE), other], None, None, None)]
        )
    )
    for title, peer, points in (
        ("the certificate's", top.leaf({CDP: beside}), scope(HERE)),
        ("the list's", here, scope(HERE, full=[other])),
    ):
        yield case(
            f"{title} point with a name of another form beside it", peer, [top], crls=(top.crl(extensions=[points]),)
        )
    relative = ext(
        x509.IssuingDistributionPoint(
            None,
            x509.RelativeDistinguishedName([x509.NameAttribute(x509.NameOID.COMMON_NAME, "part")]),
            False,
            False,
            None,
            False,
            False,
        ),
        True,
    )
    yield case(
        "a list of a point relative to its issuer", plain, [top], UNKNOWN, crls=(top.crl(extensions=[relative]),)
    )
    yield case(
        "an indirect list of the certificate's own issuer",
        here,
        [top],
        crls=(top.crl(extensions=[scope(HERE, indirect_crl=True)]),),
    )
    near = "http://crl.example/%68ere.crl"
    yield case("the same point in other octets", here, [top], UNKNOWN, crls=(top.crl(extensions=[scope(near)]),))
    soft = Ext(IDP, scope(HERE).value)
    yield case("a point that is not critical", here, [top], UNKNOWN, crls=(top.crl(extensions=[soft]),))
    for flag, good in (
        ("only_contains_user_certs", True),
        ("only_contains_ca_certs", False),
        ("only_contains_attribute_certs", False),
    ):
        listed = (top.crl(extensions=[scope(**{flag: True})]),)
        yield case(f"a list with {flag}", plain, [top], None if good else UNKNOWN, crls=listed)
    all_reasons = frozenset(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
    stolen = frozenset([x509.ReasonFlags.key_compromise])
    some, rest = ({"only_some_reasons": each} for each in (stolen, all_reasons - stolen))
    yield case("a list of some reasons", here, [top], UNKNOWN, crls=(top.crl(extensions=[scope(HERE, **some)]),))
    both = tuple(top.crl(extensions=[scope(HERE, **each)]) for each in (some, rest))
    yield case("lists of all reasons together", here, [top], crls=both)
    issuer = top.ca("issuer of lists")
    directory = [x509.DirectoryName(x509.Name.from_rfc4514_string("CN=issuer of lists"))]
    pointed = top.leaf(at(HERE, issuer=directory))
    indirect = issuer.crl(extensions=[scope(HERE, indirect_crl=True)])
    direct = issuer.crl(extensions=[scope(HERE)])
    above = top.crl(extensions=[scope(only_contains_ca_certs=True)])
    yield case("an indirect list", pointed, [top, issuer], crls=(above, indirect))
    yield case("a foreign list that is not indirect", pointed, [top, issuer], UNKNOWN, crls=(above, direct))
    yield case(
        "an indirect list that the certificate does not name", here, [top, issuer], UNKNOWN, crls=(above, indirect)
    )
    whose = Ext("2.5.29.29", der.sequence(der.element(0xA4, top.subject)), True)
    listed = issuer.crl([entry(serial_of(pointed), T0, whose)], extensions=[scope(HERE, indirect_crl=True)])
    yield case("listed indirectly", pointed, [top, issuer], REVOKED, crls=(above, listed))
    own = issuer.crl([entry(serial_of(pointed))], extensions=[scope(HERE, indirect_crl=True)])
    yield case("the issuer of lists' own certificate of that number", pointed, [top, issuer], crls=(above, own))


def _points() -> Iterator[Case]:
    """Distribution points, of lists and of certificates, that say less or more than one may."""
    top = root()
    plain, here = top.leaf(), top.leaf(at(HERE))
    name = der.element(0x86, HERE.encode())
    for title, value in (
        ("without any field", ""),
        ("with an empty name", "a000"),
        ("with an empty list of names", "a002a000"),
        ("with two forms of names at once", der.element(0xA0, der.element(0xA0, name) * 2).hex()),
        ("with a flag that is neither true nor false", "810101"),
        ("with a flag of no octets", "8100"),
        ("with a flag twice", "8101ff8101ff"),
        ("with fields in the wrong order", "8401ff8101ff"),
        ("with a field that does not exist", "860100"),
        ("of users and of authorities alone", "8101ff8201ff"),
        ("of users and of attributes alone", "8101ff8501ff"),
        ("that is no list of fields", None),
    ):
        odd = der.null() if value is None else der.sequence(bytes.fromhex(value))
        yield case(f"a list's point {title}", here, [top], UNKNOWN, crls=(top.crl(extensions=[Ext(IDP, odd, True)]),))
    explicit = Ext(IDP, der.sequence(bytes.fromhex("810100820100")), True)
    yield case("a list's point whose flags are all false", plain, [top], crls=(top.crl(extensions=[explicit]),))
    only_reasons, no_names = der.sequence(bytes.fromhex("81020780")), der.sequence(bytes.fromhex("a002a000"))
    for title, point in {
        "reasons alone": only_reasons,
        "an empty list of names": no_names,
        "nothing at all": der.sequence(),
    }.items():
        odd = top.leaf({CDP: Ext(CDP, der.sequence(point))})
        yield case(f"a point of {title}", odd, [top], F.CERTIFICATE_MALFORMED, tolerant=UNKNOWN, crls=(top.crl(),))


def _certificate_issuers() -> Iterator[Case]:
    """Whom the entries of a list are about."""
    top = root()
    leaf = top.leaf()
    printable = x509.NameAttribute(x509.NameOID.COMMON_NAME, "corpus root", x509.name._ASN1Type.PrintableString)
    own, other, indirect = x509.Name([printable]).public_bytes(), name("another CA"), [scope(indirect_crl=True)]

    def about(*issuers: bytes) -> bytes:
        names = der.sequence(*(der.element(der.context(4), each) for each in issuers))
        return entry(serial_of(leaf), T0, Ext("2.5.29.29", names, True))

    for title, listed, extensions, expected in (
        ("of another issuer", [about(other)], indirect, None),
        ("of its issuer, after another's", [about(other), about(top.subject)], indirect, REVOKED),
        ("of its issuer in another string type", [about(own)], indirect, REVOKED),
        ("of two issuers at once", [about(other, own)], indirect, UNKNOWN),
        ("of no directory name", [about()], indirect, UNKNOWN),
        ("of another issuer, on a list that is not indirect", [about(other)], [], UNKNOWN),
        ("of its issuer, on a list that is not indirect", [about(own)], [], REVOKED),
    ):
        yield case(f"an entry {title}", leaf, [top], expected, crls=(top.crl(listed, extensions=extensions),))


def _deltas() -> Iterator[Case]:
    top = root()
    plain = top.leaf()
    base, starts = top.crl(number=ext(x509.CRLNumber(50))), Ext(DELTA, der.integer(50), True)
    listed, silent = (
        top.crl(entries, extensions=[starts], number=ext(x509.CRLNumber(60)))
        for entries in ([entry(serial_of(plain), T0)], [])
    )
    yield case("listed in a delta", plain, [top], REVOKED, crls=(base, listed))
    yield case("not listed in a base and its delta", plain, [top], crls=(base, silent))
    yield case("a delta alone", plain, [top], UNKNOWN, crls=(silent,))
    late = top.crl(begin=NOW - DAY / 2, number=ext(x509.CRLNumber(49)))
    hold = Ext(REASON, bytes.fromhex("0a0106"))
    held = top.crl([entry(serial_of(plain), T0, hold)], number=ext(x509.CRLNumber(50)))
    removed = entry(serial_of(plain), T0, Ext(REASON, bytes.fromhex("0a0108")))
    released = top.crl([removed], begin=NOW - DAY / 2, extensions=[starts], number=ext(x509.CRLNumber(60)))
    yield case("removed by a delta", plain, [top], crls=(held, released))
    yield case("removed by a delta of a later base", plain, [top], crls=(late, released))


def _holds() -> Iterator[Case]:
    """A hold that the newest evidence tells of, beside older evidence that is still current."""
    top = root()
    leaf = top.leaf()
    held = [entry(serial_of(leaf), T0, Ext(REASON, bytes.fromhex("0a0106")))]
    clean, hour = top.crl(begin=T0, end=T0 + 30 * DAY), timedelta(hours=1)
    ended = top.crl(held, begin=NOW - 2 * hour, end=NOW - hour)
    yield case("a hold on the newest list, which has ended", leaf, [top], UNKNOWN, crls=(clean, ended))
    newer = top.crl(begin=NOW - hour, end=NOW)
    yield case("a hold that a newer list does not know any more", leaf, [top], crls=(clean, ended, newer))
    starts = Ext(DELTA, der.integer(500), True)
    alone = top.crl(held, begin=NOW - hour, extensions=[starts], number=ext(x509.CRLNumber(501)))
    yield case("a hold in a delta without its base", leaf, [top], F.ON_HOLD, crls=(clean, alone))


def _levels() -> Iterator[Case]:
    top = root()
    below = top.ca("judged CA")
    leaf = below.leaf()
    yield case("lists of both levels", leaf, [top, below], crls=(top.crl(), below.crl()))
    yield case("the list of the root is missing", leaf, [top, below], UNKNOWN, crls=(below.crl(),))
    yield case("the list of the CA is missing", leaf, [top, below], UNKNOWN, crls=(top.crl(),))
    gone = top.crl([entry(serial_of(below.certificate))])
    yield case("the CA is revoked", leaf, [top, below], REVOKED, crls=(gone, below.crl()))
    users = top.crl(extensions=[scope(only_contains_user_certs=True)])
    yield case("a list of users for a CA", leaf, [top, below], UNKNOWN, crls=(users, below.crl()))
    authorities = top.crl(extensions=[scope(only_contains_ca_certs=True)])
    yield case("a list of CAs for a CA", leaf, [top, below], crls=(authorities, below.crl()))
