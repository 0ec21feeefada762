"""PINs and PUKs are nowhere but where README.txt says: not in files, logs or output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Demo, Ecard


def spellings(secret: str) -> list[bytes]:
    """A PIN as text, hex, spaced hex and BCD."""
    plain = secret.encode()
    packed = bytes.fromhex(secret) if len(secret) % 2 == 0 else b""
    return [
        plain,
        plain.hex().encode(),
        plain.hex(" ").upper().encode(),
        plain.hex(" ").encode(),
        *filter(None, [packed]),
    ]


def assert_absent(demo: Demo, data: bytes, where: str) -> None:
    for pin, puk in demo.secrets.values():
        for spelling in spellings(pin) + spellings(puk):
            assert spelling not in data, where


def test_nothing_that_the_demo_wrote_holds_a_pin(demo_original: Demo) -> None:
    for path in demo_original.place.rglob("*"):
        if path.is_file() and path.name != "README.txt":
            assert_absent(demo_original, path.read_bytes(), str(path))


@pytest.mark.parametrize("before", [True, False])
def test_a_traffic_log_shows_commands_and_no_pin(
    demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setenv("ECARD_PIN", demo.pin("operator-1"))
    level = ["--log-level", "traffic"]
    call = ["sign", demo.contract, "--card", demo.card("operator-1")]
    outcome = ecard(*level, *call) if before else ecard(*call, *level)
    assert outcome.status == 0
    assert "00 20 00 80" in outcome.err or "00200080" in outcome.err
    assert_absent(demo, outcome.err.encode() + outcome.out.encode(), "log")


def test_wrong_pins_are_not_shown_either(demo: Demo, ecard: Ecard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECARD_PIN", "90817263")
    outcome = ecard("--log-level", "traffic", "sign", demo.contract, "--card", demo.card("operator-1"))
    assert outcome.status == 2
    for spelling in spellings("90817263"):
        assert spelling not in outcome.err.encode()


def test_card_files_are_for_their_owner_alone(demo_original: Demo) -> None:
    for path in Path(demo_original.place / "cards").iterdir():
        assert path.stat().st_mode & 0o077 == 0
