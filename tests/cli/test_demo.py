"""``ecard demo``: what it leaves behind, and that a program that is not ours accepts it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Demo, Ecard

EXPECTED = {
    "README.txt",
    "contract.txt",
    "contract.txt.operator.p7s",
    "contract.txt.legal-person.p7s",
    "trust/root.pem",
    "trust/issuing.pem",
    "trust/root.crl",
    "trust/issuing.crl",
    "cards/legal-person.card",
    "cards/operator-1.card",
    "cards/operator-2.card",
}


def files(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def openssl_verify(demo: Demo, who: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    asked = f"cms -verify -binary -inform DER -in {demo.signature(who)} -content {demo.contract} -CAfile {demo.root}"
    return subprocess.run(
        ["openssl", *asked.split(), "-purpose", "any", "-out", "/dev/null", *options],
        capture_output=True,
        check=False,
    )


def test_leaves_exactly_what_it_says(demo: Demo) -> None:
    assert files(demo.place) == EXPECTED


@pytest.mark.parametrize("who", ["operator", "legal-person"])
@pytest.mark.parametrize("options", [(), ("-cades",)])
def test_openssl_accepts_both_signatures(demo: Demo, who: str, options: tuple[str, ...]) -> None:
    result = openssl_verify(demo, who, *options)
    assert result.returncode == 0, result.stderr


def test_openssl_refuses_a_changed_contract(demo: Demo) -> None:
    Path(demo.contract).write_text("something else")
    assert openssl_verify(demo, "operator").returncode != 0


@pytest.mark.parametrize("algorithm", ["p384", "rsa2048", "sm2"])
def test_the_story_holds_with_every_algorithm(ecard: Ecard, tmp_path: Path, algorithm: str) -> None:
    place = tmp_path / "demo"
    outcome = ecard("demo", "--out", place, "--algorithm", algorithm)
    assert outcome.status == 0, outcome
    assert outcome.out.count("accepted") == 2
    assert outcome.out.count("refused") == 4
    assert files(place) == EXPECTED
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo"]


def test_what_it_leaves_behind_is_explained_in_chinese_too(
    ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECARD_LANGUAGE", "zh")
    place = tmp_path / "demo"
    assert ecard("demo", "--out", place).status == 0
    assert files(place) == EXPECTED
    text = (place / "README.txt").read_text("utf-8")
    assert text.startswith("这里有什么")
    assert "企业的组织机构代码为 123456788。" in text
    assert set(Demo(place).secrets) == {"legal-person", "operator-1", "operator-2"}
    monkeypatch.setenv("ECARD_PIN", Demo(place).pin("operator-1"))
    assert ecard("sign", place / "contract.txt", "--card", Demo(place).card("operator-1")).status == 0


def test_a_second_demo_replaces_the_first(demo: Demo, ecard: Ecard) -> None:
    before = Path(demo.root).read_bytes()
    assert ecard("demo", "--out", demo.place).status == 0
    assert Path(demo.root).read_bytes() != before
    assert files(demo.place) == EXPECTED


def test_a_directory_that_is_not_a_demo_is_left_alone(tmp_path: Path, ecard: Ecard) -> None:
    (tmp_path / "precious.txt").write_text("keep me")
    outcome = ecard("demo", "--out", tmp_path)
    assert outcome.status == 2
    assert "was not made by a demo" in outcome.err
    assert files(tmp_path) == {"precious.txt"}


def test_a_place_that_cannot_be_made(tmp_path: Path, ecard: Ecard) -> None:
    outcome = ecard("demo", "--out", tmp_path / "missing" / "demo")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
