"""Keys on the card: made, used, imported, moved; judged by cryptography and the openssl program."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ecard import sm2
from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.apdu import tlv, words
from ecard.apdu.words import Ins, Slot
from ecard.keys import pkcs1_block
from ecard.simulator import SimulatedCard
from ecard.simulator.rsa_key import RsaKey
from tests.simulator.terminal import Terminal, terminal

RSA_SIZES = {words.RSA1024: 1024, words.RSA2048: 2048, words.RSA3072: 3072}
CURVES: dict[int, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    words.P256: (ec.SECP256R1(), hashes.SHA256()),
    words.P384: (ec.SECP384R1(), hashes.SHA384()),
}
MESSAGE = "合同 contract".encode()


def rsa_public(template: bytes) -> rsa.RSAPublicKey:
    fields = tlv.decode(template)
    n, e = (int.from_bytes(fields[tag], "big") for tag in (0x81, 0x82))
    return rsa.RSAPublicNumbers(e, n).public_key()


def point_of(template: bytes) -> bytes:
    return tlv.unwrap(template, 0x86, "")


@pytest.mark.parametrize(("algorithm", "bits"), RSA_SIZES.items())
def test_rsa_signs(algorithm: int, bits: int) -> None:
    card = terminal(managed=True)
    public = rsa_public(card.generate(0x9A, algorithm))
    assert public.key_size == bits
    card.verify()
    block = pkcs1_block(hashlib.sha256(MESSAGE).digest(), SignatureAlgorithm.RSA_SHA256, bits // 8)
    signature, status = card.use(0x9A, algorithm, block)
    assert status == 0x9000
    public.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def rsa_card() -> tuple[Terminal, rsa.RSAPublicKey]:
    card = terminal(managed=True)
    return card, rsa_public(card.generate(0x9D, words.RSA2048))


def test_rsa_signs_pss_blocks_and_blocks_without_digest_info(rsa_card: tuple[Terminal, rsa.RSAPublicKey]) -> None:
    card, public = rsa_card
    card.verify()
    block = b"\0\1" + b"\xff" * (256 - 39) + b"\0" + b"thirty-six bytes as in old TLS 1.0.."
    signature, status = card.use(0x9D, words.RSA2048, block)
    assert status == 0x9000
    assert pow(int.from_bytes(signature, "big"), 65537, public.public_numbers().n).to_bytes(256, "big") == block
    other = b"\x5a" * 255 + b"\xbc"
    signature, status = card.use(0x9D, words.RSA2048, other)
    assert status == 0x9000
    assert pow(int.from_bytes(signature, "big"), 65537, public.public_numbers().n).to_bytes(256, "big") == other


def test_rsa_decrypts(rsa_card: tuple[Terminal, rsa.RSAPublicKey]) -> None:
    card, public = rsa_card
    card.verify()
    block, status = card.use(0x9D, words.RSA2048, public.encrypt(b"a session key", padding.PKCS1v15()))
    assert status == 0x9000
    assert block[:2] == b"\0\2"
    assert block.endswith(b"\0a session key")


@pytest.mark.parametrize("block", [b"", b"\1", bytes(255), bytes(257), b"\xff" * 256])
def test_rsa_takes_blocks_below_the_modulus_only(rsa_card: tuple[Terminal, rsa.RSAPublicKey], block: bytes) -> None:
    card, _ = rsa_card
    card.verify()
    assert card.use(0x9D, words.RSA2048, block)[1] == 0x6A80


def test_rsa_raw_operation_agrees_with_the_padded_one() -> None:
    key = RsaKey(rsa.generate_private_key(65537, 2048))
    block = pkcs1_block(bytes(32), SignatureAlgorithm.RSA_SHA256, 256)
    assert key._raw(int.from_bytes(block, "big")).to_bytes(256, "big") == key.respond(block)


@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_signs(algorithm: int) -> None:
    curve, hash_ = CURVES[algorithm]
    card = terminal(managed=True)
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, point_of(card.generate(0x9C, algorithm)))
    for length in (hash_.digest_size, 20, 1):
        card.verify()
        digest = hashlib.sha512(MESSAGE).digest()[:length]
        signature, status = card.use(0x9C, algorithm, digest)
        assert status == 0x9000
        # a digest shorter than the field is the same number with zeros before it
        public.verify(signature, digest.rjust(hash_.digest_size, b"\0"), ec.ECDSA(Prehashed(hash_)))


@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_refuses_a_digest_longer_than_the_field(algorithm: int) -> None:
    card = terminal(managed=True)
    card.generate(0x9E, algorithm)
    assert card.use(0x9E, algorithm, bytes(CURVES[algorithm][1].digest_size + 1))[1] == 0x6A80
    assert card.use(0x9E, algorithm, b"")[1] == 0x6A80


@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdh_agrees(algorithm: int) -> None:
    curve = CURVES[algorithm][0]
    card = terminal(managed=True)
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, point_of(card.generate(0x9D, algorithm)))
    other = ec.generate_private_key(curve)
    point = other.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    card.verify()
    assert card.use(0x9D, algorithm, point, tag=0x85) == (other.exchange(ec.ECDH(), public), 0x9000)


@pytest.mark.parametrize("algorithm", [*CURVES, words.SM2_CANOKEY])
def test_key_agreement_with_what_is_no_point_is_refused(algorithm: int) -> None:
    card = terminal(managed=True)
    own = point_of(card.generate(0x9D, algorithm))
    card.verify()
    bad = [own[:-1], own + b"\0", b"\2" + own[1:], b"\4" + bytes(len(own) - 1), own[:-1] + bytes((own[-1] ^ 1,)), b"\0"]
    for point in bad:
        assert card.use(0x9D, algorithm, point, tag=0x85) == (b"", 0x6A80)


def test_rsa_agrees_on_nothing(rsa_card: tuple[Terminal, rsa.RSAPublicKey]) -> None:
    card, _ = rsa_card
    card.verify()
    assert card.use(0x9D, words.RSA2048, bytes(256), tag=0x85)[1] == 0x6A80


def test_sm2_signs_e_as_given() -> None:
    card = terminal(managed=True)
    public = sm2.PublicKey.from_point(point_of(card.generate(0x9C, words.SM2_CANOKEY)))
    card.verify()
    signature, status = card.use(0x9C, words.SM2_CANOKEY, public.digest(MESSAGE))
    assert status == 0x9000
    public.verify(Signature(SignatureAlgorithm.SM2_SM3, signature), MESSAGE)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
def test_sm2_signature_is_accepted_by_openssl(tmp_path: Path) -> None:
    card = terminal(managed=True)
    public = sm2.PublicKey.from_point(point_of(card.generate(0x9C, words.SM2_CANOKEY)))
    card.verify()
    signature, _ = card.use(0x9C, words.SM2_CANOKEY, public.digest(MESSAGE))
    files = {"key": public.spki, "message": MESSAGE, "signature": signature}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform", "DER", "-in", "message"]
    command += ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sm2_pads_a_short_e_and_refuses_a_long_one_which_uses_up_the_pin() -> None:
    card = terminal(managed=True)
    public = sm2.PublicKey.from_point(point_of(card.generate(0x9C, words.SM2_CANOKEY)))
    card.verify()
    signature, status = card.use(0x9C, words.SM2_CANOKEY, b"\x2a")
    assert status == 0x9000
    public.verify_digest(Signature(SignatureAlgorithm.SM2_SM3, signature), b"\x2a".rjust(32, b"\0"))
    card.verify()
    assert card.use(0x9C, words.SM2_CANOKEY, bytes(33))[1] == 0x6700
    assert card.use(0x9C, words.SM2_CANOKEY, bytes(32))[1] == 0x6982


def test_sm2_agrees() -> None:
    card = terminal(managed=True)
    public = sm2.PublicKey.from_point(point_of(card.generate(0x9D, words.SM2_CANOKEY)))
    other = sm2.PrivateKey.generate()
    card.verify()
    answer = card.use(0x9D, words.SM2_CANOKEY, other.public_key.point(), tag=0x85)
    assert answer == (other.agree(public), 0x9000)


def test_the_standard_example_key_gives_the_standard_example_point() -> None:
    # GB/T 32918.5, annex A.2
    card = terminal(managed=True)
    scalar = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    assert card.status(Ins.IMPORT_KEY, words.SM2_CANOKEY, 0x9D, tlv.encode(0x06, scalar)) == 0x9000
    template = tlv.decode(card.good(Ins.GET_METADATA, 0, 0x9D))[0x04]
    assert (
        point_of(template)
        .hex()
        .upper()
        .startswith("0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020")
    )


# refusals


def test_generate_wants_the_management_key() -> None:
    card = terminal()
    card.verify()
    assert card.status(Ins.GENERATE_KEY, 0, 0x9C, bytes.fromhex("AC03800111")) == 0x6982


@pytest.mark.parametrize("slot", [0x00, 0x80, 0x81, 0x96, 0x9B, 0x9F, 0xFF])
def test_what_is_no_slot_takes_no_key(slot: int) -> None:
    card = terminal(managed=True)
    assert card.status(Ins.GENERATE_KEY, 0, slot, bytes.fromhex("AC03800111")) == 0x6A86
    assert card.status(Ins.IMPORT_KEY, words.P256, slot, tlv.encode(6, b"\1")) == 0x6A86


def test_all_slots_take_keys() -> None:
    card = terminal(managed=True)
    made = {card.generate(slot, words.P256) for slot in Slot}
    assert len(made) == len(Slot)


@pytest.mark.parametrize("data", ["", "AC00", "AC03800199", "AC028000", "AD03800111", "AC0380011100"])
def test_generate_refuses_what_it_does_not_know(data: str) -> None:
    assert terminal(managed=True).status(Ins.GENERATE_KEY, 0, 0x9C, bytes.fromhex(data)) == 0x6A80


def test_generate_refuses_another_p1() -> None:
    assert terminal(managed=True).status(Ins.GENERATE_KEY, 1, 0x9C, bytes.fromhex("AC03800111")) == 0x6A86


def test_use_with_another_algorithm_or_of_an_empty_slot_is_refused() -> None:
    card = terminal(managed=True)
    card.generate(0x9E, words.P256)
    assert card.use(0x9E, words.P384, bytes(32))[1] == 0x6A86
    assert card.use(0x9E, words.SM2_CANOKEY, bytes(32))[1] == 0x6A86
    assert card.use(0x9E, 0x99, bytes(32))[1] == 0x6A86
    assert card.use(0x82, words.P256, bytes(32))[1] == 0x6A88
    assert card.use(0x9F, words.P256, bytes(32))[1] == 0x6A86


def test_the_attestation_key_signs_nothing_else() -> None:
    assert terminal(managed=True).use(0xF9, words.P256, bytes(32))[1] == 0x6A86


@pytest.mark.parametrize("data", ["", "7C", "7C00", "7C028200", "7D028200", "7C0281018200"])
def test_general_authenticate_refuses_what_does_not_hang_together(data: str) -> None:
    card = terminal(managed=True)
    card.generate(0x9E, words.P256)
    assert card.status(Ins.GENERAL_AUTHENTICATE, words.P256, 0x9E, bytes.fromhex(data)) == 0x6A80


def test_kinds_of_the_factory_card() -> None:
    assert set(SimulatedCard.new().memory.profile.algorithms.values()) == set(KeyKind)
