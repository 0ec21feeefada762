"""Who may import whom: the picture in docs/architecture.md, enforced."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ecard"
WIRE_WORDS = {"command", "tlv", "status", "words", "transport"}
FLOORS = [
    {"errors"},
    {"der", "codes", "findings", "files", "lines", "moments"},
    {"algorithms"},
    {"sm2"},
    {"keys"},
    {"certificate"},
    {"keyholder", "pin"},
    {"pki", "apdu", "simulator", "pkcs11"},
    {"documents"},
    {"roles"},
    {"connection"},
    {"testing", "doctor"},
    {"cli"},
]
HEIGHT = {part: height for height, parts in enumerate(FLOORS) for part in parts}
ADAPTED = {
    "smartcard": {"apdu/pcsc.py"},
    "pkcs11": {"pkcs11/library.py"},
    "waitress": {"cli/web_server.py"},
    "rich": {"cli/progress.py"},
    "Crypto": {"sm2/curve.py", "simulator/rsa_key.py"},
}


@cache
def imports(path: Path) -> set[str]:
    """Every module that a file imports at run time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    type_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in type_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


NO_PART = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
"""The names for users, and ``python -m ecard``."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path not in NO_PART)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        where = name.split(".")
        if where[0] != "ecard" or len(where) < 2 or where[1] == part:
            continue
        if part == "simulator" and where[1] == "apdu":
            assert where[2] in WIRE_WORDS, f"{path} imports {name}"
            continue
        assert HEIGHT[where[1]] < HEIGHT[part], f"{path} imports {name}, which does not stand below it"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_optional_libraries_stay_in_their_adapters(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(path)}
    place = str(path.relative_to(PACKAGE))
    for library, adapters in ADAPTED.items():
        assert library not in used or place in adapters, f"{place} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            length = (node.end_lineno or 0) - node.lineno + 1 - docstring.count("\n") - bool(docstring)
            assert length <= 40, f"{node.name} has {length} lines"
