"""The encodings of an SM2 private key: PKCS#8 plain and encrypted, the ECPrivateKey inside it, and PEM around it.

RFC 5958 (PKCS#8), RFC 5915 (ECPrivateKey), RFC 7468 (PEM), with the curve named as GM/T 0009 and RFC 8998 do.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, NamedTuple

from ecard import der
from ecard.errors import EncodingError, InvalidKeyError, UnsupportedAlgorithmError
from ecard.sm2 import pbes2
from ecard.sm2.parameters import CURVE_OID
from ecard.sm2.public_key import ALGORITHM_IDENTIFIER

MAX_SIZE: Final = 1 << 16
"""Bytes of the longest key file that is looked at; a real one has a few hundred."""

_PUBLIC_KEY: Final = der.context(1, constructed=False)
"""An implicit BIT STRING (RFC 5958, section 2)."""
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([^-]*)-----END \1-----")


class ReadKey(NamedTuple):
    """What an encoded key holds: the scalar's octets, and the encoded public point at each place where there is one."""

    scalar: bytes
    points: tuple[bytes, ...]


def write(scalar: bytes, point: bytes, password: bytes | None) -> bytes:
    """PKCS#8 in DER of a 32-byte scalar and its uncompressed point, encrypted where there is a password."""
    public = der.element(der.context(1), der.bit_string(point))
    inner = der.sequence(der.integer(1), der.octet_string(scalar), public)
    plain = der.sequence(der.integer(0), ALGORITHM_IDENTIFIER, der.octet_string(inner))
    return plain if password is None else pbes2.encrypt(plain, password)


def read(data: bytes, password: bytes | None) -> ReadKey:
    """Read PKCS#8 in DER, encrypted if and only if there is a password.

    Raises EncodingError, InvalidKeyError or UnsupportedAlgorithmError.
    """
    parts = _parse(data, "PKCS#8 key")
    encrypted = bool(parts) and parts[0].tag == der.SEQUENCE
    if not encrypted:
        if password is not None:
            raise InvalidKeyError("the private key is not encrypted", remedy="read it without a password")
        return _private_key_info(parts)
    if password is None:
        raise InvalidKeyError("the private key is encrypted", remedy="give its password")
    plain = pbes2.decrypt(parts, password)
    try:
        return _private_key_info(_parse(plain, "decrypted key"))
    except EncodingError:
        raise InvalidKeyError("the private key cannot be decrypted", remedy="check the password") from None


def read_sec1(data: bytes) -> ReadKey:
    """Read an ECPrivateKey in DER, which must name the SM2 curve. Raises EncodingError, UnsupportedAlgorithmError."""
    return _ec_private_key(_parse(data, "ECPrivateKey"), curve_named_outside=False)


def read_pem(data: bytes, password: bytes | None) -> ReadKey:
    """Read the one private key in a PEM text; blocks of other kinds (parameters, certificates) are passed over.

    Raises EncodingError for anything else, and InvalidKeyError for a password to a key that is not encrypted.
    """
    if len(data) > MAX_SIZE:
        raise EncodingError(f"PEM: {len(data)} bytes are too many for a private key")
    blocks = _PEM.findall(data)
    if len(blocks) != 1:
        raise EncodingError(f"PEM: {len(blocks)} private keys instead of one")
    (label, body) = blocks[0]
    try:
        content = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise EncodingError(
            "PEM: the private key is not Base64", remedy="convert old encrypted keys to PKCS#8"
        ) from None
    if label in (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"):
        return read(content, password)
    if password is not None:
        raise InvalidKeyError("the private key is not encrypted", remedy="read it without a password")
    return read_sec1(content)


def _parse(data: bytes, what: str) -> list[der.Node]:
    if len(data) > MAX_SIZE:
        raise EncodingError(f"{what}: {len(data)} bytes are too many")
    return der.parse(data, what).expect(der.SEQUENCE, what).children()


def _private_key_info(parts: list[der.Node]) -> ReadKey:
    """PrivateKeyInfo or OneAsymmetricKey: attributes [0], which carry nothing needed, and a public key [1] may come."""
    if len(parts) < 3 or der.read_integer(parts[0]) not in (0, 1):
        raise EncodingError("PKCS#8 key: not a version, an algorithm and a key")
    rest = parts[3:]
    if rest and rest[0].tag == der.context(0):
        rest.pop(0)
    if len(rest) > 1 or (rest and rest[0].tag != _PUBLIC_KEY):
        raise EncodingError("PKCS#8 key: something unknown after the key")
    if parts[1].encoded != ALGORITHM_IDENTIFIER:
        raise UnsupportedAlgorithmError("PKCS#8 key: not a key on the named SM2 curve")
    inner = parts[2].expect(der.OCTET_STRING, "the key as OCTET STRING").content
    read = _ec_private_key(_parse(inner, "ECPrivateKey"), curve_named_outside=True)
    outside = [der.read_bits(der.implicit(part, der.BIT_STRING)) for part in rest]
    return ReadKey(read.scalar, (*read.points, *outside))


def _ec_private_key(parts: list[der.Node], *, curve_named_outside: bool) -> ReadKey:
    if len(parts) < 2 or der.read_integer(parts[0]) != 1:
        raise EncodingError("ECPrivateKey: not version 1 and a key")
    scalar = parts[1].expect(der.OCTET_STRING, "the scalar as OCTET STRING").content
    rest = parts[2:]
    if rest and rest[0].tag == der.context(0):
        if rest.pop(0).content != der.oid(CURVE_OID):
            raise UnsupportedAlgorithmError("ECPrivateKey: not a key on the named SM2 curve")
    elif not curve_named_outside:
        raise EncodingError("ECPrivateKey: it does not name its curve", remedy="convert the key to PKCS#8")
    if not rest:
        return ReadKey(scalar, ())
    if len(rest) != 1 or rest[0].tag != der.context(1):
        raise EncodingError("ECPrivateKey: something unknown after the key")
    return ReadKey(scalar, (der.read_bits(der.parse(rest[0].content, "ECPrivateKey's public key")),))
