"""SM2 private keys in memory. They never show themselves: not in ``repr``, not in errors, not pickled."""

from __future__ import annotations

from typing import Final, NoReturn

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import DecryptionError, InvalidInputError, InvalidKeyError
from ecard.sm2 import encryption, equations, pkcs8
from ecard.sm2.curve import curve
from ecard.sm2.digest import DEFAULT_ID
from ecard.sm2.parameters import SIZE, N
from ecard.sm2.public_key import PublicKey

_BELOW: Final = bytes(SIZE)
_ABOVE: Final = (N - 1).to_bytes(SIZE, "big")


class PrivateKey:
    """A scalar d in 1 to n - 2 with its public key. Immutable: threads may share it.

    Raises InvalidKeyError for any other.
    """

    __slots__ = ("_d", "_factor", "public_key")

    def __init__(self, scalar: bytes) -> None:
        """The key d, 32 bytes, big-endian. InvalidKeyError unless 1 <= d <= n - 2 (GB/T 32918.1, section 6.1)."""
        if len(scalar) != SIZE:
            raise InvalidKeyError(f"an SM2 private key has {SIZE} bytes, not {len(scalar)}")
        engine = curve()
        if not _BELOW < scalar < _ABOVE:
            raise InvalidKeyError("the SM2 private key is not in the range 1 to n - 2")
        x, y = engine.multiply_base(scalar)
        self._d = bytes(scalar)
        self._factor = equations.signing_factor(engine, scalar)
        self.public_key: Final = PublicKey(int.from_bytes(x, "big"), int.from_bytes(y, "big"))
        """The public half."""

    def __repr__(self) -> str:
        return "<sm2.PrivateKey ****>"

    def __reduce__(self) -> NoReturn:
        raise InvalidKeyError("a private key is neither pickled nor copied", remedy="use pkcs8() with a password")

    @staticmethod
    def generate() -> PrivateKey:
        """A new key, uniform in 1 to n - 2, from the operating system's randomness (GB/T 32918.1, section 6.1)."""
        engine = curve()
        d = engine.random_scalar()
        while d == _ABOVE:
            d = engine.random_scalar()
        return PrivateKey(d)

    @staticmethod
    def from_scalar(scalar: int | bytes) -> PrivateKey:
        """The key d, as a number or as 32 bytes, big-endian. InvalidKeyError unless 1 <= d <= n - 2."""
        if isinstance(scalar, int):
            scalar = scalar.to_bytes(SIZE, "big") if 0 <= scalar < N else bytes(SIZE)
        return PrivateKey(scalar)

    @staticmethod
    def from_pkcs8(data: bytes, password: bytes | None = None) -> PrivateKey:
        """Read PKCS#8 in DER (RFC 5958), encrypted by PBES2 (RFC 8018) where ``password`` is given.

        Reads PBKDF2 with HMAC-SHA-1, SHA-2 or SM3 and AES-CBC or SM4-CBC. Raises EncodingError, InvalidKeyError (the
        password is wrong, missing or not needed; the key is no key), or UnsupportedAlgorithmError.
        """
        return PrivateKey._from_read(pkcs8.read(data, password))

    @staticmethod
    def from_sec1(data: bytes) -> PrivateKey:
        """Read an ECPrivateKey in DER that names the SM2 curve (RFC 5915). Raises as ``from_pkcs8`` does."""
        return PrivateKey._from_read(pkcs8.read_sec1(data))

    @staticmethod
    def from_pem(data: bytes, password: bytes | None = None) -> PrivateKey:
        """Read the one private key of a PEM text: PKCS#8, encrypted PKCS#8 or SEC 1. Raises as ``from_pkcs8`` does."""
        return PrivateKey._from_read(pkcs8.read_pem(data, password))

    @staticmethod
    def _from_read(read: pkcs8.ReadKey) -> PrivateKey:
        key = PrivateKey.from_scalar(read.scalar)
        if any(PublicKey.from_point(point) != key.public_key for point in read.points):
            raise InvalidKeyError("the SM2 private key does not belong to the public key stored with it")
        return key

    def pkcs8(self, password: bytes | None = None) -> bytes:
        """The key as PKCS#8 in DER; with a password encrypted by PBES2 (PBKDF2-HMAC-SHA256, AES-256-CBC).

        Raises InvalidInputError for an empty password.
        """
        return pkcs8.write(self.scalar_bytes(), self.public_key.point(), password)

    def scalar_bytes(self) -> bytes:
        """d as 32 bytes, big-endian. It is the secret itself."""
        return self._d

    def sign_digest(self, e: bytes) -> Signature:
        """Sign a 32-byte e (GB/T 32918.2, section 6.1, from step A3). InvalidInputError for another length."""
        if len(e) != SIZE:
            raise InvalidInputError(f"SM2 signs {SIZE} bytes, not {len(e)}", remedy="give e = SM3(Z || message)")
        engine, number = curve(), int.from_bytes(e, "big")
        while True:
            made = equations.sign(engine, self._factor, number, engine.random_scalar())
            if made is not None:
                return _signature(*made)

    def sign(self, message: bytes, *, user_id: bytes = DEFAULT_ID) -> Signature:
        """Sign ``message`` under ``user_id``: e = SM3(Z || message). InvalidInputError for an id over 8191 bytes."""
        return self.sign_digest(self.public_key.digest(message, user_id))

    def decrypt(self, ciphertext: bytes, *, raw: bool = False) -> bytes:
        """Decrypt an SM2Cipher in DER or, with ``raw``, C1 || C3 || C2 (GB/T 32918.4, section 7.1).

        Raises EncodingError, InvalidKeyError (a point off the curve) or DecryptionError.
        """
        read = encryption.Ciphertext.read(ciphertext, raw=raw)
        shared = curve().multiply(self._d, *read.c1)
        plaintext = encryption.open_with(read, shared.x + shared.y)
        if plaintext is None:
            raise DecryptionError("SM2 decryption: the ciphertext is damaged or meant for another key")
        return plaintext

    def agree(self, peer: PublicKey) -> bytes:
        """The x coordinate of d * peer, 32 bytes: plain Diffie-Hellman on the SM2 curve, as PIV cards do it.

        Not the key exchange of GB/T 32918.3, and no key yet: put it through a key derivation function.
        """
        return curve().multiply(self._d, peer.x, peer.y).x


def _signature(r: int, s: int) -> Signature:
    return Signature(SignatureAlgorithm.SM2_SM3, der.sequence(der.integer(r), der.integer(s)))
