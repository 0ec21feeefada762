"""Keys as the card writes them: algorithm numbers, public keys (tag 7F49), the fields of an imported key.

SP 800-78-5 table 9; SP 800-73-5 part 2, section 3.3.2; Yubico's IMPORT KEY.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ecard import der
from ecard.algorithms import KeyFamily, KeyKind
from ecard.apdu import tlv, words
from ecard.errors import CardProtocolError, EcardError, InvalidKeyError, UnsupportedAlgorithmError
from ecard.keys import PublicKey, SoftwareKey

_NUMBERS: Final = {
    KeyKind.RSA1024: words.RSA1024,
    KeyKind.RSA2048: words.RSA2048,
    KeyKind.RSA3072: words.RSA3072,
    KeyKind.RSA4096: words.RSA4096,
    KeyKind.P256: words.P256,
    KeyKind.P384: words.P384,
}
_KINDS: Final = {number: kind for kind, number in _NUMBERS.items()}
_CURVE_OIDS: Final = {
    KeyKind.P256: "1.2.840.10045.3.1.7",
    KeyKind.P384: "1.3.132.0.34",
    KeyKind.SM2: "1.2.156.10197.1.301",
}
_EC_KEY: Final = "1.2.840.10045.2.1"
_MODULUS, _EXPONENT, _POINT = 0x81, 0x82, 0x86
_MAX_EXPONENT_BYTES: Final = 8
_CARDS_EXPONENT: Final = 65537
_SETTINGS_SIZE: Final = 7
"""Whether they are in use, then the numbers of Ed25519, RSA-3072, RSA-4096, X25519, secp256k1 and SM2."""


def number_of(kind: KeyKind, sm2_id: int) -> int:
    """The algorithm number of a kind of key; SM2's is a setting of the card."""
    return _NUMBERS.get(kind, sm2_id)


def is_settable(kind: KeyKind) -> bool:
    """Whether the number of a kind of key is a setting of the card: no standard gives SM2 one."""
    return kind not in _NUMBERS


def sm2_in_settings(answer: bytes) -> int | None:
    """SM2's number in CanoKey's settings, seven bytes of which it is the last; None where they are something else."""
    return answer[-1] if len(answer) == _SETTINGS_SIZE and answer[0] <= 1 else None


def kind_of(number: int, public_key: bytes, sm2_id: int) -> KeyKind | None:
    """The kind of key that an algorithm number means; None for one that ecard does not know.

    A number without a fixed meaning is SM2 where the public key's data objects (may be empty) hold a point of
    SM2's curve, or where it is ``sm2_id``.
    """
    if number in _KINDS:
        return _KINDS[number]
    if public_key:
        try:
            return read_public_key(public_key, KeyKind.SM2).kind
        except EcardError:
            return None
    return KeyKind.SM2 if number == sm2_id else None


def read_public_key(objects: bytes, kind: KeyKind) -> PublicKey:
    """The public key in the data objects 81 and 82 (RSA), or 86 (curves).

    CardProtocolError where they are not those of ``kind``; InvalidKeyError for a point off the curve.
    """
    found = tlv.decode(objects)
    if kind.family is not KeyFamily.RSA:
        point = _need(found, _POINT)
        if len(point) != 2 * kind.size + 1 or point[0] != 4:
            raise CardProtocolError(f"the card's public key is no uncompressed point of {kind.value}")
        algorithm = der.sequence(der.oid(_EC_KEY), der.oid(_CURVE_OIDS[kind]))
        return PublicKey.from_spki(der.sequence(algorithm, der.bit_string(point)))
    modulus, exponent = _need(found, _MODULUS), _need(found, _EXPONENT)
    n = int.from_bytes(modulus, "big")
    if n.bit_length() != kind.size * 8 or len(exponent) > _MAX_EXPONENT_BYTES:
        raise CardProtocolError(f"the card's public key is not of kind {kind.value}")
    try:
        return PublicKey.from_native(rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), n).public_key())
    except ValueError:
        raise InvalidKeyError("the card's public key is no valid RSA key") from None


def _need(found: dict[int, bytes], tag: int) -> bytes:
    if tag not in found:
        raise CardProtocolError(f"the card's public key lacks data object {tag:X}")
    return found[tag]


def private_fields(key: SoftwareKey) -> bytes:
    """The data objects of IMPORT KEY: 01 p, 02 q, 03 dP, 04 dQ, 05 qInv for RSA; 06 the scalar for curves.

    UnsupportedAlgorithmError for an RSA key that no card takes: cards know one exponent, and primes of one size.
    """
    size = key.public_key.kind.size
    native = key.native
    if isinstance(native, rsa.RSAPrivateKey):
        numbers = native.private_numbers()
        if numbers.public_numbers.e != _CARDS_EXPONENT or {numbers.p.bit_length(), numbers.q.bit_length()} != {
            size * 4
        }:
            raise UnsupportedAlgorithmError(
                f"cards take RSA keys of two primes of one size and the exponent {_CARDS_EXPONENT} alone"
            )
        parts = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        return b"".join(tlv.encode(1 + i, part.to_bytes(size // 2, "big")) for i, part in enumerate(parts))
    if isinstance(native, ec.EllipticCurvePrivateKey):
        return tlv.encode(0x06, native.private_numbers().private_value.to_bytes(size, "big"))
    return tlv.encode(0x06, _scalar(key.pkcs8()).rjust(size, b"\0"))


def _scalar(pkcs8: bytes) -> bytes:
    """The scalar in a PKCS#8 key of a curve (RFC 5958; RFC 5915, section 3)."""
    inner = der.parse(pkcs8, "PKCS#8").children()[2].expect(der.OCTET_STRING, "the private key").content
    return der.parse(inner, "ECPrivateKey").children()[1].expect(der.OCTET_STRING, "the scalar").content


def to_software_key(key: SoftwareKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> SoftwareKey:
    """``key`` as a SoftwareKey."""
    return key if isinstance(key, SoftwareKey) else SoftwareKey(key)
