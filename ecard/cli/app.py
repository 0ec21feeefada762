"""The command tree, the options that every command has, and the one place where errors become one line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final, TextIO

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]
from typer.core import TyperGroup

from ecard.cli.completion_command import COMPLETE_VARIABLE
from ecard.cli.error_words import in_one_line
from ecard.cli.language import Language, language_of
from ecard.cli.on_demand import CommandsOnDemand, GroupOnDemand
from ecard.errors import EcardError

PROGRAM: Final = "ecard"
TRAFFIC: Final = 5
"""The logging level of every exchange with a card, below DEBUG. Secrets are masked in it."""

_HELP: Final = """Sign and verify documents with the smart cards of the China Electronic Port, the legal-person card
(法人卡) and the operator card (操作员卡), and with any other card of the PIV standard.

Exit status: 0 done or accepted, 1 not accepted, 2 could not run. Messages are in Chinese under a Chinese locale, or
where the environment variable ECARD_LANGUAGE is zh.

Example: ecard doctor
"""

app: Final = typer.Typer(
    name=PROGRAM,
    cls=GroupOnDemand,
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class LogLevel(StrEnum):
    """What is written to standard error while a command runs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRAFFIC = "traffic"


@app.callback()
def configure(
    log_level: Annotated[
        LogLevel,
        typer.Option(help="What to write to standard error; traffic: every command to the card, secrets masked."),
    ] = LogLevel.WARNING,
) -> None:
    """Set up logging: the only place in ecard that does."""
    logging.addLevelName(TRAFFIC, "TRAFFIC")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("ecard")
    logger.handlers = [handler]
    logger.setLevel(TRAFFIC if log_level is LogLevel.TRAFFIC else log_level.name)


def run(arguments: Sequence[str], *, prepare: Callable[[], None] = lambda: None) -> int:
    """Run the command line with ``arguments`` and return its exit status. Nothing but the status leaves here.

    ``prepare`` is called first; what it raises is told like the errors of a command.
    """
    try:
        prepare()
        status = _invoke(arguments)
        sys.stdout.flush()
    except (EcardError, typer.TyperException, typer.Abort, KeyboardInterrupt, OSError, MemoryError) as error:
        if isinstance(error, OSError):
            _forget(sys.stdout)
        try:
            sys.stderr.write(_told(error))
            sys.stderr.flush()
        except OSError:
            _forget(sys.stderr)  # a full disk behind it too: the status still says it
        return 2
    return status


def program(language: Language = Language.ENGLISH) -> TyperGroup:
    """The command tree, with its help texts in ``language``."""
    found = typer.main.get_command(app)
    if not isinstance(found, TyperGroup):
        raise TypeError("the program is a group of commands")
    if language is Language.CHINESE:
        from ecard.cli.help_words import in_chinese  # long tables that no other language needs

        in_chinese(found, PROGRAM)
        found.commands = CommandsOnDemand(lambda name, command: in_chinese(command, f"{PROGRAM} {name}"))
    else:
        found.commands = CommandsOnDemand()
    return found


def _invoke(arguments: Sequence[str]) -> int:
    command = program(language_of(os.environ))
    if COMPLETE_VARIABLE in os.environ:
        completion_init()
        command.main(args=[], prog_name=PROGRAM)
    try:
        # not command.main: that makes status 1 of a broken pipe, which would say "not accepted"
        with command.make_context(PROGRAM, _global_options_first(arguments)) as context:
            result = command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return result if isinstance(result, int) else 0


def _told(error: BaseException) -> str:
    if type(error).__name__ == "NoArgsIsHelpError":
        # a group without a command: its help page says more than a line could
        return f"{error}\n"
    return f"ecard: {in_one_line(error)}\n"


def _forget(stream: TextIO) -> None:
    """Keep what is still buffered from failing again when Python ends: whoever reads it is gone, or the disk full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _global_options_first(arguments: Sequence[str]) -> list[str]:
    """Let --log-level stand after the command too, where people write it."""
    options, rest, given = [], [], iter(arguments)
    for argument in given:
        if argument == "--":
            rest += [argument, *given]
        elif argument == "--log-level":
            options += [argument, *[value for value in [next(given, None)] if value is not None]]
        elif argument.startswith("--log-level="):
            options.append(argument)
        else:
            rest.append(argument)
    return options + rest
