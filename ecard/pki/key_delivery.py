"""The key-management centre's part: making a card's encryption key, and wrapping it so that the card alone opens it.

An SM2 key for an SM2 card travels as the SM2EnvelopedKey of GM/T 0009. For RSA and EC cards ecard uses CMS
AuthEnvelopedData (RFC 5083) around an AsymmetricKeyPackage (RFC 5958), to the card's signing key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ecard import sm2
from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidKeyError, UnsupportedAlgorithmError
from ecard.keys import PublicKey, SoftwareKey
from ecard.pki import key_envelope
from ecard.pki.key_envelope import Recipient
from ecard.pki.profile import require_key_kind


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A card's encryption key as the key-management centre has made it."""

    key: SoftwareKey
    """The key itself, for the centre's escrow: ``key.pkcs8(password)``. Keep it or let it go; never send it."""
    envelope: bytes = field(repr=False)
    """The key for the card, which its signing key opens."""


def make_encryption_key(signing_key: PublicKey, kind: KeyKind | None = None) -> EncryptionKey:
    """A new encryption key for the card with this signing key, by default of the same kind, in its envelope.

    Raises ProfileError for a kind that gets no certificate, UnsupportedAlgorithmError where a key of this kind cannot
    be sent to this card.
    """
    wanted = kind or signing_key.kind
    require_key_kind(wanted)
    key = SoftwareKey.generate(wanted)
    return EncryptionKey(key, envelop(key, signing_key))


def envelop(key: SoftwareKey, signing_key: PublicKey) -> bytes:
    """The envelope in DER in which ``key`` travels to the holder of ``signing_key``; also to restore one from escrow.

    Raises UnsupportedAlgorithmError for a key that is not SM2 to an SM2 card: its envelope holds SM2 keys only.
    """
    if not isinstance(signing_key.native, sm2.PublicKey):
        return key_envelope.seal(key.pkcs8(), signing_key)
    if not isinstance(key.native, sm2.PrivateKey):
        raise UnsupportedAlgorithmError("an SM2 card takes SM2 encryption keys only")
    return sm2.envelop_key(key.native, signing_key.native)


def open_envelope(
    envelope: bytes, opener: sm2.PrivateKey | Callable[[bytes], bytes] | Recipient, *, certificate: Certificate
) -> SoftwareKey:
    """The key in ``envelope``, opened with the card's signing key, for the encryption ``certificate``.

    ``opener`` is a private key of ``cryptography`` (a card's RSA or EC key is one too) or of ``ecard.sm2``, or a
    function that decrypts an SM2Cipher with a card's SM2 key, as ``ecard.sm2.open_enveloped_key`` takes it.

    Raises EncodingError where the envelope is malformed, DecryptionError where it is for another key or was changed,
    UnsupportedAlgorithmError for algorithms that ecard does not use, and InvalidKeyError where the key inside is not
    the one of the certificate, or none.
    """
    if isinstance(opener, Recipient):
        key = SoftwareKey.from_pkcs8(key_envelope.unseal(envelope, opener))
    else:
        key = SoftwareKey(sm2.open_enveloped_key(envelope, opener))
    if key.public_key.canonical != certificate.public_key.canonical:
        raise InvalidKeyError("the delivered key is not the one of the encryption certificate")
    return key
