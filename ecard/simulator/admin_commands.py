"""The vendors' commands that change the card as a whole: management key, number of tries, reset, CanoKey's settings."""

from __future__ import annotations

from typing import Final

from ecard.apdu import words
from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import ManagementAlgorithm, Reference, TouchUse
from ecard.simulator import factory
from ecard.simulator.application import Application
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.reference import RetryReference
from ecard.simulator.refusal import Refusal, require
from ecard.simulator.settings import AlgorithmSettings
from ecard.simulator.state import ManagementKey, Power

_TOUCH: Final = {0xFF: TouchUse.NEVER, 0xFE: TouchUse.ALWAYS, 0xFD: TouchUse.CACHED}
_READ: Final = 0x01
_WRITE: Final = 0x02


def set_management_key(card: Application, command: Command) -> bytes:
    """Replace the management key: algorithm, 9B, length, key. With P2 = FE it wants a touch from now on."""
    require(command.p1 == 0xFF and command.p2 in _TOUCH, Status.WRONG_P1P2)
    card.require_management()
    head, value = command.data[:3], command.data[3:]
    require(len(head) == 3 and (head[1], head[2]) == (Reference.MANAGEMENT_KEY, len(value)), Status.WRONG_DATA)
    algorithm = _management_algorithm(card, head[0])
    require(len(value) == algorithm.key_size, Status.WRONG_DATA)
    card.memory.management = ManagementKey(algorithm, value, _TOUCH[command.p2])
    card.changed = True
    return b""


def _management_algorithm(card: Application, number: int) -> ManagementAlgorithm:
    known = number in ManagementAlgorithm.__members__.values()
    only_tdes = card.behaves(Behaviour.TDES_MANAGEMENT_ONLY)
    require(known and not (only_tdes and number != ManagementAlgorithm.TDES), Status.WRONG_DATA)
    return ManagementAlgorithm(number)


def set_retries(card: Application, command: Command) -> bytes:
    """Set how many tries PIN (P1) and PUK (P2) have, and both to what they were when the card was new."""
    card.require_management()
    require(card.power.pin_verified, Status.SECURITY_NOT_SATISFIED)
    require(command.p1 > 0 and command.p2 > 0, Status.WRONG_P1P2)
    memory = card.memory
    memory.pin = RetryReference.new(words.FACTORY_PIN, memory.source, tries=command.p1)
    memory.puk = RetryReference.new(words.FACTORY_PUK, memory.source, tries=command.p2)
    card.power.forget_pin()
    card.changed = True
    return b""


def reset(card: Application, command: Command) -> bytes:
    """Make the card as it was when it was new, if PIN and PUK are both blocked."""
    require(command.p1 == command.p2 == 0, Status.WRONG_P1P2)
    require(card.memory.pin.blocked and card.memory.puk.blocked, Status.CONDITIONS_NOT_SATISFIED)
    factory.renew(card.memory, at=card.clock())
    card.power = Power(selected=True)
    card.changed = True
    return b""


def configure(card: Application, command: Command) -> bytes:
    """Read (P1 = 01) or write (02) CanoKey's algorithm numbers."""
    require(card.behaves(Behaviour.ALGORITHM_SETTINGS), Status.INS_NOT_SUPPORTED)
    require(command.p1 in (_READ, _WRITE) and command.p2 == 0, Status.WRONG_P1P2)
    card.require_management()
    if command.p1 == _READ:
        return card.memory.settings.write()
    wanted = AlgorithmSettings.read(command.data)
    if wanted is None:
        raise Refusal(Status.WRONG_DATA)
    card.memory.settings = wanted
    card.memory.profile = card.memory.profile.but(algorithms=wanted.algorithms)
    card.changed = True
    return b""
