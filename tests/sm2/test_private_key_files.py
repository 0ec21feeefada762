"""PKCS#8, SEC 1 and PEM: ours and openssl's, plain and encrypted, and everything that is wrong with a file."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der, sm2
from ecard.errors import EcardError, EncodingError, InvalidInputError, InvalidKeyError, UnsupportedAlgorithmError
from ecard.keys import SoftwareKey
from ecard.sm2 import pbes2
from tests.sm2.openssl import needs_openssl, run

ALGORITHM = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.156.10197.1.301"))
PASSWORD = "口令 password".encode()
SALT = der.octet_string(bytes(8))
SHORT_IV = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octet_string(bytes(12)))
ROUNDS = pbes2.ITERATIONS
AES256 = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octet_string(bytes(16)))


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pbes2, "ITERATIONS", 2000)


def same(left: sm2.PrivateKey, right: sm2.PrivateKey) -> bool:
    return left.scalar_bytes() == right.scalar_bytes() and left.public_key == right.public_key


def pem(label: str, data: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n".encode()


def sec1(scalar: bytes, *rest: bytes) -> bytes:
    return der.sequence(der.integer(1), der.octet_string(scalar), *rest)


def pkcs8(inner: bytes, *rest: bytes, version: int = 0) -> bytes:
    return der.sequence(der.integer(version), ALGORITHM, der.octet_string(inner), *rest)


def encrypted(derivation: bytes, cipher: bytes = AES256, *, scheme: str = "1.2.840.113549.1.5.13") -> bytes:
    algorithm = der.sequence(der.oid(scheme), der.sequence(derivation, cipher))
    return der.sequence(algorithm, der.octet_string(bytes(160)))


def pbkdf2(*parts: bytes) -> bytes:
    return der.sequence(der.oid("1.2.840.113549.1.5.12"), der.sequence(*parts))


def test_plain_round_trip(key: sm2.PrivateKey) -> None:
    assert same(sm2.PrivateKey.from_pkcs8(key.pkcs8()), key)


def test_encrypted_round_trip(key: sm2.PrivateKey) -> None:
    data = key.pkcs8(PASSWORD)
    assert key.scalar_bytes() not in data
    assert data != key.pkcs8(PASSWORD)
    assert same(sm2.PrivateKey.from_pkcs8(data, PASSWORD), key)


def test_the_rounds_that_are_written_are_many() -> None:
    assert ROUNDS >= 600_000


def test_hmac_sm3_is_read(key: sm2.PrivateKey) -> None:
    """No openssl 3.0 writes it; Chinese tools do, with SM4."""
    derivation = pbkdf2(SALT, der.integer(1000), der.sequence(der.oid("1.2.156.10197.1.401.2"), der.null()))
    secret = PBKDF2HMAC(hashes.SM3(), 16, bytes(8), 1000).derive(b"x")
    padded = key.pkcs8() + b"\6" * 6
    assert len(padded) % 16 == 0
    context = Cipher(algorithms.SM4(secret), modes.CBC(bytes(16))).encryptor()
    cipher = der.sequence(der.oid("1.2.156.10197.1.104.2"), der.octet_string(bytes(16)))
    algorithm = der.parse(encrypted(derivation, cipher)).children()[0].encoded
    data = der.sequence(algorithm, der.octet_string(context.update(padded) + context.finalize()))
    assert same(sm2.PrivateKey.from_pkcs8(data, b"x"), key)


@pytest.mark.parametrize("wrong", [b"", b"wrong", PASSWORD + b" "])
def test_a_wrong_password(key: sm2.PrivateKey, wrong: bytes) -> None:
    with pytest.raises(InvalidKeyError, match="password"):
        sm2.PrivateKey.from_pkcs8(key.pkcs8(PASSWORD), wrong)


def test_many_wrong_passwords_give_one_error(key: sm2.PrivateKey) -> None:
    """About one in 256 wrong passwords leaves good padding, and then a plaintext that is no key."""
    data = key.pkcs8(PASSWORD).replace(der.integer(2000), der.integer(1001))
    for attempt in range(1200):
        with pytest.raises(InvalidKeyError, match="cannot be decrypted"):
            sm2.PrivateKey.from_pkcs8(data, attempt.to_bytes(2, "big"))


def test_a_missing_and_a_needless_password(key: sm2.PrivateKey) -> None:
    with pytest.raises(InvalidKeyError, match="is encrypted"):
        sm2.PrivateKey.from_pkcs8(key.pkcs8(PASSWORD))
    with pytest.raises(InvalidKeyError, match="is not encrypted"):
        sm2.PrivateKey.from_pkcs8(key.pkcs8(), PASSWORD)
    with pytest.raises(InvalidInputError, match="empty password"):
        key.pkcs8(b"")


@needs_openssl
def test_openssl_reads_what_is_written(key: sm2.PrivateKey) -> None:
    assert run("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=key.pkcs8()) == key.public_key.spki
    options = ("-passin", "pass:secret", "-topk8", "-nocrypt", "-outform", "DER")
    again = run("pkcs8", "-inform", "DER", *options, data=key.pkcs8(b"secret"))
    assert same(sm2.PrivateKey.from_pkcs8(again), key)


@needs_openssl
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
        ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA384"],
        ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "10000"],
        ["-v2", "sm4-cbc"],
    ],
    ids=" ".join,
)
def test_what_openssl_encrypts_is_read(key: sm2.PrivateKey, options: list[str]) -> None:
    common = ("-topk8", "-passout", "pass:secret", *options)
    data = run("pkcs8", "-inform", "DER", *common, "-outform", "DER", data=key.pkcs8())
    assert same(sm2.PrivateKey.from_pkcs8(data, b"secret"), key)
    text = run("pkcs8", "-inform", "DER", *common, data=key.pkcs8())
    assert same(sm2.PrivateKey.from_pem(text, b"secret"), key)


@needs_openssl
@pytest.mark.parametrize("options", [["-scrypt"], ["-v1", "PBE-SHA1-3DES"], ["-v2", "des3"]], ids=" ".join)
def test_what_else_openssl_can_write_is_unsupported(key: sm2.PrivateKey, options: list[str]) -> None:
    data = run("pkcs8", "-topk8", "-inform", "DER", "-passout", "pass:x", *options, "-outform", "DER", data=key.pkcs8())
    with pytest.raises(UnsupportedAlgorithmError):
        sm2.PrivateKey.from_pkcs8(data, b"x")


@needs_openssl
@pytest.mark.parametrize("form", ["uncompressed", "compressed"])
def test_openssl_keys_are_read(tmp_path: Path, form: str) -> None:
    path = tmp_path / "key.pem"
    run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", path)
    key = sm2.PrivateKey.from_pem(path.read_bytes())
    assert sm2.PublicKey.from_spki(run("pkey", "-in", path, "-pubout", "-outform", "DER")) == key.public_key
    assert same(sm2.PrivateKey.from_sec1(run("ec", "-in", path, "-conv_form", form, "-outform", "DER")), key)
    public = run("ec", "-in", path, "-conv_form", form, "-pubout", "-outform", "DER")
    assert sm2.PublicKey.from_spki(public) == key.public_key


@needs_openssl
def test_parameters_before_the_key_are_passed_over() -> None:
    text = run("ecparam", "-name", "SM2", "-genkey")
    assert b"SM2 PARAMETERS" in text
    assert sm2.PrivateKey.from_pem(text).public_key


def test_pem_of_every_kind(key: sm2.PrivateKey) -> None:
    inner = sec1(key.scalar_bytes(), der.element(0xA0, der.oid("1.2.156.10197.1.301")))
    assert same(sm2.PrivateKey.from_pem(pem("PRIVATE KEY", key.pkcs8())), key)
    assert same(sm2.PrivateKey.from_pem(pem("ENCRYPTED PRIVATE KEY", key.pkcs8(b"x")), b"x"), key)
    assert same(sm2.PrivateKey.from_pem(pem("EC PRIVATE KEY", inner)), key)
    assert same(sm2.PrivateKey.from_pem(pem("SM2 PRIVATE KEY", inner).replace(b"\n", b"\r\n")), key)
    with pytest.raises(InvalidKeyError, match="not encrypted"):
        sm2.PrivateKey.from_pem(pem("EC PRIVATE KEY", inner), b"x")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n" * 2,
        b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END EC PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 70_000,
        b"-----BEGIN " * 6_000,
        b"-----BEGIN " + b"A " * 32_000,
    ],
    ids=["empty", "no content", "no base64", "labels", "two", "old encryption", "no key", "long", "begins", "label"],
)
def test_malformed_pem(text: bytes) -> None:
    with pytest.raises(EncodingError):
        sm2.PrivateKey.from_pem(text)


def test_attributes_and_a_version_2_public_key_may_follow(key: sm2.PrivateKey) -> None:
    inner, attributes = sec1(key.scalar_bytes()), der.element(0xA0, der.set_of())
    public = der.element(0x81, b"\0", key.public_key.point())
    assert same(sm2.PrivateKey.from_pkcs8(pkcs8(inner, attributes)), key)
    assert same(sm2.PrivateKey.from_pkcs8(pkcs8(inner, attributes, public, version=1)), key)


def test_files_that_are_too_long_are_not_looked_at(key: sm2.PrivateKey) -> None:
    long = pkcs8(sec1(key.scalar_bytes()), der.element(0xA0, der.octet_string(bytes(70_000))))
    with pytest.raises(EncodingError, match="too many"):
        sm2.PrivateKey.from_pkcs8(long)
    with pytest.raises(EncodingError, match="too many"):
        sm2.PrivateKey.from_pem(b"\n" * 70_000 + pem("PRIVATE KEY", key.pkcs8()))


def test_a_public_key_that_does_not_belong_to_it(key: sm2.PrivateKey, other_key: sm2.PrivateKey) -> None:
    stored = der.element(0xA1, der.bit_string(other_key.public_key.point()))
    beside = der.element(0x81, b"\0", other_key.public_key.point())
    own = der.element(0xA1, der.bit_string(key.public_key.point()))
    for file in (
        pkcs8(sec1(key.scalar_bytes(), stored)),
        pkcs8(sec1(key.scalar_bytes()), beside, version=1),
        pkcs8(sec1(key.scalar_bytes(), own), der.element(0xA0, der.set_of()), beside, version=1),
        pkcs8(sec1(key.scalar_bytes(), stored), der.element(0x81, b"\0", key.public_key.point()), version=1),
    ):
        with pytest.raises(InvalidKeyError, match="does not belong"):
            sm2.PrivateKey.from_pkcs8(file)


@pytest.mark.parametrize(
    "after",
    [
        der.element(0x81),
        der.element(0x81, b"\1\2"),
        der.element(0x81, b"\0\4"),
        der.element(0x80),
        der.element(0xC1, b"\0"),
        der.element(0xA1, der.bit_string(bytes(65))),
        der.element(0xA0) * 2,
    ],
)
def test_something_after_the_key_that_is_neither_attributes_nor_a_public_key(key: sm2.PrivateKey, after: bytes) -> None:
    with pytest.raises(EncodingError):
        sm2.PrivateKey.from_pkcs8(pkcs8(sec1(key.scalar_bytes()), after, version=1))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_scalar_of_another_length(size: int) -> None:
    with pytest.raises(InvalidKeyError):
        sm2.PrivateKey.from_pkcs8(pkcs8(sec1(b"\1" * size)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\0",
        pkcs8(sec1(b"\1" * 32)) + b"\0",
        pkcs8(sec1(b"\1" * 32))[:-1],
        pkcs8(sec1(b"\1" * 32), version=2),
        pkcs8(sec1(b"\1" * 32), der.null()),
        pkcs8(sec1(b"\1" * 32, der.null())),
        pkcs8(sec1(b"\1" * 32) + b"\0"),
        pkcs8(der.sequence(der.integer(2), der.octet_string(b"\1" * 32))),
        pkcs8(der.sequence(der.integer(1))),
        der.sequence(der.integer(0), ALGORITHM),
        der.octet_string(bytes(70_000)),
        der.sequence(der.octet_string(bytes(70_000))),
    ],
    ids=range(13),
)
def test_malformed_pkcs8(data: bytes) -> None:
    with pytest.raises(EncodingError):
        sm2.PrivateKey.from_pkcs8(data)


def test_keys_of_other_algorithms_are_unsupported() -> None:
    p256 = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    with pytest.raises(UnsupportedAlgorithmError):
        sm2.PrivateKey.from_pkcs8(der.sequence(der.integer(0), p256, der.octet_string(sec1(b"\1" * 32))))
    with pytest.raises(UnsupportedAlgorithmError):
        sm2.PrivateKey.from_sec1(sec1(b"\1" * 32, der.element(0xA0, der.oid("1.2.840.10045.3.1.7"))))
    with pytest.raises(EncodingError, match="does not name its curve"):
        sm2.PrivateKey.from_sec1(sec1(b"\1" * 32))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (encrypted(pbkdf2(SALT, der.integer(0))), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(-5))), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(2**40))), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(2**20_000))), EncodingError),
        (encrypted(pbkdf2(SALT)), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1), der.integer(16))), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1), der.integer(32), der.sequence(), der.null())), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1), der.sequence(), der.sequence())), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1), der.sequence())), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1), der.sequence(der.oid("1.2.3")))), UnsupportedAlgorithmError),
        (encrypted(der.sequence(der.oid("1.2.3"), der.null())), UnsupportedAlgorithmError),
        (encrypted(pbkdf2(SALT, der.integer(1)), scheme="1.2.3"), UnsupportedAlgorithmError),
        (encrypted(pbkdf2(SALT, der.integer(1)), der.sequence(der.oid("1.2.3"), SALT)), UnsupportedAlgorithmError),
        (encrypted(pbkdf2(SALT, der.integer(1)), SHORT_IV), EncodingError),
        (encrypted(pbkdf2(SALT, der.integer(1)), der.sequence(der.oid("1.2.3"))), EncodingError),
        (der.sequence(der.sequence(), der.octet_string(b"")), EncodingError),
        (der.sequence(der.sequence()), EncodingError),
    ],
    ids=range(17),
)
def test_malformed_encryption(data: bytes, error: type[EcardError]) -> None:
    with pytest.raises(error):
        sm2.PrivateKey.from_pkcs8(data, b"x")


@pytest.mark.parametrize("size", [0, 1, 15, 17])
def test_a_ciphertext_of_broken_blocks(size: int) -> None:
    algorithm = der.parse(encrypted(pbkdf2(SALT, der.integer(1)))).children()[0].encoded
    with pytest.raises(EncodingError, match="blocks"):
        sm2.PrivateKey.from_pkcs8(der.sequence(algorithm, der.octet_string(bytes(size))), b"x")


@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_as_private_key(data: bytes) -> None:
    for read in (sm2.PrivateKey.from_pkcs8, sm2.PrivateKey.from_sec1, sm2.PrivateKey.from_pem):
        with pytest.raises(EcardError):
            read(data)


FILE = sm2.PrivateKey.from_scalar(0x1F2E3D4C5B6A79881726354453627180).pkcs8()


@settings(max_examples=300)
@given(position=st.integers(0, len(FILE) - 1), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_gives_this_key_or_an_error(position: int, value: int, cut: bool) -> None:
    damaged = FILE[:position] if cut else FILE[:position] + bytes((value,)) + FILE[position + 1 :]
    with contextlib.suppress(EcardError):
        assert sm2.PrivateKey.from_pkcs8(damaged).pkcs8() == FILE


@pytest.mark.parametrize("password", [None, b"password"], ids=["without", "with a password"])
@pytest.mark.parametrize("protection", [None, b"password"], ids=["plain", "encrypted"])
def test_a_key_of_any_kind_that_cannot_be_read_gives_one_error(
    key: sm2.PrivateKey, monkeypatch: pytest.MonkeyPatch, protection: bytes | None, password: bytes | None
) -> None:
    """Whether the curve shows in what is left of the file or not."""
    monkeypatch.setattr(pbes2, "ITERATIONS", 1)
    whole = key.pkcs8(protection)
    for end in range(len(whole)):
        with pytest.raises(InvalidKeyError):
            SoftwareKey.from_pkcs8(whole[:end], password)
    for position in range(0, len(whole), 3):
        damaged = whole[:position] + bytes((whole[position] ^ 0x55,)) + whole[position + 1 :]
        with pytest.raises((InvalidKeyError, UnsupportedAlgorithmError)):
            SoftwareKey.from_pkcs8(damaged, password)
