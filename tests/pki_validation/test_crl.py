"""Reading CRLs: against `cryptography` as another reader, and one test per way of being wrong."""

from __future__ import annotations

import itertools
import random
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.errors import EncodingError, InvalidInputError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keys import PublicKey, SoftwareKey
from ecard.pki.crl import Crl, load_pem_crls
from ecard.pki.crl_index import REASONS
from tests.pki_validation.chains import DAY, T0, Issuer, key, root

REASON_FLAGS = [None, *(flag for flag in x509.ReasonFlags)]


@pytest.fixture(scope="module")
def ca() -> Issuer:
    return root("CRL issuer")


def entry(serial: bytes, *, time: bytes = b"\x17\r260101000000Z", extensions: bytes = b"") -> bytes:
    return der.sequence(der.element(der.INTEGER, serial), time, extensions)


def crl_of(*entries: bytes, extensions: bytes = b"", version: bytes = b"\x02\x01\x01", issuer: bytes = b"") -> bytes:
    """A CRL with an arbitrary signature around the given entries."""
    algorithm = SignatureAlgorithm.ECDSA_SHA256.identifier
    name = issuer or root("CRL issuer").certificate.subject
    listed = der.sequence(*entries) if entries else b""
    tbs = der.sequence(version, algorithm, name, der.time(T0), der.time(T0 + DAY), listed, extensions)
    return der.sequence(tbs, algorithm, der.bit_string(b"no signature"))


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(der.oid(oid), der.boolean(True) if critical else b"", der.octet_string(value))


def crl_extensions(*items: bytes) -> bytes:
    return der.element(der.context(0), der.sequence(*items))


def test_the_fields_are_those_that_cryptography_reads(ca: Issuer) -> None:
    crl = ca.crl([(77, T0 - DAY, x509.ReasonFlags.superseded)], number=12, this_update=T0, days=30)
    other = x509.load_der_x509_crl(crl.der)
    assert crl.version == 2
    assert crl.issuer == other.issuer.public_bytes()
    assert (crl.this_update, crl.next_update) == (other.last_update_utc, other.next_update_utc)
    assert (crl.number, crl.base_number, len(crl)) == (12, None, 1)
    assert crl.authority_key_id.key_id == x509.SubjectKeyIdentifier.from_public_key(ca.key.public_key()).digest
    assert crl.unusable is None


@settings(max_examples=40)
@given(
    entries=st.lists(
        st.tuples(
            st.integers(1, 2**159 - 1) | st.integers(1, 300),
            st.sampled_from(REASON_FLAGS),
            st.none() | st.integers(0, 10_000),
            st.integers(0, 100_000),
        ),
        max_size=90,
        unique_by=lambda e: e[0],
    ),
    missing=st.integers(1, 2**159 - 1),
)
def test_every_entry_is_found_as_cryptography_finds_it(
    entries: list[tuple[int, x509.ReasonFlags | None, int | None, int]], missing: int
) -> None:
    ca = root("CRL issuer")
    builder = x509.CertificateRevocationListBuilder(ca.subject, T0, T0 + DAY)
    for serial, reason, invalid, minutes in entries:
        one = x509.RevokedCertificateBuilder(serial, T0 - timedelta(minutes=minutes))
        if reason is not None:
            one = one.add_extension(x509.CRLReason(reason), False)
        if invalid is not None:
            one = one.add_extension(x509.InvalidityDate(T0 - timedelta(hours=invalid)), False)
        builder = builder.add_revoked_certificate(one.build())
    other = builder.sign(ca.key, hashes.SHA256())
    crl = Crl(other.public_bytes(serialization.Encoding.DER))
    assert len(crl) == len(entries)
    for serial, reason, invalid, minutes in entries:
        found = crl.find(serial)
        assert found is not None
        assert found.serial == serial
        assert found.revoked_at == T0 - timedelta(minutes=minutes)
        assert found.reason == ("unspecified" if reason is None else reason.value)
        assert found.invalid_since == (None if invalid is None else T0 - timedelta(hours=invalid))
    assert (crl.find(missing) is None) is (missing not in {e[0] for e in entries})


def test_reasons_are_spelled_as_in_the_standard() -> None:
    assert set(REASONS.values()) == {flag.value for flag in x509.ReasonFlags}


