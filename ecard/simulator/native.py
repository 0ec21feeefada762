"""Keys of ``cryptography`` as bytes: how RSA and curve keys are stored in a card file."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

type_of_private_key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
type_of_public_key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def write_pkcs8(key: type_of_private_key) -> bytes:
    """PKCS#8 in DER, unprotected (RFC 5958)."""
    encoding, shape = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, shape, serialization.NoEncryption())


def write_spki(key: type_of_public_key) -> bytes:
    """SubjectPublicKeyInfo in DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_pkcs8(pkcs8: bytes) -> object:
    """The key that ``write_pkcs8`` wrote, or one of another kind; ValueError where it is none.

    The consistency check of RSA keys, which takes 40 ms, is left out: the key was checked when it was made or imported.
    """
    try:
        return serialization.load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
    except (TypeError, UnsupportedAlgorithm):
        raise ValueError("not a private key that is known here") from None
