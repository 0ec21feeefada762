"""The commands of the program by their names: a command's file is imported when somebody asks for the command.

Most calls need one command, and a shell that completes a word needs none; all of them together import the database
and the validation, which takes longer than most commands run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup

PLACES: Final = {
    "demo": "demo_command:demo",
    "completion": "completion_command:completion",
    "doctor": "doctor_command:doctor",
    "sign": "sign_command:sign",
    "verify": "verify_command:verify",
    "card": "card_commands:app",
    "ceb": "ceb_commands:app",
    "centre": "register_commands:app",
    "179": "payment179_commands:app",
    "pin": "pin_commands:app",
    "simulator": "simulator_commands:app",
    "trace": "trace_commands:app",
}
"""The module and the name in it of each command or group of commands, in the order of the help page."""


class CommandsOnDemand(MutableMapping[str, Any]):
    """What typer keeps in a group's ``commands``. ``finish`` is called for each command that was imported."""

    def __init__(self, finish: Callable[[str, Any], None] = lambda name, command: None) -> None:
        self._finish = finish
        self._found: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._found:
            self._found[name] = _imported(name, PLACES[name])
            self._finish(name, self._found[name])
        return self._found[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("a command cannot be removed")

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class GroupOnDemand(TyperGroup):
    """A group that names its commands without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help page."""
        return list(self.commands)


def _imported(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"ecard.cli.{module}"), attribute)
    parent = typer.Typer(add_completion=False, rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
        group: Any = typer.main.get_command(parent)
        return group.commands[name]
    parent.command(name)(found)
    return typer.main.get_command(parent)
