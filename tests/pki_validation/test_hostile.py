"""Hostile certificates and evidence: a clear error, in bounded time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EcardError, EncodingError, ValidationError
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.effort import within
from tests.pki_validation.chains import DAY, T0, Issuer, key, make, name, plain_ca, root
from tests.pki_validation.judging import NOW, codes

pytestmark = pytest.mark.exhaustive


@contextmanager
def in_memory(megabytes: float = 50) -> Iterator[None]:
    """The block takes less memory than that. Tracing it takes time, so time is measured apart."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < megabytes * 2**20


@pytest.fixture(scope="module")
def top() -> Issuer:
    return root("Hostile root")


def signed(
    top: Issuer,
    *,
    serial: bytes | None = None,
    subject: bytes | None = None,
    extensions: bytes = b"",
    issuer: bytes | None = None,
) -> bytes:
    """A certificate of odd parts, rightly signed."""
    algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
    public = make(name("odd"), key("hostile"), name("odd"), key("hostile"), extensions=[]).spki
    tbs = der.sequence(
        der.element(der.context(0), der.integer(2)),
        serial or der.integer(5),
        algorithm,
        issuer or top.certificate.subject,
        der.sequence(der.time(T0), der.time(T0 + 100 * DAY)),
        subject or name("odd").public_bytes(),
        public,
        der.element(der.context(3), der.sequence(extensions)) if extensions else b"",
    )
    assert isinstance(top.key, ec.EllipticCurvePrivateKey)
    return der.sequence(tbs, algorithm, der.bit_string(top.key.sign(tbs, ec.ECDSA(hashes.SHA256()))))


def attribute(text: bytes) -> bytes:
    return der.element(der.SET, der.sequence(der.oid("2.5.4.3"), der.element(der.UTF8_STRING, text)))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.oid(oid), der.boolean(True) if critical else b"", der.octet_string(value))


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = der.sequence(data)
    return data


TOO_LARGE: dict[str, Callable[[Issuer], bytes]] = {
    "a name of 1 MB": lambda top: signed(top, subject=der.sequence(attribute(b"x" * 2**20))),
    "10,000 extensions": lambda top: signed(
        top, extensions=b"".join(extension(f"1.2.3.{n}", b"") for n in range(10_000))
    ),
    "100,000 attributes": lambda top: signed(top, subject=der.sequence(*[attribute(b"x")] * 100_000)),
}
REFUSED: dict[str, tuple[Callable[[Issuer], bytes], set[F]]] = {
    "a name of 60 kB": (lambda top: signed(top, subject=der.sequence(attribute(b"x" * 60_000))), set()),
    "4,000 attributes": (lambda top: signed(top, subject=der.sequence(*[attribute(b"x")] * 4_000)), set()),
    "an issuer of 60 kB": (
        lambda top: signed(top, issuer=der.sequence(attribute(b"x" * 60_000))),
        {F.PATH_NOT_FOUND},
    ),
    "an issuer of 28,000 combining marks": (
        lambda top: signed(top, issuer=der.sequence(attribute(("a" + "\u0301\u0323" * 14_000).encode()))),
        {F.PATH_NOT_FOUND},
    ),
    "a subject nested 15,000 times": (
        lambda top: signed(top, subject=nested(15_000)),
        {F.CERTIFICATE_MALFORMED},
    ),
    "1,000 extensions": (
        lambda top: signed(top, extensions=b"".join(extension(f"1.2.3.{n}", b"") for n in range(1_000))),
        {F.CERTIFICATE_MALFORMED},
    ),
    "an extension twice": (
        lambda top: signed(top, extensions=extension("1.2.3", b"") * 2),
        {F.CERTIFICATE_MALFORMED},
    ),
    "a serial number of 10 kB": (
        lambda top: signed(top, serial=der.element(2, b"\x01" * 10_000)),
        {F.CERTIFICATE_MALFORMED},
    ),
    "a negative serial number": (lambda top: signed(top, serial=der.integer(-5)), {F.CERTIFICATE_MALFORMED}),
    "deep nesting in a known extension": (
        lambda top: signed(top, extensions=extension("2.5.29.17", nested(5_000))),
        {F.CERTIFICATE_MALFORMED},
    ),
    "deep nesting in an unknown extension": (
        lambda top: signed(top, extensions=extension("1.2.3", nested(5_000))),
        set(),
    ),
    "deep nesting in policies": (
        lambda top: signed(
            top, extensions=extension("2.5.29.32", nested(5_000)) + extension("2.5.29.36", nested(3), critical=True)
        ),
        {F.CERTIFICATE_MALFORMED},
    ),
    "2,000 policies under constraints": (
        lambda top: signed(
            top,
            extensions=extension(
                "2.5.29.32", der.sequence(*(der.sequence(der.oid(f"1.2.3.{n}")) for n in range(2_000)))
            )
            + extension("2.5.29.36", der.sequence(b"\x80\x01\x00"), critical=True),
        ),
        {F.CONSTRAINT_BROKEN},
    ),
    "an object identifier with a huge arc": (
        lambda top: signed(
            top, extensions=der.sequence(der.element(6, b"\x2a" + b"\xff" * 1000 + b"\x01"), der.octet_string(b""))
        ),
        {F.CERTIFICATE_MALFORMED},
    ),
    "a BOOLEAN that is neither": (
        lambda top: signed(top, extensions=der.sequence(der.oid("1.2.3"), b"\x01\x01\x7f", der.octet_string(b""))),
        {F.CERTIFICATE_MALFORMED},
    ),
}


