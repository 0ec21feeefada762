"""Texts out of certificates, cards and file names, which anybody may have made, fit for one line on a terminal."""

from __future__ import annotations


def one_line(text: str, limit: int | None = 120) -> str:
    """``text`` with each character that does not print replaced, and cut after ``limit`` characters (None: never)."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:limit])
    return shown + ("…" if limit is not None and len(text) > limit else "")
