"""Time stamps: openssl asks and judges the answers, and everything wrong is refused with its failure code."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import Digest, KeyKind, Signature
from ecard.errors import InvalidInputError, ProfileError
from ecard.pki.timestamp import TimeStamper
from ecard.pki.timestamp_request import MAX_SIZE
from tests.pki_authority.centre import (
    AT,
    DAY,
    KINDS,
    OPENSSL_KINDS,
    chain_of,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    root,
)
from tests.pki_authority.lookalikes import oid, tlv

POLICY = "1.3.6.1.4.1.99999.1"
NOW = datetime.now(UTC).replace(microsecond=0)
"""Wherever openssl takes the time of the stamp for the present."""
SHA256 = tlv(0x30, oid(Digest.SHA256.oid), b"\5\0")
DATA = b"a contract"


def stamper(kind: KeyKind = KeyKind.P256) -> TimeStamper:
    _, issuing, _ = chain_of(kind)
    return TimeStamper(holder=issuing.create_time_stamper("示例时间戳", at=AT, key=key_of(kind, 8)), policy=POLICY)


def ask(
    *rest: bytes, algorithm: bytes = SHA256, digest: bytes = hashlib.sha256(DATA).digest(), version: int = 1
) -> bytes:
    return tlv(0x30, tlv(2, bytes([version])), tlv(0x30, algorithm, tlv(4, digest)), *rest)


@needs_openssl
@pytest.mark.parametrize("certificates", [True, False])
@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_accepts_a_stamp(kind: KeyKind, certificates: bool, tmp_path: Path) -> None:
    top, issuing, _ = chain_of(kind)
    holder = issuing.create_time_stamper("示例时间戳", at=AT, key=key_of(kind, 8))
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "root.pem").write_text(pem(top.certificate))
    (tmp_path / "others.pem").write_text(pem(issuing.certificate, holder.certificate))
    wish = ["-cert"] if certificates else []
    query = ["-tspolicy", POLICY, "-sha384", *wish, "-out", tmp_path / "query"]
    openssl("ts", "-query", "-data", tmp_path / "data", *query)
    answer = TimeStamper(holder=holder, policy=POLICY).respond((tmp_path / "query").read_bytes(), at=AT + DAY)
    (tmp_path / "answer").write_bytes(answer)
    verify = ["ts", "-verify", "-in", tmp_path / "answer", "-CAfile", tmp_path / "root.pem"]
    verify += ["-untrusted", tmp_path / "others.pem", "-attime", str(int((AT + DAY).timestamp()))]
    assert "Verification: OK" in openssl(*verify, "-queryfile", tmp_path / "query")
    assert "Verification: OK" in openssl(*verify, "-data", tmp_path / "data")
    (tmp_path / "data").write_bytes(DATA + b"!")
    openssl(*verify, "-data", tmp_path / "data", ok=False)
    text = openssl("ts", "-reply", "-in", tmp_path / "answer", "-text")
    for line in ("Status: Granted.", f"Policy OID: {POLICY}", "Time stamp: Mar  3 08:30:00 2026 GMT", "0x01 seconds"):
        assert line in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_a_token(kind: KeyKind) -> None:
    made = stamper(kind)
    certificate = made.holder.certificate
    answer = made.respond(ask(oid(POLICY), tlv(2, b"\x11\x22"), b"\1\1\xff"), at=AT)
    response = tsp.TimeStampResp.load(answer, strict=True)
    assert response["status"]["status"].native == "granted"
    signed = response["time_stamp_token"]["content"]
    assert signed["version"].native == "v3"
    found = {c.chosen.dump() for c in signed["certificates"]}
    assert found == {certificate.der, *(c.der for c in made.holder.chain)}
    content = signed["encap_content_info"]["content"].parsed
    assert content["policy"].native == POLICY
    assert content["message_imprint"]["hashed_message"].native == hashlib.sha256(DATA).digest()
    assert (content["gen_time"].native, content["nonce"].native) == (AT, 0x1122)
    assert content["accuracy"]["seconds"].native == 1
    (signer,) = signed["signer_infos"]
    attributes = {attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]}
    digest = made.holder.algorithm.digest
    assert attributes["content_type"].native == "tst_info"
    assert attributes["message_digest"].native == digest.hash(bytes(signed["encap_content_info"]["content"]))
    ess = attributes["signing_certificate_v2"]["certs"][0]
    assert ess["cert_hash"].native == hashlib.sha256(certificate.der).digest()
    assert attributes["signing_time"].native == AT
    plain = signer["signed_attrs"].untag().dump()
    assert plain == cms.CMSAttributes.load(plain).dump(force=True)
    certificate.public_key.verify(Signature(made.holder.algorithm, signer["signature"].native), plain)


def test_certificates_only_when_asked_for_and_no_serial_number_twice() -> None:
    made = stamper()
    serials = set()
    for rest in ((), (b"\1\1\0",)):
        token = tsp.TimeStampResp.load(made.respond(ask(*rest), at=AT))["time_stamp_token"]["content"]
        assert not token["certificates"]
        serials.add(token["encap_content_info"]["content"].parsed["serial_number"].native)
    assert len(serials) == 2
    assert all(serial.bit_length() == 128 for serial in serials)


@pytest.mark.parametrize("digest", [Digest.SHA256, Digest.SHA384, Digest.SHA512, Digest.SM3])
def test_every_digest_is_stamped(digest: Digest) -> None:
    request = ask(algorithm=tlv(0x30, oid(digest.oid)), digest=digest.hash(DATA))
    assert tsp.TimeStampResp.load(stamper().respond(request, at=AT))["status"]["status"].native == "granted"


WRONG = {
    "SHA-1": (ask(algorithm=tlv(0x30, oid(Digest.SHA1.oid)), digest=bytes(20)), "bad_alg"),
    "an unknown digest": (ask(algorithm=tlv(0x30, oid("1.2.3"))), "bad_alg"),
    "a digest with parameters": (ask(algorithm=tlv(0x30, oid(Digest.SHA256.oid), b"\2\1\1")), "bad_data_format"),
    "a digest of the wrong length": (ask(digest=bytes(31)), "bad_data_format"),
    "another policy": (ask(oid("1.2.3")), "unaccepted_policy"),
    "an extension": (ask(tlv(0xA0, tlv(0x30, oid("1.2.3"), tlv(4)))), "unaccepted_extensions"),
    "an imprint of three parts": (tlv(0x30, b"\2\1\1", tlv(0x30, SHA256, b"\4\0", b"\4\0")), "bad_data_format"),
    "another version": (ask(version=2), "bad_data_format"),
    "a nonce of 33 octets": (ask(tlv(2, b"\1" * 33)), "bad_data_format"),
    "fields out of order": (ask(b"\1\1\xff", b"\2\1\1"), "bad_data_format"),
    "two nonces": (ask(b"\2\1\1", b"\2\1\2"), "bad_data_format"),
    "an unknown field": (ask(b"\4\0"), "bad_data_format"),
    "a flag of BER": (ask(b"\1\1\1"), "bad_data_format"),
    "a flag without a value": (ask(b"\1\0"), "bad_data_format"),
    "nothing": (b"", "bad_data_format"),
    "text": (b"POST / HTTP/1.1", "bad_data_format"),
    "something after the end": (ask() + b"\0", "bad_data_format"),
    "too large": (b"\x30" * (MAX_SIZE + 1), "bad_request"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals_have_their_code(name: str) -> None:
    request, failure = WRONG[name]
    (info,) = der.parse(STAMPER.respond(request, at=AT)).children()
    status = tsp.PKIStatusInfo.load(info.encoded, strict=True)
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {failure}


@settings(max_examples=200)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_answered(place: float, value: int) -> None:
    request = bytearray(ask(oid(POLICY), b"\2\1\1", b"\1\1\xff"))
    request[int(place * len(request))] = value
    answer = der.parse(STAMPER.respond(bytes(request), at=AT)).children()
    status = tsp.PKIStatusInfo.load(answer[0].encoded)["status"].native
    assert (status, len(answer)) in {("granted", 2), ("rejection", 1)}


STAMPER = stamper()


def test_who_may_not_stamp() -> None:
    authority = root()
    for holder in (authority.holder, authority.create_ocsp_responder("x", at=AT)):
        with pytest.raises(ProfileError, match="may not make time stamps"):
            TimeStamper(holder=holder, policy=POLICY)
    with pytest.raises(ProfileError, match="not valid at that moment"):
        STAMPER.respond(ask(), at=AT - DAY)
    assert operator(authority, 1)
    too_long = "1.2" + f".{'9' * 38}" * 10
    for policy in ("", "1", "x.y", "1.2.03", "3.1", "1.2." + "9" * 40, "0.40", "1.99.5", too_long):
        with pytest.raises(InvalidInputError, match="policy"):
            TimeStamper(holder=STAMPER.holder, policy=policy)
    with pytest.raises(InvalidInputError, match="accuracy"):
        TimeStamper(holder=STAMPER.holder, policy=POLICY, accuracy_seconds=-1)
