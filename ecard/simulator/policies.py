"""The PIN and touch policies that come with a new key (Yubico's tags AA and AB)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecard.apdu.status import Status
from ecard.apdu.words import PinUse, Slot, TouchUse
from ecard.simulator.profile import Profile
from ecard.simulator.refusal import Refusal
from ecard.simulator.slots import default_pin_use

PIN_POLICY: Final = 0xAA
TOUCH_POLICY: Final = 0xAB


def read(profile: Profile, slot: Slot, fields: Mapping[int, bytes]) -> tuple[PinUse, TouchUse]:
    """The policies for a key in ``slot``: those in ``fields``, or the card's defaults; 6A80 for unknown ones."""
    try:
        pin = PinUse(int.from_bytes(fields.get(PIN_POLICY, b"\0"), "big"))
        touch = TouchUse(int.from_bytes(fields.get(TOUCH_POLICY, b"\0"), "big"))
    except ValueError:
        raise Refusal(Status.WRONG_DATA) from None
    if pin is PinUse.DEFAULT:
        pin = default_pin_use(profile, slot)
    return pin, TouchUse.NEVER if touch is TouchUse.DEFAULT else touch
