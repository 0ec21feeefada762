"""The search for PINs finds what is planted, and nothing where there is nothing. ``tests/conftest.py`` runs it."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from ecard.errors import EcardError
from tests.conftest import WATCH, WATCHED, running
from tests.secret_search import CHANCE_IS_OUT, leaks, leaks_in_files, leaks_in_texts

PLANTED = b"739205"


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        (b"PIN=739205.", "decimal"),
        (b"00200080083733393230 35ffff", "hexadecimal"),
        (b"> 0020008008373339323035FFFF", "hexadecimal"),
        (b"37:33:39:32:30:35", "hexadecimal"),
        (b"[55, 51, 57, 50, 48, 53, 255, 255]", "codes"),
        ("７３９２０５".encode(), "full-width"),
        ("739205".encode("utf-16-le"), "UTF-16"),
        (b"\x00 \x00\x80\x08739205\xff\xff", "PIN block"),
        (bytes.fromhex("26739205ffffffffff"), "packed"),
        (b"26739205FFFFFFFFFF", "packed"),
    ],
)
def test_a_planted_pin_is_found(spelled: bytes, name: str) -> None:
    assert name in leaks(spelled, {b"481593", PLANTED})
    assert leaks(spelled, {b"481593"}) == set()


def test_a_planted_pin_with_letters_is_found() -> None:
    assert leaks(b"the PIN is correct-horse.", {b"correct-horse"}) == {"text"}


def test_chance_shows_no_pin() -> None:
    source = random.Random(5)
    pins = {f"{source.randrange(10**size):0{size}}".encode() for size in (6, 7, 8) for _ in range(500)}
    data = source.randbytes(1 << 18)
    assert leaks(data, pins, shortest=CHANCE_IS_OUT) == set()
    assert leaks(data.hex().encode(), pins) == set()


@pytest.mark.skipif(not WATCHED, reason="the watch was not asked for: set ECARD_SEARCH_SECRETS")
def test_the_watch_hears_logs_and_exceptions_and_sees_pins() -> None:
    before = WATCH.heard
    logging.getLogger("ecard.anything").log(1, "a number such as %s", "604829571")
    assert str(EcardError("a number such as 604829572", remedy="none"))
    assert WATCH.heard == before + 2
    seen = "".join(WATCH.texts[running()])
    assert "604829571" in seen
    assert "604829572" in seen


def test_a_planted_pin_is_found_in_texts_of_its_file_of_tests_and_in_any_file(tmp_path: Path) -> None:
    pins = {"tests/a.py": {PLANTED}, "tests/b.py": {b"73920518"}}
    texts = {"tests/a.py": {"at 2026-05-04T08:30:00.739205Z"}, "tests/b.py": {"739205"}}
    assert list(leaks_in_texts(texts, pins)) == []
    assert list(leaks_in_texts({"tests/a.py": {"PIN 739205"}}, pins)) == ["texts of tests/a.py: decimal"]
    (tmp_path / "README.txt").write_text("73920518")
    (tmp_path / "trace").write_text("739205, and no other")
    assert list(leaks_in_files(tmp_path, pins)) == []
    (tmp_path / "trace").write_text("> 002000800837 33 39 32 30 35 31 38")
    found = list(leaks_in_files(tmp_path, pins))
    (tmp_path / "trace").unlink()  # lest the search of the whole run finds it
    assert found == ["trace: hexadecimal"]
