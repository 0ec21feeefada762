"""Where results go: never in the place of what a command uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Demo, Ecard

OPERATOR = "operator-1"


def files(place: Path) -> dict[Path, bytes | str]:
    return {
        path: str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in place.rglob("*")
        if not path.is_dir()
    }


@pytest.mark.parametrize(
    "call",
    [
        ("sign", "contract.txt"),
        ("ceb", "sign", "contract.txt"),
        ("179", "sign", "contract.txt"),
        ("card", "certificate", "export"),
        ("card", "certificate", "request", "--name", "x", "--public-key", "contract.txt"),
        ("card", "key", "generate"),
        ("card", "key", "attest"),
        ("card", "management-key", "change"),
    ],
    ids=" ".join,
)
def test_nothing_that_a_command_uses_is_replaced_by_what_it_writes(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...]
) -> None:
    monkeypatch.chdir(demo.place)
    monkeypatch.setenv("ECARD_PIN", demo.pin(OPERATOR))
    (demo.place / "link").symlink_to("cards/operator-1.card")
    (demo.place / "hard").hardlink_to("contract.txt")
    targets = ["cards/operator-1.card", "link", "cards"]
    targets += ["contract.txt", "hard"] if "contract.txt" in call else []
    before = files(demo.place)
    for target in targets:
        outcome = ecard(*call, "--card", "sim:cards/operator-1.card", "-o", target)
        assert (outcome.status, outcome.out) == (2, ""), target
        assert files(demo.place) == before, target


def test_no_page_takes_the_place_of_what_was_verified(demo: Demo, ecard: Ecard) -> None:
    signature = demo.signature(OPERATOR.partition("-")[0])
    call = ("verify", demo.contract, signature, "--trust", demo.root, "--crl", demo.crls, "--anyone")
    before = files(demo.place)
    for target in (demo.contract, signature, demo.root, demo.crls):
        assert ecard(*call, "--html", target).status == 2
        assert files(demo.place) == before
    page = demo.place / "page.html"
    for _ in range(2):
        assert ecard(*call, "--html", page).status == 0


def test_a_link_stays_and_what_it_leads_to_is_written(demo: Demo, ecard: Ecard) -> None:
    link, kept = demo.place / "link", demo.place / "kept.pem"
    link.symlink_to("kept.pem")
    for old in (None, "old"):
        if old is not None:
            kept.write_text(old)
        assert ecard("card", "certificate", "export", "--card", demo.card(OPERATOR), "-o", link).status == 0
        assert link.is_symlink()
        assert "BEGIN CERTIFICATE" in kept.read_text()


def test_standard_output_by_its_name_is_written_and_not_replaced(demo: Demo) -> None:
    """As root, a file would have taken the place of /dev/stdout for everybody."""
    name, log = demo.place / "stdout", demo.place / "log"
    name.symlink_to("/proc/self/fd/1")
    log.write_text("before\n")
    call = [sys.executable, "-m", "ecard", "sign", demo.contract, "--card", demo.card(OPERATOR), "-o", str(name)]
    with log.open("ab") as appended:
        done = subprocess.run(
            call,
            stdout=appended,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "ECARD_PIN": demo.pin(OPERATOR)},
        )
    assert done.returncode == 0, done.stderr
    assert name.is_symlink()
    assert log.read_bytes().startswith(b"before\n0")


def test_no_secret_is_written_where_a_link_leads(demo: Demo, ecard: Ecard) -> None:
    (demo.place / "new.key").symlink_to("elsewhere")
    card = demo.place / "factory.card"
    assert ecard("simulator", "new", card).status == 0
    call = ("card", "management-key", "change", "--card", f"sim:{card}", "-o", demo.place / "new.key")
    assert "exists already" in ecard(*call).err
    assert not (demo.place / "elsewhere").exists()
