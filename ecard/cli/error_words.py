"""One line for everything that can go wrong: what it is, and what to do about it."""

from __future__ import annotations

from typing import Final

import typer

from ecard.cli.card_options import MANAGEMENT_KEY_VARIABLE
from ecard.cli.chinese.errors import ERRORS, OTHER_ERRORS, PUK_ERRORS
from ecard.cli.language import speaks_chinese
from ecard.errors import EcardError, LastPinTryError, ManagementKeyError, ObjectNotFoundError, PinError, WeakPinError
from ecard.lines import one_line
from ecard.pin import PolicyReason

_REMEDIES: Final[dict[type[EcardError], str]] = {
    LastPinTryError: "if you are sure of it, add --use-last-try",
    ManagementKeyError: f"give the card's management key in the environment variable {MANAGEMENT_KEY_VARIABLE}",
}
"""What to do on the command line, where that is not what a program would do."""


def in_one_line(error: BaseException) -> str:
    """What an error says, with what to do about it, in the user's language and without line breaks.

    A name in it can come from anybody: what does not print reaches no terminal.
    """
    english = one_line(" ".join(_in_english(error).split()), None)
    if not speaks_chinese():
        return english
    chinese = _kind_in_chinese(error)
    if isinstance(error, WeakPinError):
        reasons = [reason.chinese for reason in error.reasons if isinstance(reason, PolicyReason)]
        return f"{chinese}：{'；'.join(reasons)}" if reasons else chinese
    return f"{chinese}（{english}）" if english else chinese


def _in_english(error: BaseException) -> str:
    for kind, remedy in _REMEDIES.items():
        if isinstance(error, kind):
            return f"{error.what}: {remedy}"
    if isinstance(error, ObjectNotFoundError) and error.remedy is None:
        return f"{error.what}: see what is on the card with ecard card info"
    if isinstance(error, EcardError):
        return str(error)
    if isinstance(error, typer.TyperException):
        command = getattr(getattr(error, "ctx", None), "command_path", "ecard")
        return f"{str(error.format_message()).rstrip('.')}: see {command} -h"
    if isinstance(error, OSError):
        return f"{error.filename or 'standard input or output'}: {error.strerror or error}"
    return "not enough memory: give a smaller file" if isinstance(error, MemoryError) else str(error) or "interrupted"


def _kind_in_chinese(error: BaseException) -> str:
    if isinstance(error, PinError) and error.reference == "PUK":
        return next(PUK_ERRORS[kind] for kind in type(error).__mro__ if kind in PUK_ERRORS)
    if isinstance(error, EcardError):
        return next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    return next(words for kind, words in OTHER_ERRORS.items() if isinstance(error, kind))
