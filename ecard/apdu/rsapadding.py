"""RSA padding on the host, because a card computes the raw operation alone (RFC 8017, sections 7 to 9).

And the hashing that the private keys of ``cryptography`` do before they sign.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding as schemes
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from ecard import der
from ecard.errors import DecryptionError, InvalidInputError, UnsupportedAlgorithmError

_OIDS: Final = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_LEAST_PADDING: Final = 8


def digest_of(data: bytes, algorithm: hashes.HashAlgorithm | Prehashed) -> tuple[bytes, hashes.HashAlgorithm]:
    """The digest of ``data``, which is one already under ``Prehashed``, and its algorithm.

    InvalidInputError for a digest of another length.
    """
    if isinstance(algorithm, Prehashed):
        hash_ = algorithm._algorithm
        if len(data) != hash_.digest_size:
            raise InvalidInputError(f"a digest of {len(data)} bytes is none of {hash_.name}")
        return data, hash_
    return _hash(algorithm, data), algorithm


def signature_block(
    data: bytes,
    padding: AsymmetricPadding,
    algorithm: hashes.HashAlgorithm | Prehashed | NoDigestInfo,
    bits: int,
) -> bytes:
    """The block that an RSA key of ``bits`` signs for ``data``, as long as the modulus.

    Raises UnsupportedAlgorithmError for a padding that is neither PKCS1v15 nor PSS, InvalidInputError for data that
    do not fit.
    """
    if isinstance(padding, schemes.PKCS1v15):
        return _pkcs1_block(_digest_info(data, algorithm), bits // 8)
    if isinstance(padding, schemes.PSS) and not isinstance(algorithm, NoDigestInfo):
        digest, hash_ = digest_of(data, algorithm)
        return _pss_block(digest, hash_, padding, bits)
    raise UnsupportedAlgorithmError("an RSA key on a card signs with PKCS1v15 or PSS alone")


def _digest_info(data: bytes, algorithm: hashes.HashAlgorithm | Prehashed | NoDigestInfo) -> bytes:
    if isinstance(algorithm, NoDigestInfo):
        return data
    digest, hash_ = digest_of(data, algorithm)
    if hash_.name not in _OIDS:
        raise UnsupportedAlgorithmError(f"RSA with PKCS1v15 and {hash_.name} is not supported")
    return der.sequence(der.sequence(der.oid(_OIDS[hash_.name]), der.null()), der.octet_string(digest))


def _pkcs1_block(info: bytes, size: int) -> bytes:
    filling = size - len(info) - 3
    if filling < _LEAST_PADDING:
        raise InvalidInputError(f"{len(info)} bytes are too many for an RSA key of {size * 8} bits to sign")
    return b"\0\x01" + b"\xff" * filling + b"\0" + info


def _pss_block(digest: bytes, hash_: hashes.HashAlgorithm, padding: schemes.PSS, bits: int) -> bytes:
    """EMSA-PSS (RFC 8017, section 9.1.1); the modulus has whole bytes, so the encoded message has ``bits`` - 1."""
    size, hashed = bits // 8, hash_.digest_size
    salt = secrets.token_bytes(_salt_length(padding, hashed, size))
    filling = size - hashed - len(salt) - 2
    if filling < 0:
        raise InvalidInputError(f"the salt is too long for an RSA key of {bits} bits")
    fingerprint = _hash(hash_, bytes(8) + digest + salt)
    block = bytes(filling) + b"\x01" + salt
    masked = bytearray(_xor(block, _mask(_mask_hash(padding), fingerprint, len(block))))
    masked[0] &= 0x7F
    return bytes(masked) + fingerprint + b"\xbc"


def _salt_length(padding: schemes.PSS, hashed: int, size: int) -> int:
    wanted = padding._salt_length
    if isinstance(wanted, int):
        return wanted
    if wanted is schemes.PSS.DIGEST_LENGTH:
        return hashed
    if wanted is schemes.PSS.MAX_LENGTH:
        return size - hashed - 2
    raise UnsupportedAlgorithmError("a signature needs a salt of a known length")


def unpad(block: bytes, padding: AsymmetricPadding) -> bytes:
    """The message in a decrypted block. DecryptionError where the padding is wrong, whatever is wrong with it.

    UnsupportedAlgorithmError for another padding than OAEP and PKCS1v15.
    """
    if isinstance(padding, schemes.OAEP):
        message = _unpad_oaep(block, padding)
    elif isinstance(padding, schemes.PKCS1v15):
        message = _unpad_pkcs1(block)
    else:
        raise UnsupportedAlgorithmError("an RSA key on a card decrypts OAEP or PKCS1v15 alone")
    if message is None:
        raise DecryptionError("decryption failed")
    return message


def _unpad_pkcs1(block: bytes) -> bytes | None:
    end = block.find(b"\0", 2)
    return block[end + 1 :] if block[:2] == b"\0\x02" and end >= 2 + _LEAST_PADDING else None


def _unpad_oaep(block: bytes, padding: schemes.OAEP) -> bytes | None:
    """EME-OAEP decoding (RFC 8017, section 7.1.2, step 3)."""
    hash_, mask_hash = padding._algorithm, _mask_hash(padding)
    size = hash_.digest_size
    masked_seed, masked = block[1 : 1 + size], block[1 + size :]
    seed = _xor(masked_seed, _mask(mask_hash, masked, size))
    data = _xor(masked, _mask(mask_hash, seed, len(masked)))
    expected = _hash(hash_, padding._label or b"")
    label_fits = hmac.compare_digest(data[:size], expected)
    start = data.find(b"\x01", size)
    if block[0] or not label_fits or start < 0 or any(data[size:start]):
        return None
    return data[start + 1 :]


def _mask_hash(padding: schemes.PSS | schemes.OAEP) -> hashes.HashAlgorithm:
    if not isinstance(padding.mgf, schemes.MGF1):
        raise UnsupportedAlgorithmError("the only mask generation function is MGF1")
    return padding.mgf._algorithm


def _mask(hash_: hashes.HashAlgorithm, seed: bytes, length: int) -> bytes:
    """MGF1 (RFC 8017, appendix B.2.1)."""
    rounds = -(-length // hash_.digest_size)
    return b"".join(_hash(hash_, seed + counter.to_bytes(4, "big")) for counter in range(rounds))[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _hash(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    running = hashes.Hash(algorithm)
    running.update(data)
    return running.finalize()
