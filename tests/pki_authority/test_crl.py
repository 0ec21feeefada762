"""CRLs: against cryptography's builder byte by byte, read by openssl, and full = base + delta."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, NoPinError
from ecard.keyholder import KeyHolder
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.crl_writer import CrlHeader, Entry, crl, write_crl
from ecard.pki.profile import PublicationPoints
from ecard.pki.withdrawal import RevocationReason
from tests.pki_authority.centre import (
    AT,
    DAY,
    KINDS,
    WEEK,
    chain_of,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    root,
)

pytestmark = pytest.mark.exhaustive

PYCA_REASONS = {
    reason: x509.ReasonFlags({"cACompromise": "cACompromise"}.get(reason.label, reason.label))
    for reason in RevocationReason
}
ENTRIES = st.lists(
    st.builds(
        Entry,
        serial=st.integers(1, 2**159 - 1),
        since=st.datetimes(datetime(1950, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),
        reason=st.sampled_from(RevocationReason),
        invalidity_date=st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),
    ),
    max_size=20,
)


def by_cryptography(authority: CertificateAuthority, header: CrlHeader, entries: list[Entry]) -> bytes:
    """The same CRL from the builder of ``cryptography``."""
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=authority.certificate.x509.subject, last_update=header.this_update, next_update=header.next_update
    )
    aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.certificate.x509.public_key())
    builder = builder.add_extension(aki, False).add_extension(x509.CRLNumber(header.number), False)
    if header.base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(header.base), True)
    if header.distribution_point is not None:
        name = [x509.UniformResourceIdentifier(header.distribution_point)]
        scope = x509.IssuingDistributionPoint(name, None, False, False, None, False, False)
        builder = builder.add_extension(scope, True)
    for entry in entries:
        one = x509.RevokedCertificateBuilder(entry.serial, entry.since)
        if entry.reason is not RevocationReason.UNSPECIFIED:
            one = one.add_extension(x509.CRLReason(PYCA_REASONS[entry.reason]), False)
        if entry.invalidity_date is not None:
            one = one.add_extension(x509.InvalidityDate(entry.invalidity_date), False)
        builder = builder.add_revoked_certificate(one.build())
    key = key_of(KeyKind.RSA2048, 1).native
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(ENTRIES, st.integers(1, 2**64), st.none() | st.integers(1, 99), st.booleans())
def test_byte_for_byte_what_cryptography_makes(entries: list[Entry], number: int, base: int | None, part: bool) -> None:
    header = CrlHeader(
        number=number,
        this_update=AT,
        next_update=AT + timedelta(days=366 * 30),
        base=base,
        distribution_point="http://crl.example.invalid/1" if part else None,
    )
    authority = root(KeyKind.RSA2048)
    made = crl(header, entries, authority.holder)
    assert made == by_cryptography(authority, header, entries)
    file = io.BytesIO()
    assert write_crl(file, header, iter(entries), authority.holder) == len(made)
    assert file.getvalue() == made


@pytest.mark.parametrize("count", [0, 1, 3, 4, 4095, 4096, 4097, 10_000])
def test_lengths_at_their_boundaries(count: int) -> None:
    authority = root()
    header = CrlHeader(number=1, this_update=AT, next_update=AT + WEEK)
    read = x509.load_der_x509_crl(crl(header, (Entry(n, AT) for n in range(1, count + 1)), authority.holder))
    assert [entry.serial_number for entry in read] == list(range(1, count + 1))
    assert read.is_signature_valid(authority.certificate.x509.public_key())


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_reads_every_field(kind: KeyKind, tmp_path) -> None:
    points = PublicationPoints(delta_crl="http://crl.example.invalid/delta.crl")
    _, issuing, leaf = chain_of(kind, points=points)
    issuing.revoke(leaf, RevocationReason.KEY_COMPROMISE, at=AT + DAY, invalidity_date=AT + timedelta(hours=1))
    (tmp_path / "crl").write_bytes(issuing.crl(at=AT + DAY, next_update=AT + WEEK))
    text = openssl("crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-text")
    for line in (
        "Version 2 (0x1)", "Last Update: Mar  3 08:30:00 2026 GMT", "Next Update: Mar  9 08:30:00 2026 GMT",
        f"Serial Number: {leaf.serial_number:016X}", "Revocation Date: Mar  3 08:30:00 2026 GMT", "Key Compromise",
        "Mar  2 09:30:00 2026 GMT", "X509v3 Freshest CRL", "http://crl.example.invalid/delta.crl", "X509v3 CRL Number",
    ):  # fmt: skip
        assert line in text
    if kind is not KeyKind.SM2:
        (tmp_path / "ca.pem").write_text(pem(issuing.certificate))
        assert "verify OK" in openssl("crl", "-inform", "DER", "-in", tmp_path / "crl", "-CAfile", tmp_path / "ca.pem")


def test_numbers_rise_and_time_does_not_go_back() -> None:
    authority = root()
    crls = [authority.crl(at=AT + n * DAY, next_update=AT + WEEK) for n in (0, 0, 1)]
    crls.append(authority.delta_crl(at=AT + DAY, next_update=AT + WEEK))
    assert [number_of(one) for one in crls] == [1, 2, 3, 4]
    for make in (authority.crl, authority.delta_crl):
        with pytest.raises(InvalidInputError, match="later CRL"):
            make(at=AT, next_update=AT + WEEK)
        with pytest.raises(InvalidInputError, match="next update"):
            make(at=AT + WEEK, next_update=AT + WEEK)
    assert number_of(authority.crl(at=AT + DAY, next_update=AT + WEEK)) == 5


def number_of(encoded: bytes) -> int:
    return x509.load_der_x509_crl(encoded).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def listed(encoded: bytes) -> dict[int, str]:
    found = {}
    for entry in x509.load_der_x509_crl(encoded):
        found[entry.serial_number] = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    return found


def test_holds_revocations_and_releases_in_full_and_delta_crls() -> None:
    authority = root()
    kept, freed, voided, short, later = (operator(authority, n) for n in range(5))
    for card in (kept, freed, voided):
        authority.hold(card, at=AT)
    base = authority.crl(at=AT + DAY, next_update=AT + WEEK)
    assert set(listed(base).values()) == {"certificateHold"}
    authority.release(freed, at=AT + 2 * DAY)
    authority.revoke(voided, RevocationReason.AFFILIATION_CHANGED, at=AT + 2 * DAY)
    authority.hold(short, at=AT + 2 * DAY)
    authority.release(short, at=AT + 3 * DAY)
    authority.revoke(later, RevocationReason.SUPERSEDED, at=AT + 4 * DAY)
    delta = authority.delta_crl(at=AT + 3 * DAY, next_update=AT + WEEK)
    indicator = x509.load_der_x509_crl(delta).extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert indicator.critical
    assert indicator.value.crl_number == number_of(base)
    assert listed(delta) == {
        freed.serial_number: "removeFromCRL",
        voided.serial_number: "affiliationChanged",
        short.serial_number: "removeFromCRL",
    }
    full = authority.crl(at=AT + 4 * DAY, next_update=AT + WEEK)
    assert listed(full) == {
        kept.serial_number: "certificateHold",
        voided.serial_number: "affiliationChanged",
        later.serial_number: "superseded",
    }
    assert listed(authority.delta_crl(at=AT + 5 * DAY, next_update=AT + WEEK)) == {}


def test_what_is_withdrawn_in_the_second_of_a_crl_is_in_the_next_delta() -> None:
    authority = root()
    card = operator(authority, 1)
    assert listed(authority.crl(at=AT, next_update=AT + WEEK)) == {}
    authority.hold(card, at=AT)
    assert listed(authority.delta_crl(at=AT, next_update=AT + WEEK)) == {card.serial_number: "certificateHold"}


def test_a_delta_needs_a_full_crl() -> None:
    with pytest.raises(InvalidInputError, match="no full CRL"):
        root().delta_crl(at=AT, next_update=AT + WEEK)


def test_entries_of_expired_certificates_stay_and_the_crl_says_so() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.revoke(card, RevocationReason.UNSPECIFIED, at=AT)
    late = card.not_after + WEEK
    read = x509.load_der_x509_crl(authority.crl(at=late, next_update=late + DAY))
    assert [entry.serial_number for entry in read] == [card.serial_number]
    assert len(read[0].extensions) == 0
    kept = read.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.5.29.60"))
    assert not kept.critical
    assert kept.value.value == b"\x18\x0f20260302083000Z"  # type: ignore[attr-defined]


def test_partitions_share_all_certificates_among_them_and_name_themselves() -> None:
    points = PublicationPoints(crl="http://crl.example.invalid/{partition}.crl")
    issuing = root().create_subordinate("x", at=AT, points=points, partitions=3)
    cards = [operator(issuing, n) for n in range(30)]
    for card in cards:
        issuing.revoke(card, RevocationReason.SUPERSEDED, at=AT)
    assert issuing.partition_names() == ["crl030000", "crl030001", "crl030002"]
    found: dict[int, str] = {}
    for name in issuing.partition_names():
        read = x509.load_der_x509_crl(issuing.crl(at=AT, next_update=AT + WEEK, partition=name))
        scope = read.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert scope.critical
        assert scope.value.full_name is not None
        for entry in read:
            assert entry.serial_number not in found
            found[entry.serial_number] = scope.value.full_name[0].value
    for card in cards:
        point = card.x509.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
        assert point.full_name is not None
        assert found[card.serial_number] == point.full_name[0].value
    for name in (None, "crl030003", "other"):
        with pytest.raises(InvalidInputError):
            issuing.crl(at=AT, next_update=AT + WEEK, partition=name)


@needs_openssl
def test_openssl_chooses_the_partition_of_the_certificate(tmp_path) -> None:
    points = PublicationPoints(crl="http://crl.example.invalid/{partition}.crl")
    top = root()
    issuing = top.create_subordinate("x", at=AT, points=points, partitions=2)
    cards = {}
    while len(cards) < 2:
        card = operator(issuing, len(cards))
        cards[issuing.partition(card.serial_number)] = card
    (tmp_path / "root.pem").write_text(pem(top.certificate))
    (tmp_path / "sub.pem").write_text(pem(issuing.certificate))
    (tmp_path / "crl0").write_bytes(issuing.crl(at=AT, next_update=AT + WEEK, partition="crl030000"))
    base = ["verify", "-attime", str(int((AT + DAY).timestamp())), "-crl_check", "-CAfile", tmp_path / "root.pem"]
    base += ["-untrusted", tmp_path / "sub.pem", "-CRLfile", tmp_path / "crl0"]
    for name, card in cards.items():
        (tmp_path / "card.pem").write_text(pem(card))
        text = openssl(*base, tmp_path / "card.pem", ok=name == "crl030000")
        assert ("OK" if name == "crl030000" else "ifferent CRL scope") in text


def test_moments_of_another_time_zone_are_written_in_utc() -> None:
    china = timezone(timedelta(hours=8))
    authority = root()
    header = CrlHeader(number=1, this_update=AT.astimezone(china), next_update=AT + WEEK)
    entry = Entry(1, datetime(2026, 3, 3, 7, 59, 59, tzinfo=china), RevocationReason.SUPERSEDED, AT.astimezone(china))
    (read,) = x509.load_der_x509_crl(crl(header, [entry], authority.holder))
    assert read.revocation_date_utc == datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
    assert read.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc == AT


def many(count: int) -> Iterator[Entry]:
    return (Entry(n, AT + timedelta(seconds=n), RevocationReason.SUPERSEDED) for n in range(1, count + 1))


def test_memory_does_not_grow_with_the_crl(tmp_path: Path) -> None:
    holder = root().holder
    header = CrlHeader(number=1, this_update=AT, next_update=AT + WEEK)
    with (tmp_path / "crl").open("wb") as file:
        tracemalloc.start()
        size = write_crl(file, header, many(150_000), holder)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (tmp_path / "crl").stat().st_size == size
    assert peak < 4_000_000 < 5_000_000 < size, peak


@pytest.mark.parametrize("kind", KINDS)
def test_large_crls_are_the_same_with_a_key_that_sees_whole_messages_only(kind: KeyKind) -> None:
    """Across the size at which the temporary file leaves memory; all but the signature is equal."""
    holder = root(kind).holder
    whole = WholeMessages(holder)
    assert (holder.signs_digests, whole.signs_digests) == (True, False)
    header = CrlHeader(number=1, this_update=AT, next_update=AT + WEEK)
    for count in (0, 1, 30_000):
        one, other = (der.parse(crl(header, many(count), issuer)).children() for issuer in (holder, whole))
        assert one[0].encoded == other[0].encoded
        for body, algorithm, signature in (one, other):
            assert algorithm.encoded == holder.algorithm.identifier
            made = Signature(holder.algorithm, der.read_bits(signature))
            holder.certificate.public_key.verify(made, body.encoded)


class WholeMessages(KeyHolder):
    """A key holder that wants to see what it signs."""

    def __init__(self, holder: KeyHolder) -> None:
        self._holder = holder

    @property
    def certificate(self) -> Certificate:
        return self._holder.certificate

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return self._holder.sign(message, algorithm)


def test_an_authority_writes_its_crl_to_a_file(tmp_path: Path) -> None:
    authority = root()
    authority.hold(operator(authority, 1), at=AT)
    with (tmp_path / "crl").open("wb") as file:
        size = authority.write_crl(file, at=AT, next_update=AT + WEEK)
    read = x509.load_der_x509_crl((tmp_path / "crl").read_bytes())
    assert (tmp_path / "crl").stat().st_size == size
    assert read.is_signature_valid(authority.certificate.x509.public_key())  # type: ignore[arg-type]
    assert [len(read), authority.record.crl_number, authority.record.last_evidence] == [1, 1, AT]


def test_a_crl_that_was_not_signed_is_not_counted() -> None:
    class Refuses(WholeMessages):
        def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
            raise NoPinError("no PIN")

    authority = CertificateAuthority(Refuses(root().holder))
    made = io.BytesIO()
    with pytest.raises(NoPinError):
        authority.write_crl(made, at=AT, next_update=AT + WEEK)
    assert (made.getvalue(), authority.record.crl_number, authority.record.last_evidence) == (b"", 0, None)


NAIVE, LAST = datetime(2026, 5, 4), datetime.max.replace(tzinfo=timezone(timedelta(hours=-8)))


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Entry(-1, AT), "serial number"),
        (Entry(1 << 160, AT), "serial number"),
        (Entry(1 << 1100, AT), "serial number"),
        (Entry(5, NAIVE), "revocation date of an entry has no time zone"),
        (Entry(5, LAST), "outside the years 1 to 9999"),
        (Entry(5, AT, RevocationReason.KEY_COMPROMISE, NAIVE), "has no time zone"),
    ],
)
def test_an_entry_that_cannot_be_written_is_refused(entry: Entry, why: str) -> None:
    destination = io.BytesIO()
    header = CrlHeader(number=1, this_update=AT, next_update=AT + WEEK)
    with pytest.raises(InvalidInputError, match=why):
        write_crl(destination, header, [Entry(1, AT), entry], root().holder)
    assert destination.getvalue() == b"", "nothing is left behind"
    assert Crl(crl(header, [Entry(0, AT), Entry((1 << 160) - 1, AT)], root().holder)).find((1 << 160) - 1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"number": -1}, "not negative"),
        ({"base": -1}, "not negative"),
        ({"this_update": NAIVE}, "moment of the CRL has no time zone"),
        ({"next_update": NAIVE}, "next update of the CRL has no time zone"),
        ({"next_update": LAST}, "outside the years 1 to 9999"),
        ({"next_update": AT}, "after this update"),
    ],
)
def test_a_header_that_cannot_be_written_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        CrlHeader(**{"number": 1, "this_update": AT, "next_update": AT + WEEK, **changes})
