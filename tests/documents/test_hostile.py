"""Files that are no signature, or were made to hurt: one clear reason, in bounded time and memory."""

from __future__ import annotations

import base64
import io
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.bounds import MAX_CERTIFICATES, MAX_SIGNATURE_SIZE
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.errors import InvalidInputError, VerificationError
from ecard.findings import FindingCode as Code
from ecard.findings import Indication
from tests.documents.world import CODE, DOCUMENT, NOW, attribute, codes, inspected, parts, signed, world
from tests.effort import within

pytestmark = pytest.mark.exhaustive

P256 = KeyKind.P256
SECONDS, MEGABYTES = 1.0, 64


def indefinite(tag: int, *inside: bytes) -> bytes:
    return bytes((tag, 0x80)) + b"".join(inside) + b"\0\0"


def deep(depth: int, wrap: Callable[[bytes], bytes]) -> bytes:
    data = b""
    for _ in range(depth):
        data = wrap(data)
    return data


def in_a_message(inside: bytes) -> bytes:
    """Signed data with ``inside`` where its parts should be."""
    signed_data = der.element(der.SEQUENCE, inside)
    return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.element(der.context(0), signed_data))


def many_certificates() -> bytes:
    return parts(P256, certificates=[world(P256).operator.certificate.der] * 100_000).encoded()[:MAX_SIGNATURE_SIZE]