@pytest.mark.parametrize("serial", [0, 1, 127, 128, 255, 256, -1, -128, -129, 2**160, 2**200])
def test_serial_numbers_of_every_length_and_sign_are_found(serial: int) -> None:
    crl = Crl(crl_of(entry(b"\x05"), der.sequence(der.integer(serial), der.time(T0)), entry(b"\x06")))
    assert crl.find(serial) is not None
    assert crl.find(serial + 1) is None
    assert len(crl) == 3


def test_a_serial_number_inside_another_is_not_found() -> None:
    inner = b"\x02\x01\x07"
    crl = Crl(crl_of(entry(b"\x11" + inner + b"\x17\r260101000000Z"[:10]), entry(b"\x09")))
    assert crl.find(7) is None
    assert crl.find(9) is not None


def test_generalized_time_and_unknown_plain_extensions_are_read_one_by_one() -> None:
    late = b"\x18\x0f20510101000000Z"
    odd = der.sequence(extension("1.2.3.4", b"\x05\0"))
    crl = Crl(crl_of(entry(b"\x05", time=late), entry(b"\x06", extensions=odd), entry(b"\x07")))
    found = crl.find(5)
    assert found is not None
    assert found.revoked_at == datetime(2051, 1, 1, tzinfo=UTC)
    assert crl.find(6) is not None
    assert crl.find(7) is not None
    assert crl.unusable is None


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 65, 1000])
def test_any_number_of_entries(count: int) -> None:
    numbers = random.Random(count).sample(range(1, 2**62), count)
    crl = Crl(crl_of(*(der.sequence(der.integer(n), der.time(T0)) for n in numbers)))
    assert len(crl) == count
    assert all(crl.find(n) is not None for n in numbers)


@pytest.mark.exhaustive
def test_every_plain_shape_is_told_apart_from_every_other_that_follows_it() -> None:
    reason = extension("2.5.29.21", b"\n\x01\x01")
    invalidity = extension("2.5.29.24", b"\x18\x0f20260101000000Z")
    tails = [b"", *map(der.sequence, (reason, invalidity, reason + invalidity, invalidity + reason))]
    shapes = [(length, tail) for length in range(1, 22) for tail in tails]
    numbers = itertools.count(1 << 20)
    serials, entries = [], []
    for first, second in itertools.product(shapes, repeat=2):
        for length, tail in (first, second):
            if length < 3:
                continue
            serial = (1 << (8 * length - 2)) + next(numbers) if length > 3 else next(numbers)
            serials.append(serial)
            entries.append(der.sequence(der.integer(serial), der.time(T0), tail))
    crl = Crl(crl_of(*entries))
    assert len(crl) == len(entries)
    assert all(crl.find(serial) is not None for serial in serials)


BAD_ENTRIES = {
    "a length that is too short": b"\x30\x11\x02\x01\x05\x17\r260101000000Z",
    "a length that is too long": b"\x30\x13\x02\x01\x05\x17\r260101000000Z",
    "a serial number not in its shortest form": entry(b"\0\x05"),
    "a negative serial number not in its shortest form": entry(b"\xff\x85"),
    "no serial number": der.sequence(der.time(T0)),
    "no date": der.sequence(der.integer(5)),
    "a date that does not exist": entry(b"\x05", time=b"\x17\r261301000000Z"),
    "a date without seconds": entry(b"\x05", time=b"\x17\x0b2601010000Z"),
    "a fourth field": der.sequence(der.integer(5), der.time(T0), der.sequence(extension("1.2.3", b"")), der.null()),
    "an empty list of extensions": entry(b"\x05", extensions=der.sequence()),
    "an extension twice": entry(b"\x05", extensions=der.sequence(extension("1.2.3", b""), extension("1.2.3", b""))),
    "something that is no entry": der.integer(5),
    "a reason that is no enumeration": entry(b"\x05", extensions=der.sequence(extension("2.5.29.21", der.integer(1)))),
}


@pytest.mark.parametrize("bad", BAD_ENTRIES.values(), ids=BAD_ENTRIES)
@pytest.mark.parametrize("before", [0, 40])
def test_a_malformed_entry_spoils_the_crl(bad: bytes, before: int) -> None:
    good = [entry(bytes([n])) for n in range(10, 10 + before)]
    crl = Crl(crl_of(*good, bad, entry(b"\x09")))
    with pytest.raises(EncodingError):
        crl.find(5)
    assert crl.unusable is not None or "date" in next(k for k, v in BAD_ENTRIES.items() if v == bad)


