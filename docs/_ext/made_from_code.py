"""Parts of the pages that are made from the code when the site is built.

A page says `<!-- made from code: NAME -->` where such a part belongs.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

import commands_page
import names_page
import pictures
from sphinx.addnodes import pending_xref

_MARK: Final = re.compile(r"<!-- made from code: (\w+) -->")
_PARTS: Final = {
    "commands": commands_page.every_command,
    "names": names_page.public_names,
    "fixtures": names_page.fixtures,
    "modules": names_page.every_module,
    "errors": pictures.error_tree,
    "remedies": names_page.remedies,
    "layers": pictures.layers,
    "findings": names_page.findings,
    "doctor": names_page.doctor_states,
}


def _fill(_app: Any, _page: str, source: list[str]) -> None:
    source[0] = _MARK.sub(lambda match: _PARTS[match[1]](), source[0])


def _leave_insides(_app: Any, env: Any, node: Any, content: Any) -> Any:
    """A type of a module that the reference does not show, or a private one, stands in a signature without a link."""
    target = node.get("reftarget", "")
    home, _, name = target.rpartition(".")
    shown = home in env.domaindata["py"]["modules"] and not name.startswith("_")
    return content if node.get("refdomain") == "py" and target.startswith("ecard.") and not shown else None


def _mean_one(_app: Any, doctree: Any) -> None:
    """Let a bare name in a signature mean what it means in its module, where several modules have one of that name."""
    for node in doctree.findall(pending_xref):
        name = node.get("reftarget", "")
        if node.get("refdomain") == "py" and "." not in name:
            homes = (sys.modules.get(node.get("py:module") or "ecard"), sys.modules["ecard"])
            meant = next((vars(home)[name] for home in homes if home is not None and name in vars(home)), None)
            if isinstance(meant, type) and meant.__module__.startswith("ecard."):
                node["reftarget"] = f"{meant.__module__}.{meant.__qualname__}"


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _fill)
    app.connect("doctree-read", _mean_one)
    app.connect("missing-reference", _leave_insides)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
