"""The command tree as data: every command with its path, for tests that go through all of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache

from typer.core import TyperCommand, TyperGroup

from ecard.cli.app import program

EXAMPLE = re.compile(r"(?:Example: |示例：)(ecard [^\n]*(?:\n *[^\n ][^\n]*)*)")


@cache
def tree() -> tuple[tuple[str, TyperCommand | TyperGroup], ...]:
    """Every group and command, by the words with which it is called."""
    return tuple(_below("ecard", program()))


def commands() -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something itself."""
    yield from ((path, found) for path, found in tree() if isinstance(found, TyperCommand))


def _below(path: str, command: object) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    assert isinstance(command, TyperCommand | TyperGroup)
    yield path, command
    if isinstance(command, TyperGroup):
        for name, found in command.commands.items():
            yield from _below(f"{path} {name}", found)


def examples(text: str) -> list[list[str]]:
    """The command lines that a help text shows, in words."""
    return [shlex.split(found.replace("\n", " ")) for found in EXAMPLE.findall(text)]