@pytest.mark.parametrize("build", TOO_LARGE.values(), ids=TOO_LARGE)
def test_certificates_that_are_too_large_are_not_read(top: Issuer, build: Callable[[Issuer], bytes]) -> None:
    data = build(top)
    with within(0.1), pytest.raises(EncodingError, match="bytes, more than"):
        Certificate(data)


@pytest.mark.parametrize(("build", "expected"), REFUSED.values(), ids=REFUSED)
def test_odd_certificates_are_judged_quickly(top: Issuer, build: Callable[[Issuer], bytes], expected: set[F]) -> None:
    try:
        first, second = Certificate(build(top)), Certificate(build(top))
    except EncodingError:
        assert expected == {F.CERTIFICATE_MALFORMED}
        return
    with within(0.1):
        found = set(codes(first, [top.certificate]))
    assert expected <= found
    assert found <= expected | {F.CERTIFICATE_MALFORMED}
    with in_memory(), pytest.raises(ValidationError) as caught:
        validate(second, at=NOW, trust=Trust([top.certificate]))
    assert len(str(caught.value)) < 4_000


def test_a_web_of_cross_certificates_costs_little(top: Issuer) -> None:
    """Twelve authorities that all certify each other, none of them trusted: 12! paths, none of which ends."""
    names = [f"Web {n}" for n in range(12)]
    crossed = [
        make(name(a), key(a), name(b), key(b), extensions=plain_ca(), identifiers=False)
        for a in names
        for b in names
        if a != b
    ]
    card = Issuer(name("Web 0"), key("Web 0"), crossed[0]).issue(identifiers=False)
    with within(1):
        assert codes(card, [top.certificate], crossed) == [F.PATH_NOT_FOUND]


def test_a_web_that_ends_in_expired_roots_costs_little(top: Issuer) -> None:
    names = [f"Web {n}" for n in range(8)]
    roots = [make(name(a), key(a), name(a), key(a), extensions=plain_ca(), not_after=T0 + DAY / 2) for a in names[:1]]
    crossed = [
        make(name(a), key(a), name(b), key(b), extensions=plain_ca(), identifiers=False)
        for a in names
        for b in names
        if a != b
    ]
    card = Issuer(name("Web 7"), key("Web 7"), crossed[0]).issue(identifiers=False)
    with within(1):
        assert codes(card, roots, crossed) == [F.EXPIRED]


def test_thousands_of_certificates_of_the_issuers_name_cost_one_check_each_at_most(top: Issuer) -> None:
    one = make(name("Same"), key("same"), top.subject, top.key, extensions=plain_ca(), identifiers=False)
    others = []
    for number in range(1_000):
        changed = bytearray(one.der)
        changed[-1 - number % 8] ^= 1 + number // 8
        others.append(Certificate(bytes(changed)))
    card = Issuer(name("Same"), key("another same"), one).issue(identifiers=False)
    with within(1):
        assert set(codes(card, [top.certificate], others)) <= {F.CERTIFICATE_SIGNATURE_INVALID, F.PATH_NOT_FOUND}


def test_a_web_among_thousands_of_certificates_of_its_name_costs_little(top: Issuer) -> None:
    """Each step through the web looks at all that have the name, and almost all are for another key."""
    keys = [key(f"web {n}") for n in range(6)]
    web = name("Crowd")
    crossed = [make(web, a, web, b, extensions=plain_ca()) for a in keys for b in keys if a is not b]
    other = make(web, key("crowd"), web, keys[0], extensions=plain_ca()).der
    crowd = [Certificate(other[:-2] + number.to_bytes(2, "big")) for number in range(3_000)]
    card = Issuer(web, keys[0], crossed[0]).issue()
    with within(3):
        assert codes(card, [top.certificate], crossed + crowd) == [F.PATH_NOT_FOUND]


def test_a_forged_crl_is_not_indexed(top: Issuer) -> None:
    """The signature comes first: only what the issuer signed may cost the time of an index."""
    entries = b"".join(
        der.sequence(der.integer(2**60 + n), der.time(T0), der.sequence(extension("1.2.3", b""))) for n in range(20_000)
    )
    algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
    tbs = der.sequence(
        der.integer(1), algorithm, top.certificate.subject, der.time(T0), der.time(T0 + DAY), der.sequence(entries)
    )
    crl = Crl(der.sequence(tbs, algorithm, der.bit_string(top.key.sign(b"x", ec.ECDSA(hashes.SHA256())))))  # type: ignore[call-arg,arg-type]
    with within(0.1), pytest.raises(ValidationError, match="signature"):
        validate(top.issue(), at=T0, trust=Trust([top.certificate]), evidence=Evidence([crl]))


