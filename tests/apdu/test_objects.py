"""Data objects: certificates plain and compressed, the issuers, the small ones; and what is not taken for them."""

from __future__ import annotations

import gzip
import random
import subprocess
import zlib
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind
from ecard.apdu import certobject, tlv
from ecard.apdu.piv import PivSession
from ecard.apdu.pivdata import ApplicationProperties, Chuid, Discovery, KeyHistory
from ecard.apdu.session import Session
from ecard.apdu.words import Ins, Object, Slot
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    EcardError,
    InvalidInputError,
    NoCardError,
    NoCardReason,
    NotSupportedByCardError,
    ObjectNotFoundError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, administered, certificate, issuer_certificate
from tests.apdu.scripted import Counting, Scripted

KEY = SoftwareKey.generate(KeyKind.P256).public_key
CERTIFICATE = certificate(KEY)
BIG = certificate(KEY, extra=random.Random(1).randbytes(2500))
FAT = certificate(KEY, extra=bytes(3200))


def reader(*behaviours: Behaviour) -> InProcess:
    return InProcess(SimulatedCard.new(seed=1, behaviours=behaviours))


@pytest.mark.parametrize("slot", [s for s in Slot if s is not Slot.ATTESTATION])
def test_a_certificate_is_read_as_it_was_written_in_every_slot(slot: Slot) -> None:
    with administered(reader()) as piv:
        with pytest.raises(ObjectNotFoundError):
            piv.read_certificate(slot)
        piv.write_certificate(slot, CERTIFICATE)
        assert piv.read_certificate(slot) == CERTIFICATE
        piv.delete_certificate(slot)
        with pytest.raises(ObjectNotFoundError):
            piv.read_certificate(slot)


def test_a_compressed_certificate_is_inflated() -> None:
    with administered(reader()) as piv:
        piv.write_certificate(Slot.SIGNATURE, CERTIFICATE, compress=True)
        stored = tlv.decode(piv.get_object(Slot.SIGNATURE.certificate_object))
        assert stored[0x71] == b"\1"
        assert gzip.decompress(stored[0x70]) == CERTIFICATE.der
        assert piv.read_certificate(Slot.SIGNATURE) == CERTIFICATE


def test_openssl_reads_what_is_stored() -> None:
    with administered(reader()) as piv:
        piv.write_certificate(Slot.SIGNATURE, CERTIFICATE)
        stored = tlv.decode(piv.get_object(Slot.SIGNATURE.certificate_object))[0x70]
    run = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=stored, capture_output=True, check=True
    )
    assert b"Test Holder" in run.stdout


def test_a_certificate_that_does_not_fit_is_compressed_unless_forbidden() -> None:
    with administered(reader()) as piv:
        with pytest.raises(CardStatusError):
            piv.write_certificate(Slot.SIGNATURE, FAT, compress=False)
        piv.write_certificate(Slot.SIGNATURE, FAT)
        assert piv.read_certificate(Slot.SIGNATURE) == FAT


