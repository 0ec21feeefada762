"""CanoKey's settable algorithm numbers: seven bytes that the card keeps, also through RESET."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import Final

from ecard.algorithms import KeyKind
from ecard.apdu import words

SIZE: Final = 7
_FIXED: Final = {
    words.RSA1024: KeyKind.RSA1024,
    words.RSA2048: KeyKind.RSA2048,
    words.P256: KeyKind.P256,
    words.P384: KeyKind.P384,
}
"""Numbers that are not settable (SP 800-78-5, table 9)."""


@dataclass(frozen=True, slots=True)
class AlgorithmSettings:
    """The numbers of the algorithms beyond the standard's, and whether they are in use at all."""

    enabled: int = 1
    ed25519: int = 0xE0
    rsa3072: int = words.RSA3072
    rsa4096: int = words.RSA4096
    x25519: int = 0xE1
    secp256k1: int = 0x53
    sm2: int = words.SM2_CANOKEY

    @staticmethod
    def read(data: bytes) -> AlgorithmSettings | None:
        """The settings in seven bytes; None where they are not, or give two algorithms one number."""
        if len(data) != SIZE or data[0] > 1:
            return None
        numbers = data[1:]
        if len(set(numbers)) < len(numbers) or set(numbers) & _FIXED.keys() or 0 in numbers:
            return None
        return AlgorithmSettings(*data)

    def write(self) -> bytes:
        """The seven bytes."""
        return bytes(astuple(self))

    @property
    def algorithms(self) -> Mapping[int, KeyKind]:
        """The numbers in use. Of the settable ones only those that the simulated card has keys for."""
        return MappingProxyType(_FIXED | (self.named if self.enabled else {}))

    @property
    def named(self) -> dict[int, KeyKind]:
        """The settable numbers, in use or not."""
        return {self.rsa3072: KeyKind.RSA3072, self.rsa4096: KeyKind.RSA4096, self.sm2: KeyKind.SM2}
