"""GET VERSION, GET SERIAL, GET METADATA, ATTEST, RESET and CanoKey's settings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ecard.apdu import tlv, words
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, ManagementAlgorithm, Slot
from ecard.certificate import Certificate
from ecard.simulator import AttestationAuthority, Behaviour, SimulatedCard
from tests.simulator.terminal import OTHER_PIN, OTHER_PUK, PIN, PUK, WRONG_PIN, Terminal, terminal

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
YUBICO = "1.3.6.1.4.1.41482.3."


def metadata(card: Terminal, what: int) -> dict[int, bytes]:
    return tlv.decode(card.good(Ins.GET_METADATA, 0, what))


def settle(card: SimulatedCard) -> Terminal:
    card.power_on()
    found = Terminal(card)
    found.select()
    return found


def test_version_and_serial() -> None:
    card = settle(SimulatedCard.new(serial=12345678))
    assert card.good(Ins.GET_VERSION) == bytes((5, 7, 1))
    assert card.good(Ins.GET_SERIAL) == (12345678).to_bytes(4, "big")
    for ins in (Ins.GET_VERSION, Ins.GET_SERIAL):
        assert card.status(ins, 1, 0) == 0x6A86


def test_metadata_of_pin_and_puk() -> None:
    card = terminal()
    assert metadata(card, 0x80) == {1: b"\xff", 5: b"\1", 6: b"\3\3"}
    card.verify(WRONG_PIN)
    card.change(0x81, PUK, OTHER_PUK)
    assert metadata(card, 0x80) == {1: b"\xff", 5: b"\1", 6: b"\3\2"}
    assert metadata(card, 0x81) == {1: b"\xff", 5: b"\0", 6: b"\3\3"}


def test_metadata_of_the_management_key() -> None:
    card = terminal(managed=True)
    assert metadata(card, 0x9B) == {1: b"\3", 2: b"\0\1", 5: b"\1"}
    card.status(Ins.SET_MANAGEMENT_KEY, 0xFF, 0xFE, b"\x0a\x9b\x18" + bytes(24))
    assert metadata(card, 0x9B) == {1: b"\x0a", 2: b"\0\2", 5: b"\0"}


def test_metadata_of_a_key() -> None:
    card = terminal(managed=True)
    public = card.generate(0x9C, words.P384)
    assert metadata(card, 0x9C) == {1: b"\x14", 2: b"\3\1", 3: b"\1", 4: public}
    card.status(Ins.IMPORT_KEY, words.P256, 0x9C, tlv.encode(6, b"\1") + bytes.fromhex("AA0102AB0103"))
    found = metadata(card, 0x9C)
    assert (found[1], found[2], found[3]) == (b"\x11", b"\2\3", b"\2")


@pytest.mark.parametrize(("what", "status"), [(0x9A, 0x6A88), (0x96, 0x6A88), (0x9F, 0x6A86), (0x00, 0x6A86)])
def test_metadata_of_what_is_not_there(what: int, status: int) -> None:
    assert terminal().status(Ins.GET_METADATA, 0, what) == status


def test_metadata_refuses_another_p1() -> None:
    assert terminal().status(Ins.GET_METADATA, 1, 0x80) == 0x6A86


# attestation


def attested(card: Terminal, slot: int) -> Certificate:
    return Certificate(card.good(Ins.ATTEST, slot))


def authority_of(card: Terminal) -> Certificate:
    content = tlv.unwrap(card.get(Slot.ATTESTATION.certificate_object)[0], 0x53, "")
    return Certificate(tlv.decode(content)[0x70])


@pytest.mark.parametrize("algorithm", [words.RSA2048, words.P256, words.P384, words.SM2_CANOKEY])
def test_a_key_made_on_the_card_is_attested(algorithm: int) -> None:
    card = settle(SimulatedCard.new(serial=77, clock=lambda: NOW))
    card.manage()
    public = card.generate(0x9C, algorithm)
    made = attested(card, 0x9C)
    made.verify_issued_by(authority_of(card))
    assert public[-64:] in made.spki or public[9:-9] in made.spki
    extensions = {e.oid.dotted_string: e.value.public_bytes() for e in made.x509.extensions}
    assert extensions == {
        YUBICO + "3": bytes((5, 7, 1)),
        YUBICO + "7": b"\x02\x01\x4d",
        YUBICO + "8": b"\x03\x01",
    }
    assert made.not_before == NOW
    assert made.serial_number > 0


def test_the_makers_authority_stands_behind_the_card() -> None:
    maker = AttestationAuthority.new(at=NOW)
    card = settle(SimulatedCard.new(clock=lambda: NOW, maker=maker))
    authority_of(card).verify_issued_by(maker.root)
    root = maker.root.x509
    assert isinstance(root.public_key(), ec.EllipticCurvePublicKey)
    root.verify_directly_issued_by(root)
    constraints = authority_of(card).x509.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    card.manage()
    card.generate(0x9A, words.P256)
    attested(card, 0x9A).verify_issued_by(authority_of(card))


def test_an_imported_key_is_not_attested_and_an_empty_slot_neither() -> None:
    card = terminal(managed=True)
    card.status(Ins.IMPORT_KEY, words.P256, 0x9A, tlv.encode(6, b"\1"))
    assert card.status(Ins.ATTEST, 0x9A) == 0x6A80
    assert card.status(Ins.ATTEST, 0x9C) == 0x6A88
    assert card.status(Ins.ATTEST, 0x9F) == 0x6A86
    assert card.status(Ins.ATTEST, 0x9A, 1) == 0x6A86


@pytest.mark.parametrize("algorithm", [words.RSA1024, words.P384, words.SM2_CANOKEY])
def test_another_attestation_key_signs_in_its_own_way(algorithm: int) -> None:
    card = terminal(managed=True)
    card.generate(0xF9, algorithm)
    card.put(Slot.ATTESTATION.certificate_object, tlv.encode(0x70, attested(card, 0xF9).der))
    card.generate(0x9A, words.P256)
    made = attested(card, 0x9A)
    authority_of(card).public_key.verify(made.signature, made.tbs)


def test_without_certificate_or_key_of_its_own_the_card_attests_nothing() -> None:
    card = terminal(managed=True)
    card.generate(0x9A, words.P256)
    certificate = card.get(Slot.ATTESTATION.certificate_object)[0]
    card.put(Slot.ATTESTATION.certificate_object, b"\x70\x01\x00")
    assert card.status(Ins.ATTEST, 0x9A) == 0x6985
    card.put(Slot.ATTESTATION.certificate_object, tlv.unwrap(certificate, 0x53, ""))
    assert card.status(Ins.ATTEST, 0x9A) == 0x9000
    card.status(Ins.MOVE_KEY, 0xFF, 0xF9)
    assert card.status(Ins.ATTEST, 0x9A) == 0x6A88


def test_a_certificate_object_that_is_no_tlv_attests_nothing() -> None:
    card = terminal(managed=True)
    card.generate(0x9A, words.P256)
    card.put(Slot.ATTESTATION.certificate_object, b"\x70\x05\x00")
    assert card.status(Ins.ATTEST, 0x9A) == 0x6A80


# reset


def block(card: Terminal) -> None:
    for _ in range(3):
        card.verify(WRONG_PIN)
        card.unblock(OTHER_PUK, OTHER_PIN)


def test_reset_wants_pin_and_puk_blocked() -> None:
    card = terminal(managed=True)
    assert card.status(Ins.RESET) == 0x6985
    for _ in range(3):
        card.verify(WRONG_PIN)
    assert card.status(Ins.RESET) == 0x6985
    for _ in range(3):
        card.unblock(OTHER_PUK, OTHER_PIN)
    assert card.status(Ins.RESET, 1) == 0x6A86
    assert card.status(Ins.RESET) == 0x9000


def test_reset_makes_the_card_new_but_keeps_who_it_is() -> None:
    card = terminal(managed=True)
    serial, authority = card.good(Ins.GET_SERIAL), authority_of(card)
    card.generate(0x9E, words.P256)
    card.put(0x5FC10A, b"a certificate")
    card.change(0x80, PIN, OTHER_PIN)
    card.verify(OTHER_PIN)
    card.status(Ins.SET_MANAGEMENT_KEY, 0xFF, 0xFF, b"\x08\x9b\x10" + bytes(range(16)))
    block(card)
    card.good(Ins.RESET)
    assert card.tries() == 0x63C3
    assert card.status(Ins.GENERATE_KEY, 0, 0x9E, bytes.fromhex("AC03800111")) == 0x6982
    assert card.manage(FACTORY_MANAGEMENT_KEY, ManagementAlgorithm.TDES) == 0x9000
    assert card.verify(PIN) == 0x9000
    assert card.use(0x9E, words.P256, bytes(32))[1] == 0x6A88
    assert card.get(0x5FC10A)[1] == 0x6A82
    assert (card.good(Ins.GET_SERIAL), authority_of(card)) == (serial, authority)
    card.generate(0x9A, words.P256)
    attested(card, 0x9A).verify_issued_by(authority)


# CanoKey's settings


def test_settings_want_the_management_key_and_are_unknown_elsewhere() -> None:
    assert terminal("canokey").status(Ins.VENDOR_CONFIGURATION, 1) == 0x6982
    assert terminal(managed=True).status(Ins.VENDOR_CONFIGURATION, 1) == 0x6D00


def test_settings_change_the_numbers_at_once_and_survive_reset() -> None:
    card = terminal("canokey", managed=True)
    card.generate(0x9E, 0x54)
    assert card.good(Ins.VENDOR_CONFIGURATION, 1) == bytes.fromhex("01E00516E15354")
    changed = bytes.fromhex("01E00516E15360")
    assert card.status(Ins.VENDOR_CONFIGURATION, 2, 0, changed) == 0x9000
    assert metadata(card, 0x9E)[1] == b"\x60"
    assert card.use(0x9E, 0x54, bytes(32))[1] == 0x6A86
    assert card.use(0x9E, 0x60, bytes(32))[1] == 0x9000
    block(card)
    card.good(Ins.RESET)
    card.manage()
    assert card.good(Ins.VENDOR_CONFIGURATION, 1) == changed


def test_settings_switched_off() -> None:
    card = terminal("canokey", managed=True)
    card.generate(0x9E, 0x54)
    card.good(Ins.VENDOR_CONFIGURATION, 2, 0, bytes.fromhex("00E00516E15354"))
    assert card.status(Ins.GENERATE_KEY, 0, 0x9E, bytes.fromhex("AC03800154")) == 0x6A80
    assert card.use(0x9E, 0x54, bytes(32))[1] == 0x6A86
    assert metadata(card, 0x9E)[1] == b"\x54"
    card.generate(0x9A, words.P256)


@pytest.mark.parametrize(
    "data", ["", "01E00516E153", "01E00516E1535400", "02E00516E15354", "01E00516E15311", "01E00505E15354"]
)
def test_settings_that_make_no_sense_are_refused(data: str) -> None:
    card = terminal("canokey", managed=True)
    assert card.status(Ins.VENDOR_CONFIGURATION, 2, 0, bytes.fromhex(data)) == 0x6A80
    assert card.good(Ins.VENDOR_CONFIGURATION, 1) == bytes.fromhex("01E00516E15354")
    assert card.status(Ins.VENDOR_CONFIGURATION, 3) == 0x6A86


def test_rsa_attestation_is_read_by_cryptography() -> None:
    card = terminal(managed=True)
    card.generate(0x9A, words.RSA2048)
    read = attested(card, 0x9A).x509
    assert isinstance(read.public_key(), rsa.RSAPublicKey)
    read.verify_directly_issued_by(authority_of(card).x509)


def test_settings_behaviour_alone() -> None:
    card = terminal(behaviours={Behaviour.ALGORITHM_SETTINGS}, managed=True)
    card.good(Ins.VENDOR_CONFIGURATION, 2, 0, bytes.fromhex("01E00516E15361"))
    card.generate(0x9E, 0x61)
