"""``ecard trace``: recorded exchanges with a card, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.apdu.explain import explain_trace
from ecard.apdu.trace import read_trace

app: Final = typer.Typer(help="Read traces of cards.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Read traces of cards. Commands that take --card write one with --trace FILE."""


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A trace written with --trace.")]) -> None:
    """Explain a trace, one command per line."""
    for line in explain_trace(read_trace(file)):
        print(line)
