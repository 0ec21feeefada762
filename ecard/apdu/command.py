"""The command APDU as a value, and its two encodings (ISO/IEC 7816-3, section 12.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ecard.errors import CardProtocolError

HEADER: Final = 4
"""Bytes of CLA INS P1 P2."""
SHORT_DATA: Final = 255
"""The most data bytes of a short command."""
EXTENDED_DATA: Final = 65535
"""The most data bytes of an extended command."""
CHAINING: Final = 0x10
"""The CLA bit of every command of a chain but the last (ISO/IEC 7816-4, section 5.3.3)."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: header, data, and ``le``, the number of bytes expected (0: as many as there are; None: no Le)."""

    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = 0
    cla: int = 0

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def short(self) -> bytes:
        """The short encoding: at most 255 data bytes, at most 256 expected. CardProtocolError for more."""
        if len(self.data) > SHORT_DATA:
            raise CardProtocolError(f"{len(self.data)} data bytes do not fit a short command")
        lc = bytes((len(self.data),)) + self.data if self.data else b""
        le = b"" if self.le is None else bytes((self.le & 0xFF,))
        return self.header + lc + le

    def extended(self) -> bytes:
        """The extended encoding: at most 65535 data bytes, at most 65536 expected. CardProtocolError for more."""
        if len(self.data) > EXTENDED_DATA:
            raise CardProtocolError(f"{len(self.data)} data bytes do not fit an extended command")
        lc = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        le = b"" if self.le is None else (b"" if self.data else b"\0") + (self.le & 0xFFFF).to_bytes(2, "big")
        return self.header + lc + le

    def chain(self, size: int = SHORT_DATA) -> list[Command]:
        """This command cut into a chain of commands of at most ``size`` data bytes; only the last expects data."""
        pieces = [self.data[i : i + size] for i in range(0, len(self.data), size)] or [b""]
        links = [replace(self, data=piece, le=None, cla=self.cla | CHAINING) for piece in pieces[:-1]]
        return [*links, replace(self, data=pieces[-1])]

    @staticmethod
    def parse(apdu: bytes) -> Command:
        """Read a short or extended command, of any of the cases 1 to 4; CardProtocolError where it is neither.

        An Le of zero in either form is read as 0, an absent one as None.
        """
        if len(apdu) < 4:
            raise CardProtocolError("a command of fewer than four bytes")
        cla, ins, p1, p2 = apdu[:4]
        data, le = _parse_body(apdu[4:])
        return Command(ins, p1, p2, data, le, cla)

    def __repr__(self) -> str:
        # data can be a PIN or a key: the header and the lengths say enough
        return f"<Command {self.header.hex(' ').upper()} lc={len(self.data)} le={self.le}>"


def _parse_body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0]
    if body[0]:
        data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
        if len(data) == body[0] and len(rest) <= 1:
            return data, rest[0] if rest else None
    elif len(body) == 3:
        return b"", int.from_bytes(body[1:], "big")
    elif len(body) > 3:
        length = int.from_bytes(body[1:3], "big")
        data, rest = body[3 : 3 + length], body[3 + length :]
        if length and len(data) == length and len(rest) in (0, 2):
            return data, int.from_bytes(rest, "big") if rest else None
    raise CardProtocolError("the command's length bytes do not fit its length")


def is_extended(encoded: bytes) -> bool:
    """Whether an encoded command has the extended form."""
    return len(encoded) > HEADER + 1 and encoded[HEADER] == 0


def for_t0(encoded: bytes) -> bytes:
    """A short command as protocol T=0 carries it: always a fifth byte, and no Le after data (7816-3, section 12.2)."""
    if len(encoded) == HEADER:
        return encoded + b"\0"
    has_data_and_le = len(encoded) > HEADER + 1 and encoded[HEADER] == len(encoded) - HEADER - 2
    return encoded[:-1] if has_data_and_le else encoded
