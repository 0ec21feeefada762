"""The words of the PIV card application: instructions, slots, objects, algorithm and policy numbers.

NIST SP 800-73-5 parts 1 and 2, SP 800-78-5 table 9; Yubico's extensions (instructions F6 to FF).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

PIV_AID: Final = bytes.fromhex("A000000308000010000100")
"""The full application identifier (SP 800-73-5 part 1, section 2.2)."""
NIST_RID: Final = PIV_AID[:5]
"""What SELECT needs of it: names may be cut on the right."""


class Ins(IntEnum):
    """Instruction bytes."""

    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    RESET_RETRY_COUNTER = 0x2C
    GENERATE_KEY = 0x47
    GENERAL_AUTHENTICATE = 0x87
    SELECT = 0xA4
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCB
    PUT_DATA = 0xDB
    VENDOR_CONFIGURATION = 0xEE
    """CanoKey: read or write the algorithm numbers."""
    MOVE_KEY = 0xF6
    GET_METADATA = 0xF7
    GET_SERIAL = 0xF8
    ATTEST = 0xF9
    SET_PIN_RETRIES = 0xFA
    RESET = 0xFB
    GET_VERSION = 0xFD
    IMPORT_KEY = 0xFE
    SET_MANAGEMENT_KEY = 0xFF


class Reference(IntEnum):
    """Key references that are no slots."""

    GLOBAL_PIN = 0x00
    PIN = 0x80
    PUK = 0x81
    BIOMETRIC = 0x96
    MANAGEMENT_KEY = 0x9B


class Slot(IntEnum):
    """Slots for asymmetric keys (SP 800-73-5 part 1, table 4b; F9 is Yubico's)."""

    AUTHENTICATION = 0x9A
    SIGNATURE = 0x9C
    KEY_MANAGEMENT = 0x9D
    CARD_AUTHENTICATION = 0x9E
    RETIRED_1 = 0x82
    RETIRED_2 = 0x83
    RETIRED_3 = 0x84
    RETIRED_4 = 0x85
    RETIRED_5 = 0x86
    RETIRED_6 = 0x87
    RETIRED_7 = 0x88
    RETIRED_8 = 0x89
    RETIRED_9 = 0x8A
    RETIRED_10 = 0x8B
    RETIRED_11 = 0x8C
    RETIRED_12 = 0x8D
    RETIRED_13 = 0x8E
    RETIRED_14 = 0x8F
    RETIRED_15 = 0x90
    RETIRED_16 = 0x91
    RETIRED_17 = 0x92
    RETIRED_18 = 0x93
    RETIRED_19 = 0x94
    RETIRED_20 = 0x95
    ATTESTATION = 0xF9

    @property
    def certificate_object(self) -> int:
        """The object that holds the slot's certificate (SP 800-73-5 part 1, table 3)."""
        if self.is_retired:
            return 0x5FC10D + self - Slot.RETIRED_1
        return _CERTIFICATE_OBJECTS[self]

    @property
    def is_retired(self) -> bool:
        """Whether this is one of the twenty slots for retired key-management keys."""
        return Slot.RETIRED_1 <= self <= Slot.RETIRED_20


class Object(IntEnum):
    """Data objects (SP 800-73-5 part 1, table 3)."""

    DISCOVERY = 0x7E
    BIOMETRIC_TEMPLATE = 0x7F61
    CHUID = 0x5FC102
    FINGERPRINTS = 0x5FC103
    SECURITY = 0x5FC106
    CAPABILITY_CONTAINER = 0x5FC107
    FACIAL_IMAGE = 0x5FC108
    PRINTED_INFORMATION = 0x5FC109
    KEY_HISTORY = 0x5FC10C
    IRIS_IMAGES = 0x5FC121
    ISSUERS = 0x5FFF11
    """The first of Yubico's MSROOTS objects: the certificates of the issuers, as a certs-only CMS message."""


_CERTIFICATE_OBJECTS: Final = {
    Slot.AUTHENTICATION: 0x5FC105,
    Slot.SIGNATURE: 0x5FC10A,
    Slot.KEY_MANAGEMENT: 0x5FC10B,
    Slot.CARD_AUTHENTICATION: 0x5FC101,
    Slot.ATTESTATION: 0x5FFF01,
}


class PinUse(IntEnum):
    """When a key wants the PIN (Yubico's tag AA)."""

    DEFAULT = 0
    NEVER = 1
    ONCE = 2
    ALWAYS = 3


class TouchUse(IntEnum):
    """When a key wants a touch (Yubico's tag AB)."""

    DEFAULT = 0
    NEVER = 1
    ALWAYS = 2
    CACHED = 3


class Origin(IntEnum):
    """Where a key comes from (metadata tag 03)."""

    GENERATED = 1
    IMPORTED = 2


class ManagementAlgorithm(IntEnum):
    """Algorithm numbers of the management key (SP 800-78-5, table 9)."""

    TDES = 0x03
    AES128 = 0x08
    AES192 = 0x0A
    AES256 = 0x0C

    @property
    def key_size(self) -> int:
        """Bytes of the key."""
        return {self.TDES: 24, self.AES128: 16, self.AES192: 24, self.AES256: 32}[self]

    @property
    def block_size(self) -> int:
        """Bytes of a witness or challenge."""
        return 8 if self is ManagementAlgorithm.TDES else 16


RSA1024: Final = 0x06
RSA2048: Final = 0x07
RSA3072: Final = 0x05
RSA4096: Final = 0x16
P256: Final = 0x11
P384: Final = 0x14
SM2_CANOKEY: Final = 0x54
"""The number that CanoKey gives SM2 as it leaves the factory: a setting of each card, so a profile and no constant."""

FACTORY_PIN: Final = b"123456"
"""The PIN that PIV cards leave the factory with; everybody knows it."""
FACTORY_PUK: Final = b"12345678"
"""Their PUK."""
FACTORY_MANAGEMENT_KEY: Final = bytes.fromhex("010203040506070801020304050607080102030405060708")
"""Their management key, for 3DES and for AES-192."""