def certificates(count: int, one: bytes) -> bytes:
    return parts(P256, certificates=[one] * count).encoded()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one byte": lambda: b"0",
    "a text": lambda: b"this is no signature\n",
    "the document itself": lambda: DOCUMENT,
    "a certificate": lambda: world(P256).root.certificate.der,
    "a CRL": lambda: world(P256).evidence.crls[0].der,
    "a certificate in PEM": lambda: world(P256).root.certificate.pem().encode(),
    "PEM without an end": lambda: b"-----BEGIN CMS-----\nMIAG",
    "PEM of nothing": lambda: b"-----BEGIN CMS-----\n-----END CMS-----\n",
    "PEM of another label": lambda: b"-----BEGIN CMS-----\nMIAG\n-----END PKCS7-----\n",
    "PEM that is not Base64": lambda: b"-----BEGIN CMS-----\nM=I=A\n-----END CMS-----\n",
    "PEM with a million lines": lambda: b"-----BEGIN CMS-----\n" + b"A\n" * 1_000_000 + b"-----END CMS-----\n",
    "PEM headers by the thousand": lambda: b"-----BEGIN CMS-----\n" * 100_000,
    "zeros": lambda: bytes(MAX_SIGNATURE_SIZE),
    "ones": lambda: b"\xff" * MAX_SIGNATURE_SIZE,
    "random bytes": lambda: random.Random(1).randbytes(MAX_SIGNATURE_SIZE),
    "too large": lambda: bytes(MAX_SIGNATURE_SIZE + 1),
    "a length of 2^56": lambda: b"\x30\x87\x7f" + b"\xff" * 6 + bytes(100),
    "a length of 127 bytes": lambda: b"\x30\xff" + b"\xff" * 127,
    "tags of many bytes": lambda: b"\x3f" + b"\xff" * 1_000_000,
    "tags of many bytes inside": lambda: b"\x30\x80\x1f" + b"\xff" * 1_000_000,
    "deep, definite": lambda: deep(20_000, der.sequence),
    "deep, indefinite": lambda: deep(100_000, lambda data: b"\x30\x80" + data),
    "deep, indefinite, closed": lambda: b"\x30\x80" * 100_000 + b"\0\0" * 100_000,
    "deep octet strings": lambda: b"\x24\x80" * 100_000 + b"\0\0" * 100_000,
    "deep inside signed data": lambda: in_a_message(deep(5_000, der.sequence)),
    "a million small elements": lambda: in_a_message(der.null() * 1_000_000),
    "a million small elements in BER": lambda: indefinite(0x30, der.null() * 1_000_000),
    "a million ends": lambda: b"\x30\x80" + bytes(2_000_000),
    "100,000 certificates": many_certificates,
    "one certificate too many": lambda: certificates(MAX_CERTIFICATES + 1, world(P256).operator.certificate.der),
    "100,000 signers": lambda: parts(P256, certificates=[], signers=20_000).encoded()[:MAX_SIGNATURE_SIZE],
    "100,000 attributes": lambda: parts(P256, attributes=[attribute("1.2.3")] * 100_000, value=b"").encoded(),
    "an attribute of 100,000 values": lambda: parts(
        P256, attributes=[attribute("1.2.840.113549.1.9.3", der.null() * 100_000)], value=b""
    ).encoded(),
    "100,000 digest algorithms": lambda: parts(P256, digests=[der.sequence(der.oid("1.2.3"))] * 100_000).encoded(),
    "a version of a megabyte": lambda: parts(P256, version=1 << 8_000_000).encoded(),
    "a signer's version of a megabyte": lambda: parts(P256, signer_version=1 << 8_000_000).encoded(),
    "an object identifier of a megabyte": lambda: parts(
        P256, outer_type=der.element(der.OID, b"\x81" * 1_000_000 + b"\1")
    ).encoded(),
    "an algorithm of a megabyte": lambda: parts(
        P256, signature_identifier=der.sequence(der.element(der.OID, b"\x81" * 1_000_000 + b"\1"))
    ).encoded(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_signature_at_all(name: str) -> None:
    data = HOSTILE[name]()
    with within(SECONDS):
        report = inspected(DOCUMENT, data, P256)
    tracemalloc.start()
    assert inspected(DOCUMENT, data, P256) == report
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert Code.MALFORMED in codes(report)
    assert report.indication is Indication.FAILED
    assert all(len(finding.message) < 400 and "\n" not in finding.message for finding in report.reasons)
    assert peak < MEGABYTES << 20
    with pytest.raises(VerificationError) as caught:
        cms.verify(DOCUMENT, data, trust=world(P256).trust, signer=AnyOperator(of=CODE), at=NOW)
    assert caught.value.report == report


@pytest.mark.parametrize(
    "data",
    [
        b"this is no signature\n",
        b"%PDF-1.7\n",
        b"PK\3\4" + bytes(30),
        b"\x1f\x8b\x08" + bytes(30),
        base64.b64encode(der.sequence(der.null())),
    ],
    ids=["a text", "a PDF", "a zip", "a gzip", "bare Base64"],
)
def test_a_file_of_another_kind_is_said_to_be_one(data: bytes) -> None:
    assert "neither DER, which begins with the byte 30, nor PEM" in str(inspected(DOCUMENT, data, P256))


HOSTILE_PARTS: dict[str, Callable[[], bytes]] = {
    "a signature value of three megabytes": lambda: parts(P256, value=bytes(3 << 20)).encoded(),
    "a key identifier of a megabyte": lambda: parts(
        P256, identifier=der.element(der.context(0, constructed=False), bytes(1 << 20))
    ).encoded(),
    "a serial number of a megabyte": lambda: parts(
        P256, identifier=der.sequence(der.sequence(), der.element(der.INTEGER, b"\1" * (1 << 20)))
    ).encoded(),
    "certificates that are too large": lambda: certificates(
        31, der.octet_string(bytes(100_000)).replace(b"\x04", b"\x30", 1)
    ),
    "certificates full of small elements": lambda: certificates(MAX_CERTIFICATES, der.sequence(der.null() * 32_000)),
    "unsigned attributes of three megabytes": lambda: parts(
        P256, unsigned=der.element(der.context(1), bytes(3 << 20)), value=b""
    ).encoded(),
    "a signing-certificate of a megabyte": lambda: parts(
        P256, attributes=[attribute("1.2.840.113549.1.9.16.2.47", der.sequence(der.sequence() * 500_000))], value=b""
    ).encoded(),
    "a huge copy of the document": lambda: parts(
        P256, content=der.element(der.context(0), der.octet_string(bytes(3 << 20)))
    ).encoded(),
}


@pytest.mark.parametrize("name", HOSTILE_PARTS)
def test_a_message_with_a_hostile_part(name: str) -> None:
    data = HOSTILE_PARTS[name]()
    with within(SECONDS):
        report = inspected(DOCUMENT, data, P256)
    assert not report.accepted
    assert all(len(finding.message) < 400 and "\n" not in finding.message for finding in report.reasons)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert codes(inspected(DOCUMENT, data, P256)) == [Code.MALFORMED]


@given(st.integers(0, len(signed(P256)) - 1))
def test_cut_off_anywhere(length: int) -> None:
    assert codes(inspected(DOCUMENT, signed(P256)[:length], P256)) == [Code.MALFORMED]


def test_something_behind_the_end() -> None:
    for more in (b"\0", b"\n", signed(P256)):
        assert codes(inspected(DOCUMENT, signed(P256) + more, P256)) == [Code.MALFORMED]


class Endless(io.RawIOBase):
    """A stream that never ends, and counts what was taken from it."""

    def __init__(self, byte: bytes) -> None:
        self.byte, self.taken = byte, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        buffer[:] = self.byte * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def test_a_signature_file_without_end_is_not_read_to_its_end() -> None:
    stream = Endless(b"0")
    assert codes(inspected(DOCUMENT, stream, P256)) == [Code.MALFORMED]
    assert stream.taken <= MAX_SIGNATURE_SIZE + (2 << 20)


def test_a_signature_from_a_file_or_stream(tmp_path: Path) -> None:
    path = tmp_path / "签名.p7s"
    path.write_bytes(signed(P256))
    assert inspected(DOCUMENT, path, P256).accepted
    with path.open("rb") as stream:
        assert inspected(DOCUMENT, stream, P256).accepted
    assert inspected(DOCUMENT, bytearray(signed(P256)), P256).accepted


@pytest.mark.parametrize("signature", ["a text", None, 7, Path("/nowhere/at all"), Path("/"), io.StringIO("x")])
def test_a_signature_that_cannot_be_read_is_the_callers_error(signature: object) -> None:
    with pytest.raises(InvalidInputError):
        inspected(DOCUMENT, signature, P256)


def test_a_malformed_signature_is_reported_without_reading_the_document() -> None:
    stream = Endless(b"0")
    report: Report = inspected(stream, b"nothing", P256)
    assert codes(report) == [Code.MALFORMED]
    assert stream.taken == 0
