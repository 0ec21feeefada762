"""The one adapter to rich: progress on a terminal's standard error, silent elsewhere, and tables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ecard.cli.language import translate
from ecard.lines import one_line

Thing = TypeVar("Thing")
_WORDS: Final = TextColumn("{task.description}", markup=False)
"""Names of files are shown as they are: a bracket in one is no command to rich."""
_LARGE: Final = 1 << 26
"""Bytes of a file from which on its reading takes long enough to be shown."""
_shown: Final[list[Progress]] = []


@contextmanager
def steps(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar over ``total`` steps; call the yielded function with what the next step does."""
    with _display(SpinnerColumn(), BarColumn(bar_width=24), _WORDS, TimeElapsedColumn()) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def begin(words: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=translate(words))
            begun += 1

        yield begin
        progress.update(task, completed=total, description=translate("done"))


def counted(things: Iterable[Thing], total: int, words: str) -> Iterator[Thing]:
    """The things one by one, with a bar that counts them."""
    with _display(_WORDS, BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn()) as progress:
        yield from progress.track(things, total=total, description=translate(words))


@contextmanager
def counting(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that itself tells how many of how many are done: what is yielded is to be called with both."""
    with _display(_WORDS, BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task(translate(words), total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """A sign of life for work whose length nobody knows."""
    with _display(SpinnerColumn(), _WORDS, TimeElapsedColumn(), transient=True) as progress:
        progress.add_task(translate(words), total=None)
        yield


@contextmanager
def reading(document: BinaryIO | Path) -> Iterator[BinaryIO | Path]:
    """A document to be read once; for a large file with a bar of how far it was read."""
    if not isinstance(document, Path) or not sys.stderr.isatty() or document.stat().st_size < _LARGE:
        yield document
        return
    with (
        _display(_WORDS, BarColumn(bar_width=24), DownloadColumn(), TimeElapsedColumn()) as progress,
        progress.open(document, "rb", description=one_line(document.name, None)) as file,
    ):
        yield file


@contextmanager
def paused() -> Iterator[None]:
    """Show no progress while the user is asked for something."""
    showing = [progress for progress in _shown if not progress.finished]
    for progress in showing:
        progress.stop()
    try:
        yield
    finally:
        for progress in showing:
            progress.start()


@contextmanager
def _display(*columns: ProgressColumn, transient: bool = False) -> Iterator[Progress]:
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    with Progress(*columns, console=console, transient=transient) as progress:
        _shown.append(progress)
        try:
            yield progress
        finally:
            _shown.remove(progress)


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output."""
    table = Table(*headings, title=title, title_justify="left", show_lines=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
