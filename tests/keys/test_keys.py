"""Keys of every kind behind one interface: what one makes another program accepts, and nothing wrong gets in."""

from __future__ import annotations

import copy
import pickle
import shutil
import subprocess
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ecard import der, sm2
from ecard.algorithms import Digest, KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.errors import (
    EcardError,
    EncodingError,
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    UnsupportedAlgorithmError,
)
from ecard.keys import MAX_PASSWORD, PublicKey, SoftwareKey, pkcs1_block

KINDS = list(KeyKind)
MESSAGE = "示例 message".encode()
_DER, _SPKI = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


@lru_cache
def key_of(kind: KeyKind) -> SoftwareKey:
    return SoftwareKey.generate(kind)


def algorithms_of(kind: KeyKind) -> list[SignatureAlgorithm]:
    return [algorithm for algorithm in SignatureAlgorithm if algorithm.family is kind.family]


@pytest.mark.parametrize("kind", KINDS)
def test_sign_and_verify_with_every_algorithm(kind: KeyKind) -> None:
    key = key_of(kind)
    for algorithm in algorithms_of(kind):
        signature = key.sign(MESSAGE, algorithm)
        assert signature.algorithm is algorithm
        key.public_key.verify(signature, MESSAGE)
        key.public_key.verify_digest(signature, key.public_key.digest(MESSAGE, algorithm))
        for wrong in (MESSAGE + b"x", b"", MESSAGE[1:]):
            with pytest.raises(InvalidSignatureError):
                key.public_key.verify(signature, wrong)
            with pytest.raises(InvalidSignatureError):
                key.public_key.verify_digest(signature, key.public_key.digest(wrong, algorithm))


@pytest.mark.parametrize("kind", KINDS)
def test_default_algorithm(kind: KeyKind) -> None:
    assert key_of(kind).sign(MESSAGE).algorithm is SignatureAlgorithm.default_for(kind)
    assert SignatureAlgorithm.default_for(kind).digest is not Digest.SHA1


@pytest.mark.parametrize("kind", KINDS)
def test_another_family_of_algorithm_is_refused(kind: KeyKind) -> None:
    key = key_of(kind)
    signature = key.sign(MESSAGE)
    for algorithm in SignatureAlgorithm:
        if algorithm.family is not kind.family:
            with pytest.raises(UnsupportedAlgorithmError):
                key.sign(MESSAGE, algorithm)
            with pytest.raises(UnsupportedAlgorithmError):
                key.public_key.verify(Signature(algorithm, signature.der), MESSAGE)
            with pytest.raises(UnsupportedAlgorithmError):
                key.public_key.digest(MESSAGE, algorithm)
            assert key.public_key.signed_digest(Signature(algorithm, signature.der)) is None


@pytest.mark.parametrize("kind", [k for k in KINDS if k.family is not KeyFamily.SM2])
def test_another_digest_of_the_family_is_refused(kind: KeyKind) -> None:
    key = key_of(kind)
    first, second = algorithms_of(kind)[-2:]
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify(Signature(second, key.sign(MESSAGE, first).der), MESSAGE)
    with pytest.raises(InvalidSignatureError, match="size"):
        key.public_key.verify_digest(key.sign(MESSAGE, first), bytes(first.digest.size + 1))


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2])
def test_spki_and_pkcs8_come_back(kind: KeyKind) -> None:
    key = key_of(kind)
    again = PublicKey.from_spki(key.public_key.spki)
    assert again == key.public_key
    assert again.kind is kind
    again.verify(key.sign(MESSAGE), MESSAGE)
    assert again.key_bits == der.read_bits(der.parse(again.spki).children()[1])
    for password in (None, b"correct horse"):
        copied = SoftwareKey.from_pkcs8(key.pkcs8(password), password)
        key.public_key.verify(copied.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2])
def test_a_wrong_password_is_one_clear_error(kind: KeyKind) -> None:
    protected = key_of(kind).pkcs8(b"right")
    for password in (b"wrong", b"", None):
        with pytest.raises((InvalidKeyError, EncodingError)) as caught:
            SoftwareKey.from_pkcs8(protected, password)
        assert "right" not in str(caught.value).replace("is right", "").replace("the right", "")


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.SM2])
def test_the_longest_password_and_those_that_are_none(kind: KeyKind) -> None:
    key, longest = key_of(kind), b"x" * MAX_PASSWORD
    assert SoftwareKey.from_pkcs8(key.pkcs8(longest), longest).public_key == key.public_key
    for password in (b"", longest + b"x", "text"):
        with pytest.raises(InvalidInputError, match="1 to 1023 bytes"):
            key.pkcs8(password)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384])
