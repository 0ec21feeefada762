"""The envelope in which a centre sends an encryption key to the holder of a signing key: SM2EnvelopedKey.

GM/T 0009, section 7.4 (密钥对保护数据格式): a fresh SM4 key encrypts the private key, the signing key the SM4 key.
GM/T 0016 imports the same data into a card. SM4 runs in ECB over the two blocks of the scalar, without padding.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ecard import der
from ecard.errors import DecryptionError, EncodingError, InvalidKeyError, UnsupportedAlgorithmError
from ecard.sm2.parameters import SIZE
from ecard.sm2.private_key import PrivateKey
from ecard.sm2.public_key import PublicKey

MAX_SIZE: Final = 1024
"""Bytes of the longest envelope that is looked at; a real one has about 240."""

_SM4_KEY: Final = 16
_SM4_ECB: Final = "1.2.156.10197.1.104.1"
_SM4: Final = "1.2.156.10197.1.104"
"""The cipher without a mode, which some centres write: in this structure it can only mean ECB."""


def envelop_key(encryption_key: PrivateKey, for_signing_key: PublicKey) -> bytes:
    """An SM2EnvelopedKey in DER that only the holder of ``for_signing_key`` opens."""
    key = secrets.token_bytes(_SM4_KEY)
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - the standard's mode
    return der.sequence(
        der.sequence(der.oid(_SM4_ECB)),
        for_signing_key.encrypt(key),
        der.bit_string(encryption_key.public_key.point()),
        der.bit_string(encryptor.update(encryption_key.scalar_bytes()) + encryptor.finalize()),
    )


def open_enveloped_key(data: bytes, signing_key: PrivateKey | Callable[[bytes], bytes]) -> PrivateKey:
    """The private key in an SM2EnvelopedKey in DER.

    ``signing_key`` is the key the envelope was made for, or a function that decrypts an SM2Cipher in DER with it; for
    a key that only agrees, as on a card, ``lambda cipher: decrypt_with(agree, cipher)``.

    Raises EncodingError, UnsupportedAlgorithmError, DecryptionError (the envelope is for another key), or
    InvalidKeyError where what is inside is not the private key of the public key beside it.
    """
    if len(data) > MAX_SIZE:
        raise EncodingError(f"SM2EnvelopedKey: {len(data)} bytes are more than ecard looks at")
    parts = der.parse(data, "SM2EnvelopedKey").expect(der.SEQUENCE, "SM2EnvelopedKey").children()
    if len(parts) != 4:
        raise EncodingError(f"SM2EnvelopedKey: {len(parts)} elements instead of 4")
    _require_sm4(parts[0])
    public = PublicKey.from_point(der.read_bits(parts[2]))
    encrypted = der.read_bits(parts[3])
    if len(encrypted) != SIZE:
        raise EncodingError(f"SM2EnvelopedKey: the private key has {len(encrypted)} bytes instead of {SIZE}")
    key = PrivateKey.from_scalar(_unwrap(parts[1].encoded, signing_key, encrypted))
    if key.public_key != public:
        raise InvalidKeyError("SM2EnvelopedKey: the private key does not belong to the public key beside it")
    return key


def _require_sm4(node: der.Node) -> None:
    parts = node.expect(der.SEQUENCE, "an algorithm").children()
    if not parts or len(parts) > 2 or (len(parts) == 2 and parts[1].encoded != der.null()):
        raise EncodingError("SM2EnvelopedKey: the algorithm is not one identifier without parameters")
    if (oid := der.read_oid(parts[0])) not in (_SM4_ECB, _SM4):
        raise UnsupportedAlgorithmError(f"SM2EnvelopedKey: cipher {oid} is not SM4 in ECB")


def _unwrap(cipher: bytes, signing_key: PrivateKey | Callable[[bytes], bytes], encrypted: bytes) -> bytes:
    key = signing_key.decrypt(cipher) if isinstance(signing_key, PrivateKey) else signing_key(cipher)
    if len(key) != _SM4_KEY:
        raise DecryptionError(f"SM2EnvelopedKey: the symmetric key has {len(key)} bytes instead of {_SM4_KEY}")
    decryptor = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()  # noqa: S305 - the standard's mode
    return decryptor.update(encrypted) + decryptor.finalize()
