"""The command tree, the options that every command has, and the one place where errors become one line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]

from ecard.cli import (
    card_commands,
    ceb_commands,
    centre_commands,
    completion_command,
    demo_command,
    doctor_command,
    payment179_commands,
    pin_commands,
    register_commands,
    sign_command,
    simulator_commands,
    trace_commands,
    verify_command,
)
from ecard.cli.completion_command import COMPLETE_VARIABLE
from ecard.cli.error_words import in_one_line
from ecard.cli.help_words import in_chinese
from ecard.cli.language import Language, language_of
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
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo_command.demo)
app.command("completion")(completion_command.completion)
app.command("doctor")(doctor_command.doctor)
app.command("sign")(sign_command.sign)
app.command("verify")(verify_command.verify)
app.add_typer(card_commands.app, name="card")
app.add_typer(ceb_commands.app, name="ceb")
register_commands.add_to(centre_commands.app)
app.add_typer(centre_commands.app, name="centre")
app.add_typer(payment179_commands.app, name="179")
app.add_typer(pin_commands.app, name="pin")
app.add_typer(simulator_commands.app, name="simulator")
app.add_typer(trace_commands.app, name="trace")


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
            _forget_output()
        sys.stderr.write(_told(error))
        return 2
    return status


def _invoke(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    if COMPLETE_VARIABLE in os.environ:
        completion_init()
        command.main(args=[], prog_name=PROGRAM)
    if language_of(os.environ) is Language.CHINESE:
        in_chinese(command)
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


def _forget_output() -> None:
    """Keep what is still buffered from failing again when Python ends: whoever reads it is gone, or the disk full."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
