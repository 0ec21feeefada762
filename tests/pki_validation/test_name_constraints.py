"""Name constraints: the table of RFC 5280, section 4.2.1.10, and pyhanko-certvalidator as another judge."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko_certvalidator.name_trees import (
    ExcludedSubtrees,
    PermittedSubtrees,
    default_excluded_subtrees,
    default_permitted_subtrees,
    process_general_subtrees,
)

from ecard import der
from ecard.certificate import Certificate
from ecard.findings import FindingCode as F
from tests.effort import within
from tests.pki_validation.chains import Issuer, key, make, name, plain_ca, plain_card, root
from tests.pki_validation.judging import codes, findings

DNS, MAIL, URI, IP, DN = (
    x509.DNSName,
    x509.RFC822Name,
    x509.UniformResourceIdentifier,
    lambda text: x509.IPAddress(ip_address(text)),
    x509.DirectoryName,
)


def net(text: str) -> x509.IPAddress:
    return x509.IPAddress(ip_network(text))


def constrained(permitted: list[x509.GeneralName] | None, excluded: list[x509.GeneralName] | None) -> Issuer:
    return root("Constrained", extensions=[*plain_ca(), (x509.NameConstraints(permitted, excluded), True)])


def with_names(issuer: Issuer, *names: x509.GeneralName, subject: x509.Name | None = None) -> Certificate:
    more = [(x509.SubjectAlternativeName(list(names)), False)] if names else []
    return issuer.issue(subject or "h", extensions=[*plain_card(), *more])


TABLE: list[tuple[x509.GeneralName, x509.GeneralName, bool]] = [
    (DNS("e.example"), DNS("e.example"), True),
    (DNS("e.example"), DNS("E.Example"), True),
    (DNS("e.example"), DNS("a.b.e.example"), True),
    (DNS("e.example"), DNS("note.example"), False),
    (DNS("e.example"), DNS("example"), False),
    (DNS("a.e.example"), DNS("e.example"), False),
    (DNS(""), DNS("anything.example"), True),
    (DNS("e.example"), DNS("*.e.example"), True),
    (MAIL("a@e.example"), MAIL("a@e.example"), True),
    (MAIL("a@e.example"), MAIL("a@E.EXAMPLE"), True),
    (MAIL("a@e.example"), MAIL("A@e.example"), False),
    (MAIL("a@e.example"), MAIL("b@e.example"), False),
    (MAIL("e.example"), MAIL("b@e.example"), True),
    (MAIL("e.example"), MAIL("b@x.e.example"), False),
    (MAIL(".e.example"), MAIL("b@x.e.example"), True),
    (MAIL(".e.example"), MAIL("b@e.example"), False),
    (URI("e.example"), URI("http://e.example/a?b"), True),
    (URI("e.example"), URI("http://x@e.example:8080/"), True),
    (URI("e.example"), URI("http://x.e.example/"), False),
    (URI(".e.example"), URI("http://x.e.example/"), True),
    (URI(".e.example"), URI("http://e.example/"), False),
    (net("10.0.0.0/8"), IP("10.255.0.1"), True),
    (net("10.0.0.0/8"), IP("11.0.0.1"), False),
    (net("192.0.2.5/32"), IP("192.0.2.5"), True),
    (net("192.0.2.5/32"), IP("192.0.2.4"), False),
    (net("0.0.0.0/0"), IP("11.0.0.1"), True),
    (net("0.0.0.0/0"), IP("2001:db8::1"), False),
    (net("2001:db8::/32"), IP("2001:db8::1"), True),
    (net("2001:db8::/32"), IP("2001:db9::1"), False),
]


@pytest.mark.parametrize(("base", "asked", "inside"), TABLE, ids=lambda v: str(getattr(v, "value", v)))
def test_a_name_is_inside_a_subtree_or_not(base: x509.GeneralName, asked: x509.GeneralName, inside: bool) -> None:
    permits, excludes = constrained([base], None), constrained(None, [base])
    assert codes(with_names(permits, asked), [permits.certificate]) == ([] if inside else [F.CONSTRAINT_BROKEN])
    assert codes(with_names(excludes, asked), [excludes.certificate]) == ([F.CONSTRAINT_BROKEN] if inside else [])


def test_names_of_other_forms_are_free() -> None:
    ca = constrained([DNS("e.example")], None)
    assert codes(with_names(ca, MAIL("a@b.example")), [ca.certificate]) == []
    assert codes(with_names(ca, MAIL("a@b.example"), DNS("b.example")), [ca.certificate]) == [F.CONSTRAINT_BROKEN]


def test_exclusion_comes_before_permission() -> None:
    ca = constrained([DNS("e.example")], [DNS("bad.e.example")])
    assert codes(with_names(ca, DNS("good.e.example")), [ca.certificate]) == []
    assert codes(with_names(ca, DNS("very.bad.e.example")), [ca.certificate]) == [F.CONSTRAINT_BROKEN]
    assert codes(with_names(ca, DNS("*.e.example")), [ca.certificate]) == [F.CONSTRAINT_BROKEN], "it may stand for bad"


def person(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


ORG = person((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "Example  Org"))


@pytest.mark.parametrize(
    ("subject", "inside"),
    [
        (
            person(
                (NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "example org"), (NameOID.COMMON_NAME, "x")
            ),
            True,
        ),
        (person((NameOID.COUNTRY_NAME, "CN"), (NameOID.COMMON_NAME, "x")), False),
        (person((NameOID.ORGANIZATION_NAME, "example org"), (NameOID.COUNTRY_NAME, "CN")), False),
        (ORG, True),
    ],
)
def test_directory_names(subject: x509.Name, inside: bool) -> None:
    ca = constrained([DN(ORG)], None)
    assert codes(with_names(ca, subject=subject), [ca.certificate]) == ([] if inside else [F.CONSTRAINT_BROKEN])
    free = constrained(None, [DN(ORG)])
    assert codes(with_names(free, DN(subject), subject=name("h")), [free.certificate]) == (
        [F.CONSTRAINT_BROKEN] if inside else []
    )


def test_the_mail_address_in_a_subject_counts_without_alternative_names() -> None:
    ca = constrained([MAIL("e.example")], None)
    subject = person((NameOID.COMMON_NAME, "h"), (NameOID.EMAIL_ADDRESS, "h@other.example"))
    assert codes(with_names(ca, subject=subject), [ca.certificate]) == [F.CONSTRAINT_BROKEN]
    assert codes(with_names(ca, DNS("a.example"), subject=subject), [ca.certificate]) == []


def test_constraints_of_every_ca_of_the_path_count_for_all_below() -> None:
    top = constrained([DNS("example")], None)
    middle = top.ca(
        "Middle", extensions=[*plain_ca(), (x509.NameConstraints([DNS("e.example")], [DNS("x.e.example")]), True)]
    )
    last = middle.ca("Last")
    helpers = [middle.certificate, last.certificate]
    for dns, good in (("a.e.example", True), ("b.example", False), ("x.e.example", False)):
        assert codes(with_names(last, DNS(dns)), [top.certificate], helpers) == ([] if good else [F.CONSTRAINT_BROKEN])


def test_constraints_concern_cas_below_but_not_a_rolled_over_key() -> None:
    top = constrained([DN(person((NameOID.COMMON_NAME, "Allowed")))], None)
    other = top.ca("Not allowed")
    found = findings(other.issue(person((NameOID.COMMON_NAME, "Allowed"))), [top.certificate], [other.certificate])
    assert [f.code for f in found] == [F.CONSTRAINT_BROKEN]
    assert "Not allowed" in found[0].message
    same = top.issue(top.subject, extensions=plain_ca(), subject_key=key("rolled over"))
    below = Issuer(top.subject, key("rolled over"), same)
    assert codes(below.issue(name("Allowed")), [top.certificate], [same]) == []


def test_the_name_itself_is_in_no_message() -> None:
    ca = constrained([DNS("e.example")], None)
    (found,) = findings(with_names(ca, DNS("private-person.example")), [ca.certificate])
    assert "private-person" not in found.message
    assert "DNS name" in found.message
    assert "CN=Constrained" in found.message


def raw(*fields: bytes) -> Issuer:
    """A CA with a nameConstraints extension made by hand."""
    value = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.30"), der.sequence(*fields))
    own = key("raw constraints")
    extensions = [*plain_ca(), (value, True)]
    return Issuer(name("Raw"), own, make(name("Raw"), own, name("Raw"), own, extensions=extensions))


def subtree(tag: int, content: bytes, *more: bytes) -> bytes:
    return der.sequence(der.element(tag, content), *more)


MALFORMED = {
    "nothing": [],
    "an empty list": [der.element(0xA0)],
    "twice": [der.element(0xA0, subtree(0x82, b"a.example"))] * 2,
    "a third list": [der.element(0xA2, subtree(0x82, b"a.example"))],
    "a minimum": [der.element(0xA0, subtree(0x82, b"a.example", der.element(0x80, b"\x01")))],
    "a maximum": [der.element(0xA0, subtree(0x82, b"a.example", der.element(0x81, b"\x01")))],
    "a leading period": [der.element(0xA0, subtree(0x82, b".a.example"))],
    "two periods": [der.element(0xA1, subtree(0x82, b"a..example"))],
    "an address of three octets": [der.element(0xA0, subtree(0x87, b"abc"))],
    "a mask with holes": [der.element(0xA1, subtree(0x87, b"\x0a\0\0\0\xff\0\xff\0"))],
    "no host": [der.element(0xA1, subtree(0x81, b""))],
    "a directory name that is none": [der.element(0xA1, subtree(0xA4, der.integer(1)))],
    "a URI's host with an empty label": [der.element(0xA1, subtree(0x86, b"a..example"))],
    "letters that are not ASCII": [der.element(0xA1, subtree(0x82, "é.example".encode()))],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_constraints_that_cannot_be_understood_are_refused(fields: list[bytes]) -> None:
    ca = raw(*fields)
    for card in (with_names(ca, DNS("a.example"), MAIL("a@a.example"), IP("10.0.0.1")), with_names(ca)):
        assert F.CERTIFICATE_MALFORMED in codes(card, [ca.certificate])


def test_a_form_that_ecard_cannot_judge_is_refused_only_where_it_occurs() -> None:
    ca = raw(der.element(0xA1, subtree(0x88, b"\x2a\x03\x04")))
    assert codes(with_names(ca, DNS("a.example")), [ca.certificate]) == []
    card = with_names(ca, x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4")))
    assert codes(card, [ca.certificate]) == [F.CONSTRAINT_BROKEN]


NO_HOST = [
    "mailto:a@b.example",
    "urn:x",
    "http://10.0.0.1/",
    "http://0x7f.1/",
    "http://[2001:db8::1]/",
    "http://%65.example/",
    "http://x.example;.e.example/",
    "http://e.example\\@.x.example/",
    "http://e.example\\.x.example/",
    "http://e.example:80x/",
]


@pytest.mark.parametrize("uri", NO_HOST)
def test_a_uri_without_a_host_is_refused_under_constraints(uri: str) -> None:
    """RFC 5280, section 4.2.1.10: a fully qualified domain name, or refused; two readers must not see two hosts."""
    for ca in (constrained(None, [URI("e.example")]), constrained([URI(".e.example")], None)):
        assert codes(with_names(ca, URI(uri)), [ca.certificate]) == [F.CERTIFICATE_MALFORMED]


def test_many_names_and_constraints_are_refused_quickly() -> None:
    ca = constrained([DNS(f"d{n}.example") for n in range(1500)], None)
    card = with_names(ca, *(DNS(f"n{n}.example") for n in range(1500)))
    with within(0.5):
        assert codes(card, [ca.certificate]) == [F.CERTIFICATE_MALFORMED]


# another judge

label = st.sampled_from(["a", "b", "e", "x"])
host = st.lists(label, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "example"]))
mailbox = st.tuples(label, host).map("@".join)
general_name = st.one_of(
    host.map(DNS),
    mailbox.map(MAIL),
    host.map(lambda h: URI(f"http://{h}/")),
    st.lists(label, min_size=1, max_size=3).map(
        lambda parts: DN(person(*((NameOID.ORGANIZATIONAL_UNIT_NAME, part) for part in parts)))
    ),
)
dotted = st.tuples(st.sampled_from(["", "."]), host).map("".join)
base_name = st.one_of(
    host.map(DNS),
    mailbox.map(MAIL),
    dotted.map(MAIL),
    dotted.map(URI),
    st.lists(label, min_size=1, max_size=2).map(
        lambda parts: DN(person(*((NameOID.ORGANIZATIONAL_UNIT_NAME, part) for part in parts)))
    ),
)
EMPTY = x509.Name([])


@pytest.mark.exhaustive
@settings(max_examples=300)
@given(
    permitted=st.lists(base_name, max_size=3),
    excluded=st.lists(base_name, max_size=3),
    names=st.lists(general_name, min_size=1, max_size=3),
)
def test_certvalidator_agrees(
    permitted: list[x509.GeneralName], excluded: list[x509.GeneralName], names: list[x509.GeneralName]
) -> None:
    if not permitted and not excluded:
        return
    ca = constrained(permitted or None, excluded or None)
    card = ca.issue(EMPTY, extensions=[*plain_card(), (x509.SubjectAlternativeName(names), True)])
    theirs = asn1.Certificate.load(ca.certificate.der).name_constraints_value
    allowed = PermittedSubtrees(default_permitted_subtrees())
    forbidden = ExcludedSubtrees(default_excluded_subtrees())
    if permitted:
        allowed.intersect_with(process_general_subtrees(theirs["permitted_subtrees"]))
    if excluded:
        forbidden.union_with(process_general_subtrees(theirs["excluded_subtrees"]))
    judged = asn1.Certificate.load(card.der)
    good = bool(allowed.accept_cert(judged)) and bool(forbidden.accept_cert(judged))
    assert (codes(card, [ca.certificate]) == []) is good