def test_openssl_verifies(kind: KeyKind, tmp_path: Path) -> None:
    key = key_of(kind)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "key").write_bytes(key.public_key.spki)
    for algorithm in algorithms_of(kind):
        (tmp_path / "signature").write_bytes(key.sign(MESSAGE, algorithm).der)
        digest = algorithm.digest.name.lower()
        command = ["openssl", "dgst", f"-{digest}", "-verify", "key", "-keyform", "DER", "-signature", "signature"]
        done = subprocess.run([*command, "message"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "Verified OK", done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_key_never_shows_itself(kind: KeyKind) -> None:
    key = key_of(kind)
    assert repr(key) == f"<SoftwareKey {kind.value}>"
    assert "native" not in repr(key.public_key)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidKeyError, match="pkcs8"):
            leak(key)


@pytest.mark.parametrize(
    "native",
    [
        ed25519.Ed25519PrivateKey.generate().public_key(),
        dsa.generate_private_key(2048).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
    ],
)
def test_keys_of_other_kinds(native: ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(UnsupportedAlgorithmError):
        PublicKey.from_spki(native.public_bytes(_DER, _SPKI))
    with pytest.raises(UnsupportedAlgorithmError):
        PublicKey.from_native(native)


def test_other_private_keys() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    data = key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(UnsupportedAlgorithmError):
        SoftwareKey.from_pkcs8(data)
    for nothing in (b"", b"\x30\x00", b"\x30", b"no key at all", bytes(100)):
        with pytest.raises(InvalidKeyError):
            SoftwareKey.from_pkcs8(nothing)


@pytest.mark.parametrize("bits", [1536, 2040, 8192])
def test_rsa_keys_of_other_sizes(bits: int) -> None:
    # a modulus need not be one for its size to be read
    numbers = rsa.RSAPublicNumbers(65537, (1 << bits) - 1)
    with pytest.raises((UnsupportedAlgorithmError, InvalidKeyError)):
        PublicKey.from_spki(numbers.public_key().public_bytes(_DER, _SPKI))


def test_a_point_off_the_curve() -> None:
    for kind in (KeyKind.P256, KeyKind.P384, KeyKind.SM2):
        spki = bytearray(key_of(kind).public_key.spki)
        spki[-1] ^= 1
        with pytest.raises(InvalidKeyError):
            PublicKey.from_spki(bytes(spki))


@given(data=st.data())
def test_changed_public_keys_are_refused_or_are_keys(data: st.DataObject) -> None:
    spki = bytearray(key_of(data.draw(st.sampled_from([KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2]))).public_key.spki)
    for _ in range(data.draw(st.integers(1, 3))):
        spki[data.draw(st.integers(0, len(spki) - 1))] = data.draw(st.integers(0, 255))
    with suppress(EcardError):
        assert PublicKey.from_spki(bytes(spki)).spki == spki


@given(st.binary(max_size=120))
def test_any_bytes_as_keys(data: bytes) -> None:
    for read in (PublicKey.from_spki, SoftwareKey.from_pkcs8):
        with pytest.raises(EcardError):
            read(data)


@given(value=st.binary(max_size=80), kind=st.sampled_from([KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2]))
def test_any_bytes_as_signatures(value: bytes, kind: KeyKind) -> None:
    key = key_of(kind).public_key
    signature = Signature(SignatureAlgorithm.default_for(kind), value)
    with pytest.raises(InvalidSignatureError):
        key.verify(signature, MESSAGE)
    assert key.signed_digest(signature) is None


@pytest.mark.parametrize("kind", [KeyKind.RSA1024, KeyKind.RSA2048])
def test_pkcs1_block_is_what_a_card_signs_raw(kind: KeyKind) -> None:
    key = key_of(kind)
    native = key.native
    assert isinstance(native, rsa.RSAPrivateKey)
    numbers = native.private_numbers()
    for algorithm in algorithms_of(kind):
        block = pkcs1_block(algorithm.digest.hash(MESSAGE), algorithm, kind.size)
        assert len(block) == kind.size
        value = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
        signature = Signature(algorithm, value.to_bytes(kind.size, "big"))
        assert signature == key.sign(MESSAGE, algorithm)
        assert key.public_key.signed_digest(signature) == algorithm.digest.hash(MESSAGE)


def test_only_rsa_gives_the_digest_back() -> None:
    for kind in (KeyKind.RSA2048, KeyKind.P256, KeyKind.SM2):
        key = key_of(kind)
        assert key.public_key.recovers_digest is (kind is KeyKind.RSA2048)
        assert (key.public_key.signed_digest(key.sign(MESSAGE)) is None) is not key.public_key.recovers_digest


def test_native_keys_are_wrapped() -> None:
    native = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert PublicKey.from_native(native).native is native
    made = sm2.PrivateKey.generate().public_key
    assert PublicKey.from_native(made).kind is KeyKind.SM2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")
@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1", "SM2"])
def test_a_curve_goes_by_its_name(curve: str) -> None:
    """openssl writes the same key with the curve's name, and with its parameters in full."""
    made = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}"]
    key = subprocess.run(made, capture_output=True, check=True).stdout
    public = [
        subprocess.run(
            ["openssl", "ec", "-pubout", "-outform", "DER", "-param_enc", form],
            input=key,
            capture_output=True,
            check=True,
        ).stdout
        for form in ("named_curve", "explicit")
    ]
    assert PublicKey.from_spki(public[0]).kind.family in (KeyFamily.EC, KeyFamily.SM2)
    with pytest.raises(UnsupportedAlgorithmError, match="not given by its name"):
        PublicKey.from_spki(public[1])


def test_a_key_that_may_sign_with_rsassa_pss_alone_is_none_for_other_signatures() -> None:
    bits = der.parse(key_of(KeyKind.RSA2048).public_key.spki).children()[1].encoded
    pss = der.oid("1.2.840.113549.1.1.10")
    for parameters in (b"", der.null(), der.sequence()):
        with pytest.raises(UnsupportedAlgorithmError, match="for RSASSA-PSS alone"):
            PublicKey.from_spki(der.sequence(der.sequence(pss, parameters), bits))
    head = der.sequence(pss) + der.octet_string(bytes(1200))
    with pytest.raises(UnsupportedAlgorithmError, match="for RSASSA-PSS alone"):
        SoftwareKey.from_pkcs8(der.sequence(der.integer(0), head))


def protected_by(derivation: str, *costs: int, in_pbes2: bool = True) -> bytes:
    """An encrypted private key that names these costs, and holds nothing."""
    scheme = der.sequence(
        der.oid(derivation), der.sequence(der.octet_string(b"saltsalt"), *[der.integer(cost) for cost in costs])
    )
    if in_pbes2:
        cipher = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octet_string(bytes(16)))
        scheme = der.sequence(der.oid("1.2.840.113549.1.5.13"), der.sequence(scheme, cipher))
    return der.sequence(scheme, der.octet_string(bytes(64)))


