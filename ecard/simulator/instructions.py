"""Which handler executes which instruction, and which instructions a card knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.apdu.words import Ins
from ecard.errors import CardProtocolError
from ecard.simulator import (
    about_commands,
    admin_commands,
    data_commands,
    key_admin_commands,
    key_commands,
    pin_commands,
)
from ecard.simulator.application import Application, Handler
from ecard.simulator.behaviour import Behaviour
from ecard.simulator.refusal import Refusal, require

_HANDLERS: Final[Mapping[int, Handler]] = {
    Ins.VERIFY: pin_commands.verify,
    Ins.CHANGE_REFERENCE_DATA: pin_commands.change,
    Ins.RESET_RETRY_COUNTER: pin_commands.reset_retry,
    Ins.GENERATE_KEY: key_commands.generate,
    Ins.GENERAL_AUTHENTICATE: key_commands.general_authenticate,
    Ins.SELECT: data_commands.select,
    Ins.GET_DATA: data_commands.get_data,
    Ins.PUT_DATA: data_commands.put_data,
    Ins.GET_VERSION: about_commands.get_version,
    Ins.GET_SERIAL: about_commands.get_serial,
    Ins.GET_METADATA: about_commands.get_metadata,
    Ins.IMPORT_KEY: key_admin_commands.import_key,
    Ins.MOVE_KEY: key_admin_commands.move_key,
    Ins.ATTEST: key_admin_commands.attest,
    Ins.SET_MANAGEMENT_KEY: admin_commands.set_management_key,
    Ins.SET_PIN_RETRIES: admin_commands.set_retries,
    Ins.RESET: admin_commands.reset,
    Ins.VENDOR_CONFIGURATION: admin_commands.configure,
}
_ABSENT_WITH: Final[Mapping[int, Behaviour]] = {
    Ins.MOVE_KEY: Behaviour.NO_MOVE_KEY,
    Ins.GET_METADATA: Behaviour.NO_METADATA,
    Ins.GET_SERIAL: Behaviour.NO_SERIAL,
    Ins.ATTEST: Behaviour.NO_ATTESTATION,
    Ins.SET_PIN_RETRIES: Behaviour.NO_SET_RETRIES,
    Ins.RESET: Behaviour.NO_RESET,
    Ins.GET_VERSION: Behaviour.NO_VERSION,
    Ins.IMPORT_KEY: Behaviour.NO_IMPORT,
}


def execute(card: Application, command: Command) -> bytes:
    """Execute a whole command: its response data, or a Refusal."""
    handler = _HANDLERS.get(command.ins)
    if handler is None or not (card.power.selected or command.ins == Ins.SELECT):
        raise Refusal(Status.INS_NOT_SUPPORTED)
    absence = _ABSENT_WITH.get(command.ins)
    require(absence is None or not card.behaves(absence), Status.INS_NOT_SUPPORTED)
    try:
        return handler(card, command)
    except CardProtocolError:
        # the data objects in the command do not hang together
        raise Refusal(Status.WRONG_DATA) from None
