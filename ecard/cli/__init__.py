"""The ``ecard`` command: a thin face over the library. It needs the extra ``cli``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit status: 0 done or accepted, 1 not accepted, 2 could not run."""
    try:
        from ecard.cli import process
        from ecard.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write('ecard: the command line is not installed: run pip install "ecard[cli]"\n')
        sys.exit(2)
    sys.exit(run(sys.argv[1:], prepare=process.prepare))
