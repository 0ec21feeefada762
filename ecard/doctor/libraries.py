"""Are the libraries that ecard needs installed, in versions that fit? The answer is in ecard's own metadata."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from ecard.doctor.states import Line, State

_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)([^;]*?)(?:;.*extra == ['\"](\w+)['\"].*)?", re.ASCII)
_BOUND: Final = re.compile(r"(>=|<)\s*([0-9.]+)")
_SUBJECT: Final = "libraries"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a distribution's metadata (PEP 508), as far as it is used here."""

    name: str
    bounds: tuple[tuple[str, str], ...]
    """Operators, ``>=`` or ``<``, and versions."""
    extra: str | None

    @staticmethod
    def parse(text: str) -> Requirement | None:
        """Read a requirement; None where it is none."""
        match = _REQUIREMENT.fullmatch(text)
        if match is None:
            return None
        return Requirement(match[1], tuple(_BOUND.findall(match[2])), match[3])

    def allows(self, installed: str) -> bool:
        """Whether a version is inside the bounds."""
        return all((_parts(installed) >= _parts(bound)) is (sign == ">=") for sign, bound in self.bounds)

    def __str__(self) -> str:
        return self.name + ",".join(sign + bound for sign, bound in self.bounds)


def check_libraries(distribution: str = "ecard") -> Iterator[Line]:
    """What is installed, and one line for every library that is missing or of a version that does not fit."""
    try:
        texts = requires(distribution) or []
    except PackageNotFoundError:
        yield Line(_SUBJECT, State.LIBRARY_MISSING, f"{distribution} itself is not installed, only its files are here")
        return
    needed = [found for text in texts if (found := Requirement.parse(text)) and found.name != distribution]
    shown = [f"Python {platform.python_version()}", f"{distribution} {version(distribution)}"]
    for requirement in needed:
        installed = _version(requirement.name)
        if installed is not None:
            shown.append(f"{requirement.name} {installed}")
        if installed is None and requirement.extra is None:
            yield Line(_SUBJECT, State.LIBRARY_MISSING, f"{requirement} is not installed")
        elif installed is not None and not requirement.allows(installed):
            yield Line(_SUBJECT, State.LIBRARY_UNFIT, f"{requirement} is asked for, {installed} is installed")
    absent = sorted({r.extra for r in needed if r.extra and _version(r.name) is None})
    without = f"; without the extras {', '.join(absent)}" if absent else ""
    yield Line(_SUBJECT, State.LIBRARIES_FIT, ", ".join(shown) + without)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _parts(text: str) -> tuple[int, ...]:
    """The numbers at the beginning of a version: 4.10.1rc2 is (4, 10, 1), and 4.0 is 4."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", re.match(r"[0-9.]*", text)[0])]  # type: ignore[index]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
