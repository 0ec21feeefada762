"""The secrets of a card: the holder's PIN, the centre's PUK, and the key that may write to the card."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, FACTORY_PUK
from ecard.pin import Pin


@dataclass(frozen=True)
class CardSecrets:
    """What protects a card: the holder's PIN, the centre's PUK, and the key that may write to the card."""

    pin: Pin = field(repr=False)
    puk: Pin = field(repr=False)
    management_key: bytes = field(repr=False)

    @staticmethod
    def factory() -> CardSecrets:
        """The values that every PIV card leaves its factory with."""
        return CardSecrets(Pin(FACTORY_PIN), Pin(FACTORY_PUK), FACTORY_MANAGEMENT_KEY)
