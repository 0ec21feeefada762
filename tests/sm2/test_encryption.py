"""Encryption and the enveloped key: round trips, openssl as judge, and everything that must not open."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der, sm2
from ecard.errors import (
    DecryptionError,
    EcardError,
    EncodingError,
    InvalidInputError,
    InvalidKeyError,
    UnsupportedAlgorithmError,
)
from ecard.sm2 import encryption
from ecard.sm2.curve import Curve
from ecard.sm2.parameters import GX, GY, P
from tests.sm2.openssl import needs_openssl, run

KEY = sm2.PrivateKey.from_scalar(0x1F2E3D4C5B6A79881726354453627180)
SCALARS = st.integers(1, 2**255)


def cipher(x: int, y: int, c3: bytes = bytes(32), c2: bytes = b"x") -> bytes:
    return der.sequence(der.integer(x), der.integer(y), der.octet_string(c3), der.octet_string(c2))


@settings(max_examples=60)
@given(d=SCALARS, plaintext=st.binary(min_size=1, max_size=300), raw=st.booleans())
def test_round_trip(d: int, plaintext: bytes, raw: bool) -> None:
    key = sm2.PrivateKey.from_scalar(d)
    ciphertext = key.public_key.encrypt(plaintext, raw=raw)
    assert key.decrypt(ciphertext, raw=raw) == plaintext
    assert sm2.decrypt_with(key.agree, ciphertext, raw=raw) == plaintext
    assert not raw or len(ciphertext) == 97 + len(plaintext)


@pytest.mark.parametrize("size", [1, 31, 32, 33, 64, 65, sm2.MAX_PLAINTEXT])
def test_lengths_around_the_blocks_of_the_mask(size: int) -> None:
    plaintext = bytes(i & 0xFF for i in range(size))
    assert KEY.decrypt(KEY.public_key.encrypt(plaintext)) == plaintext


@pytest.mark.parametrize("size", [0, sm2.MAX_PLAINTEXT + 1])
def test_plaintexts_that_are_refused(size: int) -> None:
    with pytest.raises(InvalidInputError):
        KEY.public_key.encrypt(bytes(size))


def test_a_mask_of_zeros_is_never_used() -> None:
    """For one byte, every 256th nonce would leave the plaintext as it is; the standard draws again."""
    for _ in range(600):
        assert KEY.public_key.encrypt(b"A", raw=True)[-1:] != b"A"


def test_a_mask_of_zeros_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_mask", lambda shared, length: bytes(length))
    drawn = iter(range(1, 4))
    monkeypatch.setattr(Curve, "random_scalar", lambda self: next(drawn).to_bytes(32, "big"))
    with pytest.raises(StopIteration):
        KEY.public_key.encrypt(b"A")
    x, y = KEY.public_key.x.to_bytes(32, "big"), KEY.public_key.y.to_bytes(32, "big")
    leaked = encryption.Ciphertext(encryption.Point(GX, GY), encryption._sm3(x, b"A", y), b"A")
    with pytest.raises(DecryptionError):
        KEY.decrypt(leaked.der())


def test_another_key_does_not_open_it(other_key: sm2.PrivateKey) -> None:
    ciphertext = KEY.public_key.encrypt(b"secret")
    with pytest.raises(DecryptionError):
        other_key.decrypt(ciphertext)
    with pytest.raises(DecryptionError):
        sm2.decrypt_with(other_key.agree, ciphertext)


@settings(max_examples=120)
@given(bit=st.integers(0, 8 * 115 - 1))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    ciphertext = bytearray(CIPHERTEXT)
    ciphertext[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EcardError):
        KEY.decrypt(bytes(ciphertext), raw=True)


def test_an_off_curve_point_never_meets_the_key() -> None:
    asked = []
    for data in (cipher(GX, GY ^ 1), cipher(0, 0), cipher(GX + P, GY), cipher(-GX, GY), cipher(2**20_000, GY)):
        with pytest.raises(InvalidKeyError):
            KEY.decrypt(data)
        with pytest.raises(InvalidKeyError):
            sm2.decrypt_with(asked.append, data)  # type: ignore[arg-type]
    assert not asked


@pytest.mark.parametrize("answer", [b"", bytes(31), bytes(33), b"\xff" * 32, (3).to_bytes(32, "big"), bytes(32)])
def test_a_card_that_agrees_on_nonsense(answer: bytes) -> None:
    with pytest.raises(DecryptionError):
        sm2.decrypt_with(lambda peer: answer, CIPHERTEXT, raw=True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\0",
        cipher(GX, GY) + b"\0",
        cipher(GX, GY)[:-1],
        cipher(GX, GY, c3=bytes(31)),
        cipher(GX, GY, c3=bytes(33)),
        cipher(GX, GY, c2=b""),
        der.sequence(der.integer(GX), der.integer(GY), der.octet_string(bytes(32))),
        der.sequence(der.integer(GX), der.integer(GY), der.octet_string(bytes(32)), der.integer(1)),
        der.sequence(der.element(2, b"\0\0" + bytes(31)), der.integer(GY), der.octet_string(bytes(32)), der.null()),
        cipher(GX, GY, c2=bytes(sm2.MAX_PLAINTEXT + 2000)),
    ],
    ids=range(11),
)
def test_malformed_ciphertexts(data: bytes) -> None:
    with pytest.raises(EncodingError):
        KEY.decrypt(data)


@pytest.mark.parametrize("data", [b"", b"\4" * 96, b"\2" + bytes(100), bytes(97), b"\6" + bytes(100)], ids=range(5))
def test_malformed_raw_ciphertexts(data: bytes) -> None:
    with pytest.raises(EncodingError):
        KEY.decrypt(data, raw=True)
    with pytest.raises(EncodingError):
        KEY.decrypt(KEY.public_key.point() + bytes(32), raw=True)


@given(data=st.binary(max_size=200), raw=st.booleans())
def test_arbitrary_bytes_do_not_open(data: bytes, raw: bool) -> None:
    with pytest.raises(EcardError):
        KEY.decrypt(data, raw=raw)


@needs_openssl
def test_openssl_opens_what_is_encrypted_and_the_other_way(tmp_path: Path) -> None:
    for number in range(20):
        key = sm2.PrivateKey.generate()
        plaintext = bytes(range(1 + 13 * number))
        private, public = tmp_path / f"{number}.key", tmp_path / f"{number}.pub"
        private.write_bytes(key.pkcs8())
        public.write_bytes(key.public_key.spki)
        opening = ("pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", private)
        assert run(*opening, data=key.public_key.encrypt(plaintext)) == plaintext
        made = run("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", public, data=plaintext)
        assert key.decrypt(made) == plaintext
        assert sm2.decrypt_with(key.agree, made) == plaintext


@settings(max_examples=20)
@given(encryption_scalar=SCALARS, signing_scalar=SCALARS)
def test_envelopes_open_again(encryption_scalar: int, signing_scalar: int) -> None:
    inside, signing = sm2.PrivateKey.from_scalar(encryption_scalar), sm2.PrivateKey.from_scalar(signing_scalar)
    data = sm2.envelop_key(inside, signing.public_key)
    assert inside.scalar_bytes() not in data
    ways = (signing, signing.decrypt, lambda inner: sm2.decrypt_with(signing.agree, inner))
    assert [sm2.open_enveloped_key(data, way).scalar_bytes() for way in ways] == 3 * [inside.scalar_bytes()]


def envelope(**changed: bytes) -> bytes:
    inside = sm2.PrivateKey.from_scalar(77)
    good = [node.encoded for node in der.parse(sm2.envelop_key(inside, KEY.public_key))]
    names = ("algorithm", "cipher", "public", "private")
    return der.sequence(*(changed.get(name, part) for name, part in zip(names, good, strict=True)))


SM4 = der.oid("1.2.156.10197.1.104")
SM4_ECB = der.oid("1.2.156.10197.1.104.1")


@pytest.mark.parametrize(
    "algorithm",
    [der.sequence(SM4_ECB), der.sequence(SM4_ECB, der.null()), der.sequence(SM4)],
    ids=["ecb", "null", "sm4"],
)
def test_the_names_of_the_cipher_that_are_read(algorithm: bytes) -> None:
    assert sm2.open_enveloped_key(envelope(algorithm=algorithm), KEY).scalar_bytes()[-1] == 77


@needs_openssl
def test_an_envelope_put_together_with_openssl(tmp_path: Path) -> None:
    inside, secret = sm2.PrivateKey.generate(), bytes(range(16))
    (tmp_path / "pub").write_bytes(KEY.public_key.spki)
    wrapped = run("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "pub", data=secret)
    hidden = run("enc", "-sm4-ecb", "-nopad", "-K", secret.hex(), data=inside.scalar_bytes())
    parts = der.sequence(SM4_ECB), wrapped, der.bit_string(inside.public_key.point()), der.bit_string(hidden)
    assert sm2.open_enveloped_key(der.sequence(*parts), KEY).public_key == inside.public_key


@needs_openssl
def test_openssl_takes_an_envelope_apart(tmp_path: Path) -> None:
    inside = sm2.PrivateKey.generate()
    parts = der.parse(sm2.envelop_key(inside, KEY.public_key)).children()
    (tmp_path / "key").write_bytes(KEY.pkcs8())
    secret = run("pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", tmp_path / "key", data=parts[1].encoded)
    opened = run("enc", "-d", "-sm4-ecb", "-nopad", "-K", secret.hex(), data=der.read_bits(parts[3]))
    assert opened == inside.scalar_bytes()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (envelope(algorithm=der.sequence(der.oid("1.2.156.10197.1.104.2"))), UnsupportedAlgorithmError),
        (envelope(algorithm=der.sequence(SM4, der.octet_string(b""))), EncodingError),
        (envelope(algorithm=der.sequence()), EncodingError),
        (envelope(algorithm=SM4_ECB), EncodingError),
        (envelope(cipher=KEY.public_key.encrypt(bytes(15))), DecryptionError),
        (envelope(cipher=KEY.public_key.encrypt(bytes(32))), DecryptionError),
        (envelope(cipher=cipher(GX, GY ^ 1)), InvalidKeyError),
        (envelope(cipher=cipher(GX, GY)), DecryptionError),
        (envelope(cipher=KEY.public_key.encrypt(bytes(16))), InvalidKeyError),
        (envelope(public=der.bit_string(KEY.public_key.point())), InvalidKeyError),
        (envelope(public=der.bit_string(bytes(65))), EncodingError),
        (envelope(private=der.bit_string(bytes(32))), InvalidKeyError),
        (envelope(private=der.bit_string(bytes(48))), EncodingError),
        (envelope(private=der.octet_string(bytes(32))), EncodingError),
        (envelope() + b"\0", EncodingError),
        (envelope()[:-1], EncodingError),
        (der.sequence(), EncodingError),
        (bytes(2000), EncodingError),
        (envelope(cipher=KEY.public_key.encrypt(bytes(1000))), EncodingError),
    ],
    ids=range(19),
)
def test_envelopes_that_are_refused(data: bytes, error: type[EcardError]) -> None:
    with pytest.raises(error):
        sm2.open_enveloped_key(data, KEY)


def test_an_envelope_for_another_key(other_key: sm2.PrivateKey) -> None:
    with pytest.raises(DecryptionError):
        sm2.open_enveloped_key(envelope(), other_key)


@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_are_no_envelope(data: bytes) -> None:
    with pytest.raises(EcardError):
        sm2.open_enveloped_key(data, KEY)


CIPHERTEXT = KEY.public_key.encrypt(b"eighteen bytes now", raw=True)
