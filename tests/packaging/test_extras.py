"""Each extra alone beside the core, and all of them together."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.packaging.fresh import Environment, Workshop
from tests.packaging.test_core import answers

REACHED = {
    "pcsc": "NoCardError the PC/SC service",
    "pkcs11": "InvalidInputError /none.so is no PKCS#11 library that works here",
    "postgresql": "RegisterStateError ",
    "serve": "InvalidInputError nowhere.invalid port 1 cannot be served",
}
"""How far each gets: to the library that the extra brought."""


def can_compile() -> bool:
    """Whether pyscard can be built here, which has no wheels for Linux."""
    return shutil.which("gcc") is not None and os.path.isfile("/usr/include/PCSC/winscard.h")


def environment_of(workshop: Workshop, extra: str) -> Environment:
    if extra in {"pcsc", "all"} and not can_compile():
        pytest.skip("pyscard cannot be built here (apt-get install gcc libpcsclite-dev)")
    return workshop.with_extra(extra, may_compile=extra in {"pcsc", "all"})


@pytest.mark.parametrize("extra", REACHED)
def test_an_extra_alone(workshop: Workshop, tmp_path: Path, extra: str) -> None:
    environment = environment_of(workshop, extra)
    for other, words in answers(environment, tmp_path).items():
        assert words.startswith(REACHED[extra] if other == extra else "MissingDependencyError "), words
    done = environment.run("ecard", "centre", "serve", cwd=tmp_path)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert 'pip install "ecard[cli]"' in done.err


def test_all_together(workshop: Workshop, tmp_path: Path) -> None:
    environment = environment_of(workshop, "all")
    for extra, words in answers(environment, tmp_path).items():
        assert words.startswith(REACHED[extra]), words
    assert environment.run("ecard", "demo", "--algorithm", "sm2", cwd=tmp_path).status == 0
    shown = environment.run("ecard", "doctor", "--card", "sim:demo/cards/operator-1.card", cwd=tmp_path).out
    assert "without the extras" not in shown
    for name in ("pyscard", "python-pkcs11", "psycopg", "waitress", "typer", "rich"):
        assert f"{name} " in shown
