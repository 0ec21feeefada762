"""The command tree, the options that every command has, and the one place where errors become one line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import typer

from ecard.cli import (
    card_commands,
    ceb_commands,
    centre_commands,
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
from ecard.cli.card_options import MANAGEMENT_KEY_VARIABLE
from ecard.errors import EcardError, LastPinTryError, ManagementKeyError

TRAFFIC: Final = 5
"""The logging level of every exchange with a card, below DEBUG. Secrets are masked in it."""

app: Final = typer.Typer(
    name="ecard",
    help="Sign and verify documents with smart cards of the China Electronic Port, and with any PIV card.",
    epilog="Exit status: 0 done or accepted, 1 not accepted, 2 could not run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo_command.demo)
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


def run(arguments: Sequence[str]) -> int:
    """Run the command line with ``arguments`` and return its exit status. Nothing but the status leaves here."""
    try:
        result = app(args=_global_options_first(arguments), prog_name="ecard", standalone_mode=False)
        sys.stdout.flush()
    except (EcardError, typer.TyperException, typer.Abort, KeyboardInterrupt, OSError) as error:
        sys.stderr.write(f"ecard: {' '.join(_in_words(error).split())}\n")
        return 2
    return result if isinstance(result, int) else 0


_REMEDIES: Final[dict[type[EcardError], str]] = {
    LastPinTryError: "if you are sure of it, add --use-last-try",
    ManagementKeyError: f"give the card's management key in the environment variable {MANAGEMENT_KEY_VARIABLE}",
}


def _in_words(error: BaseException) -> str:
    """What an error says, with what to do about it on the command line where that is not what a program would do."""
    for kind, remedy in _REMEDIES.items():
        if isinstance(error, kind):
            return f"{error.what}: {remedy}"
    if isinstance(error, EcardError):
        return str(error)
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, OSError):
        if isinstance(error, BrokenPipeError):
            # whoever read our output is gone; what is still buffered must not fail again when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return f"{error.filename or 'standard input or output'}: {error.strerror or error}"
    return "interrupted"


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
