"""Which libraries are there, and whether their versions fit."""

from __future__ import annotations

import sys

import pytest

from ecard.doctor import State, libraries
from ecard.doctor.libraries import Requirement, check_libraries

REQUIRED = ["asn1crypto>=1.5.1", "pycryptodome<5,>=4.4", 'typer>=0.29; extra == "cli"', "rich>=14; extra == 'cli'"]
INSTALLED = {"ecard": "0.1.0", "asn1crypto": "1.5.1", "pycryptodome": "4.10", "typer": "0.29.2", "rich": "15.0.0"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is installed, to be changed."""
    found = dict(INSTALLED)

    def version(name: str) -> str:
        if name not in found:
            raise libraries.PackageNotFoundError(name)
        return found[name]

    def requires(name: str) -> list[str]:
        version(name)
        return [*REQUIRED, 'ecard[cli]; extra == "all"']

    monkeypatch.setattr(libraries, "version", version)
    monkeypatch.setattr(libraries, "requires", requires)
    return found


def test_what_is_really_installed_fits() -> None:
    (found,) = check_libraries()
    assert found.state is State.LIBRARIES_FIT
    assert f"Python {'.'.join(map(str, sys.version_info[:3]))}" in found.message
    assert "cryptography " in found.message


def test_all_that_is_there_is_named(installed: dict[str, str]) -> None:
    (found,) = check_libraries()
    assert found.message.endswith("ecard 0.1.0, asn1crypto 1.5.1, pycryptodome 4.10, typer 0.29.2, rich 15.0.0")


def test_an_extra_that_is_not_installed_is_no_fault(installed: dict[str, str]) -> None:
    del installed["typer"]
    (found,) = check_libraries()
    assert found.state is State.LIBRARIES_FIT
    assert found.message.endswith("; without the extras cli")


def test_a_library_that_is_missing(installed: dict[str, str]) -> None:
    del installed["asn1crypto"]
    found = next(iter(check_libraries()))
    assert (found.state, found.message) == (State.LIBRARY_MISSING, "asn1crypto>=1.5.1 is not installed")
    assert "pip" in (found.remedy or "")


@pytest.mark.parametrize(
    ("name", "version"), [("asn1crypto", "1.5"), ("pycryptodome", "5.0.1"), ("pycryptodome", "4.3.9"), ("rich", "9")]
)
def test_a_library_of_another_version(installed: dict[str, str], name: str, version: str) -> None:
    installed[name] = version
    found = next(iter(check_libraries()))
    assert found.state is State.LIBRARY_UNFIT
    assert name in found.message
    assert f"{version} is installed" in found.message


def test_files_without_an_installation(installed: dict[str, str]) -> None:
    installed.clear()
    (found,) = check_libraries()
    assert found.state is State.LIBRARY_MISSING
    assert "itself is not installed" in found.message


@pytest.mark.parametrize(
    ("text", "fits", "fits_not"),
    [
        ("a>=1.2", ["1.2", "1.2.0", "1.10", "2", "1.2.1rc1"], ["1.1.9", "0.9", "1"]),
        ("a<5,>=4.4", ["4.4", "4.99.1"], ["5", "5.0", "4.3", "6"]),
        ("a", ["0", "17"], []),
        ("a_b-c.d >= 2", ["2.0.0"], ["1.9"]),
    ],
)
def test_versions_are_compared_as_numbers(text: str, fits: list[str], fits_not: list[str]) -> None:
    requirement = Requirement.parse(text)
    assert requirement
    assert [version for version in fits + fits_not if requirement.allows(version)] == fits


def test_what_is_no_requirement() -> None:
    assert Requirement.parse("") is None
    assert Requirement.parse("; extra == 'cli'") is None
