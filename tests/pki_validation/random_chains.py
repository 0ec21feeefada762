"""Random chains, good and broken in every way that the generators know, and random histories of withdrawals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import strategies as st

from ecard.certificate import Certificate
from ecard.pki.crl import Crl
from tests.pki_validation.chains import DAY, T0, Issuer, key, make, name, root

POLICIES = [ObjectIdentifier(f"2.16.840.1.101.3.2.1.48.{n}") for n in (1, 2)]
ANY = ObjectIdentifier("2.5.29.32.0")


@dataclass(frozen=True)
class Link:
    """What one certificate of a chain is like."""

    ca: bool | None
    """basicConstraints: cA, or None for no extension."""
    path_length: int | None
    usage: tuple[bool, bool] | None
    """keyCertSign and cRLSign, or None for no keyUsage."""
    starts: int
    ends: int
    unknown_critical: bool
    forged: bool
    renamed: bool
    self_issued: bool
    policies: tuple[int, ...] | None
    explicit: int | None
    mapping: tuple[int, int] | None
    inhibit_any: int | None
    permitted: str | None
    excluded: str | None


def mostly(good: object, *others: object, weight: int = 12) -> st.SearchStrategy[object]:
    """``good`` most of the time."""
    return st.sampled_from([good] * weight + list(others))


authority_links: st.SearchStrategy[Link] = st.builds(
    Link,
    ca=mostly(True, False, None),
    path_length=mostly(None, 0, 1, 2, weight=4),
    usage=mostly((True, True), (False, True), None),
    starts=mostly(-100, 1, weight=20),
    ends=mostly(1000, -1, weight=20),
    unknown_critical=mostly(False, True, weight=20),
    forged=mostly(False, True, weight=20),
    renamed=mostly(False, True, weight=20),
    self_issued=mostly(False, True, weight=6),
    policies=st.sampled_from([None, (0,), (0, 1), (2,), (0,)]),
    explicit=mostly(None, 0, 1, weight=5),
    mapping=mostly(None, (0, 1), (0, 0), weight=8),
    inhibit_any=mostly(None, 0, 1, weight=8),
    permitted=mostly(None, "e.example", "a.e.example", weight=4),
    excluded=mostly(None, "x.e.example", "e.example", weight=6),
)
holder_links = st.builds(
    Link,
    ca=mostly(False, None, weight=2),
    path_length=st.none(),
    usage=mostly((False, False), None, weight=2),
    starts=mostly(-100, 1, weight=20),
    ends=mostly(1000, -1, weight=20),
    unknown_critical=mostly(False, True, weight=20),
    forged=mostly(False, True, weight=20),
    renamed=mostly(False, True, weight=20),
    self_issued=st.just(False),
    policies=st.sampled_from([None, (0,), (0, 1), (2,), (0,)]),
    explicit=mostly(None, 0, weight=5),
    mapping=st.none(),
    inhibit_any=st.none(),
    permitted=st.none(),
    excluded=st.none(),
)
chain_links = st.tuples(st.lists(authority_links, max_size=3), holder_links)


def plain(link: Link) -> Link:
    """The link without anything about policies and names."""
    changes = dict.fromkeys(("policies", "explicit", "mapping", "inhibit_any", "permitted", "excluded"))
    return Link(**{**link.__dict__, **changes})


def _policy_oid(number: int) -> ObjectIdentifier:
    return ANY if number == 2 else POLICIES[number]


def extensions_of(link: Link, dns: str | None) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if link.ca is not None:
        found.append((x509.BasicConstraints(link.ca, link.path_length if link.ca else None), True))
    if link.usage is not None:
        certs, crls = link.usage
        found.append((x509.KeyUsage(not certs, False, False, False, False, certs, crls, False, False), True))
    if link.unknown_critical:
        found.append((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), True))
    if link.policies is not None:
        infos = [x509.PolicyInformation(_policy_oid(p), None) for p in link.policies]
        found.append((x509.CertificatePolicies(infos), False))
    if link.explicit is not None:
        found.append((x509.PolicyConstraints(link.explicit, None), True))
    if link.mapping is not None:
        issuer, subject = (POLICIES[p].dotted_string for p in link.mapping)
        found.append((mapping_extension(issuer, subject), True))
    if link.inhibit_any is not None:
        found.append((x509.InhibitAnyPolicy(link.inhibit_any), True))
    if link.permitted or link.excluded:
        names = [[x509.DNSName(text)] if text else None for text in (link.permitted, link.excluded)]
        found.append((x509.NameConstraints(*names), True))
    if dns is not None:
        found.append((x509.SubjectAlternativeName([x509.DNSName(dns)]), False))
    return found


def mapping_extension(issuer: str, subject: str) -> x509.UnrecognizedExtension:
    from ecard import der

    value = der.sequence(der.sequence(der.oid(issuer), der.oid(subject)))
    return x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.33"), value)


def build(
    links: Sequence[Link], holder: Link, *, label: str, dns: str | None = None, identifiers: bool = False
) -> list[Certificate]:
    """The chain below the good root, the CA next to it first and the holder's certificate last."""
    issuer: Issuer = root("Random root", not_before=T0 - 1000 * DAY)
    chain: list[Certificate] = []
    for number, link in enumerate([*links, holder]):
        is_last = number == len(links)
        subject = issuer.subject if link.self_issued else common(f"{label} {number}")
        own = key("random holder") if is_last else key(f"random CA {number}")
        named = common("somebody else") if link.renamed else issuer.subject
        signer = key("random forger") if link.forged else issuer.key
        certificate = make(
            subject,
            own,
            named,
            signer,
            extensions=extensions_of(link, dns if is_last else None),
            not_before=T0 + link.starts * DAY,
            not_after=T0 + max(link.ends, link.starts + 1) * DAY,
            identifiers=False,
        )
        chain.append(certificate)
        issuer = Issuer(subject, own, certificate)
    return chain