@pytest.mark.parametrize("extended", [False, True])
def test_a_big_certificate_survives_chaining_and_pieces(extended: bool) -> None:
    counting = Counting(reader())
    with Session(counting, extended=extended) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(bytes.fromhex("0102030405060708" * 3))
        del counting.commands[:]
        piv.write_certificate(Slot.SIGNATURE, BIG)
    assert counting.instructions.count(Ins.PUT_DATA) == (1 if extended else -(-(len(BIG.der) + 30) // 255))
    assert (Ins.GET_RESPONSE in counting.instructions) is not extended


def test_writing_needs_the_management_key() -> None:
    with Session(reader()) as session:
        piv = PivSession(session)
        with pytest.raises(CardStatusError, match="management key first"):
            piv.write_certificate(Slot.SIGNATURE, CERTIFICATE)


def test_a_card_that_did_not_keep_what_was_written_is_found_out() -> None:
    def card(command: bytes) -> tuple[bytes, int]:
        if command[1] == Ins.GET_DATA:
            return tlv.encode(0x53, certobject.write(BIG, compress=False)), 0x9000
        return b"", 0x9000

    with Session(Scripted(card), extended=True) as session, pytest.raises(CardProtocolError, match="did not keep"):
        PivSession(session).write_certificate(Slot.SIGNATURE, CERTIFICATE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        tlv.encode(0x71, b"\0"),
        tlv.encode(0x70, CERTIFICATE.der[:-1]),
        tlv.encode(0x70, CERTIFICATE.der + b"\0"),
        tlv.encode(0x70, CERTIFICATE.der)[:-1],
        tlv.encode(0x70, b"no gzip") + tlv.encode(0x71, b"\1"),
        tlv.encode(0x70, gzip.compress(CERTIFICATE.der)[:-9]) + tlv.encode(0x71, b"\1"),
        tlv.encode(0x70, gzip.compress(bytes(20_000_000))) + tlv.encode(0x71, b"\1"),
    ],
    ids=["empty", "none", "cut", "longer", "cut-object", "no-gzip", "gzip-cut", "bomb"],
)
def test_half_a_certificate_is_never_taken_for_one(content: bytes) -> None:
    with pytest.raises(CardProtocolError):
        certobject.read(content)


def test_zlib_is_understood_as_well_as_gzip() -> None:
    assert certobject.read(tlv.encode(0x70, zlib.compress(CERTIFICATE.der)) + b"\x71\1\1") == CERTIFICATE


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (certobject.read, certobject.read_issuers, Chuid.read, Discovery.read, KeyHistory.read):
        try:
            read(data)
        except EcardError:
            continue
    ApplicationProperties.read(data)


def test_the_issuers_certificates() -> None:
    chain = [issuer_certificate(), CERTIFICATE, BIG]
    with administered(reader()) as piv:
        assert piv.read_issuers() == ()
        piv.write_issuers(chain[:2])
        assert set(piv.read_issuers()) == set(chain[:2])
        piv.write_issuers(())
        assert piv.read_issuers() == ()
        with pytest.raises(InvalidInputError, match="more than 16"):
            piv.write_issuers([CERTIFICATE] * 17)


def test_openssl_reads_the_issuers() -> None:
    message = certobject.write_issuers([issuer_certificate(), CERTIFICATE])
    run = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=message, capture_output=True, check=True
    )
    assert run.stdout.count(b"BEGIN CERTIFICATE") == 2


def test_openssls_own_message_of_issuers_is_read() -> None:
    pem = (issuer_certificate().pem() + CERTIFICATE.pem()).encode()
    run = subprocess.run(
        ["openssl", "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", "-outform", "DER"],
        input=pem,
        capture_output=True,
        check=True,
    )
    assert set(certobject.read_issuers(run.stdout)) == {issuer_certificate(), CERTIFICATE}


def too_many_issuers() -> bytes:
    one = certobject.write_issuers([CERTIFICATE])
    signed_data = der.parse(one).children()[1].children()[0].children()
    parts = [node.encoded for node in signed_data]
    parts[3] = der.element(der.context(0), *[CERTIFICATE.der] * 17)
    return der.sequence(der.parse(one).children()[0].encoded, der.element(der.context(0), der.sequence(*parts)))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x30\x00",
        certobject.write_issuers([CERTIFICATE])[:-3],
        der.sequence(der.oid("1.2.840.113549.1.7.1"), der.element(der.context(0))),
        too_many_issuers(),
    ],
)
def test_what_is_no_message_of_issuers_is_refused(message: bytes) -> None:
    with pytest.raises(CardProtocolError):
        certobject.read_issuers(message)


def test_what_the_card_is() -> None:
    with Session(InProcess(SimulatedCard.new(seed=1, serial=12345678))) as session:
        piv = PivSession(session)
        assert piv.version() == (5, 7, 1)
        assert str(piv.version()) == "5.7.1"
        assert piv.serial() == 12345678
        assert piv.properties.label == "ecard simulated PIV card"
        chuid = piv.chuid()
        assert chuid.guid is not None
        assert chuid.guid.version == 4
        assert chuid.expires is not None
        assert chuid.expires > date(2030, 1, 1)
        assert len(chuid.fascn) == 25
        assert piv.key_history() == KeyHistory(0, 0, None)
        discovery = piv.discovery()
        assert discovery.aid.hex().upper() == "A000000308000010000100"
        assert not discovery.prefers_global_pin
        assert Discovery(b"", b"\x60\x20").prefers_global_pin


