"""Which bytes of an exchange are secret, so that no log and no trace ever holds them.

What is secret follows from the instruction, never from the content: a byte masked needlessly costs less than a PIN
written down. Lengths stay. Masked are all data of VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, SET MANAGEMENT
KEY and IMPORT KEY; both directions of authentication with the management key; the answers of decryption and key
agreement; and the objects that hold biometrics, personal data or, on some cards, the management key. Masked wherever
it stands is an identity number in clear, as a certificate may have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ecard.apdu.command import CHAINING, HEADER, Command
from ecard.apdu.personal import IdentityNumbers
from ecard.apdu.words import RSA1024, RSA2048, RSA3072, RSA4096, Ins, Object, Reference
from ecard.errors import CardProtocolError

MASK: Final = "**"
"""What stands for one secret byte."""
_SECRET_COMMANDS: Final = frozenset(
    (
        Ins.VERIFY,
        Ins.CHANGE_REFERENCE_DATA,
        Ins.RESET_RETRY_COUNTER,
        Ins.SET_MANAGEMENT_KEY,
        Ins.IMPORT_KEY,
    )
)
_SECRET_OBJECTS: Final = frozenset(
    o.to_bytes(3, "big")
    for o in (Object.FINGERPRINTS, Object.FACIAL_IMAGE, Object.PRINTED_INFORMATION, Object.IRIS_IMAGES)
)
_RSA: Final = (RSA1024, RSA2048, RSA3072, RSA4096)
_SIGNATURE_BLOCK: Final = b"\x00\x01\xff"
_AUTHENTICATION_TEMPLATE: Final = 0x7C
_CHALLENGE: Final = 0x81


class Masker:
    """Turns exchanges into hexadecimal text with ``**`` for each secret byte.

    It remembers what GET RESPONSE and the links of a chain belong to, so one masker serves one session, in order.
    """

    def __init__(self) -> None:
        self._first: Command | None = None
        self._secret_answer = False
        self._sent, self._received = IdentityNumbers(), IdentityNumbers()

    def mask(self, encoded: bytes, answer: bytes) -> tuple[str, str]:
        """The command and the response data as text. A command that cannot be read is masked after its header."""
        try:
            command = Command.parse(encoded)
        except CardProtocolError:
            self._secret_answer = True
            return _masked(encoded, [(HEADER, len(encoded))]), MASK * len(answer)
        if command.ins == Ins.GET_RESPONSE:
            shown = _masked(encoded, [])
        else:
            shown, self._received = self._mask_command(encoded, command), IdentityNumbers()
        return shown, MASK * len(answer) if self._secret_answer else _masked(answer, self._received.find(answer))

    def _mask_command(self, encoded: bytes, command: Command) -> str:
        first = command if self._first is None or self._first.header[1:] != command.header[1:] else self._first
        if first is command:
            self._sent = IdentityNumbers()
        self._first = first if command.cla & CHAINING else None
        self._secret_answer = _answer_is_secret(first)
        begin = _begin_of_data(encoded)
        if not _data_is_secret(first):
            found = self._sent.find(command.data)
            return _masked(encoded, [(begin + start, begin + end) for start, end in found])
        end = begin + len(command.data)
        if not command.data:
            # nothing but an Le belongs there; whatever else it is may be a PIN without its length
            begin, end = HEADER + 1, len(encoded)
        if command.ins in (Ins.PUT_DATA, Ins.GET_DATA) and first is command:
            begin += 5  # the tag list says which object it is
        return _masked(encoded, [(begin, end)])


def _begin_of_data(encoded: bytes) -> int:
    """After the header and the one or three bytes that tell the length."""
    return HEADER + (3 if len(encoded) > HEADER + 1 and not encoded[HEADER] else 1)


def _masked(data: bytes, spans: Sequence[tuple[int, int]]) -> str:
    """``data`` in hexadecimal, with the bytes of the spans masked."""
    shown, position = "", 0
    for begin, end in spans:
        shown += data[position:begin].hex().upper() + MASK * len(data[begin:end])
        position = end
    return shown + data[position:].hex().upper()


def _data_is_secret(first: Command) -> bool:
    if first.ins == Ins.GENERAL_AUTHENTICATE:
        return first.p2 == Reference.MANAGEMENT_KEY
    return first.ins in _SECRET_COMMANDS or (first.ins == Ins.PUT_DATA and first.data[2:5] in _SECRET_OBJECTS)


def _answer_is_secret(first: Command) -> bool:
    if first.ins == Ins.GENERAL_AUTHENTICATE:
        return first.p2 == Reference.MANAGEMENT_KEY or not _is_signature(first)
    return first.ins in _SECRET_COMMANDS or (first.ins == Ins.GET_DATA and first.data[2:5] in _SECRET_OBJECTS)


def _is_signature(command: Command) -> bool:
    """Whether this is surely a signature: a challenge, and for RSA one with the padding of a signature."""
    challenge = _challenge(command.data)
    if challenge is None:
        return False
    return command.p1 not in _RSA or challenge.startswith(_SIGNATURE_BLOCK)


def _challenge(data: bytes) -> bytes | None:
    """The start of the challenge in a dynamic authentication template that may be cut off by chaining."""
    if data[:1] != bytes((_AUTHENTICATION_TEMPLATE,)):
        return None
    position = 1 + _length_at(data, 1)[0]
    while position + 2 <= len(data):
        size, length = _length_at(data, position + 1)
        body = position + 1 + size
        if data[position] == _CHALLENGE:
            return data[body : body + length]
        position = body + length
    return None


def _length_at(data: bytes, position: int) -> tuple[int, int]:
    """How many bytes the length field has, and its value."""
    first = data[position] if position < len(data) else 0
    size = first & 0x7F if first & 0x80 else 0
    return 1 + size, int.from_bytes(data[position + 1 : position + 1 + size], "big") if size else first
