"""Password-based encryption of a private key: PBES2 with PBKDF2 (RFC 8018), ciphers and hashes from ``cryptography``.

Written: PBKDF2-HMAC-SHA256 and AES-256-CBC. Read: what openssl and Chinese tools write as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from ecard import der
from ecard.errors import EncodingError, InvalidInputError, InvalidKeyError, UnsupportedAlgorithmError

ITERATIONS: Final = 600_000
"""Rounds of PBKDF2 in what is written: about a quarter of a second to read the key, and to try a password."""
MAX_ITERATIONS: Final = 10_000_000
"""More rounds than this are refused: the file, not the reader, chooses how long reading takes."""

MAX_SCRYPT_BLOCKS: Final = 1 << 21
"""More blocks than this, of 128 bytes (N * r), are refused in scrypt's memory: 256 MiB."""
MAX_SCRYPT_WORK: Final = 1 << 23
"""More blocks than this to work through (N * r * p) are refused: several seconds."""

_PBES2: Final = "1.2.840.113549.1.5.13"
_PBKDF2: Final = "1.2.840.113549.1.5.12"
_SCRYPT: Final = "1.3.6.1.4.1.11591.4.11"
_SHA256: Final = "1.2.840.113549.2.9"
_AES256: Final = "2.16.840.1.101.3.4.1.42"
_PRFS: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "1.2.840.113549.2.7": hashes.SHA1,
    _SHA256: hashes.SHA256,
    "1.2.840.113549.2.10": hashes.SHA384,
    "1.2.840.113549.2.11": hashes.SHA512,
    "1.2.156.10197.1.401.2": hashes.SM3,
}
_SHA1_BY_DEFAULT: Final = "1.2.840.113549.2.7"
_CIPHERS: Final[dict[str, tuple[type[algorithms.AES | algorithms.SM4], int]]] = {
    "2.16.840.1.101.3.4.1.2": (algorithms.AES, 16),
    "2.16.840.1.101.3.4.1.22": (algorithms.AES, 24),
    _AES256: (algorithms.AES, 32),
    "1.2.156.10197.1.104.2": (algorithms.SM4, 16),
}
_BLOCK: Final = 16


def encrypt(plain: bytes, password: bytes) -> bytes:
    """EncryptedPrivateKeyInfo in DER (RFC 5958, section 3). InvalidInputError for an empty password."""
    if not password:
        raise InvalidInputError("an empty password protects no key", remedy="give one, or none at all")
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(_BLOCK)
    padder = padding.PKCS7(8 * _BLOCK).padder()
    padded = padder.update(plain) + padder.finalize()
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, ITERATIONS).derive(password)
    prf = der.sequence(der.oid(_SHA256), der.null())
    derivation = der.sequence(der.oid(_PBKDF2), der.sequence(der.octet_string(salt), der.integer(ITERATIONS), prf))
    cipher = der.sequence(der.oid(_AES256), der.octet_string(iv))
    scheme = der.sequence(der.oid(_PBES2), der.sequence(derivation, cipher))
    encrypted = _run(Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor(), padded)
    return der.sequence(scheme, der.octet_string(encrypted))


def decrypt(parts: list[der.Node], password: bytes) -> bytes:
    """The plaintext of an EncryptedPrivateKeyInfo, given as its elements.

    Raises EncodingError, UnsupportedAlgorithmError, or InvalidKeyError where the password is wrong; a wrong password
    can also give a plaintext that is no key.
    """
    if len(parts) != 2:
        raise EncodingError("encrypted key: not exactly an algorithm and a ciphertext")
    encrypted = parts[1].expect(der.OCTET_STRING, "the ciphertext as OCTET STRING").content
    derivation, cipher = _pair(_parameters(parts[0], _PBES2), "PBES2 parameters")
    algorithm, size, iv = _cipher(cipher)
    key = _derive(derivation, size, password)
    if not encrypted or len(encrypted) % _BLOCK:
        raise EncodingError("encrypted key: not a whole number of cipher blocks")
    padded = _run(Cipher(algorithm(key), modes.CBC(iv)).decryptor(), encrypted)
    unpadder = padding.PKCS7(8 * _BLOCK).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise InvalidKeyError("the private key cannot be decrypted", remedy="check the password") from None


