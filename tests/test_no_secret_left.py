"""Runs last: no PIN of the whole run is in a log, an exception or a file that the tests left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import WATCH

LARGEST = 4 << 20
RANDOM_IS_POSSIBLE = 8
"""From this many digits on, a PIN does not turn up in random hexadecimal digits by chance."""


def spellings(pin: bytes) -> dict[str, bytes]:
    """A PIN as it could leak: text, hexadecimal, packed digits in hexadecimal, full-width digits."""
    text = pin.decode("ascii")
    found = {"hex": pin.hex().encode(), "spaced hex": pin.hex(" ").encode(), "text": pin}
    if text.isdecimal():
        found["full-width"] = text.translate({ord(str(d)): 0xFF10 + d for d in range(10)}).encode()
        if len(text) >= RANDOM_IS_POSSIBLE and len(text) % 2 == 0:
            found["packed"] = bytes.fromhex(text)
    return found


def telling_pins() -> list[bytes]:
    """PINs of six digits and more: shorter ones are in many a number."""
    return sorted(pin for pin in WATCH.pins if len(pin) >= 6)


def test_the_watch_saw_something() -> None:
    if not WATCH.texts:
        pytest.skip("nothing else was run")
    assert WATCH.pins


def test_no_log_and_no_exception_shows_a_pin() -> None:
    everything = "\n".join(WATCH.texts).lower().encode()
    # numbers that are no PINs, such as sizes and places in a file, are not longer than five digits; moments are dated
    everything = re.sub(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9:.+z]+", b"", everything)
    leaked = [
        (name, len(pin))
        for pin in telling_pins()
        for name, spelled in spellings(pin).items()
        if re.search(rb"(?<![0-9a-f])" + re.escape(spelled) + rb"(?![0-9a-f])", everything)
    ]
    assert leaked == []


def test_no_file_holds_a_pin(tmp_path_factory: pytest.TempPathFactory) -> None:
    pins = [pin for pin in telling_pins() if len(pin) >= RANDOM_IS_POSSIBLE]
    wanted = [spelled for pin in pins for spelled in spellings(pin).values()]
    pattern = re.compile(b"|".join(map(re.escape, sorted(wanted)))) if wanted else re.compile(b"(?!)")
    for path in tmp_path_factory.getbasetemp().rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST and not told_to_people(path):
            assert not pattern.search(path.read_bytes()), path


def told_to_people(path: Path) -> bool:
    """The one place where a demonstration's PINs stand."""
    return path.name == "README.txt"
