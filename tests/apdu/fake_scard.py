"""pyscard's low-level functions without a service: a simulated card in a reader with a PIN pad."""

from __future__ import annotations

from typing import Any

from ecard.apdu.pinpad import Feature
from ecard.simulator import SimulatedCard
from tests.apdu.making import PIN

READER = "Pad Reader 00"
FEATURES = {Feature.VERIFY_PIN_DIRECT: 0x42330006, Feature.MODIFY_PIN_DIRECT: 0x42330007}


class FakeScard:
    """pyscard's low-level functions over a simulated card in a reader with a PIN pad.

    ``results`` gives the return codes of the next calls of a function, by name; zero when used up.
    """

    SCARD_SCOPE_USER, SCARD_SHARE_SHARED, SCARD_LEAVE_CARD = 0, 2, 0
    SCARD_STATE_UNAWARE, SCARD_STATE_PRESENT, SCARD_STATE_MUTE = 0, 0x20, 0x200
    SCARD_STATE_INUSE, SCARD_STATE_EXCLUSIVE, SCARD_STATE_CHANGED = 0x100, 0x80, 2
    SCARD_PROTOCOL_T0, SCARD_PCI_T0, SCARD_PCI_T1 = 1, 1, 2

    def __init__(self, card: SimulatedCard, *, typed: str = PIN, features: dict[Feature, int] | None = None) -> None:
        self.card = card
        self.typed = typed.encode().ljust(8, b"\xff")
        self.new = b"739205\xff\xff"
        self.features = FEATURES if features is None else features
        self.pad_status = b""
        self.state = self.SCARD_STATE_PRESENT
        self.readers = [READER]
        self.protocol = 2
        self.results: dict[str, list[int]] = {}
        self.calls: list[str] = []
        self.controls: list[bytes] = []
        self.answer: list[int] | None = None
        self.headers: set[int] = set()
        self.sent: list[bytes] = []

    def _result(self, name: str) -> int:
        self.calls.append(name)
        queue = self.results.get(name, [])
        return queue.pop(0) if queue else 0

    def SCARD_CTL_CODE(self, number: int) -> int:
        return 0x42000000 + number

    def SCardEstablishContext(self, scope: int) -> tuple[int, int]:
        return self._result("establish"), 1

    def SCardReleaseContext(self, context: int) -> int:
        return self._result("release")

    def SCardListReaders(self, context: int, groups: list[str]) -> tuple[int, list[str]]:
        return self._result("list"), self.readers

    def SCardGetStatusChange(self, context: int, timeout: int, states: list[Any]) -> tuple[int, list[Any]]:
        return self._result("status"), [(name, self.state, list(self.card.atr)) for name, _ in states]

    def SCardConnect(self, context: int, reader: str, mode: int, protocols: int) -> tuple[int, int, int]:
        result = self._result("connect")
        if result == 0:
            self.card.power_on()
        return result, 7, self.protocol

    def SCardReconnect(self, card: int, mode: int, protocols: int, action: int) -> tuple[int, int]:
        return self._result("reconnect"), self.protocol

    def SCardDisconnect(self, card: int, action: int) -> int:
        assert action == self.SCARD_LEAVE_CARD
        return self._result("disconnect")

    def SCardBeginTransaction(self, card: int) -> int:
        return self._result("begin")

    def SCardEndTransaction(self, card: int, action: int) -> int:
        assert action == self.SCARD_LEAVE_CARD
        return self._result("end")

    def SCardTransmit(self, card: int, header: int, command: list[int]) -> tuple[int, list[int]]:
        self.headers.add(header)
        result = self._result("transmit")
        if result or self.answer is not None:
            return result, self.answer or []
        self.sent.append(bytes(command))
        data, status = self.card.transmit(bytes(command))
        return 0, [*data, status >> 8, status & 0xFF]

    def SCardControl(self, card: int, code: int, data: list[int]) -> tuple[int, list[int]]:
        result = self._result("control")
        if result:
            return result, []
        if code == self.SCARD_CTL_CODE(3400):
            return 0, [b for tag, number in self.features.items() for b in (tag, 4, *number.to_bytes(4, "big"))]
        self.controls.append(bytes(data))
        return 0, list(self.pad_status or self._entered(code, bytes(data)))

    def _entered(self, code: int, structure: bytes) -> bytes:
        """The reader puts what is typed into the command and sends it to the card."""
        size = 19 if code == FEATURES[Feature.VERIFY_PIN_DIRECT] else 24
        apdu = structure[size:]
        typed = self.typed if len(apdu) == 13 else self.typed + self.new
        assert apdu[5:] == b"\xff" * len(typed)
        _, status = self.card.transmit(apdu[:5] + typed)
        return status.to_bytes(2, "big")