def test_a_date_that_does_not_exist_is_refused_when_its_entry_is_asked_for() -> None:
    crl = Crl(crl_of(entry(b"\x05", time=b"\x17\r269999999999Z"), entry(b"\x06")))
    with pytest.raises(EncodingError):
        crl.find(5)


def test_one_serial_number_twice_is_refused() -> None:
    crl = Crl(crl_of(entry(b"\x05"), entry(b"\x06"), entry(b"\x05")))
    with pytest.raises(EncodingError, match="more than once"):
        crl.find(5)


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        (crl_extensions(extension("1.2.3.4", b"", critical=True)), "unknown critical extension 1.2.3.4"),
        (crl_extensions(extension("2.5.29.20", der.integer(5), critical=True)), "2.5.29.20"),
        (crl_extensions(extension("2.5.29.27", der.integer(5))), "2.5.29.27"),
        (crl_extensions(extension("2.5.29.28", der.sequence())), "2.5.29.28"),
        (crl_extensions(extension("2.5.29.20", b"\x02\x02\0\x05")), "shortest"),
        (crl_extensions(extension("2.5.29.28", der.integer(1), critical=True)), "issuingDistributionPoint"),
        (crl_extensions(extension("2.5.29.28", der.sequence(der.integer(1)), critical=True)), "does not belong"),
    ],
)
def test_extensions_that_forbid_to_use_a_crl(extensions: bytes, why: str) -> None:
    assert why in str(Crl(crl_of(entry(b"\x05"), extensions=extensions)).unusable)


def test_an_unknown_critical_extension_of_an_entry_forbids_to_use_the_crl() -> None:
    bad = der.sequence(extension("1.2.3.4", b"", critical=True))
    assert "entry" in str(Crl(crl_of(entry(b"\x05"), entry(b"\x06", extensions=bad))).unusable)


BAD_CRLS = {
    "nothing": b"",
    "not DER": b"hello",
    "cut off": crl_of(entry(b"\x05"))[:-1],
    "bytes after the end": crl_of(entry(b"\x05")) + b"\0",
    "version 3": crl_of(version=b"\x02\x01\x02"),
    "extensions in version 1": crl_of(version=b"", extensions=crl_extensions(extension("1.2.3", b""))),
    "an extension twice": crl_of(extensions=crl_extensions(extension("1.2.3", b""), extension("1.2.3", b""))),
    "an issuer that is no name": crl_of(issuer=der.integer(1)),
    "two lists of extensions": crl_of(extensions=der.element(der.context(0), der.sequence(), der.sequence())),
    "extensions under a wrong tag": crl_of(extensions=der.element(der.context(1), der.sequence())),
    "a certificate": root("CRL issuer").certificate.der,
}


def test_a_crl_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecard.pki.crl.MAX_SIZE", 100)
    with pytest.raises(EncodingError, match="more than 100"):
        Crl(crl_of(entry(b"\x05")))


def test_a_signature_algorithm_with_parameters_that_ecard_does_not_know() -> None:
    algorithm = der.sequence(der.oid(SignatureAlgorithm.ECDSA_SHA256.oid), der.integer(5))
    tbs = der.sequence(der.integer(1), algorithm, root("CRL issuer").certificate.subject, der.time(T0))
    crl = Crl(der.sequence(tbs, algorithm, der.bit_string(b"no signature")))
    assert crl.next_update is None
    with pytest.raises(UnsupportedAlgorithmError, match="parameters"):
        _ = crl.signature
    with pytest.raises(InvalidSignatureError):
        crl.verify_signed_by(PublicKey.from_native(key("any").public_key()))


def test_an_issuer_of_an_entry_without_a_directory_name_spoils_the_crl() -> None:
    named = extension("2.5.29.29", der.sequence(der.element(0x82, b"e.example")), critical=True)
    assert "directory name" in str(Crl(crl_of(entry(b"\x05", extensions=der.sequence(named)))).unusable)


