"""VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER (SP 800-73-5 part 2, sections 3.2.1 to 3.2.3)."""

from __future__ import annotations

from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Reference
from ecard.simulator.application import Application
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.reference import REFERENCE_SIZE, RetryReference, is_well_formed
from ecard.simulator.refusal import Refusal, require

_LOG_OUT: Final = 0xFF
_SHORTEST_PIN: Final = 6
_SHORTEST_PUK: Final = 6
_TRIES_LEFT: Final = 0x63C0


def verify(card: Application, command: Command) -> bytes:
    """Present the PIN; without data, ask whether it is presented; with P1 = FF, withdraw it."""
    require(command.p2 == Reference.PIN, Status.REFERENCE_NOT_FOUND)
    if command.p1 == _LOG_OUT:
        require(not command.data, Status.WRONG_LENGTH)
        card.power.forget_pin()
        return b""
    require(command.p1 == 0, Status.WRONG_P1P2)
    if not command.data:
        return _tell_tries(card)
    require(len(command.data) == REFERENCE_SIZE, Status.WRONG_DATA)
    _present_pin(card, command.data)
    card.power.pin_verified = card.power.pin_fresh = True
    return b""


def change(card: Application, command: Command) -> bytes:
    """Replace the PIN or PUK by who knows it: the old and the new value, eight bytes each."""
    require(command.p1 == 0, Status.WRONG_P1P2)
    require(command.p2 in (Reference.PIN, Reference.PUK), Status.REFERENCE_NOT_FOUND)
    old, new = _two_values(command.data)
    if command.p2 == Reference.PIN:
        _present_pin(card, old)
        _require_acceptable(card, new, shortest=_SHORTEST_PIN)
        _set_pin(card, new)
    else:
        _present(card, card.memory.puk, old)
        _require_acceptable(card, new, shortest=_SHORTEST_PUK)
        card.memory.puk.replace(new, card.memory.source)
    card.changed = True
    return b""


def reset_retry(card: Application, command: Command) -> bytes:
    """Replace the PIN by who knows the PUK: the PUK and the new PIN, eight bytes each."""
    require(command.p1 == 0, Status.WRONG_P1P2)
    require(command.p2 == Reference.PIN, Status.REFERENCE_NOT_FOUND)
    puk, new = _two_values(command.data)
    _present(card, card.memory.puk, puk)
    _require_acceptable(card, new, shortest=_SHORTEST_PIN)
    _set_pin(card, new)
    card.changed = True
    return b""


def _tell_tries(card: Application) -> bytes:
    require(not card.behaves(Behaviour.COUNTER_QUERY_REFUSED), Status.WRONG_LENGTH)
    if card.power.pin_verified:
        return b""
    left = card.memory.pin.left
    raise Refusal(_tries_status(card, left) if left else Status.BLOCKED)


def _present_pin(card: Application, value: bytes) -> None:
    try:
        _present(card, card.memory.pin, value)
    except Refusal:
        card.power.forget_pin()
        raise


def _set_pin(card: Application, new: bytes) -> None:
    # as on CanoKey and on Java cards, a new PIN has not been presented yet
    card.memory.pin.replace(new, card.memory.source)
    card.power.forget_pin()


def _present(card: Application, reference: RetryReference, value: bytes) -> None:
    require(not reference.blocked, Status.BLOCKED)
    before = reference.left
    right = reference.present(value)
    card.changed |= reference.left != before
    if not right:
        says_blocked = reference.blocked and card.behaves(Behaviour.LAST_WRONG_PIN_SAYS_BLOCKED)
        raise Refusal(Status.BLOCKED if says_blocked else _tries_status(card, reference.left))


def _tries_status(card: Application, left: int) -> int:
    if card.behaves(Behaviour.RETRIES_IN_WHOLE_BYTE):
        return Status.WARNING_CHANGED | left
    return _TRIES_LEFT | min(left, 0x0F)


def _two_values(data: bytes) -> tuple[bytes, bytes]:
    require(len(data) == 2 * REFERENCE_SIZE, Status.WRONG_DATA)
    return data[:REFERENCE_SIZE], data[REFERENCE_SIZE:]


def _require_acceptable(card: Application, new: bytes, *, shortest: int) -> None:
    # after the old value was compared, as on a YubiKey, whose tools block a PUK with values that are no PINs
    require(is_well_formed(new, shortest=shortest), Status.WRONG_DATA)
    if card.behaves(Behaviour.WEAK_PIN_REFUSED):
        require(not card.too_weak(new.rstrip(b"\xff")), Status.CONDITIONS_NOT_SATISFIED)
