"""In which language the command line speaks: English, or Chinese under a Chinese locale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final

from ecard.cli.chinese.messages import MESSAGES
from ecard.errors import InvalidInputError

LANGUAGE_VARIABLE: Final = "ECARD_LANGUAGE"
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set decides (POSIX.1-2017, section 8.2)."""


class Language(Enum):
    """A language that the command line speaks; the value is its code (ISO 639-1)."""

    ENGLISH = "en"
    CHINESE = "zh"


def language_of(environment: Mapping[str, str]) -> Language:
    """The language that an environment asks for. Raises InvalidInputError for another ECARD_LANGUAGE than en or zh."""
    wanted = environment.get(LANGUAGE_VARIABLE)
    if wanted:
        try:
            return Language(wanted)
        except ValueError:
            raise InvalidInputError(
                f"the environment variable {LANGUAGE_VARIABLE} names no language of ecard", remedy="set it to en or zh"
            ) from None
    locale = next((environment[name] for name in _LOCALE if environment.get(name)), "")
    return Language.CHINESE if locale.partition("_")[0].partition(".")[0] == "zh" else Language.ENGLISH


def speaks_chinese() -> bool:
    """Whether the user of this process reads Chinese; an ECARD_LANGUAGE that is none was reported at the start."""
    try:
        return language_of(os.environ) is Language.CHINESE
    except InvalidInputError:
        return False


def translate(text: str, /, **values: object) -> str:
    """A text of the command line in the user's language, with ``values`` in place of ``{names}``."""
    chosen = MESSAGES.get(text, text) if speaks_chinese() else text
    return chosen.format(**values) if values else chosen