CRL_FIELDS = [SignatureAlgorithm.ECDSA_SHA256.identifier, name("Hostile root").public_bytes(), der.time(T0)]
SMALL = der.null() * 500_000


def evidence(*fields: bytes) -> bytes:
    """The body of a CRL or of an OCSP response, with a signature that is none."""
    return der.sequence(der.sequence(*fields), SignatureAlgorithm.ECDSA_SHA256.identifier, der.bit_string(b"x"))


def crl_extension(value: bytes) -> bytes:
    return der.element(der.context(0), der.sequence(extension("2.5.29.28", value, critical=True)))


def answer(basic: bytes) -> bytes:
    wrapped = der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), der.octet_string(basic))
    return der.sequence(b"\x0a\1\0", der.element(der.context(0), wrapped))


FULL_OF_SMALL_ELEMENTS: dict[str, Callable[[], Crl | OcspResponse]] = {
    "a CRL": lambda: Crl(der.sequence(SMALL)),
    "a CRL's body": lambda: Crl(evidence(SMALL)),
    "a CRL's extensions": lambda: Crl(
        evidence(der.integer(1), *CRL_FIELDS, der.element(der.context(0), der.sequence(SMALL)))
    ),
    "a CRL's extension": lambda: Crl(
        evidence(der.integer(1), *CRL_FIELDS, der.element(der.context(0), der.sequence(der.sequence(SMALL))))
    ),
    "a CRL's scope": lambda: Crl(evidence(der.integer(1), *CRL_FIELDS, crl_extension(der.sequence(SMALL)))),
    "a CRL's names": lambda: Crl(
        evidence(
            der.integer(1),
            *CRL_FIELDS,
            crl_extension(der.sequence(der.element(der.context(0), der.element(der.context(0), SMALL)))),
        )
    ),
    "an answer": lambda: OcspResponse(answer(evidence(SMALL))),
    "an answer's list": lambda: OcspResponse(
        answer(evidence(der.element(der.context(1), CRL_FIELDS[1]), der.time(T0), der.sequence(SMALL)))
    ),
}


@pytest.mark.parametrize("read", FULL_OF_SMALL_ELEMENTS.values(), ids=FULL_OF_SMALL_ELEMENTS)
def test_evidence_full_of_small_elements_is_not_read_to_its_end(read: Callable[[], Crl | OcspResponse]) -> None:
    """Each element costs more than a hundred octets once it is read: 1 MB of them must not become 100 MB."""

    def attempt() -> None:
        with pytest.raises(EncodingError):
            _ = getattr(read(), "scope", None)

    with within(0.1):
        attempt()
    with in_memory(20):
        attempt()


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4), resign=st.booleans())
def test_changed_bytes_never_raise_anything_else_and_never_pass(changes: list[tuple[int, int]], resign: bool) -> None:
    top = root("Hostile root")
    original = top.issue("mutated", serial=77)
    data = bytearray(original.tbs if resign else original.der)
    for place, value in changes:
        data[place % len(data)] ^= value
    if resign:
        algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
        assert isinstance(top.key, ec.EllipticCurvePrivateKey)
        signature = top.key.sign(bytes(data), ec.ECDSA(hashes.SHA256()))
        data = bytearray(der.sequence(bytes(data), algorithm, der.bit_string(signature)))
    try:
        card = Certificate(bytes(data))
    except EcardError:
        return
    found = codes(card, [top.certificate])
    assert found or resign or bytes(data) == original.der


@settings(max_examples=200)
@given(
    value=st.binary(max_size=40),
    oid=st.sampled_from(
        [
            "2.5.29.14",
            "2.5.29.15",
            "2.5.29.17",
            "2.5.29.19",
            "2.5.29.30",
            "2.5.29.31",
            "2.5.29.32",
            "2.5.29.33",
            "2.5.29.35",
            "2.5.29.36",
            "2.5.29.37",
            "2.5.29.54",
            "1.3.6.1.5.5.7.1.1",
        ]
    ),
    critical=st.booleans(),
    in_ca=st.booleans(),
)
def test_random_extension_values_never_raise_anything_else(value: bytes, oid: str, critical: bool, in_ca: bool) -> None:
    top = root("Hostile root")
    odd = (x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical)
    try:
        ca = top.ca("Odd CA", extensions=[odd, *([] if oid in ("2.5.29.15", "2.5.29.19") else plain_ca())], label="odd")
    except ValueError:
        return
    card, helpers = (ca.issue(identifiers=False), [ca.certificate]) if in_ca else (ca.certificate, [])
    codes(card, [top.certificate], helpers)
    validate_error(card, top, helpers)


def validate_error(card: Certificate, top: Issuer, helpers: list[Certificate]) -> None:
    with pytest.raises(ValidationError):
        validate(card, at=NOW, trust=Trust([top.certificate], helpers), evidence=Evidence([top.crl(days=0.5)]))
