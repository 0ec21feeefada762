"""``ecard centre``: the data centre's procedures, by name. Who may do what is told apart by the card that signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ecard.cli import (
    centre_business,
    centre_commands,
    centre_copying,
    centre_entry,
    centre_founding,
    centre_making,
    centre_operators,
    centre_people,
    centre_reading,
    centre_states,
)

COMMANDS: Final[dict[str, Callable[..., int | None]]] = {
    "init": centre_founding.init,
    "appoint": centre_founding.appoint,
    "dismiss": centre_people.dismiss,
    "apply": centre_entry.apply,
    "file": centre_entry.file,
    "approve": centre_entry.approve,
    "make-card": centre_making.make_card,
    "collect": centre_making.collect,
    "register-operator": centre_operators.register_operator,
    "register-operators": centre_operators.register_operators,
    "file-business": centre_business.file_business,
    "withdraw-business": centre_business.withdraw_business,
    "register-channel": centre_business.register_channel,
    "report-loss": centre_states.report_loss,
    "report-found": centre_states.report_found,
    "freeze": centre_states.freeze,
    "unfreeze": centre_states.unfreeze,
    "void": centre_states.void,
    "replace": centre_making.replace,
    "renew": centre_making.renew,
    "unlock": centre_making.unlock,
    "change-pin": centre_states.change_pin,
    "erase-person": centre_people.erase_person,
    "status": centre_reading.status,
    "audit": centre_reading.audit,
    "log": centre_reading.log,
    "copy": centre_copying.copy,
}
"""The commands by their names."""

app: Final = centre_commands.app
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
