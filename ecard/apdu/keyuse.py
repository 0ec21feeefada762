"""Verbs that use a key on the card: signing, decrypting, agreeing on a key, and when each needs the PIN.

SP 800-73-5 part 2, section 3.2.4; the card pads nothing and hashes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecard.algorithms import KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.exchange import ALL
from ecard.apdu.keycodes import is_settable, number_of
from ecard.apdu.keyverbs import KeyVerbs
from ecard.apdu.status import Status
from ecard.apdu.words import Ins, PinUse, Slot
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    EncodingError,
    InvalidInputError,
    NotSupportedByCardError,
    UnsupportedAlgorithmError,
)
from ecard.keys import pkcs1_block
from ecard.pin import Pin, PinSupplier

_TEMPLATE, _CHALLENGE, _RESPONSE, _POINT = 0x7C, 0x81, 0x82, 0x85
_DEFAULT_USES: Final = {Slot.SIGNATURE: PinUse.ALWAYS, Slot.CARD_AUTHENTICATION: PinUse.NEVER}


@dataclass(frozen=True, slots=True)
class Access:
    """How to get at a key that needs the PIN: the PIN's supplier, what for, and whether the last try may be used."""

    pin: Pin | PinSupplier | None = None
    act: str = "use the key"
    use_last_try: bool = False


