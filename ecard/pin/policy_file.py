"""Changes to a policy as a TOML file says them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from ecard.errors import InvalidInputError
from ecard.pin.settings import Characters, Settings

MAXIMUM_BYTES: Final = 1_000_000
"""The largest policy file that is read."""

_KEYS: Final = {"switched_off", "settings"}


@dataclass(frozen=True, repr=False)
class PolicyChanges:
    """The rules to switch off, and the settings to change, with values as ``Settings`` takes them."""

    switched_off: tuple[str, ...]
    settings: Mapping[str, Any]


def read_policy(source: os.PathLike[str] | str) -> PolicyChanges:
    """The changes in a TOML file (a path object) or text. Raises InvalidInputError for anything wrong in it."""
    content = _parsed(_text(source), source)
    _require_known(content, _KEYS, "key")
    switched_off = content.get("switched_off", [])
    if not isinstance(switched_off, list) or not all(isinstance(name, str) for name in switched_off):
        raise InvalidInputError("switched_off of the PIN policy is not a list of rule names")
    settings = content.get("settings", {})
    if not isinstance(settings, dict):
        raise InvalidInputError("settings of the PIN policy is not a table")
    _require_known(settings, {field.name for field in fields(Settings)}, "setting")
    return PolicyChanges(tuple(switched_off), _converted(settings))


def _text(source: os.PathLike[str] | str) -> str:
    raw = source.encode(errors="replace") if isinstance(source, str) else _file_content(Path(source))
    if len(raw) > MAXIMUM_BYTES:
        raise InvalidInputError(f"the PIN policy is larger than {MAXIMUM_BYTES:_} bytes")
    return raw.decode("utf-8", errors="replace")


def _file_content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"the PIN policy {path} cannot be read ({error.strerror})") from error


def _parsed(text: str, source: os.PathLike[str] | str) -> dict[str, Any]:
    # The parser's own exception may carry the whole text, which lists PINs: it is told and forgotten.
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problem = str(error)
    if isinstance(source, str):
        which, remedy = "the PIN policy", "a file is given as a pathlib.Path, a str is TOML itself"
    else:
        which, remedy = f"the PIN policy {Path(source)}", "correct it; docs/pin-policy.md has an example"
    raise InvalidInputError(f"{which} is not well-formed TOML ({problem})", remedy=remedy)


def _require_known(table: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidInputError(
            f"the PIN policy has an unknown {what} {unknown[0]!r}", remedy=f"known are {', '.join(sorted(known))}"
        )


def _converted(settings: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(settings)
    if "characters" in changed:
        changed["characters"] = _characters(changed["characters"])
    return changed


def _characters(value: object) -> Characters:
    for characters in Characters:
        if characters.value == value:
            return characters
    raise InvalidInputError(
        "characters of the PIN policy is none of " + ", ".join(repr(one.value) for one in Characters)
    )
