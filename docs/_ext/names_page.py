"""Tables of names: what `import ecard` gives, every module of the package, every finding."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import ecard
from ecard import errors, testing
from ecard.doctor.states import State
from ecard.findings import FindingCode
from ecard.testing import plugin

_PACKAGE = Path(ecard.__file__).parent
_LEFT_OUT: Final = ("roles/migrations",)
_HOMES: Final = {"ANY_ENTERPRISE": "ecard.documents.signers.ANY_ENTERPRISE"}


def public_names() -> str:
    """What `import ecard` gives: each name with the first sentence of its docstring."""
    rows = [
        f"| {_reference(name)} | {_summary(getattr(ecard, name))} |" for name in sorted(ecard.__all__, key=str.lower)
    ]
    return "\n".join(("| name | what it is |", "|---|---|", *rows))


def _reference(name: str) -> str:
    value = getattr(ecard, name)
    if isinstance(value, ModuleType):
        return f"{{py:mod}}`ecard.{name} <{'ecard.cms' if name == 'cms' else value.__name__}>`"
    role = "class" if inspect.isclass(value) else "func" if callable(value) else "data"
    home = getattr(value, "__module__", "")
    target = _HOMES.get(name) or (f"{home}.{name}" if home == errors.__name__ else f"ecard.{name}")
    return f"{{py:{role}}}`ecard.{name} <{target}>`"


def _summary(value: Any) -> str:
    if not (inspect.isclass(value) or callable(value) or isinstance(value, ModuleType)):
        return "In place of an enterprise's code: only the role of the signer matters."
    return _in_markdown((inspect.getdoc(value) or "").partition("\n\n")[0])


def _in_markdown(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|").rstrip(":")


def every_module() -> str:
    """Every file of the package, by its part, with the first line of its docstring."""
    parts: dict[str, list[str]] = {}
    for path in sorted(_PACKAGE.rglob("*.py")):
        place = path.relative_to(_PACKAGE)
        if place.as_posix().startswith(_LEFT_OUT) or path.name == "__main__.py":
            continue
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
        part = place.parts[0] if len(place.parts) > 1 else ""
        name = ".".join(("ecard", *place.with_suffix("").parts)).removesuffix(".__init__")
        parts.setdefault(part, []).append(f"| `{name}` | {_in_markdown(first)} |")
    sections = []
    for part, rows in sorted(parts.items()):
        sections += [f"## {f'ecard.{part}' if part else 'ecard'}", "", "| module | idea |", "|---|---|", *rows, ""]
    return "\n".join(sections)


def fixtures() -> str:
    """Every fixture of the plugin with its docstring, what it gives linked where it is a class of `ecard.testing`."""
    return "\n".join(("| fixture | gives | |", "|---|---|---|", *_fixture_rows()))


def _fixture_rows() -> Iterator[str]:
    for node in ast.parse(Path(plugin.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any("pytest.fixture" in ast.unparse(d) for d in node.decorator_list):
            given = ast.unparse(node.returns) if node.returns else "None"
            kind = f"{{py:class}}`~ecard.testing.{given}`" if given in testing.__all__ else f"`{given}`"
            yield f"| `{node.name}` | {kind} | {_in_markdown(ast.get_docstring(node) or '')} |"


def findings() -> str:
    """Every finding with its indication and sub-indication."""
    rows = [f"| `{code.label}` | {code.indication.value} | {code.sub_indication} |" for code in FindingCode]
    return "\n".join(("| finding | indication | sub-indication |", "|---|---|---|", *rows))


def doctor_states() -> str:
    """Everything that the doctor can find, how bad it is, and the remedy."""
    rows = [f"| `{label}` | {level.value} | {remedy or '–'} |" for label, level, remedy in (s.value for s in State)]
    return "\n".join(("| finding | how bad | what to do |", "|---|---|---|", *rows))


def remedies() -> str:
    """Every class of errors with what to do where the message knows nothing more particular."""
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.EcardError)]
    rows = [f"| {{py:class}}`~ecard.errors.{kind.__name__}` | {kind.usual_remedy} |" for kind in kinds]
    return "\n".join(("| error | what to do |", "|---|---|", *rows))
