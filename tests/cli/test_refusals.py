"""Every way in which ``sign`` and ``verify`` can be asked for something that cannot be: one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Demo, Ecard, Outcome
from tests.cli.test_sign_verify import process, trust


def one_line(outcome: Outcome, *words: str) -> None:
    assert outcome.status == 2, outcome
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1, outcome.err
    for word in words:
        assert word in outcome.err


def test_a_wrong_pin_costs_one_try_and_says_how_many_are_left(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECARD_PIN", "90817263")
    call = ["sign", demo.contract, "--card", demo.card("operator-1")]
    one_line(ecard(*call), "2 tries left")
    one_line(ecard(*call), "1 try left")
    one_line(ecard(*call), "one try is left", "--use-last-try")
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    one_line(ecard(*call), "one try is left")
    assert ecard(*call, "--use-last-try").status == 0
    # a right PIN restores the counter
    monkeypatch.setenv("ECARD_PIN", "90817263")
    one_line(ecard(*call, "-o", f"{demo.contract}.2"), "2 tries left")


def test_a_card_whose_last_try_is_used_up_is_blocked(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", "90817263")
    call = ["sign", demo.contract, "--card", demo.card("operator-1")]
    for _ in range(2):
        one_line(ecard(*call))
    one_line(ecard(*call, "--use-last-try"), "block")
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    one_line(ecard(*call, "--use-last-try"), "block")
    assert not Path(f"{demo.contract}.p7s").exists()


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12345é"])
def test_a_pin_that_cannot_be_one_costs_no_try(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    monkeypatch.setenv("ECARD_PIN", pin)
    call = ["sign", demo.contract, "--card", demo.card("operator-1")]
    outcome = ecard(*call)
    one_line(outcome)
    assert not pin or pin not in outcome.err
    monkeypatch.setenv("ECARD_PIN", "90817263")
    one_line(ecard(*call), "2 tries left")


def test_no_pin_and_no_terminal(demo: Demo) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "ECARD_PIN"}
    result = process("sign", demo.contract, "--card", demo.card("operator-1"), stdin=b"", **environment)
    assert result.returncode == 2
    assert b"ECARD_PIN" in result.stderr
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize("card", ["", "sim", "sim:", "usb:1", "sim:/no/such.card", "pcsc:no such reader"])
def test_no_such_card(demo: Demo, ecard: Ecard, card: str) -> None:
    one_line(ecard("sign", demo.contract, "--card", card))


@pytest.mark.parametrize("content", [b"", b"{}", b"\0" * 100, b'{"format": "ecard"}', b"[" * 100_000])
def test_a_card_file_that_is_none(demo: Demo, ecard: Ecard, content: bytes) -> None:
    path = demo.place / "broken.card"
    path.write_bytes(content)
    one_line(ecard("sign", demo.contract, "--card", f"sim:{path}"), "broken.card")
    assert path.read_bytes() == content


@pytest.mark.parametrize("slot", ["9Z", "", "99", "9A"])
def test_a_slot_without_a_key(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, slot: str) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    one_line(ecard("sign", demo.contract, "--card", demo.card("operator-1"), "--slot", slot))


def test_missing_files(demo: Demo, ecard: Ecard, tmp_path: Path) -> None:
    card = demo.card("operator-1")
    one_line(ecard("sign", tmp_path / "missing", "--card", card), "no such file")
    one_line(ecard("sign", tmp_path, "--card", card), "is a directory")
    one_line(ecard("sign", demo.contract, "--card", card, "-o", tmp_path / "no" / "x.p7s"), "no such directory")
    one_line(ecard("verify", tmp_path / "missing", demo.signature("operator"), *trust(demo), "--anyone"))
    one_line(ecard("verify", demo.contract, tmp_path / "missing", *trust(demo), "--anyone"))
    one_line(ecard("verify", demo.contract, demo.signature("operator"), "--trust", tmp_path / "missing", "--anyone"))
    one_line(ecard("verify", demo.contract, demo.signature("operator"), "--trust", demo.contract, "--anyone"))
    one_line(
        ecard("verify", demo.contract, demo.signature("operator"), "--trust", demo.root, "--anyone", "--crl", demo.root)
    )


@pytest.mark.parametrize("arguments", [[], ["fly"], ["sign"], ["verify", "a"], ["sign", "a", "--pin", "1234"]])
def test_words_that_are_no_command(ecard: Ecard, arguments: list[str]) -> None:
    outcome = ecard(*arguments)
    assert outcome.status == 2
    assert "Traceback" not in outcome.err


HOSTILE = {
    "empty": b"",
    "text": b"this is no signature\n",
    "one byte": b"\x30",
    "huge length": b"\x30\x84\xff\xff\xff\xff" + b"\0" * 100,
    "indefinite for ever": b"\x30\x80" * 100_000,
    "nested": b"\x30\x82\xff\xff" * 10_000,
    "zeros": bytes(1 << 20),
    "pem of nothing": b"-----BEGIN CMS-----\n-----END CMS-----\n",
    "a certificate": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_signature_files(demo: Demo, ecard: Ecard, name: str) -> None:
    content = HOSTILE[name]
    path = demo.place / "hostile.p7s"
    path.write_bytes(Path(demo.root).read_bytes() if content is None else content)
    outcome = ecard("verify", demo.contract, path, *trust(demo), "--anyone")
    assert outcome.status in {1, 2}
    assert "Traceback" not in outcome.out + outcome.err


def test_every_truncation_of_a_signature_is_refused(demo: Demo, ecard: Ecard) -> None:
    whole = Path(demo.signature("operator")).read_bytes()
    path = demo.place / "cut.p7s"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        outcome = ecard("verify", demo.contract, path, *trust(demo), "--anyone")
        assert outcome.status in {1, 2}
        assert "Traceback" not in outcome.err


@pytest.mark.slow
def test_a_gigantic_signature_file_is_refused_in_bounded_memory(demo: Demo) -> None:
    path = demo.place / "gigantic.p7s"
    with path.open("wb") as file:
        file.write(Path(demo.signature("operator")).read_bytes())
        file.truncate(3 << 30)
    command = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
    command += "from ecard.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", command, "verify", demo.contract, path, *trust(demo), "--anyone"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert b"too large" in result.stderr
