"""What the tests of the simulated card speak with it through: a terminal that knows the wire and nothing more."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.transport import Transport
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, PIV_AID, Ins, ManagementAlgorithm
from ecard.simulator import Behaviour, Profile, SimulatedCard

PIN = b"123456\xff\xff"
PUK = b"12345678"
OTHER_PIN = b"739184\xff\xff"
OTHER_PUK = b"58213964"
WRONG_PIN = b"000000\xff\xff"


class Terminal:
    """Sends commands to a card and collects answers that come in pieces."""

    def __init__(self, card: Transport) -> None:
        self.card = card

    def raw(self, apdu: bytes | str) -> tuple[bytes, int]:
        """One APDU as it is, in bytes or hex."""
        return self.card.transmit(bytes.fromhex(apdu) if isinstance(apdu, str) else apdu)

    def send(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"") -> tuple[bytes, int]:
        """One command, chained where it must be; the whole answer and the last status word."""
        for link in Command(ins, p1, p2, data).chain():
            answer, status = self.card.transmit(link.short())
        while status >> 8 == 0x61:
            more, status = self.card.transmit(Command(Ins.GET_RESPONSE).short())
            answer += more
        return answer, status

    def good(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"") -> bytes:
        """One command that must succeed; its answer."""
        answer, status = self.send(ins, p1, p2, data)
        assert status == 0x9000, f"{ins:02X} {p1:02X} {p2:02X}: {status:04X}"
        return answer

    def status(self, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"") -> int:
        """The status word of one command; one that is not 9000 carries no data."""
        answer, status = self.send(ins, p1, p2, data)
        assert status == 0x9000 or not answer
        return status

    def select(self) -> bytes:
        return self.good(Ins.SELECT, 0x04, 0x00, PIV_AID)

    def verify(self, pin: bytes = PIN) -> int:
        return self.status(Ins.VERIFY, 0x00, 0x80, pin)

    def tries(self) -> int:
        """What VERIFY without a PIN answers."""
        return self.status(Ins.VERIFY, 0x00, 0x80)

    def change(self, reference: int, old: bytes, new: bytes) -> int:
        return self.status(Ins.CHANGE_REFERENCE_DATA, 0x00, reference, old + new)

    def unblock(self, puk: bytes, new: bytes) -> int:
        return self.status(Ins.RESET_RETRY_COUNTER, 0x00, 0x80, puk + new)

    def get(self, tag: int) -> tuple[bytes, int]:
        return self.send(Ins.GET_DATA, 0x3F, 0xFF, tlv.encode(0x5C, _tag(tag)))

    def put(self, tag: int, content: bytes) -> int:
        return self.status(Ins.PUT_DATA, 0x3F, 0xFF, tlv.encode(0x5C, _tag(tag)) + tlv.encode(0x53, content))

    def manage(
        self, key: bytes = FACTORY_MANAGEMENT_KEY, algorithm: ManagementAlgorithm = ManagementAlgorithm.TDES
    ) -> int:
        """Authenticate with the management key, the card proving itself too."""
        answer = self.good(Ins.GENERAL_AUTHENTICATE, algorithm, 0x9B, bytes.fromhex("7C028000"))
        witness = block_cipher(key, algorithm, tlv.unwrap(tlv.unwrap(answer, 0x7C, ""), 0x80, ""), decrypt=True)
        challenge = bytes(range(algorithm.block_size))
        inner = tlv.encode(0x80, witness) + tlv.encode(0x81, challenge)
        answer, status = self.send(Ins.GENERAL_AUTHENTICATE, algorithm, 0x9B, tlv.encode(0x7C, inner))
        if status == 0x9000:
            response = tlv.unwrap(tlv.unwrap(answer, 0x7C, ""), 0x82, "")
            assert response == block_cipher(key, algorithm, challenge)
        return status

    def generate(self, slot: int, algorithm: int, *, pin: int | None = None, touch: int | None = None) -> bytes:
        """Make a key; the content of 7F49."""
        fields = tlv.encode(0x80, bytes((algorithm,)))
        fields += b"" if pin is None else tlv.encode(0xAA, bytes((pin,)))
        fields += b"" if touch is None else tlv.encode(0xAB, bytes((touch,)))
        return tlv.unwrap(self.good(Ins.GENERATE_KEY, 0, slot, tlv.encode(0xAC, fields)), 0x7F49, "")

    def use(self, slot: int, algorithm: int, challenge: bytes, *, tag: int = 0x81) -> tuple[bytes, int]:
        """GENERAL AUTHENTICATE; the content of 82, and the status word."""
        template = tlv.encode(0x7C, tlv.encode(0x82) + tlv.encode(tag, challenge))
        answer, status = self.send(Ins.GENERAL_AUTHENTICATE, algorithm, slot, template)
        return (tlv.unwrap(tlv.unwrap(answer, 0x7C, ""), 0x82, "") if answer else b""), status


def _tag(tag: int) -> bytes:
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big")


def block_cipher(key: bytes, algorithm: ManagementAlgorithm, block: bytes, *, decrypt: bool = False) -> bytes:
    """One block under a management key."""
    cipher = Cipher(TripleDES(key) if algorithm is ManagementAlgorithm.TDES else AES(key), modes.ECB())
    run = cipher.decryptor() if decrypt else cipher.encryptor()
    return run.update(block) + run.finalize()


def terminal(
    profile: str | Profile = "factory", *, behaviours: Iterable[Behaviour] = (), managed: bool = False
) -> Terminal:
    """A terminal with a new, powered card whose PIV application is selected."""
    card = SimulatedCard.new(profile, behaviours=behaviours)
    card.power_on()
    found = Terminal(card)
    found.select()
    if managed:
        assert found.manage(algorithm=card.memory.management.algorithm, key=card.memory.management.value) == 0x9000
    return found
