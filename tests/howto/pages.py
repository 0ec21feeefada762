"""Running a page: its Python blocks in one namespace, its console blocks in a shell, in the order of the page.

A block after ``<!-- not run: reason -->`` is left out. A line of a console block that is no command is what the command
printed; ``...`` in it stands for anything.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from ecard.cli.app import run

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
_BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n+)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "\x01"
_PLAIN = re.compile(r"(?:\w+=\S+ )*ecard [^|&<>;$]*")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int
    runs: bool


def blocks(page: str) -> list[Block]:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return [
        Block(found[2], found[3], text.count("\n", 0, found.start(3)) + 1, found[1] is None)
        for found in _BLOCK.finditer(text)
    ]


def run_page(
    page: str,
    place: Path,
    *,
    names: dict[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    changed: Callable[[str], str] = str,
) -> dict[str, Any]:
    """Run every block in ``place``, the working directory; returns the namespace of the Python blocks."""
    namespace: dict[str, Any] = {"__name__": "__main__"} if names is None else names
    for block in blocks(page):
        if not block.runs:
            continue
        if block.language == "python":
            padded = "\n" * (block.line - 1) + changed(block.text)
            exec(compile(padded, str(HOW_TO / page), "exec"), namespace)
        elif block.language == "console":
            run_console(changed(block.text), place, environment or {})
    return namespace


def run_console(text: str, place: Path, environment: Mapping[str, str]) -> None:
    """Run the commands of a block. One that fails has to be shown with what it says."""
    session = list(commands(text))
    # in this process where that is enough: a new one spends a second on importing
    plain = all(_PLAIN.fullmatch(command) for command, _ in session)
    outcomes = [_called(command) for command, _ in session] if plain else _in_a_shell(session, place, environment)
    for (command, shown), (printed, status) in zip(session, outcomes, strict=True):
        assert status == 0 or shown, f"{command}\nended with {status}: {printed}"
        lines = printed.splitlines()
        for wanted in shown:
            pattern = wanted.replace("[", "[[]").replace("...", "*")
            assert any(fnmatchcase(line.rstrip(), pattern) for line in lines), f"{command}\n{wanted!r} not in {printed}"


def _called(command: str) -> tuple[str, int]:
    words = shlex.split(command)
    start = words.index("ecard")
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(printed):
        patch.setenv("COLUMNS", "200")
        for assignment in words[:start]:
            patch.setenv(*assignment.split("=", 1))
        status = run(words[start + 1 :])
    printed.seek(0)
    return printed.read(), status


def _in_a_shell(
    session: list[tuple[str, list[str]]], place: Path, environment: Mapping[str, str]
) -> list[tuple[str, int]]:
    script = "".join(f"{command}\nprintf '{_MARK}%d\\n' $?\n" for command, _ in session)
    tools = place.parent / "tools"
    tools.mkdir(exist_ok=True)
    shim = tools / "ecard"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ecard "$@"\n')
    shim.chmod(0o755)
    paths = {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env={**os.environ, **paths, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    outcomes = re.findall(rf"(.*?){_MARK}(\d+)\n", done.stdout, re.DOTALL)
    assert len(outcomes) == len(session), done.stdout
    return [(printed, int(status)) for printed, status in outcomes]


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every command of a console block, with the lines that are shown after it."""
    command, shown = "", []
    for line in text.splitlines():
        if command.endswith("\\"):
            command += "\n" + line
        elif line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line.removeprefix("$ "), []
        else:
            assert command, f"no command before {line!r}"
            shown.append(line.rstrip())
    if command:
        yield command, shown
