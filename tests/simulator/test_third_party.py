"""Other people's programs judge the simulated card through a real PC/SC service: yubikit, OpenSC, yubico-piv-tool.

The card is kept in a file, as a user would serve it. None of the programs knows that it is simulated.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from ecard.apdu import words
from ecard.cli.app import run
from ecard.simulator import CardFile, SimulatedCard
from tests.pcsc_service import PcscService, needs_pcsc, running

pytestmark = needs_pcsc

PIN, PUK, NEW_PIN = "123456", "12345678", "739184"
OPENSC_MODULE = next(Path("/usr/lib").glob("*/opensc-pkcs11.so"), None)
YKCS11_MODULE = next(Path("/usr/lib").glob("*/libykcs11.so.2"), None)
MESSAGE = "出口货物报关单 contract".encode()


@dataclass
class Bench:
    """A running service with the served card in its first reader, and the certificates on it."""

    service: PcscService
    path: Path
    directory: Path
    certificates: dict[int, x509.Certificate]

    def run(self, program: str, *arguments: str, status: int | None = 0) -> str:
        """Run ``program``; what it printed. Skips where it is not installed, fails where it fails."""
        found = shutil.which(program) or shutil.which(program, path=str(Path(sys.executable).parent))
        if found is None:
            pytest.skip(f"{program} is not installed")
        done = subprocess.run(
            [found, *arguments],
            cwd=self.directory,
            env=self.service.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert status is None or done.returncode == status, f"{program} {arguments}: {done.returncode}\n{shown}"
        return shown

    def pkcs11(self, *arguments: str, module: Path | None = OPENSC_MODULE) -> str:
        """Run pkcs11-tool on the first slot."""
        if module is None:
            pytest.skip("the PKCS#11 module is not installed")
        return self.run("pkcs11-tool", "--module", str(module), *arguments)

    def file(self, name: str, content: bytes = b"") -> Path:
        """A file in the programs' directory, written if there is content."""
        path = self.directory / name
        if content:
            path.write_bytes(content)
        return path


