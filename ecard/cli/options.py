"""How the texts of options become values: moments, files, standard input."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from ecard.cli.language import translate
from ecard.errors import InvalidInputError
from ecard.files import write_atomically
from ecard.lines import one_line

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object for programs, in UTF-8 whatever the locale, so that no name is lost."""
    sys.stdout.flush()
    # bytes of a file's name that are not UTF-8 become the escapes that JSON has for half a character
    sys.stdout.buffer.write((json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode(errors="backslashreplace"))


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date and time; without an offset it is UTC. InvalidInputError where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInputError(
            f"{text!r} is not a date and time", remedy="write it as in ISO 8601, such as 2026-05-04T08:30:00Z"
        ) from None


def open_document(name: str) -> BinaryIO | Path:
    """What ``-`` or a file name stands for: a file, or a pipe as the shell's ``<(...)`` makes them.

    InvalidInputError where there is none of that name.
    """
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    if path.is_file() or path.is_fifo():
        return path
    if path.is_dir():
        raise InvalidInputError(f"{name}: is a directory")
    raise InvalidInputError(f"{name}: {'is a device, not a file' if path.exists() else 'no such file'}")


def read_bounded(name: str, limit: int, what: str) -> bytes:
    """All of a small file, or of standard input for ``-``; InvalidInputError where it has more than ``limit`` bytes."""
    source = open_document(name)
    if isinstance(source, Path):
        with source.open("rb") as file:
            data = file.read(limit + 1)
    else:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise InvalidInputError(f"{name}: larger than {limit} bytes, too large for {what}")
    return data


def output_target(source: str, output: str | None, *, suffix: str, card: str) -> Path | None:
    """Where a result goes: ``output``, or ``source`` with ``suffix``, which must not exist; None is standard output.

    Raises InvalidInputError, before anything is done that would be lost, also where it would take the place of what is
    read or of the file of the simulated card at the address ``card``.
    """
    if output == "-" or (output is None and source == "-"):
        return None
    target = Path(output or f"{source}{suffix}")
    if output is None and target.exists():
        raise InvalidInputError(f"{target} exists already", remedy="name another file, or this one, with -o")
    if not target.parent.is_dir():
        raise InvalidInputError(f"{target.parent}: no such directory")
    require_spared(target, source, card_file(card))
    return target


def card_file(address: str) -> str | None:
    """The file of the simulated card at an address, None where the card is none."""
    kind, _, file = address.partition(":")
    return file if kind == "sim" else None


def require_spared(target: Path, *inputs: str | Path | None) -> None:
    """Raise InvalidInputError where ``target`` is a directory, or one of the files that the command uses.

    What is written there takes the file's place: a document, or the only copy of a card's keys, would be lost.
    """
    if target.is_dir():
        raise InvalidInputError(f"{target}: cannot be written: is a directory", remedy="name a file")
    for name in inputs:
        if name is not None and target.is_file() and os.path.exists(name) and target.samefile(name):
            raise InvalidInputError(
                f"{target} is a file that this command reads, and would be lost", remedy="name another file"
            )


def write_output(target: Path | None, data: bytes) -> None:
    """Write a result to a file, atomically, and say so; or to standard output."""
    if target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomically(target, data)
        # the document's name, and so this one, can come from anybody
        sys.stderr.write(translate("signed: {file}", file=one_line(str(target), None)) + "\n")
