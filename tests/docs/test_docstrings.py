"""What docstrings and errors owe to their readers: which errors a function raises, and what to do about each."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecard import errors
from tests.docs.blocks import ROOT

PACKAGE = ROOT / "ecard"
LEFT_OUT = {"cli", "migrations"}
"""The command line turns every error into one line, whoever calls it; migrations are called by Alembic."""
KINDS = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, errors.EcardError)
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def raised_in(function: Function) -> set[str]:
    """The errors of ecard that the body itself raises, not counting what it catches again or nested functions."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            found.add(node.exc.func.id)
    return found & KINDS.keys()


def public_functions(path: Path) -> Iterator[tuple[str, Function, str]]:
    """The public functions and methods of a file, each with its docstring, and its class's before __init__'s."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node.name, node, ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, Function) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner, ast.get_docstring(inner) or ""
                elif isinstance(inner, Function) and inner.name in {"__init__", "__post_init__"}:
                    yield f"{node.name}.{inner.name}", inner, ast.get_docstring(node) or ""


RAISING = [
    pytest.param(raised_in(function), docstring, id=f"{path.relative_to(PACKAGE)}:{name}")
    for path in sorted(PACKAGE.rglob("*.py"))
    if not LEFT_OUT & set(path.parts)
    for name, function, docstring in public_functions(path)
    if raised_in(function)
]


def bases_of(name: str) -> set[str]:
    return {kind.__name__ for kind in KINDS[name].__mro__ if kind.__name__ in KINDS} - {"EcardError"}


@pytest.mark.parametrize(("raised", "docstring"), RAISING)
def test_a_function_names_the_errors_that_it_raises(raised: set[str], docstring: str) -> None:
    words = set(re.findall(r"\w+Error\b", docstring))
    untold = {name for name in raised if not bases_of(name) & words}
    assert not untold


def test_most_of_the_public_functions_were_looked_at() -> None:
    assert len(RAISING) > 100


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_error_says_what_to_do(name: str) -> None:
    kind = KINDS[name]
    assert "usual_remedy" in vars(kind), f"class {name}(..., usual_remedy=...)"
    assert re.fullmatch(r"[a-z].{10,}[^.]", kind.usual_remedy), "a sentence's end, as it stands behind a colon"
    assert inspect.getdoc(kind)


def test_the_remedy_of_the_case_goes_before_the_usual_one() -> None:
    assert errors.NoPinError("no PIN").what_to_do == "give a PIN, or a supplier that has one"
    assert errors.NoPinError("no PIN", remedy="set CARD_PIN").what_to_do == "set CARD_PIN"
    assert errors.NoPinError("no PUK", reference="PUK").what_to_do == "give a PUK, or a supplier that has one"
    assert str(errors.NoPinError("no PIN", remedy="set CARD_PIN")) == "no PIN: set CARD_PIN"


def test_an_error_of_somebody_else_inherits_what_to_do() -> None:
    class MyTokenError(errors.TokenError):
        """An error of a program that uses ecard."""

    assert MyTokenError("gone").what_to_do == errors.TokenError.usual_remedy


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    drawn = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    ([│├└─ ]*)(\w+Error)\b", line):
            drawn.append((len(match[1]) // 4, match[2]))
    assert drawn == list(tree(errors.EcardError, 0))


def tree(kind: type[errors.EcardError], depth: int) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from tree(inner, depth + 1)
