"""The profiles before two PKCS#11 modules that know many real cards: OpenSC's, and Yubico's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ecard.apdu import tlv, words
from ecard.apdu.words import Slot
from ecard.simulator import SimulatedCard
from tests.pcsc_service import PcscService, needs_pcsc, running
from tests.simulator.terminal import Terminal
from tests.simulator.test_third_party import OPENSC_MODULE, PIN, YKCS11_MODULE, Bench, certify, verify_digest

pytestmark = needs_pcsc


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    # Yubico's module looks at cards only in readers of this name
    with running(friendly_name="Yubico YubiKey CCID") as started:
        yield started


def personalised(profile: str) -> tuple[SimulatedCard, dict[int, x509.Certificate]]:
    """A card with RSA-2048 in 9A and P-256 in 9C, and their certificates."""
    card = SimulatedCard.new(profile)
    card.power_on()
    terminal = Terminal(card)
    terminal.select()
    terminal.manage(card.memory.management.value, card.memory.management.algorithm)
    certificates = {}
    for slot, algorithm in ((Slot.AUTHENTICATION, words.RSA2048), (Slot.SIGNATURE, words.P256)):
        terminal.generate(slot, algorithm)
        public = serialization.load_der_public_key(card.memory.keys[slot].key.spki)
        certificates[int(slot)] = certify(public, f"slot {slot:x}")
        encoded = certificates[slot].public_bytes(serialization.Encoding.DER)
        terminal.put(slot.certificate_object, tlv.encode(0x70, encoded) + bytes.fromhex("710100FE00"))
    return card, certificates


@pytest.mark.parametrize(
    ("profile", "module"),
    [
        ("factory", OPENSC_MODULE),
        ("yubikey", OPENSC_MODULE),
        ("canokey", OPENSC_MODULE),
        ("factory", YKCS11_MODULE),
        ("yubikey", YKCS11_MODULE),
    ],
)
def test_a_pkcs11_module_signs_with_the_card(
    service: PcscService, tmp_path: Path, profile: str, module: Path | None
) -> None:
    card, certificates = personalised(profile)
    with service.inserted(card):
        bench = Bench(service, tmp_path, tmp_path, certificates)
        digest = hashlib.sha256(profile.encode()).digest()
        given = bench.file("digest", digest)
        info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
        prepared = bench.file("info", info)
        for slot, key, source, mechanism in ((0x9A, "01", prepared, "RSA-PKCS"), (0x9C, "02", given, "ECDSA")):
            made = bench.file(f"made-{key}")
            options = ["--sign", "--login", "--pin", PIN, "--id", key, "-m", mechanism]
            bench.pkcs11(*options, "-i", str(source), "-o", str(made), module=module)
            verify_digest(certificates[slot], made.read_bytes(), digest)


@pytest.mark.parametrize("module", [OPENSC_MODULE, YKCS11_MODULE])
def test_a_pkcs11_module_finds_no_error(service: PcscService, tmp_path: Path, module: Path | None) -> None:
    card, certificates = personalised("factory")
    with service.inserted(card):
        bench = Bench(service, tmp_path, tmp_path, certificates)
        assert "No errors" in bench.pkcs11("--test", "--login", "--pin", PIN, module=module)
