"""Resetting the PIV application to its state from the factory (Yubico's instruction FB)."""

from __future__ import annotations

import secrets
from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.keyuse import UseVerbs
from ecard.apdu.pinpad import MAX_PIN
from ecard.apdu.status import Status
from ecard.apdu.words import Ins, Slot
from ecard.errors import CardProtocolError, CardStatusError

_MAX_TRIES: Final = 257
_WRONG: Final = 0x63
_NONE_LEFT: Final = 0x63C0


class ResetVerbs(UseVerbs):
    """The end of everything on the card."""

    def reset(self, *, block_first: bool = False) -> None:
        """Erase every key, certificate and object, and set PIN, PUK and management key to those of the factory.

        A card allows it only when PIN and PUK are blocked. ``block_first`` spends every try of both with random
        values before; without it CardStatusError is raised where they are not blocked. NotSupportedByCardError
        where the card has no reset.
        """
        for slot in Slot:
            self._forget(slot)
        self._forget_pin()
        try:
            self._order(Command(Ins.RESET), "resetting the card")
        except CardStatusError as error:
            # only now is it certain that the card can be reset: one that cannot must not be blocked for nothing
            if not block_first or error.status != Status.CONDITIONS_NOT_SATISFIED:
                raise
            self._block(Ins.VERIFY, 1)
            self._block(Ins.RESET_RETRY_COUNTER, 2)
            self._order(Command(Ins.RESET), "resetting the card")
        self._refused = {}

    def _block(self, ins: Ins, values: int) -> None:
        before = None
        for _ in range(_MAX_TRIES):
            data = b"".join(_random_digits() for _ in range(values))
            command = Command(ins, p2=self._pin_reference, data=data, le=None)
            status = self.session.exchange(command).status
            # 63C0 can be 192 tries of a card that counts in a whole byte: only a second one is the end
            if status == Status.BLOCKED or status == before == _NONE_LEFT:
                return
            before = status
            if status >> 8 != _WRONG and status != Status.OK:
                break
        raise CardProtocolError("the card does not let its PIN and PUK be blocked")


def _random_digits() -> bytes:
    return f"{secrets.randbelow(10**MAX_PIN):0{MAX_PIN}d}".encode()
