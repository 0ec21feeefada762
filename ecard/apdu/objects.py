"""Verbs for the card's data objects: certificates, the issuers' certificates, and the small ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ecard.apdu import certobject, tlv
from ecard.apdu.application import PivApplication
from ecard.apdu.command import Command
from ecard.apdu.exchange import ALL
from ecard.apdu.pivdata import Chuid, Discovery, KeyHistory
from ecard.apdu.status import Status
from ecard.apdu.words import Ins, Object, Slot
from ecard.certificate import Certificate
from ecard.errors import CardProtocolError, CardStatusError, InvalidInputError, ObjectNotFoundError

MAX_OBJECT: Final = 60000
"""The most bytes of content that are written to one object."""
_TAG_LIST: Final = 0x5C
_CONTENT: Final = 0x53
_CURRENT: Final = (0x3F, 0xFF)
_UNWRAPPED: Final = (Object.DISCOVERY, Object.BIOMETRIC_TEMPLATE)
_DOES_NOT_FIT: Final = (Status.NOT_ENOUGH_MEMORY, Status.WRONG_LENGTH)


class ObjectVerbs(PivApplication):
    """Reading and writing data objects (SP 800-73-5 part 2, sections 3.1.2 and 3.3.1)."""

    def get_object(self, number: int) -> bytes:
        """The content of the object ``number``, without its tag 53; 7E and 7F61 with their own tags.

        Raises ObjectNotFoundError where there is none or it is empty, CardStatusError where it needs the PIN.
        """
        command = Command(Ins.GET_DATA, *_CURRENT, _tag_list(number), le=ALL)
        answer = self.session.transmit(command, f"reading object {number:X}")
        if not answer:
            raise ObjectNotFoundError(f"reading object {number:X}: the card answered nothing")
        if number in _UNWRAPPED:
            return answer
        content = tlv.unwrap(answer, _CONTENT, f"object {number:X}")
        if not content:
            raise ObjectNotFoundError(f"reading object {number:X}: it is empty")
        return content

    def put_object(self, number: int, content: bytes) -> None:
        """Write ``content`` to the object ``number``; empty content deletes it. Needs the management key.

        Raises InvalidInputError for more than ``MAX_OBJECT`` bytes, and CardStatusError.
        """
        if len(content) > MAX_OBJECT:
            raise InvalidInputError(f"{len(content)} bytes are more than an object of a card holds ({MAX_OBJECT})")
        data = _tag_list(number) + tlv.encode(_CONTENT, content)
        self._order(Command(Ins.PUT_DATA, *_CURRENT, data), f"writing object {number:X}")

    def read_certificate(self, slot: Slot) -> Certificate:
        """The certificate of ``slot``, inflated where it is stored compressed.

        Raises ObjectNotFoundError where there is none, CardProtocolError where it is damaged.
        """
        try:
            content = self.get_object(slot.certificate_object)
        except ObjectNotFoundError:
            raise ObjectNotFoundError(f"slot {slot:02X} of the card holds no certificate") from None
        return certobject.read(content)

    def write_certificate(self, slot: Slot, certificate: Certificate, *, compress: bool | None = None) -> None:
        """Store ``certificate`` in ``slot`` and read it back. Needs the management key.

        It is stored plain; compressed with gzip where ``compress`` is true, or where it is None and the card has
        no room for the plain one. Raises CardStatusError, or CardProtocolError where the card did not keep it.
        """
        number = slot.certificate_object
        try:
            self.put_object(number, certobject.write(certificate, compress=bool(compress)))
        except CardStatusError as error:
            if compress is not None or error.status not in _DOES_NOT_FIT:
                raise
            self.put_object(number, certobject.write(certificate, compress=True))
        if self.read_certificate(slot) != certificate:
            raise CardProtocolError(f"slot {slot:02X}: the card did not keep the certificate that was written")

    def delete_certificate(self, slot: Slot) -> None:
        """Remove the certificate of ``slot``. Needs the management key. Raises CardStatusError."""
        self.put_object(slot.certificate_object, b"")

    def read_issuers(self) -> Sequence[Certificate]:
        """The certificates of the issuers that the card carries, in no order; empty where there are none."""
        try:
            content = self.get_object(Object.ISSUERS)
        except ObjectNotFoundError:
            return ()
        return certobject.read_issuers(content)

    def write_issuers(self, certificates: Sequence[Certificate]) -> None:
        """Store the certificates of the issuers, replacing those stored; none removes them all.

        Needs the management key. Raises CardStatusError, or CardProtocolError where the card did not keep them.
        """
        message = certobject.write_issuers(certificates) if certificates else b""
        self.put_object(Object.ISSUERS, message)
        if message and self.get_object(Object.ISSUERS) != message:
            raise CardProtocolError("the card did not keep the issuers' certificates that were written")

    def chuid(self) -> Chuid:
        """The card holder unique identifier. Raises ObjectNotFoundError, CardProtocolError."""
        return Chuid.read(self.get_object(Object.CHUID))

    def discovery(self) -> Discovery:
        """The discovery object. Raises ObjectNotFoundError, NotSupportedByCardError, CardProtocolError."""
        return Discovery.read(self.get_object(Object.DISCOVERY))

    def key_history(self) -> KeyHistory:
        """How many retired keys there are. Raises ObjectNotFoundError, CardProtocolError."""
        return KeyHistory.read(self.get_object(Object.KEY_HISTORY))


def _tag_list(number: int) -> bytes:
    return tlv.encode(_TAG_LIST, number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))
