"""Sending a PIN or PUK once, and asking for its counter without spending a try.

A command with a PIN has no Le: SP 800-73-5 part 2 (section 3.2) gives it none, every other program sends none, and so
no card has cause to answer "wrong length" or "wrong Le" and to be sent the PIN again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType

from ecard.apdu.command import Command
from ecard.apdu.management import ManagementVerbs
from ecard.apdu.refusal import refusal, refused_pin, secret_of
from ecard.apdu.status import Status, tries_left
from ecard.apdu.words import Ins, Reference
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    EcardError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    PinBlockedError,
    WrongPinError,
)


@dataclass(frozen=True, slots=True)
class PinStatus:
    """What the card says when asked for the state of the PIN."""

    verified: bool
    left: int | None
    """The tries left; None where the card does not say, as when the PIN is verified."""


class PresentingVerbs(ManagementVerbs):
    """What all commands with a PIN or PUK have in common."""

    _refused: Mapping[str, int | None] = MappingProxyType({})
    """The tries that the card spoke of when it refused "PIN" or "PUK" in this session, and no right one since."""

    def _told_by_verify(self, reference: Reference) -> PinStatus:
        """What VERIFY without a PIN answers."""
        answer, status = self.session.exchange(Command(Ins.VERIFY, p2=reference, le=None))
        if answer:
            raise CardProtocolError("asking for the tries left: the card answered data where there are none")
        return PinStatus(status == Status.OK, tries_left(status))

    def _told_by_metadata(self, reference: Reference) -> int | None:
        """The tries left as metadata say; None where the card has none, or none that make sense."""
        with suppress(NotSupportedByCardError, ObjectNotFoundError, CardStatusError, CardProtocolError):
            return (self.puk_metadata() if reference is Reference.PUK else self.pin_metadata()).left
        return None

    def _present(self, command: Command, what: str) -> None:
        """Have a command with a PIN or PUK done. It is sent once, whatever the card answers.

        Raises WrongPinError, PinBlockedError, and what ``Session.transmit`` raises.
        """
        answer, status = self.session.exchange(replace(command, le=None))
        self._judge(command, status, what)
        if answer:
            raise CardProtocolError(f"{what}: the card answered {len(answer)} bytes where there are none")

    def _judge(self, command: Command, status: int, what: str) -> None:
        """Raise what a status word other than 9000 means for a command with a PIN or PUK."""
        secret = secret_of(command)
        if status == Status.OK:
            both = command.ins == Ins.RESET_RETRY_COUNTER  # the PUK was right, and the PIN is a new one
            self._refused = {} if both else {k: left for k, left in self._refused.items() if k != secret}
            return
        error = self._wrong(command) if status == Status.WARNING_CHANGED else refusal(command, status, what)
        if isinstance(error, WrongPinError | PinBlockedError):
            left = error.tries_left if isinstance(error, WrongPinError) else 0
            self._refused = {**self._refused, secret: left}
        raise error

    def _least(self, secret: str, told: int | None) -> int | None:
        """The tries left: as the card tells now, but no more than it spoke of when it refused the secret."""
        known = [left for left in (told, self._refused.get(secret)) if left is not None]
        return min(known, default=None)

    def _wrong(self, command: Command) -> EcardError:
        """Wrong, and not a word of how many tries are left: the counter may tell."""
        reference = self._pin_reference if secret_of(command) == "PIN" else Reference.PUK
        left = self._told_by_verify(reference).left
        return refused_pin(secret_of(command), self._told_by_metadata(reference) if left is None else left)
