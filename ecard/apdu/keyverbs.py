"""Verbs for the keys on the card: generating, importing, attesting, moving, deleting.

SP 800-73-5 part 2, section 3.3.2; importing, attesting, moving and deleting are Yubico's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.exchange import ALL
from ecard.apdu.keycodes import (
    is_settable,
    number_of,
    private_fields,
    read_public_key,
    sm2_in_settings,
    to_software_key,
)
from ecard.apdu.pins import PinVerbs
from ecard.apdu.words import Ins, PinUse, Slot, TouchUse
from ecard.certificate import Certificate
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    EncodingError,
    InvalidInputError,
    NotSupportedByCardError,
    ObjectNotFoundError,
)
from ecard.keys import PublicKey, SoftwareKey

_GENERATE, _ALGORITHM, _PUBLIC_KEY = 0xAC, 0x80, 0x7F49
_PIN_USE, _TOUCH_USE = 0xAA, 0xAB
_DELETE: Final = 0xFF
_READ_SETTINGS: Final = 0x01


class KeyVerbs(PinVerbs):
    """Everything that puts a key into a slot or takes it out. All but ``attest`` need the management key."""

    def generate_key(
        self,
        slot: Slot,
        kind: KeyKind,
        *,
        pin_use: PinUse = PinUse.DEFAULT,
        touch_use: TouchUse = TouchUse.DEFAULT,
    ) -> PublicKey:
        """Make a new key on the card and return its public half; a key that was in ``slot`` is lost.

        Raises NotSupportedByCardError where the card makes no such key, CardStatusError, CardProtocolError.
        """
        self._forget(slot)
        algorithm = tlv.encode(_ALGORITHM, bytes((self._number_for_new(kind),)))
        data = tlv.encode(_GENERATE, algorithm + _policies(pin_use, touch_use))
        what = f"generating a key of kind {kind.value} in slot {slot:02X}"
        answer = self.session.transmit(Command(Ins.GENERATE_KEY, p2=slot, data=data, le=ALL), what)
        return read_public_key(tlv.unwrap(answer, _PUBLIC_KEY, what), kind)

    def import_key(
        self,
        slot: Slot,
        key: SoftwareKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
        *,
        pin_use: PinUse = PinUse.DEFAULT,
        touch_use: TouchUse = TouchUse.DEFAULT,
    ) -> None:
        """Put a private key into ``slot``; a key that was there is lost.

        Raises UnsupportedAlgorithmError for a key that is not one of ``KeyKind``, NotSupportedByCardError where the
        card takes no such key, CardStatusError.
        """
        key = to_software_key(key)
        kind = key.public_key.kind
        self._forget(slot)
        data = private_fields(key) + _policies(pin_use, touch_use)
        command = Command(Ins.IMPORT_KEY, self._number_for_new(kind), slot, data)
        self._order(command, f"importing a key of kind {kind.value} into slot {slot:02X}")

    def _number_for_new(self, kind: KeyKind) -> int:
        """The card's number for a new key of ``kind``; a settable one from the card's settings, where it shows them.

        CanoKey shows them to whoever has proved the management key, as making a key needs anyway; other cards refuse.
        """
        if is_settable(kind) and self._sm2_id is None:
            with suppress(NotSupportedByCardError, ObjectNotFoundError, CardStatusError):
                command = Command(Ins.VENDOR_CONFIGURATION, _READ_SETTINGS, le=ALL)
                self._sm2_id = sm2_in_settings(self.session.transmit(command, "reading the card's settings"))
        return number_of(kind, self._sm2_number)

    def attest(self, slot: Slot) -> Certificate:
        """A certificate of the card's attestation key saying that the key in ``slot`` was generated there.

        Raises ObjectNotFoundError, NotSupportedByCardError, CardStatusError, CardProtocolError.
        """
        what = f"attesting the key in slot {slot:02X}"
        answer = self.session.transmit(Command(Ins.ATTEST, slot, le=ALL), what)
        try:
            return Certificate(answer)
        except EncodingError as error:
            raise CardProtocolError(f"{what}: no certificate came back ({error.what})") from None

    def move_key(self, source: Slot, destination: Slot) -> None:
        """Move a key to another slot. Its certificate stays where it is.

        Raises InvalidInputError where both are the same, NotSupportedByCardError, CardStatusError.
        """
        if source is destination or Slot.ATTESTATION in (source, destination):
            raise InvalidInputError(f"a key is not moved from slot {source:02X} to slot {destination:02X}")
        self._forget(source)
        self._forget(destination)
        command = Command(Ins.MOVE_KEY, destination, source)
        self._order(command, f"moving the key in slot {source:02X} to slot {destination:02X}")

    def delete_key(self, slot: Slot) -> None:
        """Delete the key in ``slot``. Its certificate stays. Raises NotSupportedByCardError, CardStatusError."""
        self._forget(slot)
        self._order(Command(Ins.MOVE_KEY, _DELETE, slot), f"deleting the key in slot {slot:02X}")


def _policies(pin_use: PinUse, touch_use: TouchUse) -> bytes:
    """A policy left to the card is left out: cards without policies refuse the data objects."""
    policies = ((_PIN_USE, pin_use), (_TOUCH_USE, touch_use))
    return b"".join(tlv.encode(tag, bytes((policy,))) for tag, policy in policies if policy)
