"""A report as one page of HTML that needs nothing else: no script, no other file, no network.

Every text is escaped, because some of them come out of certificates and documents that anybody may have made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_STYLE: Final = """\
:root { color-scheme: light dark; --good: #1a6b2d; --bad: #a31515; --open: #7a5200; --line: #c8c8c8; }
@media (prefers-color-scheme: dark) { :root { --good: #7fd493; --bad: #ff9d94; --open: #f0c674; --line: #555; } }
body { font: 1rem/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; max-width: 52rem; margin: 0 auto;
  padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; }
.verdict { font-size: 1.2rem; font-weight: 700; border: 2px solid; border-radius: .4rem; padding: .5rem .8rem; }
.verdict small { font-weight: 400; }
.passed { color: var(--good); } .failed { color: var(--bad); } .open { color: var(--open); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; width: 30%; } ul { margin: 0; padding-left: 1.2rem; }
@media (max-width: 36rem) { th, td { display: block; width: auto; } td { border-top: 0; padding-top: 0; } }
"""
# a browser loads nothing and runs nothing, whatever should have slipped in
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and below it lines of one cell (a list) or of several (a table, the first cell as its row's head)."""

    heading: str
    lines: Sequence[tuple[str, ...]]
    kinds: Sequence[str] = ()
    """For each line how it is coloured: ``passed``, ``failed``, ``open`` or nothing."""

    def html(self) -> str:
        """The section; nothing where it has no lines."""
        if not self.lines:
            return ""
        kinds = (*self.kinds, *[""] * (len(self.lines) - len(self.kinds)))
        if len(self.lines[0]) == 1:
            inner = "\n".join(
                f"<li{_kind(kind)}>{escape(line[0])}</li>" for line, kind in zip(self.lines, kinds, strict=True)
            )
            body = f"<ul>\n{inner}\n</ul>"
        else:
            inner = "\n".join(_row(line, kind) for line, kind in zip(self.lines, kinds, strict=True))
            body = f"<table>\n{inner}\n</table>"
        return f"<h2>{escape(self.heading)}</h2>\n{body}\n"


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _row(line: tuple[str, ...], kind: str) -> str:
    first, *others = line
    cells = "".join(f"<td{_kind(kind)}>{escape(cell)}</td>" for cell in others)
    return f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'


def page(
    title: str, verdict: str, indication: str, kind: str, sections: Iterable[Section], *, language: str = "en"
) -> str:
    """The whole page, in UTF-8 when it is written; ``language`` is that of all the words (BCP 47)."""
    return f"""\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="verdict {kind}">{escape(verdict)} <small>{escape(indication)}</small></p>
{"".join(section.html() for section in sections)}</body>
</html>
"""
