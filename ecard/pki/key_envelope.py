"""A private key in CMS AuthEnvelopedData: AES-256-GCM inside, RSA-OAEP or ephemeral ECDH outside.

RFC 5083 and 5084 (AuthEnvelopedData with AES-GCM), RFC 5958 (AsymmetricKeyPackage), RFC 4056 (OAEP), RFC 5753 (ECDH).
Only what is written here is read again: this is a letter from a centre to its cards, not a mail reader.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ecard import der
from ecard.errors import DecryptionError, EncodingError, UnsupportedAlgorithmError
from ecard.keys import PublicKey
from ecard.pki.profile_extensions import key_identifier

MAX_SIZE: Final = 16 * 1024
"""Bytes of the longest envelope that is looked at."""
Recipient = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
"""A private key that opens an envelope, in software or on a card."""

_AUTH_ENVELOPED_DATA: Final = "1.2.840.113549.1.9.16.1.23"
_KEY_PACKAGE: Final = "2.16.840.1.101.2.1.2.78.5"
_AES256_GCM: Final = "2.16.840.1.101.3.4.1.46"
_NONCE, _TAG = 12, 16
_SHA256: Final = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.null())
_OAEP: Final = der.sequence(
    der.oid("1.2.840.113549.1.1.7"),
    der.sequence(
        der.element(der.context(0), _SHA256),
        der.element(der.context(1), der.sequence(der.oid("1.2.840.113549.1.1.8"), _SHA256)),
    ),
)
_EC_KEY: Final = der.sequence(der.oid("1.2.840.10045.2.1"))
"""Without parameters (RFC 5753, section 3.1.1): the curve is the recipient's."""
_AES256_WRAP: Final = der.sequence(der.oid("2.16.840.1.101.3.4.1.45"))
_ECDH_SHA256: Final = der.sequence(der.oid("1.3.132.1.11.1"), _AES256_WRAP)
_PADDING: Final = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def seal(key: bytes, recipient: PublicKey) -> bytes:
    """A ContentInfo in DER with ``key`` (PKCS#8 in DER), that only the holder of ``recipient`` opens (RSA or EC)."""
    content_key, nonce = AESGCM.generate_key(256), secrets.token_bytes(_NONCE)
    sealed = AESGCM(content_key).encrypt(nonce, der.sequence(key), None)
    parameters = der.sequence(der.octet_string(nonce), der.integer(_TAG))
    content = der.sequence(
        der.oid(_KEY_PACKAGE),
        der.sequence(der.oid(_AES256_GCM), parameters),
        der.element(der.context(0, constructed=False), sealed[:-_TAG]),
    )
    body = der.sequence(
        der.integer(0),
        der.element(der.SET, _address(content_key, recipient)),
        content,
        der.octet_string(sealed[-_TAG:]),
    )
    return der.sequence(der.oid(_AUTH_ENVELOPED_DATA), der.element(der.context(0), body))


def _address(content_key: bytes, recipient: PublicKey) -> bytes:
    """The RecipientInfo: the content key for the recipient, who is named by the key identifier."""
    native, identifier = recipient.native, key_identifier(recipient)
    if isinstance(native, rsa.RSAPublicKey):
        name = der.element(der.context(0, constructed=False), identifier)
        return der.sequence(der.integer(2), name, _OAEP, der.octet_string(native.encrypt(content_key, _PADDING)))
    if isinstance(native, ec.EllipticCurvePublicKey):
        return _agreed(content_key, native, identifier)
    raise UnsupportedAlgorithmError("this envelope goes to RSA and EC keys only")


def _agreed(content_key: bytes, recipient: ec.EllipticCurvePublicKey, identifier: bytes) -> bytes:
    ephemeral = ec.generate_private_key(recipient.curve)
    originator = PublicKey.from_native(ephemeral.public_key())
    wrapped = aes_key_wrap(_wrapping_key(ephemeral.exchange(ec.ECDH(), recipient)), content_key)
    name = der.element(der.context(0), der.octet_string(identifier))
    return der.element(
        der.context(1),
        der.integer(3),
        der.element(der.context(0), der.element(der.context(1), _EC_KEY, der.bit_string(originator.key_bits))),
        _ECDH_SHA256,
        der.sequence(der.sequence(name, der.octet_string(wrapped))),
    )


def _wrapping_key(shared: bytes) -> bytes:
    """The key-encryption key of RFC 5753, section 7.1.4, with the ECC-CMS-SharedInfo of section 7.2."""
    bits = der.element(der.context(2), der.octet_string((256).to_bytes(4, "big")))
    return X963KDF(hashes.SHA256(), 32, der.sequence(_AES256_WRAP, bits)).derive(shared)


