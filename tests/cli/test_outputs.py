"""Where results go: never in the place of what a command uses."""

from __future__ import annotations

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
