"""From a command to its whole answer, in small steps: length form, chaining, the right Le, collecting the answer.

ISO/IEC 7816-4 sections 5.1 to 5.3. A step is a callable; each knows only the one below it. Every loop is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from ecard.apdu.command import SHORT_DATA, Command
from ecard.apdu.status import Status
from ecard.apdu.transport import Transport
from ecard.apdu.words import Ins
from ecard.errors import CardConnectionError, CardProtocolError

MAX_ANSWER: Final = 65536
"""The most bytes that one command's whole answer may have."""
MAX_ROUNDS: Final = 1024
"""The most GET RESPONSE commands for one answer."""
ALL: Final = 65536
"""The Le of a command whose answer may pass 256 bytes: extended where the card can, otherwise fetched in pieces."""
_SHORT_LE: Final = 256
_NO_CHAINING: Final = (
    Status.CHAINING_NOT_SUPPORTED,
    Status.CLA_NOT_SUPPORTED,
    Status.WRONG_DATA,
    Status.WRONG_LENGTH,
)
"""What cards without command chaining answer to the first command of a chain."""
_NO_EXTENDED: Final = (Status.WRONG_LENGTH, Status.CLA_NOT_SUPPORTED, Status.INS_NOT_SUPPORTED)
"""What cards without extended commands answer to one; the last may also mean the instruction itself."""
_MORE: Final = 0x61
_OTHER_LE: Final = 0x6C


class Response(NamedTuple):
    """Response data and status word."""

    data: bytes
    status: int

    def __repr__(self) -> str:
        # the data can be a decrypted key: the length says enough
        return f"<Response {len(self.data)} bytes, {self.status:04X}>"


Observer = Callable[[bytes, bytes, int], None]
"""Told of every exchange: encoded command, response data, status word."""


class Wire:
    """Sends encoded commands over a transport, and takes nothing for an answer that is none."""

    def __init__(self, transport: Transport, observe: Observer | None) -> None:
        self._transport = transport
        self._observe = observe

    def __call__(self, encoded: bytes) -> Response:
        """One exchange. Raises CardConnectionError, or CardProtocolError for an answer that cannot be one."""
        try:
            data, status = self._transport.transmit(encoded)
        except (OSError, EOFError) as error:
            raise CardConnectionError(f"the card does not answer ({type(error).__name__})") from error
        if not 0x6000 <= status <= 0x9FFF or len(data) > MAX_ANSWER:
            raise CardProtocolError(f"an answer of {len(data)} bytes with status {status:04X} is none of a card")
        if self._observe is not None:
            self._observe(encoded, data, status)
        return Response(data, status)


class LengthForm:
    """Chooses short, chained or extended commands. Starts with what ``extended`` says, and learns.

    A card that refuses an extended command and takes it as short ones promised more than it or its reader can: from
    then on it gets short commands. One that does not know chaining gets extended commands, if it did not refuse
    those. A command with an Le that is refused for its length goes once more without.
    """

    def __init__(self, wire: Wire, *, extended: bool) -> None:
        self._wire = wire
        self._extended = extended
        self._refused_extended = False

    def __call__(self, command: Command) -> Response:
        """The answer to ``command``, of which the card may still hold the rest."""
        if self._extended and (len(command.data) > SHORT_DATA or (command.le or 0) > _SHORT_LE):
            refused = self._with_right_le(command, Command.extended)
            if refused.status not in _NO_EXTENDED and refused.status >> 8 != _OTHER_LE:
                return refused
            response = self._short(command, or_extended=False)
            if response.status != refused.status or refused.status == Status.WRONG_LENGTH:
                self._extended, self._refused_extended = False, True
            return response
        return self._short(command, or_extended=not self._refused_extended)

    def _short(self, command: Command, *, or_extended: bool) -> Response:
        response = self._chain(command, or_extended=or_extended)
        if command.le is None or not (response.status == Status.WRONG_LENGTH or response.status >> 8 == _OTHER_LE):
            return response
        return self._chain(replace(command, le=None), or_extended=or_extended)

    def _chain(self, command: Command, *, or_extended: bool) -> Response:
        *links, last = command.chain()
        for number, link in enumerate(links):
            response = self._link(link)
            if number == 0 and response.status in _NO_CHAINING and or_extended:
                self._extended = True
                return self._with_right_le(command, Command.extended)
            if response.status != Status.OK:
                return response
        return self._with_right_le(last, Command.short)

    def _link(self, link: Command) -> Response:
        """One command of a chain but the last: a card that answers it with data has not understood it."""
        response = self._wire(link.short())
        if response.data or response.status >> 8 == _MORE:
            raise CardProtocolError(f"{link!r}: the card answered before the chain was complete")
        return response

    def _with_right_le(self, command: Command, encode: Callable[[Command], bytes]) -> Response:
        """A command with an Le goes again with the Le that the card wants; one without, as every PIN, never."""
        response = self._wire(encode(command))
        if response.status >> 8 != _OTHER_LE or command.le is None:
            return response
        return self._wire(encode(replace(command, le=response.status & 0xFF or _SHORT_LE)))


def collect(send: Callable[[Command], Response], command: Command) -> Response:
    """The whole answer to ``command``, the rest fetched with GET RESPONSE as long as the card says there is more.

    Raises CardProtocolError for a card that announces more without end: past ``MAX_ANSWER`` bytes or
    ``MAX_ROUNDS`` rounds, or after a round that brought nothing.
    """
    response = send(command)
    if response.status >> 8 != _MORE:
        return response
    data = bytearray(response.data)
    for _ in range(MAX_ROUNDS):
        response = send(Command(Ins.GET_RESPONSE, le=response.status & 0xFF))
        data += response.data
        if response.status >> 8 != _MORE:
            return Response(bytes(data), response.status)
        if not response.data or len(data) > MAX_ANSWER:
            break
    raise CardProtocolError(f"{command!r}: the card announces more data without end")