def require_bounded_cost(data: bytes) -> None:
    """Refuse an encrypted key, in DER, that has its reader work for longer, or in more memory, than a key is worth.

    For programs that read more schemes than ``decrypt`` and do not look: PBKDF2 and the schemes of PKCS#12 name their
    rounds, scrypt its memory (RFC 7914, section 7). Raises InvalidKeyError, and EncodingError where it cannot be read.
    """
    parts = der.parse(data, "PKCS#8 key").expect(der.SEQUENCE, "PKCS#8 key").children()
    if not parts or parts[0].tag != der.SEQUENCE:
        return  # not encrypted
    found, parameters = _pair(parts[0], "an algorithm and its parameters")
    if der.read_oid(found) == _PBES2:
        derivation, _ = _pair(parameters, "PBES2 parameters")
        found, parameters = _pair(derivation, "an algorithm and its parameters")
    costs = [der.read_integer(part) for part in parameters.children() if part.tag == der.INTEGER]
    if der.read_oid(found) == _SCRYPT:
        size, width, lanes = costs[:3] if len(costs) >= 3 else (0, 0, 0)
        bearable = 0 < size * width <= MAX_SCRYPT_BLOCKS and 0 < size * width * lanes <= MAX_SCRYPT_WORK
    else:
        bearable = all(0 < cost <= MAX_ITERATIONS for cost in costs)
    if not bearable:
        raise InvalidKeyError(
            f"reading the private key would take more than {MAX_ITERATIONS} rounds of PBKDF2 or 256 MiB for scrypt, or "
            "its numbers are none with which it can be read",
            remedy=f"encrypt it anew, with PBKDF2 of {ITERATIONS} rounds",
        )


def _run(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def _pair(node: der.Node, what: str) -> list[der.Node]:
    children = node.expect(der.SEQUENCE, what).children()
    if len(children) != 2:
        raise EncodingError(f"encrypted key: {what} have {len(children)} elements instead of 2")
    return children


def _parameters(node: der.Node, wanted: str) -> der.Node:
    found, parameters = _pair(node, "an algorithm and its parameters")
    if (oid := der.read_oid(found)) != wanted:
        raise UnsupportedAlgorithmError(
            f"encrypted key: protection {oid} is not read", remedy="protect the key with PBES2 and PBKDF2"
        )
    return parameters


def _cipher(node: der.Node) -> tuple[type[algorithms.AES | algorithms.SM4], int, bytes]:
    found, parameters = _pair(node, "a cipher and its parameters")
    oid = der.read_oid(found)
    if oid not in _CIPHERS:
        raise UnsupportedAlgorithmError(f"encrypted key: cipher {oid} is not read", remedy="use AES-CBC or SM4-CBC")
    iv = parameters.expect(der.OCTET_STRING, "an initialisation vector").content
    if len(iv) != _BLOCK:
        raise EncodingError(f"encrypted key: the initialisation vector has {len(iv)} bytes instead of {_BLOCK}")
    return *_CIPHERS[oid], iv


def _derive(node: der.Node, size: int, password: bytes) -> bytes:
    parts = _parameters(node, _PBKDF2).expect(der.SEQUENCE, "PBKDF2 parameters").children()
    if not 2 <= len(parts) <= 4:
        raise EncodingError(f"encrypted key: PBKDF2 parameters have {len(parts)} elements")
    salt = parts[0].expect(der.OCTET_STRING, "a salt as OCTET STRING").content
    iterations, rest = der.read_integer(parts[1]), parts[2:]
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise EncodingError(f"encrypted key: the rounds of PBKDF2 are not between 1 and {MAX_ITERATIONS}")
    if rest and rest[0].tag == der.INTEGER and der.read_integer(rest.pop(0)) != size:
        raise EncodingError("encrypted key: the key length does not fit the cipher")
    if len(rest) > 1:
        raise EncodingError("encrypted key: something unknown in the PBKDF2 parameters")
    return PBKDF2HMAC(_prf(rest), size, salt, iterations).derive(password)


def _prf(rest: list[der.Node]) -> hashes.HashAlgorithm:
    oid = _SHA1_BY_DEFAULT
    if rest:
        algorithm = rest[0].expect(der.SEQUENCE, "a pseudo-random function").children()
        if not 1 <= len(algorithm) <= 2:
            raise EncodingError("encrypted key: the pseudo-random function is not one identifier")
        oid = der.read_oid(algorithm[0])
    if oid not in _PRFS:
        raise UnsupportedAlgorithmError(f"encrypted key: pseudo-random function {oid} is not read")
    return _PRFS[oid]()
