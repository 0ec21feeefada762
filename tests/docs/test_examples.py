"""Every code block of the documentation runs, or is checked, or says why it is not."""

from __future__ import annotations

import codeop
import configparser
import json
import re
import shlex
import tomllib
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ecard.cli.app import program
from tests.docs.blocks import BLOCKS, PAGES, ROOT, Block, blocks_of, name_of
from tests.docs.staging import PREPARED, Stage

PROGRAM = program()
ELSEWHERE = {
    "README.md": "tests/test_readme.py",
    "README.zh-CN.md": "tests/test_readme.py",
    "docs/authority.md": "tests/pki_authority/test_docs.py",
    "docs/ceb.md": "tests/ceb/test_docs.py",
    "docs/cms.md": "tests/documents/test_docs.py",
    "docs/payment179.md": "tests/ceb/test_docs.py",
    "docs/sm2.md": "tests/sm2/test_docs.py",
    "docs/testing.md": "tests/testing/test_docs.py",
}
"""Pages whose Python blocks the tests of their part run, with what these need around them."""
HOW_TO = ROOT / "tests" / "howto" / "test_pages.py"
"""Runs every page of the how-tos, its console blocks too."""
GROUPS = {"pkcs11": "tests/pkcs11/test_authority.py", "corpus": "tests/pki_validation/test_corpus.py"}
"""Blocks that carry this word behind their language, and the test that runs them."""
IN_A_SHELL = {"console", "sh", "bash"}


def pages_to_run() -> list[Path]:
    with_code = {b.page for b in BLOCKS if b.language == "python" and b.reason is None and not b.info}
    return [page for page in PAGES if page in with_code and not runs_elsewhere(page)]


def runs_elsewhere(page: Path) -> bool:
    return name_of(page) in ELSEWHERE or (page.parent.name == "how-to" and HOW_TO.is_file())


@pytest.mark.parametrize("page", pages_to_run(), ids=name_of)
def test_the_python_blocks_of_a_page_run_in_order(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(place, monkeypatch)
    for block in blocks_of(page):
        if block.language == "python" and block.reason is None and not block.info:
            PREPARED.get(name_of(page), lambda *_: None)(stage, block.text, monkeypatch)
            stage.run(block.text, str(block))


def test_the_tutorial_can_be_pasted_into_an_interactive_python() -> None:
    """A statement with a block under it ends there only at an empty line (until Python 3.13, which pastes better)."""
    blocks = [b.text for b in blocks_of(ROOT / "docs" / "tutorial.md") if b.language == "python"]
    assert blocks
    for text in blocks:
        typed: list[str] = []
        for line in [*text.splitlines(), ""]:
            typed.append(line)
            # raises SyntaxError for what an interactive Python refuses, and is None where it waits for more
            typed = [] if codeop.compile_command("\n".join(typed)) is not None else typed
        assert typed == []


@pytest.mark.parametrize(("page", "test"), sorted(ELSEWHERE.items()))
def test_what_runs_elsewhere_does(page: str, test: str) -> None:
    text = (ROOT / test).read_text(encoding="utf-8")
    assert Path(page).name in text
    assert "exec(" in text or "makepyfile" in text


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.info and b.language == "python"], ids=str)
def test_a_block_of_a_group_is_run_by_the_groups_test(block: Block) -> None:
    assert f"```python {block.info}" in (ROOT / GROUPS[block.info]).read_text(encoding="utf-8")


def commands_in(block: Block) -> list[list[str]]:
    """The calls of ``ecard`` in a block for a shell, as arguments."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    calls: list[list[str]] = []
    for line in lines:
        words = shlex.shlex(re.sub(r" [12]>", " >", line), posix=True, punctuation_chars=True)
        words.whitespace_split = True
        for is_operator, part in groupby(words, key=lambda word: not set(word) - set("();<>|&")):
            call = list(part)
            if not is_operator and call[:1] == ["ecard"]:
                calls.append(call[1:])
    return calls


CALLS = [
    pytest.param(call, id=f"{block}: {shlex.join(call)}")
    for block in BLOCKS
    if block.language in IN_A_SHELL and block.reason is None
    for call in commands_in(block)
]


@pytest.mark.parametrize("call", CALLS)
def test_a_command_shown_is_one_that_the_program_knows(call: list[str]) -> None:
    command: Any = PROGRAM
    while (inner := getattr(command, "commands", None)) is not None:
        name, *call = call or ["--help"]
        if name in {"-h", "--help"}:
            return
        assert name in inner, f"there is no command {name}"
        command = inner[name]
    if not {"-h", "--help"} & set(call):
        context = command.make_context(command.name, [], resilient_parsing=True)
        given, left, _ = command.make_parser(context).parse_args(args=call)
        missing = [each.name for each in command.params if each.required and given.get(each.name) in (None, ())]
        assert not left
        assert not missing, f"{command.name} needs {missing}"


def test_commands_are_found_in_blocks_for_a_shell() -> None:
    assert len(CALLS) > 10
    made_up = Block(
        ROOT,
        1,
        "console",
        "",
        "$ cd x && ecard pin check - 2> log | less\n$ ecard sign a \\\n  --card sim:x # b\nok\n",
        None,
    )
    assert commands_in(made_up) == [["pin", "check", "-"], ["sign", "a", "--card", "sim:x"]]


@pytest.mark.parametrize(
    "call", [["sing"], ["card", "pins"], ["sign", "a", "--no-such-option"], ["sign", "a"], ["sign"], ["demo", "x"]]
)
def test_an_unknown_command_or_option_is_found_out(call: list[str]) -> None:
    with pytest.raises((AssertionError, typer.TyperException)):
        test_a_command_shown_is_one_that_the_program_knows(call)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language in {"toml", "ini", "json", "yaml"}], ids=str)
def test_settings_shown_can_be_read(block: Block) -> None:
    if block.language == "toml":
        assert tomllib.loads(block.text)
    elif block.language == "ini":
        read = configparser.ConfigParser()
        read.read_string(block.text)
        assert read.sections()
    elif block.language == "yaml":
        assert pytest.importorskip("yaml").safe_load(block.text)
    else:
        json.loads(block.text)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_code_that_is_tried_or_says_why_not(block: Block) -> None:
    known = {"python", "toml", "ini", "json", "yaml", "text", ""} | IN_A_SHELL
    assert block.language in known or block.language.startswith("{"), f"{block}: what is {block.language}?"
    assert block.reason is None or len(block.reason) > 10, f"{block} is not run, and does not say why"


def test_the_blocks_that_are_not_run_are_few() -> None:
    left_out = [str(block) for block in BLOCKS if block.reason is not None]
    assert len(left_out) <= len(BLOCKS) // 10, left_out
