"""``ecard card``, ``ecard simulator`` and ``ecard trace`` as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ecard.certificate import load_pem_certificates
from tests.cli.conftest import Demo, Outcome

Ecard = Callable[..., Outcome]


@pytest.mark.parametrize("profile", ["factory", "yubikey", "canokey", "minimal"])
def test_a_new_card_of_each_profile_tells_what_it_is(tmp_path: Path, ecard: Ecard, profile: str) -> None:
    file = tmp_path / "a.card"
    assert ecard("simulator", "new", file, "--profile", profile, "--serial", "4711").status == 0
    outcome = ecard("card", "info", "--card", f"sim:{file}", "--json")
    assert outcome.status == 0, outcome
    facts = json.loads(outcome.out)
    assert facts["pin_tries"] == 3
    assert facts["serial"] in {4711, None}
    assert ecard("card", "info", "--card", f"sim:{file}").out.startswith("card: ")


def test_a_card_file_is_not_overwritten(tmp_path: Path, ecard: Ecard) -> None:
    file = tmp_path / "a.card"
    file.write_text("precious")
    outcome = ecard("simulator", "new", file)
    assert outcome.status == 2
    assert "exists already" in outcome.err
    assert file.read_text() == "precious"


@pytest.mark.parametrize("serial", ["-1", "4294967296", "many"])
def test_serial_numbers_that_are_none(tmp_path: Path, ecard: Ecard, serial: str) -> None:
    assert ecard("simulator", "new", tmp_path / "a.card", "--serial", serial).status == 2
    assert not (tmp_path / "a.card").exists()


@pytest.mark.parametrize("algorithm", ["p256", "p384", "rsa2048", "sm2"])
def test_generating_a_key(tmp_path: Path, ecard: Ecard, algorithm: str) -> None:
    file = tmp_path / "a.card"
    assert ecard("simulator", "new", file).status == 0
    call = ["card", "key", "generate", "--card", f"sim:{file}", "--slot", "9A", "--algorithm", algorithm]
    outcome = ecard(*call, "-o", tmp_path / "key.pem")
    assert outcome.status == 0, outcome
    assert (tmp_path / "key.pem").read_text().startswith("-----BEGIN PUBLIC KEY-----\n")
    slots = json.loads(ecard("card", "info", "--card", f"sim:{file}", "--json").out)["slots"]
    assert slots["9A"]["key"] == algorithm


def test_a_key_needs_the_management_key(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["card", "key", "generate", "--card", demo.card("operator-1")]
    outcome = ecard(*call)
    assert outcome.status == 2
    assert "ECARD_MANAGEMENT_KEY" in outcome.err
    monkeypatch.setenv("ECARD_MANAGEMENT_KEY", "not hex")
    assert "hexadecimal" in ecard(*call).err


def test_exporting_certificates(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    outcome = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "--chain")
    leaf, issuer = load_pem_certificates(outcome.out)
    leaf.verify_issued_by(issuer)
    alone = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "-o", tmp_path / "c.pem")
    assert alone.status == 0
    assert load_pem_certificates((tmp_path / "c.pem").read_bytes()) == [leaf]
    empty = ecard("card", "certificate", "export", "--card", demo.card("operator-1"), "--slot", "9A")
    assert empty.status == 2
    assert empty.err.count("\n") == 1


def test_a_trace_is_written_and_explained_without_secrets(
    demo: Demo, ecard: Ecard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.txt"
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    signing = ["sign", demo.contract, "--card", demo.card("operator-1"), "--trace", trace]
    assert ecard(*signing).status == 0
    written = trace.read_bytes()
    pin = demo.pin("operator-1").encode()
    assert pin not in written
    assert pin.hex().upper().encode() not in written.upper()
    shown = ecard("trace", "show", trace)
    assert shown.status == 0
    lines = shown.out.splitlines()
    assert len(lines) == written.count(b"\n> ") + written.startswith(b"> ")
    assert any("verify the PIN" in line for line in lines)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 100])
def test_a_file_that_is_no_trace(tmp_path: Path, ecard: Ecard, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    outcome = ecard("trace", "show", tmp_path / "t")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("group", ["card", "card pin", "card key", "card certificate", "pin", "simulator", "trace"])
def test_every_group_has_help(ecard: Ecard, group: str) -> None:
    assert ecard(*group.split(), "--help").status == 0
    assert "Commands" in ecard(*group.split(), "-h").out
