"""``ecard doctor``: what a working card needs, looked at from the service to the certificates, with remedies."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.cli.card_options import CARD_HELP
from ecard.cli.doctor_words import level_in_words, line_in_words
from ecard.cli.options import AsJson, print_json
from ecard.doctor import Examination, Level, Line, examine

_COLOURS: Final = {Level.GOOD: "green", Level.WARNING: "yellow", Level.BAD: "red"}
_WIDTH: Final = max(len(level.value) for level in Level)


def doctor(
    card: Annotated[str, typer.Option("--card", help=CARD_HELP)] = "pcsc",
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust", metavar="FILE|DIR", help="A trusted root, PEM or DER, or a directory. May be repeated."
        ),
    ] = None,
    crl: Annotated[
        list[Path] | None,
        typer.Option(
            "--crl",
            metavar="FILE|DIR",
            help="A list of revoked certificates (CRL), or a directory of them. May be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Find out what keeps a card from working: service, reader, card, PIN, certificates, clock, trust. Changes nothing.

    Exit status: 0 nothing is bad, 1 something is (the lines say what to do), 2 could not run.

    Example: ecard doctor --trust trust/ --crl crls/
    """
    found = examine(card, now=datetime.now(UTC), trust=trust or (), evidence=crl or ())
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    return 1 if found.verdict is Level.BAD else 0


def _print(found: Examination) -> None:
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in found.lines:
        print(_in_words(line, coloured=coloured))
    print(", ".join(f"{found.count(level)} {level_in_words(level)}" for level in Level))


def _in_words(line: Line, *, coloured: bool) -> str:
    level = f"{level_in_words(line.level):{_WIDTH}}"
    level = typer.style(level, fg=_COLOURS[line.level]) if coloured else level
    words, remedy = line_in_words(line)
    return f"{level}  {words}" + (f"\n{'':{_WIDTH}}    {remedy}" if remedy else "")
