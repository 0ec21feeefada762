"""The answer to reset, as far as it says what the card can (ISO/IEC 7816-3 section 8.2, 7816-4 section 12.1.1)."""

from __future__ import annotations

from typing import Final

_INTERFACE_BYTES: Final = 4
_COMPACT_TLV: Final = 0x80
_COMPACT_TLV_THEN_STATUS: Final = 0x00
_CAPABILITIES: Final = 0x7
_EXTENDED_LENGTH: Final = 0x40


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of ``atr``; empty where it has none or is cut off.

    >>> historical_bytes(bytes.fromhex("3B8880014A434F5076323431B7"))[:4]
    b'JCOP'
    """
    if len(atr) < 2:
        return b""
    follow, count, position = atr[1] >> 4, atr[1] & 0x0F, 2
    while follow:
        position += follow.bit_count()
        if not follow & 0x8:
            break
        if position > len(atr):
            return b""
        follow = atr[position - 1] >> 4
    found = atr[position : position + count]
    return found if len(found) == count else b""


def takes_extended_length(atr: bytes) -> bool:
    """Whether the card capabilities among the historical bytes announce extended Lc and Le (7816-4, table 119)."""
    history = historical_bytes(atr)
    if not history or history[0] not in (_COMPACT_TLV, _COMPACT_TLV_THEN_STATUS):
        return False
    body = history[1:] if history[0] == _COMPACT_TLV else history[1:-3]
    while body:
        tag, length = body[0] >> 4, body[0] & 0x0F
        value, body = body[1 : 1 + length], body[1 + length :]
        if tag == _CAPABILITIES and len(value) == 3:
            return bool(value[2] & _EXTENDED_LENGTH)
    return False
