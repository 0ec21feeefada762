"""The commands of the program, with the help that it prints itself."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from typing import Any, Final

from ecard.cli.app import program

_PROGRAM: Final = program()


def every_command() -> str:
    """A table of all commands, then the help of each in a section of its own."""
    names = list(_commands(_PROGRAM, ()))
    rows = [f"| [`{_title(name)}`](#{_anchor(name)}) | {_first_sentence(name)} |" for name in names]
    sections = [f"({_anchor(name)})=\n## {_title(name)}\n\n```text\n{_help(name)}\n```\n" for name in [(), *names]]
    return "\n".join(("| command | what it does |", "|---|---|", *rows, "", *sections))


def _commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            yield (*path, name)
        else:
            yield from _commands(command, (*path, name))


def _title(name: tuple[str, ...]) -> str:
    return " ".join(("ecard", *name))


def _anchor(name: tuple[str, ...]) -> str:
    return "-".join(("command", *name))


@cache
def _help(name: tuple[str, ...]) -> str:
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1", "LANG": "C.UTF-8"}
    printed = io.StringIO()
    with redirect_stdout(printed):
        _PROGRAM.main(args=[*name, "--help"], prog_name="ecard", standalone_mode=False)
    return printed.getvalue().strip()


def _first_sentence(name: tuple[str, ...]) -> str:
    paragraph = " ".join(_help(name).split("\n\n")[1].split())
    return paragraph.partition(". ")[0].removesuffix(".").replace("|", "\\|")
