"""What is in the wheel and in the source distribution, and what is not."""

from __future__ import annotations

import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import PurePosixPath

import pytest

import ecard
from tests.packaging.fresh import ROOT, Workshop


def package_files() -> set[str]:
    """Everything in the package's directory that is no trace of running it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ecard").rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".pyo"}
    }


@pytest.fixture(scope="module")
def in_wheel(workshop: Workshop) -> dict[str, bytes]:
    with zipfile.ZipFile(workshop.wheel) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture(scope="module")
def in_sdist(workshop: Workshop) -> set[str]:
    with tarfile.open(workshop.sdist) as sdist:
        files = {member.name for member in sdist.getmembers() if member.isfile()}
    assert {PurePosixPath(name).parts[0] for name in files} == {f"ecard-{ecard.__version__}"}
    return {name.partition("/")[2] for name in files}


@pytest.fixture(scope="module")
def metadata(in_wheel: dict[str, bytes]) -> Message:
    return message_from_bytes(in_wheel[f"ecard-{ecard.__version__}.dist-info/METADATA"])


def test_it_is_one_pure_wheel(workshop: Workshop, in_wheel: dict[str, bytes]) -> None:
    assert workshop.wheel.name == f"ecard-{ecard.__version__}-py3-none-any.whl"
    told = message_from_bytes(in_wheel[f"ecard-{ecard.__version__}.dist-info/WHEEL"])
    assert (told["Root-Is-Purelib"], told.get_all("Tag")) == ("true", ["py3-none-any"])


def test_the_wheel_holds_the_package_and_nothing_else(in_wheel: dict[str, bytes]) -> None:
    about = f"ecard-{ecard.__version__}.dist-info/"
    assert {name for name in in_wheel if not name.startswith(about)} == package_files()
    assert {name.removeprefix(about) for name in in_wheel if name.startswith(about)} == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "licenses/LICENSE"),
    }


def test_what_is_easily_forgotten_is_in_the_wheel(in_wheel: dict[str, bytes]) -> None:
    assert in_wheel["ecard/py.typed"] == b""
    assert in_wheel["ecard/roles/migrations/env.py"]
    versions = [name for name in in_wheel if name.startswith("ecard/roles/migrations/versions/v")]
    assert len(versions) == len(list((ROOT / "ecard/roles/migrations/versions").glob("v*.py"))) > 0
    assert in_wheel[f"ecard-{ecard.__version__}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_source_distribution_holds_what_builds_it_and_what_a_reader_needs(in_sdist: set[str]) -> None:
    outside = {name for name in in_sdist if not name.startswith(("ecard/", "ecard.egg-info/"))}
    assert outside == {
        *("LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "README.zh-CN.md", "CHANGELOG.md"),
        *("pyproject.toml", "setup.cfg"),
    }
    assert {name for name in in_sdist if name.startswith("ecard/")} == package_files()


def test_the_metadata(metadata: Message) -> None:
    assert metadata["Name"] == "ecard"
    assert metadata["Version"] == ecard.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"Typing :: Typed", "Framework :: Pytest"} <= set(metadata.get_all("Classifier", []))
    assert set(metadata.get_all("Provides-Extra", [])) == {"cli", "pcsc", "postgresql", "pkcs11", "serve", "all"}


def test_the_core_requires_nothing_that_an_extra_brings(metadata: Message) -> None:
    core = {line.split(";")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    for optional in ("pyscard", "typer", "rich", "psycopg", "waitress", "python-pkcs11"):
        assert not [line for line in core if line.startswith(optional)]


def test_the_entry_points(in_wheel: dict[str, bytes]) -> None:
    told = in_wheel[f"ecard-{ecard.__version__}.dist-info/entry_points.txt"].decode()
    assert told.split() == [
        *("[console_scripts]", "ecard", "=", "ecard.cli:main"),
        *("[pytest11]", "ecard", "=", "ecard.testing.plugin"),
    ]