class UseVerbs(KeyVerbs):
    """GENERAL AUTHENTICATE with the keys in the slots.

    Every verb takes ``pin``: without it no PIN is sent, and a key that needs one refuses with CardStatusError. With
    it a key that wants the PIN always gets one VERIFY per use; one that wants it once, only where it is not verified;
    and no verb sends more than one. A use that fails spends no try.
    """

    def pin_use(self, slot: Slot) -> PinUse:
        """When the key in ``slot`` wants the PIN, as far as this session knows: from metadata if they were read,
        from the card's refusals, otherwise what the standard says of the slot. Sends nothing.
        """
        return self._pin_uses.get(slot) or _DEFAULT_USES.get(slot, PinUse.ONCE)

    def sign_digest(
        self,
        slot: Slot,
        kind: KeyKind,
        digest: bytes,
        algorithm: SignatureAlgorithm,
        *,
        pin: Pin | PinSupplier | None = None,
        act: str = "sign",
        use_last_try: bool = False,
    ) -> Signature:
        """Sign a digest, for SM2 SM3(Z || M), with the key of ``kind`` in ``slot``. The signature is not verified.

        Raises UnsupportedAlgorithmError or InvalidInputError where algorithm, kind and digest do not fit, everything
        that ``verify`` raises, CardStatusError, CardProtocolError.
        """
        if algorithm.family is not kind.family:
            raise UnsupportedAlgorithmError(f"{algorithm.label} does not fit a key of kind {kind.value}")
        if len(digest) != algorithm.digest.size:
            raise InvalidInputError(f"a digest of {len(digest)} bytes is none of {algorithm.digest.label}")
        if kind.family is KeyFamily.RSA:
            block = pkcs1_block(digest, algorithm, kind.size)
        else:
            block = digest[: kind.size].rjust(kind.size, b"\0")
        return Signature(algorithm, self.sign_block(slot, kind, block, access=Access(pin, act, use_last_try)))

    def sign_block(self, slot: Slot, kind: KeyKind, block: bytes, *, access: Access) -> bytes:
        """The signature of one block as it is: of the modulus' size for RSA, of the curve's for a curve (DER).

        Raises CardProtocolError where the answer is no signature, and what ``sign_digest`` raises.
        """
        value = self._use(slot, kind, _CHALLENGE, block, access, "signing")
        if kind.family is KeyFamily.RSA:
            return _of_size(value, kind.size, "signature")
        try:
            Signature(SignatureAlgorithm.default_for(kind), value).integers()
        except EncodingError as error:
            raise CardProtocolError(f"the card's signature is none ({error.what})") from None
        return value

    def decrypt(
        self,
        slot: Slot,
        kind: KeyKind,
        ciphertext: bytes,
        *,
        pin: Pin | PinSupplier | None = None,
        act: str = "decrypt",
        use_last_try: bool = False,
    ) -> bytes:
        """The RSA block that ``ciphertext`` is the encryption of, padding included, of the modulus' size.

        Raises UnsupportedAlgorithmError, InvalidInputError, what ``verify`` raises, CardStatusError,
        CardProtocolError.
        """
        if kind.family is not KeyFamily.RSA:
            raise UnsupportedAlgorithmError(f"a card does not decrypt with a key of kind {kind.value}")
        if len(ciphertext) != kind.size:
            raise InvalidInputError(f"a ciphertext of {len(ciphertext)} bytes, {kind.value} has {kind.size}")
        access = Access(pin, act, use_last_try)
        return _of_size(self._use(slot, kind, _CHALLENGE, ciphertext, access, "decrypting"), kind.size, "block")

    def agree(
        self,
        slot: Slot,
        kind: KeyKind,
        peer: bytes,
        *,
        pin: Pin | PinSupplier | None = None,
        act: str = "agree on a key",
        use_last_try: bool = False,
    ) -> bytes:
        """The shared secret with the uncompressed point ``peer`` (ECDH): the x-coordinate of the product.

        Raises UnsupportedAlgorithmError, InvalidInputError, what ``verify`` raises, CardStatusError,
        CardProtocolError.
        """
        if kind.family is KeyFamily.RSA:
            raise UnsupportedAlgorithmError(f"no key is agreed on with a key of kind {kind.value}")
        if len(peer) != 2 * kind.size + 1 or peer[0] != 4:
            raise InvalidInputError(f"the peer's key is no uncompressed point of {kind.value}")
        access = Access(pin, act, use_last_try)
        return _of_size(self._use(slot, kind, _POINT, peer, access, "agreeing on a key"), kind.size, "shared secret")

    def _use(self, slot: Slot, kind: KeyKind, tag: int, value: bytes, access: Access, doing: str) -> bytes:
        what = f"{doing} with the key in slot {slot:02X}"
        data = tlv.encode(_TEMPLATE, tlv.encode(_RESPONSE) + tlv.encode(tag, value))
        command = Command(
            Ins.GENERAL_AUTHENTICATE, self._number(slot, kind), slot, data, le=ALL if kind.size > 128 else 0
        )
        answer = tlv.decode(tlv.unwrap(self._with_pin(slot, command, access, what), _TEMPLATE, what))
        if _RESPONSE not in answer:
            raise CardProtocolError(f"{what}: the card's answer lacks data object 82")
        return answer[_RESPONSE]

    def _number(self, slot: Slot, kind: KeyKind) -> int:
        """The card's number for the key's algorithm; a settable one from the slot's metadata where there are any."""
        if is_settable(kind) and slot not in self._numbers:
            try:
                self.metadata(slot)
            except NotSupportedByCardError:
                self._numbers[slot] = self._sm2_number
        return number_of(kind, self._numbers.get(slot, self._sm2_number))

    def _with_pin(self, slot: Slot, command: Command, access: Access, what: str) -> bytes:
        if access.pin is None:
            return self.session.transmit(command, what)
        verified_now = self._verify_before(self.pin_use(slot), access)
        try:
            return self.session.transmit(command, what)
        except CardStatusError as error:
            if error.status != Status.SECURITY_NOT_SATISFIED:
                raise
            if verified_now:
                # the card took the PIN and denies it: what it said of the counter is worth no more
                self._forget_pin()
                raise
        self._pin_uses[slot] = PinUse.ALWAYS
        self.verify(access.pin, act=access.act, use_last_try=access.use_last_try)
        return self.session.transmit(command, what)

    def _verify_before(self, use: PinUse, access: Access) -> bool:
        """Verify the PIN where the policy calls for it; whether a VERIFY was sent."""
        assert access.pin is not None
        if use is PinUse.NEVER or (use is PinUse.ONCE and self._verified):
            return False
        if use is PinUse.ALWAYS:
            self.verify(access.pin, act=access.act, use_last_try=access.use_last_try)
            return True
        status = self.pin_status()
        if status.verified:
            return False
        self._verify(access.pin, access.act, self._may_spend(status, access.use_last_try))
        return True


def _of_size(value: bytes, size: int, what: str) -> bytes:
    if len(value) != size:
        raise CardProtocolError(f"the card's {what} has {len(value)} bytes instead of {size}")
    return value