def yubikit_session(service: PcscService) -> Iterator[Any]:
    """A yubikit PIV session with the first reader."""
    smartcard_system = pytest.importorskip("smartcard.System", reason="pyscard is not installed")
    piv = pytest.importorskip("yubikit.piv", reason="yubikey-manager is not installed")
    pcsc = pytest.importorskip("ykman.pcsc", reason="yubikey-manager is not installed")
    reader = next(r for r in smartcard_system.readers() if str(r) == service.reader())
    connection = pcsc.ScardSmartCardConnection(reader.createConnection())
    try:
        yield piv.PivSession(connection)
    finally:
        connection.connection.disconnect()
        connection.connection.release()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A factory card in a file, served; yubikit makes the keys on it and writes the certificates."""
    directory = tmp_path_factory.mktemp("third-party")
    path = directory / "served.card"
    assert run(["simulator", "new", str(path), "--profile", "factory", "--serial", "13572468"]) == 0
    with running() as service, service.inserted(CardFile(path)):
        made = Bench(service, path, directory, {})
        for session in yubikit_session(service):
            made.certificates.update(personalise(session))
        yield made


@pytest.fixture
def session(bench: Bench) -> Iterator[Any]:
    yield from yubikit_session(bench.service)


def personalise(session: Any) -> dict[int, x509.Certificate]:
    """RSA-2048 in 9A and 9D, P-256 in 9C, P-384 in 9E, each with a certificate; all by yubikit."""
    from yubikit.piv import KEY_TYPE, SLOT

    session.authenticate(words.FACTORY_MANAGEMENT_KEY)
    kinds = {0x9A: KEY_TYPE.RSA2048, 0x9C: KEY_TYPE.ECCP256, 0x9D: KEY_TYPE.RSA2048, 0x9E: KEY_TYPE.ECCP384}
    certificates = {}
    for slot, kind in kinds.items():
        public = session.generate_key(SLOT(slot), kind)
        certificates[slot] = certify(public, f"slot {slot:x}")
        session.put_certificate(SLOT(slot), certificates[slot])
    return certificates


def certify(public: Any, name: str) -> x509.Certificate:
    """A certificate for a key on the card, by an issuer in software."""
    issuer = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(issuer, hashes.SHA256())
    )


def verify_digest(certificate: x509.Certificate, signature: bytes, digest: bytes) -> None:
    """Raise unless ``signature`` is the certificate's key's over a SHA-256 digest."""
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        public.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return
    assert isinstance(public, ec.EllipticCurvePublicKey)
    if signature[0] != 0x30 or len(signature) == 64:
        half = len(signature) // 2
        signature = encode_dss_signature(
            *(int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        )
    public.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


# yubikit and ykman


def test_yubikit_signs_with_every_kind_of_key(bench: Bench, session: Any) -> None:
    from yubikit.piv import SLOT

    for slot, certificate in bench.certificates.items():
        public = certificate.public_key()
        session.verify_pin(PIN)
        kind = session.get_slot_metadata(SLOT(slot)).key_type
        signature = session.sign(SLOT(slot), kind, MESSAGE, hashes.SHA256(), padding.PKCS1v15())
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(public, ec.EllipticCurvePublicKey)
            public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


def test_yubikit_decrypts_and_agrees(bench: Bench, session: Any) -> None:
    from yubikit.piv import SLOT

    public = bench.certificates[0x9D].public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    session.verify_pin(PIN)
    for pad in (padding.PKCS1v15(), padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)):
        assert session.decrypt(SLOT.KEY_MANAGEMENT, public.encrypt(b"key", pad), pad) == b"key"
    other = ec.generate_private_key(ec.SECP384R1())
    own = bench.certificates[0x9E].public_key()
    assert isinstance(own, ec.EllipticCurvePublicKey)
    assert session.calculate_secret(SLOT.CARD_AUTH, other.public_key()) == other.exchange(ec.ECDH(), own)


def test_yubikit_imports_moves_attests_and_deletes(session: Any) -> None:
    from yubikit.piv import KEY_TYPE, PIN_POLICY, SLOT

    session.authenticate(words.FACTORY_MANAGEMENT_KEY)
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)):
        session.put_key(SLOT.RETIRED1, key, PIN_POLICY.NEVER)
        session.move_key(SLOT.RETIRED1, SLOT.RETIRED2)
        found = session.get_slot_metadata(SLOT.RETIRED2)
        assert not found.generated
        assert found.public_key == key.public_key()
        signature = session.sign(SLOT.RETIRED2, found.key_type, MESSAGE, hashes.SHA256(), padding.PKCS1v15())
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
        session.delete_key(SLOT.RETIRED2)
    public = session.generate_key(SLOT.RETIRED1, KEY_TYPE.ECCP384)
    statement = session.attest_key(SLOT.RETIRED1)
    assert statement.public_key() == public
    statement.verify_directly_issued_by(session.get_certificate(SLOT.ATTESTATION))
    session.delete_key(SLOT.RETIRED1)


def test_yubikit_manages_a_card_from_first_to_last(bench: Bench) -> None:
    from yubikit.piv import KEY_TYPE, MANAGEMENT_KEY_TYPE, SLOT, InvalidPinError

    with bench.service.inserted(SimulatedCard.new("yubikey"), slot=1):
        for session in _second_reader(bench.service):
            for algorithm in MANAGEMENT_KEY_TYPE:
                session.authenticate(_management_key(session.management_key_type))
                session.set_management_key(algorithm, _management_key(algorithm))
                assert session.get_management_key_metadata().key_type == algorithm
            session.authenticate(_management_key(session.management_key_type))
            session.verify_pin(PIN)
            session.set_pin_attempts(5, 4)
            assert session.get_pin_metadata().total_attempts == 5
            with pytest.raises(InvalidPinError):
                session.verify_pin("000000")
            assert session.get_pin_attempts() == 4
            session.change_pin(PIN, NEW_PIN)
            session.change_puk(PUK, "58213964")
            session.unblock_pin("58213964", PIN)
            session.generate_key(SLOT.SIGNATURE, KEY_TYPE.ECCP256)
            session.reset()
            assert session.get_pin_metadata().default_value
            assert session.get_pin_attempts() == 3


def _management_key(algorithm: Any) -> bytes:
    size = algorithm.key_len
    return words.FACTORY_MANAGEMENT_KEY if size == 24 else bytes(range(size))


def _second_reader(service: PcscService) -> Iterator[Any]:
    class Second:
        def reader(self) -> str:
            return service.reader(1)

    yield from yubikit_session(Second())  # type: ignore[arg-type]


def test_ykman_knows_the_card(bench: Bench) -> None:
    shown = bench.run("ykman", "-r", bench.service.reader(), "piv", "info")
    assert "PIV version:" in shown
    assert "PIN tries remaining" in shown
    for slot in ("9A", "9C", "9D", "9E"):
        assert f"Slot {slot}" in shown.upper() or f"SLOT {slot}" in shown.upper()
    assert "CN=slot 9c" in shown


# OpenSC


def test_opensc_tool_names_the_card(bench: Bench) -> None:
    assert "Personal Identity Verification Card" in bench.run("opensc-tool", "-n")


def test_pkcs15_tool_dumps_keys_and_certificates(bench: Bench) -> None:
    shown = bench.run("pkcs15-tool", "-D")
    for wanted in ("PIV AUTH key", "SIGN key", "KEY MAN key", "CARD AUTH key", "Certificate for PIV Authentication"):
        assert wanted in shown
    found = bench.run("pkcs15-tool", "--read-certificate", "02")
    pem = found[found.index("-----BEGIN") : found.index("-----END CERTIFICATE-----") + 26]
    assert x509.load_pem_x509_certificate(pem.encode()) == bench.certificates[0x9C]


def test_pkcs15_tool_verifies_changes_and_unblocks_the_pin(bench: Bench) -> None:
    def tool(*arguments: str, status: int | None = 0) -> str:
        return bench.run("pkcs15-tool", "--reader", "1", *arguments, status=status)

    with bench.service.inserted(SimulatedCard.new(), slot=1):
        tool("--verify-pin", "--pin", PIN)
        tool("--change-pin", "--pin", PIN, "--new-pin", NEW_PIN)
        tool("--verify-pin", "--pin", NEW_PIN)
        for _ in range(3):
            assert "incorrect" in tool("--verify-pin", "--pin", PIN, status=None)
        assert "blocked" in tool("--verify-pin", "--pin", NEW_PIN, status=None)
        tool("--unblock-pin", "--puk", PUK, "--new-pin", PIN)
        tool("--verify-pin", "--pin", PIN)


@pytest.mark.parametrize(
    ("key", "slot", "options"), [("01", 0x9A, ("--sha-256", "--pkcs1")), ("02", 0x9C, ("-f", "openssl"))]
)
def test_pkcs15_crypt_signs(bench: Bench, key: str, slot: int, options: tuple[str, ...]) -> None:
    digest = hashlib.sha256(MESSAGE).digest()
    given, made = bench.file("digest", digest), bench.file(f"signature-{key}")
    bench.run("pkcs15-crypt", "-s", "-k", key, "-i", str(given), "-o", str(made), "--pin", PIN, "--raw", *options)
    verify_digest(bench.certificates[slot], made.read_bytes(), digest)


def test_pkcs11_tool_finds_no_error(bench: Bench) -> None:
    assert "No errors" in bench.pkcs11("--test", "--login", "--pin", PIN)


@pytest.mark.parametrize(("key", "slot", "mechanism"), [("01", 0x9A, "SHA256-RSA-PKCS"), ("02", 0x9C, "ECDSA-SHA256")])
def test_pkcs11_tool_signs(bench: Bench, key: str, slot: int, mechanism: str) -> None:
    given, made = bench.file("message", MESSAGE), bench.file(f"pkcs11-{key}")
    options = ["--sign", "--login", "--pin", PIN, "--id", key, "-m", mechanism]
    try:
        bench.pkcs11(*options, "-i", str(given), "-o", str(made))
    except AssertionError:
        if mechanism != "ECDSA-SHA256":
            raise
        # OpenSC before 0.24 leaves hashing for ECDSA to its caller
        given.write_bytes(hashlib.sha256(MESSAGE).digest())
        options[-1] = "ECDSA"
        bench.pkcs11(*options, "-i", str(given), "-o", str(made))
    verify_digest(bench.certificates[slot], made.read_bytes(), hashlib.sha256(MESSAGE).digest())


def test_piv_tool_writes_a_certificate(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bench.file("management-key", ":".join(f"{byte:02x}" for byte in words.FACTORY_MANAGEMENT_KEY).encode())
    monkeypatch.setenv("PIV_EXT_AUTH_KEY", str(key))
    certificate = certify(bench.certificates[0x9C].public_key(), "written by piv-tool")
    given = bench.file("certificate.pem", certificate.public_bytes(serialization.Encoding.PEM))
    # its exit status is the number of bytes written
    bench.run("piv-tool", "-A", "M:9B:03", "-C", "9C", "-i", str(given), status=None)
    for session in yubikit_session(bench.service):
        from yubikit.piv import SLOT

        assert session.get_certificate(SLOT.SIGNATURE) == certificate


# Yubico's C programs


def test_yubico_piv_tool_verifies_the_pin_and_tests_a_signature(bench: Bench) -> None:
    pem = bench.certificates[0x9A].public_bytes(serialization.Encoding.PEM)
    given = bench.file("9a.pem", pem)
    options = ["-r", bench.service.reader(), "-a", "verify-pin", "-P", PIN, "-s", "9a", "-i", str(given)]
    assert "Successful RSA verification" in bench.run("yubico-piv-tool", *options, "-a", "test-signature")
    assert "Successfully performed RSA decryption" in bench.run("yubico-piv-tool", *options, "-a", "test-decipher")


def test_yubico_piv_tool_tells_the_status(bench: Bench) -> None:
    shown = bench.run("yubico-piv-tool", "-r", bench.service.reader(), "-a", "status")
    assert "5.7.1" in shown
    assert "13572468" in shown
    assert "Slot 9e" in shown


def test_yubico_piv_tool_attests(bench: Bench) -> None:
    shown = bench.run("yubico-piv-tool", "-r", bench.service.reader(), "-a", "attest", "-s", "9a")
    statement = x509.load_pem_x509_certificate(shown.encode())
    assert statement.public_key() == bench.certificates[0x9A].public_key()


# across restarts and removals


def test_the_card_is_in_the_file_while_it_is_served(bench: Bench) -> None:
    from ecard.simulator import storage

    memory = storage.read(bench.path.read_bytes())
    assert {0x9A, 0x9C, 0x9D, 0x9E} <= set(memory.keys)


def wait_for_cards(bench: Bench, count: int) -> None:
    """Until ``count`` readers hold a card."""
    give_up = time.monotonic() + 10
    while bench.run("opensc-tool", "-l").count("  Yes  ") != count:
        assert time.monotonic() < give_up, f"not {count} cards"
        time.sleep(0.1)


def test_the_service_may_be_restarted(bench: Bench) -> None:
    bench.service.stop()
    assert "Personal Identity" not in bench.run("opensc-tool", "-n", status=1)
    bench.service.start()
    wait_for_cards(bench, 1)
    assert "Personal Identity Verification Card" in bench.run("opensc-tool", "-n")
    bench.run("pkcs15-tool", "--verify-pin", "--pin", PIN)


def test_taken_out_and_put_in_again(bench: Bench) -> None:
    with bench.service.inserted(SimulatedCard.new(), slot=1) as in_reader:
        wait_for_cards(bench, 2)
        in_reader.clear()
        wait_for_cards(bench, 1)
        in_reader.set()
        wait_for_cards(bench, 2)
        assert "Personal Identity" in bench.run("opensc-tool", "--reader", "1", "-n")
