"""``ecard trace``: recorded exchanges with a card, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ecard.apdu.explain import explain_trace
from ecard.apdu.trace import MAX_SIZE, Trace, parse_trace, read_trace
from ecard.cli.options import AsJson, print_json, read_bounded

app: Final = typer.Typer(help="Read traces: recorded exchanges with a card.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Read traces of cards. Commands that take --card write one with --trace FILE."""


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trace written with --trace; - is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Explain a trace, one command per line.

    Example: ecard trace show card.trace
    """
    trace = _from_standard_input() if file == Path("-") else read_trace(file)
    if as_json:
        print_json({"exchanges": list(explain_trace(trace))})
        return
    for line in explain_trace(trace):
        print(line)


def _from_standard_input() -> Trace:
    return parse_trace(read_bounded("-", MAX_SIZE, "a trace").decode("ascii", "replace"), "standard input")
