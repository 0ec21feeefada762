"""A line of the doctor for people, in their language."""

from __future__ import annotations

from typing import Final

from ecard.cli.chinese.doctor import REMEDIES, STATES, SUBJECTS
from ecard.cli.language import speaks_chinese, translate
from ecard.doctor import Level, Line, State

_GOOD_ENOUGH: Final = {State.SERVICE_RUNS, State.TRUST_NOT_GIVEN, State.EVIDENCE_NOT_GIVEN}
"""States of which the Chinese sentence says all; others have facts in their message."""


def level_in_words(level: Level) -> str:
    """How bad it is, in one word."""
    return translate(level.value)


def line_in_words(line: Line) -> tuple[str, str | None]:
    """What was found, and what to do about it."""
    if not speaks_chinese():
        return f"{line.subject}: {line.message}", line.remedy
    name, _, slot = line.subject.partition(" ") if line.subject.startswith("certificate ") else (line.subject, "", "")
    facts = "" if line.state in _GOOD_ENOUGH else f"（{line.message}）"
    remedy = REMEDIES.get(line.state)
    if line.advice:
        remedy = f"{remedy}（{line.advice}）" if remedy else line.advice
    return f"{SUBJECTS[name]}{f' {slot}' if slot else ''}：{STATES[line.state]}{facts}", remedy
