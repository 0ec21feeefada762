"""Pictures drawn from the code: the tree of errors, and which part stands on which.

They are SVG inside the page, in the page's own colours, so that they are readable in light and dark.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from ecard import errors

_LAYERS: Final = Path(__file__).resolve().parents[2] / "tests" / "test_layers.py"
_LINE: Final = 24
_FLOOR: Final = 46


def error_tree() -> str:
    """The classes of `ecard.errors`, each below what it derives from, as a picture."""
    lines = list(_descendants(errors.EcardError, 0))
    height = len(lines) * _LINE + 8
    parts = []
    last: dict[int, int] = {}
    for place, (depth, kind) in enumerate(lines):
        y, x = place * _LINE + 20, depth * 26 + 10
        if depth:
            above = last[depth - 1]
            parts.append(f'<path d="M{x - 18} {above + 6} V{y - 5} H{x - 4}" class="line"/>')
        last[depth] = y
        page = f"#ecard.errors.{kind.__name__}"
        parts.append(f'<a href="{page}"><text x="{x}" y="{y}">{kind.__name__}</text></a>')
    return _picture("The tree of errors", 330, height, parts)


def _descendants(kind: type, depth: int) -> Iterator[tuple[int, type]]:
    yield depth, kind
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from _descendants(inner, depth + 1)


def layers() -> str:
    """The floors that `tests/test_layers.py` enforces: what stands higher may import what stands lower."""
    tops = floors()[::-1]
    parts = []
    for place, names in enumerate(tops):
        y, width = place * _FLOOR + 6, 560 / len(names)
        for column, name in enumerate(sorted(names)):
            x = column * width + 6
            parts.append(f'<rect x="{x:.0f}" y="{y}" width="{width - 8:.0f}" height="34" rx="6" class="box"/>')
            label = f'<text x="{x + width / 2 - 4:.0f}" y="{y + 22}" text-anchor="middle">{escape(name)}</text>'
            parts.append(label)
    return _picture("The parts of ecard, one above the other", 572, len(tops) * _FLOOR + 4, parts)


def floors() -> list[set[str]]:
    """The table of the test, lowest floor first."""
    for node in ast.parse(_LAYERS.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOORS":
            found: list[set[str]] = ast.literal_eval(node.value)
            return found
    raise RuntimeError(f"{_LAYERS} has no table FLOORS")


def _picture(title: str, width: int, height: int, parts: list[str]) -> str:
    head = f'<svg class="drawn" viewBox="0 0 {width} {height}" role="img" aria-label="{title}" width="{width}">'
    return "\n".join(('<div class="drawn">', head, *parts, "</svg>", "</div>"))