def test_what_the_card_lacks_is_said_to_be_lacking() -> None:
    lacking = (Behaviour.NO_VERSION, Behaviour.NO_SERIAL, Behaviour.NO_METADATA, Behaviour.NO_DISCOVERY)
    with Session(reader(*lacking, Behaviour.NO_KEY_HISTORY, Behaviour.NO_ATTESTATION)) as session:
        piv = PivSession(session)
        for verb in (piv.version, piv.serial, piv.pin_metadata, piv.management_key_metadata, piv.discovery):
            with pytest.raises(NotSupportedByCardError, match="6D00"):
                verb()
        with pytest.raises(NotSupportedByCardError):
            piv.attest(Slot.SIGNATURE)
        with pytest.raises(NotSupportedByCardError):
            piv.metadata(Slot.SIGNATURE)
        with pytest.raises(ObjectNotFoundError):
            piv.key_history()


def test_protected_objects_need_the_pin() -> None:
    with administered(reader()) as piv:
        piv.put_object(Object.PRINTED_INFORMATION, b"\1\2ab")
        with pytest.raises(CardStatusError, match="verify the PIN first"):
            piv.get_object(Object.PRINTED_INFORMATION)
        piv.verify(Pin(PIN))
        assert piv.get_object(Object.PRINTED_INFORMATION) == b"\1\2ab"


def test_objects_have_a_limit() -> None:
    with administered(reader()) as piv, pytest.raises(InvalidInputError, match="60000"):
        piv.put_object(Object.SECURITY, bytes(60001))


@pytest.mark.parametrize("answer", [b"", b"\x53\0"])
def test_an_object_without_content_is_none(answer: bytes) -> None:
    card = Scripted(lambda c: (answer if c[1] == Ins.GET_DATA else b"", 0x9000))
    with Session(card) as session:
        piv = PivSession(session)
        with pytest.raises(ObjectNotFoundError):
            piv.get_object(Object.CHUID)
        assert piv.read_issuers() == ()


@pytest.mark.parametrize("answer", [b"\x53\x02a", b"\x54\x01a", b"\x53\x01ab"])
def test_an_object_in_the_wrong_wrapping_is_refused(answer: bytes) -> None:
    card = Scripted(lambda c: (answer if c[1] == Ins.GET_DATA else b"", 0x9000))
    with Session(card) as session, pytest.raises(CardProtocolError):
        PivSession(session).get_object(Object.CHUID)


def test_a_card_without_the_application_is_refused() -> None:
    card = Scripted([(b"", 0x6A82)] * 3)
    with Session(card) as session, pytest.raises(NoCardError, match="no PIV application") as raised:
        PivSession(session)
    assert raised.value.reason is NoCardReason.UNSUPPORTED_CARD
    assert [len(c) for c in card.commands] == [11, 17, 15], "the short name, the full one, the one without its version"


def test_a_card_that_knows_only_the_full_name_is_found() -> None:
    with Session(Scripted([(b"", 0x6A82), (b"", 0x9000)])) as session:
        assert PivSession(session).properties.label is None


@pytest.mark.parametrize(("text", "expires"), [(b"20301231", date(2030, 12, 31)), (b"20301399", None), (b"", None)])
def test_a_chuid_is_read_as_far_as_it_makes_sense(text: bytes, expires: date | None) -> None:
    chuid = Chuid.read(tlv.encode(0x34, b"short") + tlv.encode(0x35, text))
    assert (chuid.guid, chuid.expires, chuid.fascn) == (None, expires, b"")


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (Discovery.read, tlv.encode(0x7E, tlv.encode(0x4F, b""))),
        (KeyHistory.read, tlv.encode(0xC1, b"\1")),
    ],
)
def test_objects_that_lack_what_matters_are_refused(read: Callable[[bytes], object], content: bytes) -> None:
    with pytest.raises(CardProtocolError, match="missing"):
        read(content)


def test_a_label_cannot_steer_a_terminal() -> None:
    answer = tlv.encode(0x61, tlv.encode(0x50, b"a\x1b[2Jb\r\n"))
    assert ApplicationProperties.read(answer).label == "a[2Jb"
