"""The environment with the oldest libraries has exactly the lower bounds that pyproject.toml promises."""

from __future__ import annotations

import configparser
import re
import tomllib

from tests.packaging.fresh import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
COMPILED = {"pyscard"}
"""What needs a compiler everywhere on Linux is tested in its newest version alone."""


def bounds(requirements: list[str]) -> dict[str, str]:
    found = [re.match(r"([\w.-]+(?:\[\w+\])?)>=([\w.]+)", requirement) for requirement in requirements]
    return {match[1]: match[2] for match in found if match}


def test_it_pins_every_lower_bound() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    pinned = dict(line.split("==") for line in tox["testenv:lowest"]["deps"].split())
    promised = bounds(PROJECT["project"]["dependencies"])
    for extra, requirements in PROJECT["project"]["optional-dependencies"].items():
        promised |= bounds(requirements) if extra != "all" else {}
    promised = {name: bound for name, bound in promised.items() if name not in COMPILED}
    assert len(promised) >= 12
    assert {name: pinned[name] for name in promised} == promised


def test_every_extra_is_in_all() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(everything.removeprefix("ecard[").removesuffix("]").split(",")) == set(extras) - {"all"}
