"""The PIV application on a session: selecting it, and finding out what the card is."""

from __future__ import annotations

from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.exchange import ALL
from ecard.apdu.metadata import KeyMetadata, ManagementKeyMetadata, PinMetadata, read_key, read_management_key, read_pin
from ecard.apdu.pivdata import ApplicationProperties, Version
from ecard.apdu.session import Session
from ecard.apdu.status import Status, explain
from ecard.apdu.words import NIST_RID, PIV_AID, SM2_CANOKEY, Ins, PinUse, Reference, Slot
from ecard.errors import CardProtocolError, InvalidInputError, NoCardError, NoCardReason

_BY_NAME: Final = 0x04
_MAX_SERIAL: Final = 16
_WITHOUT_VERSION: Final = 9
"""Bytes of the name without the version at its end, by which OpenSC selects the application."""
_ABSENT: Final = (Status.NOT_FOUND, Status.INS_NOT_SUPPORTED, Status.CLA_NOT_SUPPORTED, Status.FUNCTION_NOT_SUPPORTED)


class PivApplication:
    """What every group of verbs stands on: the session, the card's settings, and what was learnt of its keys.

    Raises InvalidInputError for an ``sm2_id`` that is no byte and for a key reference that is no holder's PIN.
    """

    def __init__(
        self, session: Session, *, sm2_id: int | None = None, pin_reference: Reference = Reference.PIN
    ) -> None:
        if sm2_id is not None and not 0 <= sm2_id <= 0xFF:
            raise InvalidInputError(f"sm2_id {sm2_id} is not the value of a byte")
        if pin_reference not in (Reference.PIN, Reference.GLOBAL_PIN):
            raise InvalidInputError(f"key reference {pin_reference:02X} is no PIN of the holder")
        self.session: Final = session
        self._sm2_id = sm2_id
        self._pin_reference: Final = pin_reference
        self._version: Version | None = None
        self._numbers: dict[Slot, int] = {}
        self._pin_uses: dict[Slot, PinUse] = {}
        self.properties: Final = self._select()
        """What the application says of itself."""

    @property
    def name(self) -> str:
        """Which card this is, for messages to people: the reader's name, with no personal datum."""
        return self.session.name

    def _select(self) -> ApplicationProperties:
        """The short name first, as every client does; cards exist that know only one of the three."""
        status = 0
        for name in (NIST_RID, PIV_AID, PIV_AID[:_WITHOUT_VERSION]):
            data, status = self.session.exchange(Command(Ins.SELECT, _BY_NAME, 0, name))
            if status == Status.OK:
                return ApplicationProperties.read(data)
        has_none = "has no PIV application" if status in _ABSENT else "does not let its PIV application be selected"
        raise NoCardError(
            f"the card in {self.name} {has_none} ({status:04X}, {explain(status)})",
            reason=NoCardReason.UNSUPPORTED_CARD,
            remedy="use a card with a PIV application",
        )

    def _order(self, command: Command, what: str) -> None:
        """Have a command done that has no data to answer: an answer with data belongs to something else.

        It has an Le all the same, without which some cards do not answer long commands. A strict card refuses that,
        and gets the command once more without; so this is not for commands with a PIN.
        """
        answer = self.session.transmit(command, what)
        if answer:
            raise CardProtocolError(f"{what}: the card answered {len(answer)} bytes where there are none")

    def version(self) -> Version:
        """The application's version (Yubico's GET VERSION). NotSupportedByCardError where the card has none.

        CardProtocolError for an answer of another length.
        """
        if self._version is None:
            answer = self.session.transmit(Command(Ins.GET_VERSION), "reading the version")
            if len(answer) != 3:
                raise CardProtocolError(f"the version has {len(answer)} bytes instead of three")
            self._version = Version(*answer)
        return self._version

    def serial(self) -> int:
        """The card's serial number (Yubico's GET SERIAL). NotSupportedByCardError where the card has none.

        CardProtocolError for an answer of another length.
        """
        answer = self.session.transmit(Command(Ins.GET_SERIAL), "reading the serial number")
        if not 1 <= len(answer) <= _MAX_SERIAL:
            raise CardProtocolError(f"the serial number has {len(answer)} bytes")
        return int.from_bytes(answer, "big")

    def metadata(self, slot: Slot) -> KeyMetadata:
        """What the card says of the key in ``slot`` (Yubico's GET METADATA).

        Raises ObjectNotFoundError for an empty slot, NotSupportedByCardError where the card has no metadata.
        """
        found = read_key(self._metadata(slot, f"reading the metadata of slot {slot:02X}"), self._sm2_number)
        self._numbers[slot] = found.algorithm_id
        if found.pin_use in (PinUse.NEVER, PinUse.ONCE, PinUse.ALWAYS):
            self._pin_uses[slot] = found.pin_use
        return found

    def pin_metadata(self) -> PinMetadata:
        """What the card says of the PIN. NotSupportedByCardError where the card has no metadata."""
        return read_pin(self._metadata(self._pin_reference, "reading the metadata of the PIN"))

    def puk_metadata(self) -> PinMetadata:
        """What the card says of the PUK. NotSupportedByCardError where the card has no metadata."""
        return read_pin(self._metadata(Reference.PUK, "reading the metadata of the PUK"))

    def management_key_metadata(self) -> ManagementKeyMetadata:
        """What the card says of the management key. NotSupportedByCardError where the card has no metadata."""
        what = "reading the metadata of the management key"
        return read_management_key(self._metadata(Reference.MANAGEMENT_KEY, what))

    @property
    def _sm2_number(self) -> int:
        """The number of SM2 as far as it is known: as configured, as the card's settings say, or CanoKey's first."""
        return SM2_CANOKEY if self._sm2_id is None else self._sm2_id

    def _metadata(self, reference: int, what: str) -> bytes:
        return self.session.transmit(Command(Ins.GET_METADATA, p2=reference, le=ALL), what)

    def _forget(self, slot: Slot) -> None:
        """The slot's key has changed: what was learnt of it holds no more."""
        self._numbers.pop(slot, None)
        self._pin_uses.pop(slot, None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self.session!r}>"
