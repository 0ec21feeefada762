"""Results in PEM (RFC 7468): where they go, and how they are written."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Final

import typer

from ecard.cli.options import require_spared
from ecard.errors import InvalidInputError
from ecard.files import write_atomically

_LINE: Final = 64
"""Characters of a line (RFC 7468, section 2)."""
OutputFile = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Where it goes; standard output by default.")
]


def target_of(output: str | None, *inputs: str | None) -> Path | None:
    """Where the output goes, None for standard output; looked at before the card is, so that nothing is lost for it.

    Raises InvalidInputError where it cannot be written, and where it is one of the ``inputs``, files that are used.
    """
    if output in {None, "-"}:
        return None
    target = Path(str(output))
    if not os.access(target.parent, os.W_OK | os.X_OK) or target.is_dir():
        raise InvalidInputError(f"{target}: cannot be written", remedy="name a file in a directory that is there")
    require_spared(target, *inputs)
    return target


def pem(label: str, encoded: bytes) -> str:
    """An encoding as PEM."""
    body = "\n".join(wrap(b64encode(encoded).decode(), _LINE))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def write_pem(text: str, target: Path | None) -> None:
    """Write a result to a file, atomically, or to standard output."""
    if target is None:
        sys.stdout.write(text)
    else:
        write_atomically(target, text.encode())