def unseal(envelope: bytes, recipient: Recipient) -> bytes:
    """The PKCS#8 key in DER in an envelope that ``seal`` made for the public half of ``recipient``.

    Raises EncodingError, UnsupportedAlgorithmError for another CMS content or algorithm, and DecryptionError where it
    is for another key or was changed.
    """
    if len(envelope) > MAX_SIZE:
        raise EncodingError(f"the key envelope has {len(envelope)} bytes, more than {MAX_SIZE}")
    kind, wrapped = _parts(der.parse(envelope, "key envelope"), der.SEQUENCE, 2)
    if der.read_oid(kind) != _AUTH_ENVELOPED_DATA:
        raise UnsupportedAlgorithmError("the key envelope is not CMS AuthEnvelopedData")
    version, recipients, content, tag = _parts(_only(wrapped, der.context(0)), der.SEQUENCE, 4)
    package, cipher, sealed = _parts(content, der.SEQUENCE, 3)
    _require_version(version, 0)
    nonce = _nonce(package, cipher)
    content_key = _content_key(_only(recipients, der.SET), recipient)
    data = sealed.expect(der.context(0, constructed=False), "the sealed key").content + _octets(tag)
    try:
        opened = AESGCM(content_key).decrypt(nonce, data, None)
    except (InvalidTag, ValueError):
        raise DecryptionError("the key envelope was changed on its way") from None
    return _only(der.parse(opened, "key package"), der.SEQUENCE).encoded


def _nonce(package: der.Node, cipher: der.Node) -> bytes:
    algorithm, parameters = _parts(cipher, der.SEQUENCE, 2)
    if (der.read_oid(package), der.read_oid(algorithm)) != (_KEY_PACKAGE, _AES256_GCM):
        raise UnsupportedAlgorithmError("the key envelope is not a key package under AES-256-GCM")
    nonce, size = _parts(parameters, der.SEQUENCE, 2)
    if der.read_integer(size) != _TAG or len(_octets(nonce)) != _NONCE:
        raise UnsupportedAlgorithmError("the key envelope has an unusual nonce or tag length")
    return nonce.content


def _content_key(node: der.Node, recipient: Recipient) -> bytes:
    try:
        if isinstance(recipient, rsa.RSAPrivateKey):
            return _transported_key(node, recipient)
        return _agreed_key(node, recipient)
    except (ValueError, InvalidUnwrap):
        raise DecryptionError("the key envelope cannot be opened with this key") from None


def _transported_key(node: der.Node, recipient: rsa.RSAPrivateKey) -> bytes:
    version, name, algorithm, wrapped = _parts(node, der.SEQUENCE, 4)
    _require_version(version, 2)
    identifier = name.expect(der.context(0, constructed=False), "a key identifier").content
    _require(identifier, recipient, algorithm, _OAEP)
    data, modulus = _octets(wrapped), recipient.public_key().public_numbers().n
    if len(data) * 8 != recipient.key_size or int.from_bytes(data, "big") >= modulus:
        # a card would refuse it with a status that says nothing of envelopes
        raise DecryptionError("the key envelope was changed on its way")
    return recipient.decrypt(data, _PADDING)


def _agreed_key(node: der.Node, recipient: ec.EllipticCurvePrivateKey) -> bytes:
    version, originator, algorithm, keys = _parts(node, der.context(1), 4)
    _require_version(version, 3)
    name, wrapped = _parts(_only(keys, der.SEQUENCE), der.SEQUENCE, 2)
    _require(_octets(_only(name, der.context(0))), recipient, algorithm, _ECDH_SHA256)
    public, point = _parts(_only(originator, der.context(0)), der.context(1), 2)
    if public.encoded != _EC_KEY:
        raise UnsupportedAlgorithmError("the key envelope comes from a key that is no EC key")
    peer = ec.EllipticCurvePublicKey.from_encoded_point(recipient.curve, der.read_bits(point))
    return aes_key_unwrap(_wrapping_key(recipient.exchange(ec.ECDH(), peer)), _octets(wrapped))


def _require(name: bytes, recipient: Recipient, algorithm: der.Node, wanted: bytes) -> None:
    if name != key_identifier(PublicKey.from_native(recipient.public_key())):
        raise DecryptionError("the key envelope is for another key")
    if algorithm.encoded != wanted:
        raise UnsupportedAlgorithmError("the key envelope uses another key encryption than ecard")


def _require_version(node: der.Node, version: int) -> None:
    if der.read_integer(node) != version:
        raise EncodingError(f"key envelope: not version {version} at byte {node.start}")


def _octets(node: der.Node) -> bytes:
    return node.expect(der.OCTET_STRING, "an OCTET STRING of the key envelope").content


def _only(node: der.Node, tag: int) -> der.Node:
    return _parts(node, tag, 1)[0]


def _parts(node: der.Node, tag: int, count: int) -> list[der.Node]:
    parts = node.expect(tag, "a part of the key envelope").children()
    if len(parts) != count:
        raise EncodingError(f"key envelope: {len(parts)} elements instead of {count} at byte {node.start}")
    return parts