PBKDF2, SCRYPT, OF_PKCS12 = "1.2.840.113549.1.5.12", "1.3.6.1.4.1.11591.4.11", "1.2.840.113549.1.12.1.3"


@pytest.mark.parametrize(
    "data",
    [
        protected_by(PBKDF2, 10_000_001),
        protected_by(PBKDF2, 2**31),
        protected_by(PBKDF2, 2**20_000),
        protected_by(PBKDF2, -1),
        protected_by(PBKDF2, 1000, 2**40),
        protected_by(OF_PKCS12, 10_000_001, in_pbes2=False),
        protected_by(SCRYPT, 2**20, 8, 1),
        protected_by(SCRYPT, 2**14, 8, 128),
        protected_by(SCRYPT, 2**63, 2**30, 2**30),
        protected_by(SCRYPT, 0, 0, 0),
        protected_by(SCRYPT, 2**14, 8),
    ],
    ids=range(11),
)
def test_a_key_file_does_not_choose_how_long_reading_takes(data: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidKeyError, match="reading the private key would take more than"):
        SoftwareKey.from_pkcs8(data, b"x")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("numbers", [(3, 8, 1), (2**17, 1, 1), (2**14, 8, 1), (2**14, 8, 1, 2**40)])
def test_scrypt_with_a_wrong_password_or_numbers_that_do_not_fit(numbers: tuple[int, ...]) -> None:
    with pytest.raises(InvalidKeyError, match="cannot be read"):
        SoftwareKey.from_pkcs8(protected_by(SCRYPT, *numbers), b"x")
