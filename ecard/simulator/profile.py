"""What kind of card a simulated card is, as data: a profile names everything that differs from card to card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ecard.algorithms import KeyKind
from ecard.apdu import words
from ecard.apdu.words import ManagementAlgorithm
from ecard.errors import InvalidInputError
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.settings import AlgorithmSettings

_B = Behaviour
_HALF_OF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
"""A surrogate, for which UTF-8 has no bytes."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of card. ``but`` makes a variant of it. InvalidInputError for what no card has, and no card file keeps."""

    name: str
    atr: bytes
    """Answer to reset (ISO/IEC 7816-3, section 8.2)."""
    version: tuple[int, int, int]
    """What GET VERSION answers."""
    label: str
    """The application label in the answer to SELECT."""
    algorithms: Mapping[int, KeyKind]
    """Algorithm number (P1 of GENERAL AUTHENTICATE) to kind of key."""
    management: ManagementAlgorithm
    """The kind of management key that the card leaves the factory with."""
    object_limit: int
    """The most content bytes of one data object."""
    behaviours: frozenset[Behaviour] = frozenset()

    def __post_init__(self) -> None:
        fits = {
            "an answer to reset of 2 to 33 bytes": 2 <= len(self.atr) <= 33,
            "a version of three bytes": len(self.version) == 3 and all(0 <= part <= 0xFF for part in self.version),
            "algorithm numbers from 1 to 255": all(1 <= number <= 0xFF for number in self.algorithms),
            "a limit of objects from 0 to 65535 bytes": 0 <= self.object_limit <= 0xFFFF,
            "a name and a label of whole characters": not _HALF_OF_A_CHARACTER.search(self.name + self.label),
        }
        for what, holds in fits.items():
            if not holds:
                raise InvalidInputError(f"the profile of a simulated card needs {what}")

    def but(self, *behaviours: Behaviour, without: Iterable[Behaviour] = (), **changes: object) -> Profile:
        """This profile with more ``behaviours``, ``without`` others, and with other fields changed.

        Raises InvalidInputError.
        """
        wanted = (self.behaviours | set(behaviours)) - set(without)
        return replace(self, behaviours=wanted, **changes)  # type: ignore[arg-type]

    def algorithm_number(self, kind: KeyKind) -> int | None:
        """The number that this card gives keys of ``kind``; None where it does not know them."""
        return next((number for number, known in self.algorithms.items() if known is kind), None)

    @staticmethod
    def named(name: str) -> Profile:
        """The profile of that name in ``PROFILES``; InvalidInputError where there is none."""
        try:
            return PROFILES[name]
        except KeyError:
            raise InvalidInputError(
                f"no profile of simulated card is called {name!r}", remedy=f"choose one of {', '.join(PROFILES)}"
            ) from None


def atr_with(historical: bytes) -> bytes:
    """The answer to reset of a contact card for T=0 and T=1 with 1 to 15 ``historical`` bytes and nothing else to say.

    ISO/IEC 7816-3, section 8.2: TS, T0, TD1, TD2, historical bytes, check byte.

    Raises InvalidInputError for another number of them.
    """
    if not 1 <= len(historical) <= 15:
        raise InvalidInputError("an answer to reset carries 1 to 15 historical bytes here")
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes((check,))


_CURVES: Final = {words.P256: KeyKind.P256, words.P384: KeyKind.P384}
_YUBICO: Final = {
    words.RSA1024: KeyKind.RSA1024,
    words.RSA2048: KeyKind.RSA2048,
    words.RSA3072: KeyKind.RSA3072,
    words.RSA4096: KeyKind.RSA4096,
    **_CURVES,
}

_HISTORICAL: Final = bytes.fromhex("80 F9A00000030800001000 730000C0")
"""Compact TLV (ISO/IEC 7816-4, section 8.1.1): the PIV application; command chaining and extended length are known."""

FACTORY: Final = Profile(
    name="factory",
    atr=atr_with(_HISTORICAL),
    version=(5, 7, 1),
    label="ecard simulated PIV card",
    algorithms=AlgorithmSettings().algorithms,
    management=ManagementAlgorithm.TDES,
    object_limit=3052,
)
YUBIKEY: Final = replace(
    FACTORY,
    name="yubikey",
    atr=bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940"),
    label="",
    algorithms=MappingProxyType(_YUBICO),
    management=ManagementAlgorithm.AES192,
)
CANOKEY: Final = replace(
    FACTORY,
    name="canokey",
    atr=bytes.fromhex("3BF71100008131FE6543616E6F6B657999"),
    label="",
    algorithms=AlgorithmSettings().algorithms,
    object_limit=3000,
    behaviours=frozenset(
        {
            _B.WITHHOLDS_WITHOUT_LE,
            _B.DISCOVERY_IGNORES_LE,
            _B.SELECT_FORGETS,
            _B.SIGNATURE_PIN_ONCE,
            _B.NO_KEY_HISTORY,
            _B.SIX_SLOTS_ONLY,
            _B.NO_MOVE_KEY,
            _B.NO_ATTESTATION,
            _B.NO_SET_RETRIES,
            _B.TDES_MANAGEMENT_ONLY,
            _B.LAST_WRONG_PIN_SAYS_BLOCKED,
            _B.ALGORITHM_SETTINGS,
        }
    ),
)
MINIMAL: Final = Profile(
    name="minimal",
    atr=bytes.fromhex("3B80800101"),
    version=(1, 0, 0),
    label="",
    algorithms=MappingProxyType({words.RSA2048: KeyKind.RSA2048} | _CURVES),
    management=ManagementAlgorithm.TDES,
    object_limit=3052,
    behaviours=frozenset(
        {
            _B.NO_METADATA,
            _B.NO_SERIAL,
            _B.NO_ATTESTATION,
            _B.NO_MOVE_KEY,
            _B.NO_KEY_HISTORY,
            _B.NO_IMPORT,
            _B.NO_SET_RETRIES,
            _B.RSA_SIGN_FAILS,
            _B.NO_DISCOVERY,
            _B.SELECT_RID_OR_FULL_ONLY,
            _B.TDES_MANAGEMENT_ONLY,
        }
    ),
)
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({p.name: p for p in (FACTORY, YUBIKEY, CANOKEY, MINIMAL)})
"""The profiles by name: ``factory``, ``yubikey``, ``canokey``, ``minimal``."""
