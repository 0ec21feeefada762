"""Between bytes and commands on the card's side: lengths, command chaining, answers in pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ecard.apdu.command import CHAINING, Command
from ecard.apdu.status import Status
from ecard.apdu.words import Ins, Object
from ecard.errors import CardConnectionError, CardProtocolError
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.refusal import Refusal

Execute = Callable[[Command], bytes]

_SHORT_ANSWER: Final = 256
_EXTENDED_ANSWER: Final = 65533
"""Three bytes fewer than ISO/IEC 7816-3 allows: with the status word it still fits a message of vpcd."""
_CHAIN_LIMIT: Final = 16 * 1024
"""The most data bytes that a chain of commands may bring."""
_BLOCK: Final = 254
"""Data bytes that fit one block of T=1 (ISO/IEC 7816-3, section 11.4.2)."""
_MORE: Final = 0x6100


class Link:
    """One powered link: what was received of a chain, and what is left to send of an answer."""

    def __init__(self, execute: Execute, behaviours: frozenset[Behaviour]) -> None:
        self._execute = execute
        self._behaviours = behaviours
        self._chain: Command | None = None
        self._rest = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Answer one command APDU (ISO/IEC 7816-3, section 12.1) with response data and status word."""
        try:
            command = Command.parse(apdu)
        except CardProtocolError:
            return b"", Status.WRONG_LENGTH
        extended = len(apdu) > 5 and apdu[4] == 0
        try:
            self._admit(command, extended)
            return self._answer(command, _EXTENDED_ANSWER if extended else _SHORT_ANSWER)
        except Refusal as refusal:
            return b"", refusal.status

    def _admit(self, command: Command, extended: bool) -> None:
        if command.cla & ~CHAINING:
            raise Refusal(Status.CLA_NOT_SUPPORTED)
        if command.cla and Behaviour.NO_COMMAND_CHAINING in self._behaviours:
            raise Refusal(Status.CHAINING_NOT_SUPPORTED)
        if extended and Behaviour.SHORT_COMMANDS_ONLY in self._behaviours:
            raise Refusal(Status.WRONG_LENGTH)
        long = extended and command.le is None and len(command.data) > _BLOCK
        if long and Behaviour.MUTE_ON_LONG_EXTENDED_WITHOUT_LE in self._behaviours:
            raise CardConnectionError("the card does not answer")

    def _answer(self, command: Command, most: int) -> tuple[bytes, int]:
        if command.ins == Ins.GET_RESPONSE:
            data, self._rest = self._rest, b""
            if not data:
                raise Refusal(Status.CONDITIONS_NOT_SATISFIED)
            return self._piece(command, data, most)
        # any other command gives up what was left of the answer before
        self._rest = b""
        whole = self._join(command)
        if whole is None:
            return b"", Status.OK
        return self._piece(whole, self._execute(whole), most)

    def _join(self, command: Command) -> Command | None:
        chain, self._chain = self._chain, None
        if chain is not None and chain.header[1:] == command.header[1:]:
            # a chain given up for another command is forgotten
            command = replace(command, data=chain.data + command.data)
        if len(command.data) > _CHAIN_LIMIT:
            raise Refusal(Status.WRONG_LENGTH)
        if command.cla & CHAINING:
            self._chain = command
            return None
        return command

    def _piece(self, command: Command, data: bytes, most: int) -> tuple[bytes, int]:
        wanted = self._wanted(command, data, most)
        if len(data) <= wanted:
            return data, Status.OK
        self._rest = data[wanted:]
        left = len(self._rest)
        many = 0x00 if Behaviour.EXACT_REMAINDER in self._behaviours else 0xFF
        return data[:wanted], _MORE | (left if left < _SHORT_ANSWER else many)

    def _wanted(self, command: Command, data: bytes, most: int) -> int:
        if command.le is None and Behaviour.WITHHOLDS_WITHOUT_LE in self._behaviours:
            return 0
        if Behaviour.DISCOVERY_IGNORES_LE in self._behaviours and _asks_for_discovery(command):
            return len(data)
        # an Le that is missing counts as the largest: many programs never send one
        return min(command.le or most, most)


def _asks_for_discovery(command: Command) -> bool:
    return command.ins == Ins.GET_DATA and command.data == bytes((0x5C, 1, Object.DISCOVERY))
