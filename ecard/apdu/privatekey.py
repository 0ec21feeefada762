"""A card's key as a private key of ``cryptography``, so that any library that signs with those can sign with a card."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from ecard.apdu import rsapadding
from ecard.apdu.keyuse import Access
from ecard.apdu.piv import PivSession
from ecard.apdu.words import Slot
from ecard.errors import (
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    NotSupportedByCardError,
    UnsupportedAlgorithmError,
)
from ecard.keys import PublicKey
from ecard.pin import Pin, PinSupplier

_WRONG_SIGNATURE: Final = "the signature just made does not verify against the public key"
_OTHER_KEY: Final = "the slot holds another key, or the card is faulty"


def card_private_key(
    piv: PivSession,
    slot: Slot,
    public_key: PublicKey | None = None,
    *,
    pin: Pin | PinSupplier | None = None,
    act: str = "use the key",
    use_last_try: bool = False,
) -> CardRsaPrivateKey | CardEcPrivateKey:
    """The RSA or EC key in ``slot`` as a private key of ``cryptography``; it works as long as the session lasts.

    ``public_key`` is by default that in the card's metadata or, without those, in the slot's certificate. Raises
    ObjectNotFoundError where the slot is empty or neither is there, UnsupportedAlgorithmError for a key of another
    kind (SM2).
    """
    public_key = public_key or _public_key(piv, slot)
    access = Access(pin, act, use_last_try)
    if isinstance(public_key.native, rsa.RSAPublicKey):
        return CardRsaPrivateKey(piv, slot, public_key, access)
    if isinstance(public_key.native, ec.EllipticCurvePublicKey):
        return CardEcPrivateKey(piv, slot, public_key, access)
    raise UnsupportedAlgorithmError(
        f"cryptography has no private keys of kind {public_key.kind.value}", remedy="sign with a CardKeyHolder"
    )


def _public_key(piv: PivSession, slot: Slot) -> PublicKey:
    """From the metadata first: a certificate can be an earlier key's."""
    with suppress(NotSupportedByCardError):
        found = piv.metadata(slot).public_key
        if found is not None:
            return found
    return piv.read_certificate(slot).public_key


class _OnCard:
    """What the two kinds of keys share: where the key is, and that it does not leave the card."""

    def __init__(self, piv: PivSession, slot: Slot, public_key: PublicKey, access: Access) -> None:
        self._piv: Final = piv
        self._slot: Final = slot
        self._public: Final = public_key
        self._access: Final = access

    @property
    def key_size(self) -> int:
        """Bits of the modulus or of the curve."""
        return self._public.kind.size * 8

    def private_numbers(self) -> NoReturn:
        """Raises InvalidKeyError: the key does not leave the card."""
        raise InvalidKeyError("the private key does not leave the card")

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        """Raises InvalidKeyError: the key does not leave the card."""
        self.private_numbers()

    def __reduce__(self) -> NoReturn:
        self.private_numbers()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._public.kind.value} in slot {self._slot:02X} of {self._piv!r}>"


class CardRsaPrivateKey(_OnCard, rsa.RSAPrivateKey):
    """An RSA key on a card. ``card_private_key`` makes it."""

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        assert isinstance(self._public.native, rsa.RSAPublicKey)
        return self._public.native

    def sign(
        self,
        data: bytes,
        padding: AsymmetricPadding,
        algorithm: Prehashed | hashes.HashAlgorithm | NoDigestInfo,
    ) -> bytes:
        """Sign with PKCS1v15 or PSS, and verify the signature before returning it.

        Raises what the card's signing raises, UnsupportedAlgorithmError for another padding, and
        InvalidSignatureError where the signature does not verify.
        """
        block = rsapadding.signature_block(data, padding, algorithm, self.key_size)
        signature = self._piv.sign_block(self._slot, self._public.kind, block, access=self._access)
        public = self.public_key().public_numbers()
        if pow(int.from_bytes(signature, "big"), public.e, public.n) != int.from_bytes(block, "big"):
            raise InvalidSignatureError(_WRONG_SIGNATURE, remedy=_OTHER_KEY)
        return signature

    def decrypt(self, ciphertext: bytes, padding: AsymmetricPadding) -> bytes:
        """Decrypt with OAEP or PKCS1v15. Raises what the card raises, and DecryptionError for wrong padding."""
        access = self._access
        block = self._piv.decrypt(
            self._slot,
            self._public.kind,
            ciphertext,
            pin=access.pin,
            act=access.act,
            use_last_try=access.use_last_try,
        )
        return rsapadding.unpad(block, padding)

    def __copy__(self) -> CardRsaPrivateKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> CardRsaPrivateKey:
        return self


class CardEcPrivateKey(_OnCard, ec.EllipticCurvePrivateKey):
    """A P-256 or P-384 key on a card. ``card_private_key`` makes it."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        assert isinstance(self._public.native, ec.EllipticCurvePublicKey)
        return self._public.native

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self.public_key().curve

    def sign(
        self, data: bytes | bytearray | memoryview, signature_algorithm: ec.EllipticCurveSignatureAlgorithm
    ) -> bytes:
        """Sign with ECDSA, and verify the signature before returning it; the signature is DER.

        Raises what the card's signing raises, UnsupportedAlgorithmError for another algorithm, and
        InvalidSignatureError where the signature does not verify.
        """
        if not isinstance(signature_algorithm, ec.ECDSA) or signature_algorithm.deterministic_signing:
            raise UnsupportedAlgorithmError("a card signs with plain ECDSA alone")
        kind = self._public.kind
        digest, hash_ = rsapadding.digest_of(bytes(data), signature_algorithm.algorithm)
        block = digest[: kind.size].rjust(kind.size, b"\0")
        signature = self._piv.sign_block(self._slot, kind, block, access=self._access)
        try:
            self.public_key().verify(signature, digest, ec.ECDSA(Prehashed(hash_)))
        except InvalidSignature:
            raise InvalidSignatureError(_WRONG_SIGNATURE, remedy=_OTHER_KEY) from None
        return signature

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """The shared secret of ECDH. Raises InvalidInputError for a peer on another curve, and what the card raises."""
        if peer_public_key.curve.name != self.curve.name:
            raise InvalidInputError("the peer's key is on another curve")
        shape = serialization.PublicFormat.UncompressedPoint
        access = self._access
        return self._piv.agree(
            self._slot,
            self._public.kind,
            peer_public_key.public_bytes(serialization.Encoding.X962, shape),
            pin=access.pin,
            act=access.act,
            use_last_try=access.use_last_try,
        )

    def __copy__(self) -> CardEcPrivateKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> CardEcPrivateKey:
        return self
