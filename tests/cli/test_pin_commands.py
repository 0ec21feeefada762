"""``ecard pin`` and ``ecard card pin`` as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecard.errors import NoPinError
from ecard.pin import Pin, PinRequest
from ecard.simulator import CardFile, SimulatedCard
from tests.cli.conftest import Ecard
from tests.cli.test_sign_verify import process

HOLDER = ["--telephone", "138 0013 8000", "--telephone", "010-65195114 ext. 8203", "--birth-date", "1988-04-01"]


def check(pin: str, *options: str) -> tuple[int, str]:
    result = process("pin", "check", "-", *options, stdin=pin.encode() + b"\n")
    assert pin.encode() not in result.stdout + result.stderr
    return result.returncode, result.stdout.decode()


@pytest.mark.parametrize(
    ("pin", "code"),
    [("19880401", "birth-date"), ("00138000", "telephone-number"), ("147258", "keypad-walk"), ("888888", "repeated")],
)
def test_a_weak_pin_and_its_reason(pin: str, code: str) -> None:
    status, out = check(pin, *HOLDER, "--json")
    report = json.loads(out)
    assert status == 1
    assert report["strong"] is False
    assert code in [reason["code"] for reason in report["reasons"]]
    assert all(reason["english"] and reason["chinese"] for reason in report["reasons"])


def test_a_strong_pin() -> None:
    assert check("730185", *HOLDER) == (0, "strong enough\n")


def test_an_identity_number_gives_the_birth_date() -> None:
    # an invented number: the region 110101, born 1 April 1988, with its check character
    status, out = check("880401", "--identity-number", "110101198804010014", "--json")
    assert status == 1
    assert "birth-date" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["pin", "check", "730185"],
        ["pin", "check"],
        ["pin", "check", "-", "--birth-date", "1.4.1988"],
        ["pin", "check", "-", "--identity-number", "110101198804010016"],
        ["pin", "check", "-", "--policy", "/no/such.toml"],
        ["pin", "generate", "--length", "99"],
    ],
)
def test_refusals(arguments: list[str]) -> None:
    result = process(*arguments, stdin=b"730185\n")
    assert result.returncode == 2, result
    assert result.stderr.count(b"\n") == 1
    assert b"Traceback" not in result.stderr
    assert b"1101011988" not in result.stderr


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\xff\xfe\n", b"\xef\xbc\x91\n", b"1" * 10_000])
def test_standard_input_that_is_no_pin(stdin: bytes) -> None:
    result = process("pin", "check", "-", stdin=stdin)
    assert result.returncode in {1, 2}
    assert b"Traceback" not in result.stderr


def test_a_generated_pin_is_strong() -> None:
    made = process("pin", "generate", "--length", "8", *HOLDER)
    assert made.returncode == 0
    assert check(made.stdout.decode().strip(), *HOLDER)[0] == 0


@pytest.fixture
def card(tmp_path: Path) -> str:
    CardFile.create(tmp_path / "new.card", SimulatedCard.new())
    return f"sim:{tmp_path / 'new.card'}"


def test_changing_a_pin(card: str, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", "123456")
    monkeypatch.setenv("ECARD_NEW_PIN", "730185")
    assert ecard("card", "pin", "change", "--card", card).status == 0
    outcome = ecard("card", "pin", "change", "--card", card)
    assert outcome.status == 2
    assert "2 tries left" in outcome.err
    assert json.loads(ecard("card", "pin", "tries", "--card", card, "--json").out) == {"pin": 2, "puk": 3}


def test_a_weak_new_pin_is_refused_before_the_card_hears_of_it(
    card: str, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECARD_PIN", "999999")
    monkeypatch.setenv("ECARD_NEW_PIN", "880401")
    outcome = ecard("card", "pin", "change", "--card", card, "--birth-date", "1988-04-01")
    assert outcome.status == 2
    assert "birth date" in outcome.err
    assert "880401" not in outcome.err
    assert json.loads(ecard("card", "pin", "tries", "--card", card, "--json").out)["pin"] == 3


def test_unblocking_with_the_puk(card: str, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", "999111")
    monkeypatch.setenv("ECARD_NEW_PIN", "730185")
    monkeypatch.setenv("ECARD_PUK", "12345678")
    for _ in range(2):
        assert ecard("card", "pin", "change", "--card", card).status == 2
    assert ecard("card", "pin", "change", "--card", card, "--use-last-try").status == 2
    assert json.loads(ecard("card", "pin", "tries", "--card", card, "--json").out)["pin"] == 0
    assert ecard("card", "pin", "unblock", "--card", card).status == 0
    monkeypatch.setenv("ECARD_PIN", "730185")
    monkeypatch.setenv("ECARD_NEW_PIN", "519482")
    assert ecard("card", "pin", "change", "--card", card).status == 0


@pytest.mark.parametrize(
    ("command", "missing"),
    [("change", "ECARD_PIN"), ("change", "ECARD_NEW_PIN"), ("unblock", "ECARD_PUK"), ("unblock", "ECARD_NEW_PIN")],
)
def test_without_a_terminal_the_variable_that_is_missing_is_named(
    command: str, missing: str, card: str, ecard: Ecard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_terminal(request: PinRequest) -> Pin:
        raise NoPinError("no terminal")

    monkeypatch.setattr("ecard.cli.pin_prompt.prompt", no_terminal)
    for name, value in (("ECARD_PIN", "123456"), ("ECARD_PUK", "12345678"), ("ECARD_NEW_PIN", "730185")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    outcome = ecard("card", "pin", command, "--card", card)
    assert outcome.status == 2
    assert outcome.err.endswith(f"set the environment variable {missing}\n")
