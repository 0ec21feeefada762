"""The help texts in Chinese: put into the command tree before it runs."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from ecard.cli.chinese.commands import COMMANDS
from ecard.cli.chinese.options import OPTIONS

_TEXT_WIDTH: Final = 76
_OPTION_WIDTH: Final = 44
_NEVER_FIRST: Final = frozenset("，。；：、）”")
_AS_IT_IS: Final = "\b\n"
"""What tells typer that a paragraph has its line breaks already: it would count a wide character as one column."""
_HEADINGS: Final = (
    (re.compile(r"^Usage: ", re.M), "用法："),
    (re.compile(r"^Arguments:$", re.M), "参数："),
    (re.compile(r"^Options:$", re.M), "选项："),
    (re.compile(r"^Commands:$", re.M), "命令："),
    (re.compile(r"Show this message and exit\."), "显示本帮助后退出。"),
    (re.compile(r"\[required\]"), "[必填]"),
    (re.compile(r"; required\]"), "；必填]"),
    (re.compile(r"\[default: "), "[默认："),
)
"""The words that typer itself writes into a help page."""


class ChineseContext(typer.Context):
    """A context whose help page has Chinese headings."""

    def get_help(self) -> str:
        """The help page."""
        page = super().get_help()
        for english, chinese in _HEADINGS:
            page = english.sub(chinese, page)
        return page


def in_chinese(command: object, path: str) -> None:
    """Give a command, its options and all commands below it Chinese help texts."""
    if not isinstance(command, TyperCommand | TyperGroup):
        return
    help_text = COMMANDS[path]
    command.context_class = ChineseContext
    command.short_help = help_text.partition("。")[0]
    command.help = "\n\n".join(_AS_IT_IS + wrapped(part, _TEXT_WIDTH) for part in help_text.split("\n\n"))
    for parameter in command.params:
        if isinstance(parameter, TyperOption | TyperArgument) and parameter.help:
            parameter.help = _AS_IT_IS + wrapped(OPTIONS[parameter.help], _OPTION_WIDTH)
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            in_chinese(below, f"{path} {name}")


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most ``width`` columns; a Chinese character has two, and a line may end after it.

    A line never begins with a closing punctuation mark: it may be two columns too long instead.
    """
    lines, line, columns = [], "", 0
    for piece in re.findall(r"[!-~]+|.", text.replace("\n", " ")):
        needed = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in piece)
        if columns + needed > width and piece not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line, columns = "", 0
        if line or piece != " ":
            line, columns = line + piece, columns + needed
    return "\n".join([*lines, line.rstrip()])
