"""Every how-to page runs as printed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ecard
from ecard.cli.app import run
from ecard.errors import EcardError
from tests.cli.conftest import Demo
from tests.howto.pages import HOW_TO, ROOT, blocks, run_page

PAGES = sorted(path.name for path in HOW_TO.glob("*.md"))
ON_THEIR_OWN = {"index.md", "register-postgresql.md", "test-suite.md", "certificates.md"}
"""Pages that need something besides the demo, and have a test for themselves."""


@pytest.fixture(scope="module")
def demo_original(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("story") / "demo"
    assert run(["demo", "--out", str(place)]) == 0
    return Demo(place)


@pytest.fixture
def place(tmp_path: Path, demo_original: Demo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with nothing but a demonstration, and a person who knows the operator's PIN."""
    found = tmp_path / "place"
    found.mkdir()
    shutil.copytree(demo_original.place, found / "demo")
    monkeypatch.chdir(found)
    monkeypatch.setattr(ecard.pin, "prompt", lambda _request: ecard.Pin(demo_original.pin("operator-1")))
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ON_THEIR_OWN])
def test_a_page_runs_as_printed(page: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_page(page, place)
    capsys.readouterr()


def test_the_pages_of_the_index_have_their_parts() -> None:
    index = (HOW_TO / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^([\w-]+)$", index, re.MULTILINE)
    assert {f"{name}.md" for name in listed} <= set(PAGES)
    assert len(listed) == 10
    for name in listed:
        text = (HOW_TO / f"{name}.md").read_text(encoding="utf-8")
        title = re.match(r"# (.*)\n\nThe goal: ", text)
        assert title, name
        assert f"({name}.md)" in index
        assert "## What can go wrong" in text
        assert text.rindex("## Read on") > text.rindex("## What can go wrong")


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", (HOW_TO / page).read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = HOW_TO / name
        assert path.is_file(), target
        assert not anchor or anchor in _anchors(path), target


def test_the_login_page_shows_the_examples() -> None:
    shown = [block.text for block in blocks("login.md") if block.runs]
    for text, name in zip(shown, ["login_client", "login_fastapi", "login_django"], strict=True):
        program = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
        assert text.strip() in program.replace("from __future__ import annotations\n\n", ""), name


def test_many_signatures_are_verified_by_processes(place: Path) -> None:
    program, start = blocks("many-signatures.md")[:2]
    (place / "verify.py").write_text(program.text + "\n" + start.text)
    done = subprocess.run([sys.executable, "verify.py"], cwd=place, capture_output=True, text=True, check=True)
    assert (
        done.stdout.splitlines()
        == [
            "contract.txt.legal-person.p7s accepted",
            "contract.txt.operator.p7s accepted",
        ]
        * 20
    )


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_certificates_are_issued_withdrawn_and_published(
    place: Path, free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def changed(text: str) -> str:
        return text.replace("centre serve centre", f"centre serve centre --port {free_port}").replace(
            ":8470", f":{free_port}"
        )

    run_page("certificates.md", place, changed=changed)
    assert "revoked" in capsys.readouterr().out


def test_the_test_suite_passes(tmp_path: Path) -> None:
    text = "\n".join(block.text for block in blocks("test-suite.md") if block.language == "python")
    (tmp_path / "test_page.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "10 passed" in done.stdout, done.stdout + done.stderr


def test_the_workflow_is_yaml_that_runs_pytest() -> None:
    yaml = pytest.importorskip("yaml")
    (workflow,) = (block.text for block in blocks("test-suite.md") if block.language == "yaml")
    steps: list[dict[str, Any]] = yaml.safe_load(workflow)["jobs"]["tests"]["steps"]
    assert [step["run"] for step in steps if "run" in step][-1] == "pytest"


def test_errors_of_a_key_holder_say_what_happened(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = run_page("key-holder.md", place)
    refused, wrong = capsys.readouterr().out.splitlines()
    text = (HOW_TO / "key-holder.md").read_text(encoding="utf-8")
    assert f"`{refused}`" in text
    assert f"`{wrong}`" in text
    assert issubclass(names["SigningServiceError"], EcardError)
