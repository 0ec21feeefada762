"""Every command has a help page with an example that the parser takes, and tells programs what it tells people."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.core import TyperCommand

from tests.cli.command_tree import commands, examples, tree
from tests.cli.conftest import Ecard

COMMANDS = dict(commands())
SILENT = {
    "ecard completion": "prints a script",
    "ecard sign": "its result is the signature, a file or standard output",
    "ecard card pin change": "says only that it is done; the exit status says so too",
    "ecard card pin unblock": "says only that it is done; the exit status says so too",
    "ecard card puk change": "says only that it is done; the exit status says so too",
    "ecard card management-key change": "says only that it is done; the exit status says so too",
    "ecard card certificate export": "its result is PEM, a file or standard output",
    "ecard card certificate request": "its result is PEM, a file or standard output",
    "ecard card certificate import": "says only that it is done; the exit status says so too",
    "ecard card certificate delete": "says only that it is done; the exit status says so too",
    "ecard card key generate": "its result is PEM, a file or standard output",
    "ecard card key attest": "its result is PEM, a file or standard output",
    "ecard card key move": "says only that it is done; the exit status says so too",
    "ecard card key delete": "says only that it is done; the exit status says so too",
    "ecard centre new": "its result is a directory",
    "ecard centre serve": "runs until it is interrupted",
    "ecard centre log": "prints an object a line as it is: a log of millions of entries is no one object",
    "ecard 179 sign": "its result is the payload, a file or standard output",
    "ecard pin generate": "its result is one PIN, for a person or a pipe",
    "ecard simulator new": "its result is a file",
    "ecard simulator serve": "runs until it is interrupted",
}
"""The commands without --json, and why."""


@pytest.mark.parametrize("path", COMMANDS)
def test_an_example_that_parses(path: str) -> None:
    command = COMMANDS[path]
    shown = examples(command.help or "")
    assert shown, f"{path} -h shows no example"
    for words in shown:
        assert words[: len(path.split())] == path.split()
        parse(command, words[len(path.split()) :])


def parse(command: TyperCommand, arguments: list[str]) -> None:
    """Take a command line apart without running it; raises where it does not parse."""
    with command.make_context("example", list(arguments)) as context:
        assert context.params


def test_an_example_that_does_not_parse_is_seen() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(COMMANDS["ecard sign"], ["contract.txt", "--card", "pcsc", "--pin", "1234"])


@pytest.mark.parametrize("path", COMMANDS)
def test_json_or_a_reason_why_not(path: str) -> None:
    has_json = any("--json" in parameter.opts for parameter in COMMANDS[path].params)
    assert has_json is (path not in SILENT)


def test_no_reason_is_left_over() -> None:
    assert set(SILENT) <= set(COMMANDS)


@pytest.mark.parametrize("path", dict(tree()))
def test_every_page_is_shown(path: str, ecard: Ecard) -> None:
    for option in ("-h", "--help"):
        outcome = ecard(*path.split()[1:], option)
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.startswith(f"Usage: {path} ")


def test_a_group_alone_shows_its_page(ecard: Ecard) -> None:
    for path, command in tree():
        if path in COMMANDS:
            continue
        outcome = ecard(*path.split()[1:])
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith(f"Usage: {path} ")
        assert len(outcome.err.splitlines()) > 3
        assert command.help


def test_every_command_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    for path, command in commands():
        assert f"`{path}" in page, f"docs/command-line.md does not know {path}"
        if path not in SILENT:
            assert any("--json" in p.opts for p in command.params)
