"""The simulated card: a chip that answers command APDUs while it has power."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ecard.apdu.command import Command
from ecard.errors import CardConnectionError, InvalidInputError
from ecard.moments import in_utc
from ecard.simulator import factory, instructions
from ecard.simulator.application import Application, always_touched
from ecard.simulator.attestation import AttestationAuthority
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.link import Link
from ecard.simulator.profile import Profile
from ecard.simulator.randomness import SeededRandomness, SystemRandomness
from ecard.simulator.state import Memory, Power
from ecard.simulator.weak_pin import is_trivial


def _now() -> datetime:
    return datetime.now(UTC)


class SimulatedCard:
    """A PIV card in memory (NIST SP 800-73-5, Yubico's extensions, CanoKey's SM2). A Transport while powered.

    It starts without power; ``InProcess`` and the other connectors switch it on and off. Not thread-safe: a card
    has one contact.

    >>> card = SimulatedCard.new()
    >>> card.power_on()
    >>> card.transmit(bytes.fromhex("00A4040005A00000030800"))[1] == 0x9000
    True
    """

    def __init__(
        self,
        memory: Memory,
        *,
        clock: Callable[[], datetime] | None = None,
        touched: Callable[[], bool] = always_touched,
        too_weak: Callable[[bytes], bool] = is_trivial,
    ) -> None:
        self._application = Application(memory, clock or _now, touched, too_weak)
        self._link: Link | None = None

    @staticmethod
    def new(
        profile: str | Profile = "factory",
        *,
        serial: int | None = None,
        seed: int | bytes | None = None,
        clock: Callable[[], datetime] | None = None,
        touched: Callable[[], bool] = always_touched,
        too_weak: Callable[[bytes], bool] = is_trivial,
        behaviours: Iterable[Behaviour] = (),
        maker: AttestationAuthority | None = None,
    ) -> SimulatedCard:
        """A card fresh from the factory: PIN 123456, PUK 12345678, management key 0102..08 thrice, no keys
        but the one for attestation.

        ``profile`` is one of ``PROFILES`` by name, or one made with ``Profile.but``; ``behaviours`` are added to it.
        ``serial`` has at most four bytes, and is drawn where it is not given. With a ``seed`` the card draws the same
        bytes, keys included, every time: for tests. ``clock`` tells the card the time (UTC-aware), ``touched``
        whether somebody touches it when a key wants that, ``too_weak`` which new PINs and PUKs (without padding) it
        refuses if it has ``Behaviour.WEAK_PIN_REFUSED``. ``maker`` certifies the attestation key; without one it
        certifies itself. Raises InvalidInputError.
        """
        if serial is not None and not 0 <= serial < 1 << 32:
            raise InvalidInputError("a card's serial number has at most four bytes")
        kind = profile if isinstance(profile, Profile) else Profile.named(profile)
        seed = seed.to_bytes((seed.bit_length() + 8) // 8, "big", signed=True) if isinstance(seed, int) else seed
        source = SystemRandomness() if seed is None else SeededRandomness(seed)
        at = in_utc((clock or _now)(), "clock of the card")
        memory = factory.new_memory(kind.but(*behaviours), source, serial=serial, at=at, maker=maker)
        return SimulatedCard(memory, clock=clock, touched=touched, too_weak=too_weak)

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self.memory.profile.atr

    @property
    def memory(self) -> Memory:
        """What the card keeps without power."""
        return self._application.memory

    @property
    def powered(self) -> bool:
        """Whether the card has power."""
        return self._link is not None

    @property
    def changed(self) -> bool:
        """Whether ``memory`` changed since ``mark_saved``."""
        return self._application.changed

    def mark_saved(self) -> None:
        """What keeps the card's memory has saved it."""
        self._application.changed = False

    def power_on(self) -> None:
        """Give the card power, or reset it: nothing selected, nothing presented."""
        self._application.power = Power()
        self._link = Link(self._execute, self.memory.profile.behaviours)

    def power_off(self) -> None:
        """Take the power away: what is not in ``memory`` is gone."""
        self._application.power = Power()
        self._link = None

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """Answer one command APDU, short or extended, with response data and status word.

        CardConnectionError where the card has no power, or is of the kind that does not answer.
        """
        if self._link is None:
            raise CardConnectionError("the card has no power", remedy="switch it on first")
        data, status = self._link.transmit(command)
        return data, int(status)

    def _execute(self, command: Command) -> bytes:
        return instructions.execute(self._application, command)

    def __repr__(self) -> str:
        return f"<SimulatedCard {self.memory.profile.name} serial={self.memory.serial}>"
