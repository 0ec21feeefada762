"""What a simulated card remembers: what outlives the power, and what does not."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecard.apdu.words import ManagementAlgorithm, Slot, TouchUse
from ecard.simulator.profile import Profile
from ecard.simulator.randomness import Randomness
from ecard.simulator.reference import RetryReference
from ecard.simulator.settings import AlgorithmSettings
from ecard.simulator.slots import SlotKey


@dataclass(slots=True)
class ManagementKey:
    """The management key (9B)."""

    algorithm: ManagementAlgorithm
    value: bytes = field(repr=False)
    touch: TouchUse = TouchUse.NEVER


@dataclass(slots=True)
class Memory:
    """Everything that a card keeps without power."""

    profile: Profile
    serial: int
    pin: RetryReference
    puk: RetryReference
    management: ManagementKey
    objects: dict[int, bytes]
    """Data objects by tag: the content of the 53 around them."""
    keys: dict[Slot, SlotKey]
    source: Randomness = field(repr=False)
    settings: AlgorithmSettings = field(default_factory=AlgorithmSettings)
    """CanoKey's algorithm numbers; ``profile.algorithms`` follows them once they were written."""


@dataclass(slots=True)
class Power:
    """Everything that a card forgets when its power goes, or when it is reset."""

    selected: bool = False
    pin_verified: bool = False
    pin_fresh: bool = False
    """Whether the PIN was verified and no key has been used since."""
    managed: bool = False
    """Whether the management key was presented."""
    witness: bytes | None = field(default=None, repr=False)
    challenge: bytes | None = field(default=None, repr=False)

    def forget_pin(self) -> None:
        """The PIN counts as not presented."""
        self.pin_verified = self.pin_fresh = False
