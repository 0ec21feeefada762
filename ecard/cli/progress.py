"""The one adapter to rich: a progress display and tables, plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@contextmanager
def steps(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar over ``total`` steps; call the yielded function with what the next step does."""
    columns = SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def begin(words: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=words)
            begun += 1

        yield begin
        progress.update(task, completed=total, description="done")


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output."""
    table = Table(*headings, title=title, title_justify="left", show_lines=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
