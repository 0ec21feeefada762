"""The parts of ``docs/life-cycle.md`` that are made from the table of transitions: its rows, and its picture (SVG)."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from ecard.roles.acts import CardKind, CardState
from ecard.roles.lifecycle import CERTIFICATES, TABLE, Guard, Transition

_PLACES: Final[dict[CardState | None, tuple[int, int]]] = {
    None: (90, 60),
    CardState.TRANSPORT: (90, 240),
    CardState.ACTIVE: (370, 60),
    CardState.FROZEN: (630, 60),
    CardState.LOST: (370, 300),
    CardState.VOID: (630, 430),
}
_WIDTH, _HEIGHT = 720, 500
_BOX: Final = (120, 44)


def table_lines() -> list[str]:
    """The table of transitions in Markdown, a line each."""
    lines = [
        "| row | act | card | who | channel | ground | from | to | only where | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return lines + [_line(row) for row in TABLE]


def _line(row: Transition) -> str:
    grounds = ", ".join(sorted(ground.value for ground in row.grounds)) or "–"
    sources = ", ".join(sorted(_word(state) for state in row.sources))
    cells = (
        row.row,
        row.act.value,
        row.card.value,
        row.who.value,
        row.channel.value,
        grounds,
        sources,
        "as before the loss" if row.to is None else row.to.value,
        row.guard.value or "–",
        "handbook" if not row.decided_here else "handbook, step 8" if row.row == "P8" else "*decided here*",
    )
    return f"| {' | '.join(cells)} |"


def certificate_lines() -> list[str]:
    """What follows from a card's state for its certificates, in Markdown."""
    return ["| state | certificates |", "|---|---|"] + [
        f"| {state.value} | {status.value} |" for state, status in CERTIFICATES.items()
    ]


def picture() -> str:
    """The transitions of an operator card as an SVG drawing."""
    edges: dict[tuple[CardState | None, CardState], list[str]] = {}
    for row in TABLE:
        if row.card is CardKind.OPERATOR and row.guard is not Guard.NO_ACTIVE_SEAL:
            for source in row.sources:
                for target in _targets(row):
                    edges.setdefault((source, target), []).append(row.act.value)
    parts = [_edge(source, target, acts) for (source, target), acts in sorted(edges.items(), key=_order)]
    boxes = [_box(state) for state in _PLACES]
    return "\n".join((_HEAD, *parts, *boxes, "</svg>", ""))


_HEAD: Final = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">
<title>The life of an operator card</title>
<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0 L8 4 L0 8 z"/></marker></defs>
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>"""


def _targets(row: Transition) -> tuple[CardState, ...]:
    if row.to is not None:
        return (row.to,)
    return (CardState.TRANSPORT, CardState.ACTIVE, CardState.FROZEN)


def _order(item: tuple[tuple[CardState | None, CardState], list[str]]) -> tuple[str, str]:
    return _word(item[0][0]), item[0][1].value


def _word(state: CardState | None) -> str:
    return "no card" if state is None else state.value


def _edge(source: CardState | None, target: CardState, acts: list[str]) -> str:
    text = escape(", ".join(dict.fromkeys(acts)))
    (x1, y1), (x2, y2) = _PLACES[source], _PLACES[target]
    if source is target:
        x, y = x1 - _BOX[0] // 2, y1
        loop = f'<path d="M{x} {y - 10} C{x - 60} {y - 40} {x - 60} {y + 40} {x} {y + 10}"'
        return f'{loop} fill="none" stroke="black" marker-end="url(#end)"/>{_text(x - 48, y - 32, text)}'
    # arrows there and back go on both sides of the line between the boxes
    length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    bend_x, bend_y = (x1 + x2) / 2 - dy * 46, (y1 + y2) / 2 + dx * 46
    begin, end = _rim(x1, y1, bend_x, bend_y), _rim(x2, y2, bend_x, bend_y)
    path = f'<path d="M{begin} Q{bend_x:.0f} {bend_y:.0f} {end}" fill="none" stroke="black" marker-end="url(#end)"/>'
    return path + _text(round((x1 + x2) / 2 - dy * 30), round((y1 + y2) / 2 + dx * 30), text)


def _rim(x: int, y: int, to_x: float, to_y: float) -> str:
    """Where the line from the middle of a box to a point leaves the box."""
    dx, dy = to_x - x, to_y - y
    scale = min(
        _BOX[0] / 2 / abs(dx) if dx else float("inf"),
        _BOX[1] / 2 / abs(dy) if dy else float("inf"),
    )
    return f"{x + dx * scale:.0f} {y + dy * scale:.0f}"


def _text(x: int, y: int, text: str) -> str:
    style = 'text-anchor="middle" font-size="11" paint-order="stroke" stroke="white" stroke-width="4"'
    return f'<text x="{x}" y="{y}" {style}>{text}</text>'


def _box(state: CardState | None) -> str:
    x, y = _PLACES[state]
    fill = {None: "white", CardState.ACTIVE: "#d9f0d9", CardState.VOID: "#e0e0e0"}.get(state, "#fff3d0")
    box = f'<rect x="{x - _BOX[0] // 2}" y="{y - _BOX[1] // 2}" width="{_BOX[0]}" height="{_BOX[1]}" rx="8"'
    label = f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-size="15">{_word(state)}</text>'
    return f'{box} fill="{fill}" stroke="black"/>{label}'
