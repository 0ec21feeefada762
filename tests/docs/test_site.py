"""The site builds without a warning, leads nowhere that is not there, and has what a newcomer looks for."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

import ecard
from tests.docs.blocks import BLOCKS, PAGES, ROOT, name_of
from tests.docs.conftest import Site

pytestmark = pytest.mark.slow
PUBLIC = [
    "ecard",
    "ecard.doctor",
    "ecard.documents.ceb",
    "ecard.documents.cms",
    "ecard.documents.dxp",
    "ecard.documents.payment179",
    "ecard.documents.receipts",
    "ecard.pin",
    "ecard.pkcs11",
    "ecard.simulator",
    "ecard.sm2",
    "ecard.testing",
]
"""The packages and modules that say themselves what in them is public."""


@cache
def parsed(path: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """The anchors of a built page, and where its links go."""
    tree = html.parse(str(path), parser=html.HTMLParser(encoding="utf-8"))
    return frozenset(tree.xpath("//@id")), tuple(tree.xpath("//a/@href | //img/@src | //link[@rel='stylesheet']/@href"))


@cache
def named(place: Path) -> frozenset[str]:
    """Every name that the reference describes."""
    found: set[str] = set()
    for page in (place / "reference").glob("*.html"):
        found |= parsed(page)[0]
    return frozenset(name for name in found if name.startswith("ecard."))


def test_the_strict_build_says_nothing(site: Site) -> None:
    assert site.said == ""
    assert site.status == 0


def test_every_page_is_in_the_site(site: Site) -> None:
    for page in PAGES:
        place = page.relative_to(ROOT)
        if place.parts[0] == "docs":
            assert (site.place / Path(*place.parts[1:]).with_suffix(".html")).is_file(), place


def test_links_and_anchors_lead_somewhere(site: Site) -> None:
    lost = []
    for page in site.place.rglob("*.html"):
        anchors, links = parsed(page)
        for link in links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            known = parsed(target)[0] if target.suffix == ".html" and target.is_file() else anchors
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in known):
                lost.append(f"{page.relative_to(site.place)}: {link}")
    assert not lost


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(site: Site, module: str) -> None:
    home = importlib.import_module(module)
    shown = named(site.place)
    for name in home.__all__:
        value = getattr(home, name)
        if isinstance(value, ModuleType):
            continue
        places = {f"{module}.{name}", f"{getattr(value, '__module__', '')}.{name}"}
        places |= {f"ecard.{module.rpartition('.')[2]}.{name}"}
        if getattr(ecard, name, None) is value:
            places.add(f"ecard.{name}")
        assert places & shown or any(each.startswith(f"{module}.") and each.endswith(f".{name}") for each in shown), (
            name
        )


def test_what_a_newcomer_looks_for_is_there(site: Site) -> None:
    wanted = {
        "ecard.cms.sign",
        "ecard.Session",
        "ecard.testing.Centre",
        "ecard.simulator.SimulatedCard",
        "ecard.validate",
    }
    assert wanted | {"ecard.errors.NoPinError", "ecard.PivSession.change_pin"} <= named(site.place)


def test_what_the_examples_import_is_in_the_reference(site: Site) -> None:
    shown = named(site.place)
    for block in BLOCKS:
        for module, names in re.findall(r"^from (ecard[\w.]*) import ([\w, ]+)", block.text, re.MULTILINE):
            for name in (each.strip() for each in names.split(",")):
                value = getattr(importlib.import_module(module), name, None) or importlib.import_module(
                    f"{module}.{name}"
                )
                if not isinstance(value, ModuleType):
                    places = {f"{module}.{name}", f"{getattr(value, '__module__', '')}.{name}", f"ecard.{name}"}
                    assert places & shown, f"{block}: {module}.{name}"


def test_every_command_has_its_help_on_the_page(site: Site) -> None:
    text = (site.place / "reference" / "cli.html").read_text(encoding="utf-8")
    assert text.count("Usage: ecard") > 30
    assert "Usage: ecard card pin change" in text


def test_the_parts_made_from_code_are_in_their_places(site: Site) -> None:
    assert "made from code" not in "".join(page.read_text(encoding="utf-8") for page in site.place.rglob("*.html"))
    layers = (site.place / "architecture.html").read_text(encoding="utf-8")
    assert layers.count('class="box"') > 15


PLACES_OF_MODULES = [
    row.split("|")[-2]
    for row in (ROOT / "docs" / "standards.md").read_text(encoding="utf-8").splitlines()
    if "|" in row
]


def test_the_standards_page_names_modules_that_exist() -> None:
    modules = {name for cell in PLACES_OF_MODULES for name in re.findall(r"`([a-z0-9_.]+)`", cell)}
    assert len(modules) > 40
    for name in modules:
        importlib.import_module(f"ecard.{name}")


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT], ids=name_of)
def test_links_of_the_pages_beside_the_code_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert (ROOT / target).exists(), target