def common(text: str) -> x509.Name:
    return name(text, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"))


@dataclass(frozen=True)
class Event:
    """What happens to the certificate: on hold, released, revoked."""

    day: int
    kind: str
    back_dated: int = 0


@dataclass(frozen=True)
class History:
    """A history of one certificate: its events in order, and a CRL every ``period`` days for as long."""

    events: tuple[Event, ...]
    period: int
    crls: int

    def entry(self, day: float) -> tuple[datetime, x509.ReasonFlags, datetime | None] | None:
        """What a list made at ``day`` says."""
        current = None
        for event in self.events:
            if event.day > day:
                break
            if event.kind == "release":
                current = None
            elif event.kind == "hold":
                current = (T0 + event.day * DAY, x509.ReasonFlags.certificate_hold, None)
            else:
                since = T0 + event.day * DAY if current is None else current[0]
                invalid = T0 + (event.day - event.back_dated) * DAY if event.back_dated else None
                current = (since, x509.ReasonFlags.key_compromise, invalid)
        return current

    def lists(self, issuer: Issuer, certificate: Certificate) -> list[Crl]:
        found = []
        for number in range(self.crls):
            day = number * self.period
            entry = self.entry(day)
            entries = [(certificate, entry[0], entry[1])] if entry else []
            found.append(
                issuer.crl(
                    entries,
                    this_update=T0 + day * DAY,
                    next_update=T0 + (day + self.period) * DAY - timedelta(seconds=1),
                    number=number + 1,
                    invalidity=entry[2] if entry else None,
                )
            )
        return found

    def intervals(self) -> list[tuple[datetime, datetime | None, str]]:
        """When it was withdrawn, as a register remembers it."""
        found: list[tuple[datetime, datetime | None, str]] = []
        for event in self.events:
            moment = T0 + event.day * DAY
            if found and found[-1][1] is None:
                found[-1] = (found[-1][0], moment, found[-1][2])
            if event.kind == "hold":
                found.append((moment, None, "certificateHold"))
            elif event.kind == "revoke":
                found.append((moment - event.back_dated * DAY, None, "keyCompromise"))
        return found


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Holds and releases in turn, perhaps a revocation at the end."""
    days = sorted(draw(st.lists(st.integers(0, 40), max_size=5, unique=True)))
    events, held = [], False
    for day in days:
        kind = draw(st.sampled_from(["release", "revoke"] if held else ["hold", "revoke"]))
        events.append(Event(day, kind, draw(st.sampled_from([0, 0, 3])) if kind == "revoke" and not held else 0))
        held = kind == "hold"
        if kind == "revoke":
            break
    return History(tuple(events), draw(st.sampled_from([5, 10])), draw(st.integers(1, 6)))