@pytest.mark.parametrize("bad", BAD_CRLS.values(), ids=BAD_CRLS)
def test_what_is_no_crl_is_refused_at_once(bad: bytes) -> None:
    with pytest.raises(EncodingError):
        Crl(bad)


def test_two_different_algorithm_identifiers_are_refused(ca: Issuer) -> None:
    crl = ca.crl()
    outer = der.parse(crl.der).children()
    with pytest.raises(EncodingError, match="differ"):
        Crl(der.sequence(outer[0].encoded, SignatureAlgorithm.RSA_SHA256.identifier, outer[2].encoded))


def test_the_signature_is_checked_over_the_bytes_received(ca: Issuer) -> None:
    crl = ca.crl([(5, T0, None)])
    public = PublicKey.from_native(ca.key.public_key())
    crl.verify_signed_by(public)
    changed = Crl(crl.der.replace(b"CRL issuer", b"CRL Issuer"))
    with pytest.raises(InvalidSignatureError):
        changed.verify_signed_by(public)
    for _ in range(2):
        with pytest.raises(InvalidSignatureError):
            crl.verify_signed_by(PublicKey.from_native(key("another").public_key()))


def test_the_signature_of_a_large_list_is_checked_in_place(ca: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecard.pki.crl._LARGE", 0)
    test_the_signature_is_checked_over_the_bytes_received(ca)
    for kind in (KeyKind.SM2, KeyKind.RSA2048):
        signer = SoftwareKey.generate(kind)
        algorithm = SignatureAlgorithm.default_for(kind)
        fields = [node.encoded for node in der.parse(crl_of(entry(b"\x05"))).children()[0].children()]
        tbs = der.sequence(fields[0], algorithm.identifier, *fields[2:])
        crl = Crl(der.sequence(tbs, algorithm.identifier, der.bit_string(signer.sign(tbs).der)))
        crl.verify_signed_by(signer.public_key)
        with pytest.raises(InvalidSignatureError):
            crl.verify_signed_by(SoftwareKey.generate(KeyKind.P256).public_key)


def test_pem_and_files(ca: Issuer, tmp_path: Path) -> None:
    crl = ca.crl()
    pem = x509.load_der_x509_crl(crl.der).public_bytes(serialization.Encoding.PEM)
    assert Crl.from_pem(pem) == crl
    assert load_pem_crls(pem + pem.replace(b"\n", b"\r\n")) == [crl, crl]
    for damaged in (pem.replace(b"MI", b"M!", 1), pem.replace(b"-----END", b"----END"), b"-----BEGIN X509 CRL-----"):
        with pytest.raises(EncodingError, match="cut off"):
            load_pem_crls(pem + damaged)
    for name, data in (("a.crl", crl.der), ("b.crl", pem)):
        (tmp_path / name).write_bytes(data)
        assert Crl.load(tmp_path / name) == crl
    with pytest.raises(EncodingError, match="2 CRLs"):
        Crl.from_pem(pem + pem)
    with pytest.raises(EncodingError, match="Base64"):
        Crl.from_pem("-----BEGIN X509 CRL-----\nA\n-----END X509 CRL-----")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        Crl.load(tmp_path / "missing.crl")


@settings(max_examples=200)
@given(place=st.integers(0), value=st.integers(1, 255))
def test_a_changed_byte_gives_a_crl_that_does_not_verify_or_none(place: int, value: int) -> None:
    ca = root("CRL issuer")
    data = bytearray(_sample(ca))
    data[place % len(data)] ^= value
    try:
        crl = Crl(bytes(data))
        len(crl)
    except EncodingError:
        return
    with pytest.raises(InvalidSignatureError):
        crl.verify_signed_by(PublicKey.from_native(ca.key.public_key()))


_samples: dict[str, bytes] = {}


def _sample(ca: Issuer) -> bytes:
    return _samples.setdefault("one", ca.crl([(n, T0, x509.ReasonFlags.key_compromise) for n in range(50, 60)]).der)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    for candidate in (data, der.sequence(data), crl_of(data)):
        try:
            len(Crl(candidate))
        except EncodingError:
            continue


def test_repr_names_the_authority_and_the_moment(ca: Issuer) -> None:
    text = repr(ca.crl())
    assert "CRL issuer" in text
    assert "2026-01-01" in text
    assert set(text) <= set(string.printable)
