"""Runs last: no PIN of the whole run is in a log, an exception, what was printed, or a file that the tests left.

Texts are searched for the PINs of the same file of tests: six digits of one test are a size or a place in another.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Callable, Iterator

import pytest

from ecard.apdu.words import FACTORY_PIN, FACTORY_PUK
from ecard.errors import EcardError
from tests.conftest import WATCH, running

LARGEST = 4 << 20
SHORTEST = 6
"""Shorter PINs are in many a number."""
CHANCE_IS_OUT = 8
"""From this many digits on, a PIN does not turn up in a file by chance."""
PUBLIC = {FACTORY_PIN, FACTORY_PUK}
"""What everybody knows, and documents say."""
JUDGED_ONLY = "tests/pin/"
"""Here PINs are made by the thousand to be judged, calendar dates among them, and no card ever gets them."""
TOLD_TO_PEOPLE = {"README.txt"}
"""Where the PINs of a demonstration stand."""

_DECIMAL = re.compile(rb"(?<![0-9a-fA-F])[0-9]{6,16}(?![0-9a-fA-F])")
_HEXADECIMAL = re.compile(rb"(?=((?:3[0-9][ :-]?){6,16}))")
_CODES = re.compile(rb"(?=(?<![0-9])((?:(?:4[89]|5[0-7]), ?){5,15}(?:4[89]|5[0-7])))")
_FULL_WIDTH = re.compile(rb"(?=((?:\xef\xbc[\x90-\x99]){6,16}))")
_UTF16 = re.compile(rb"(?=((?:[0-9]\x00){6,16}))")
_BLOCK = re.compile(rb"(?<![0-9])(?:([0-9]{6})\xff\xff|([0-9]{7})\xff)")
_PACKED = re.compile(rb"(?=(.{3})\xff{5}|(.{4})\xff{4})", re.DOTALL)
_PACKED_SHOWN = re.compile(rb"(?=([0-9]{8})[fF]{8}|([0-9]{6})[fF]{10})")


def _beginnings(digits: bytes) -> Iterator[bytes]:
    return (digits[:size] for size in range(SHORTEST, len(digits) + 1))


def _found(pattern: re.Pattern[bytes], data: bytes, read: Callable[[bytes], bytes]) -> Iterator[bytes]:
    for match in pattern.finditer(data):
        yield read(next(group for group in match.groups() if group is not None))


def digits_shown(data: bytes, *, shortest: int) -> Iterator[tuple[str, bytes]]:
    """Every row of digits in ``data`` that could be a PIN, and how it is spelled.

    ``shortest`` is for digits that stand alone; in the other spellings chance is out from six on.
    """
    for match in _DECIMAL.finditer(data):
        if len(match[0]) >= shortest:
            yield "decimal", match[0]
    for name, pattern, read in (
        ("hexadecimal", _HEXADECIMAL, lambda found: bytes.fromhex(re.sub(rb"[ :-]", b"", found).decode())),
        ("codes", _CODES, lambda found: bytes(int(code) for code in found.split(b","))),
        ("full-width", _FULL_WIDTH, lambda found: bytes(0x30 + byte - 0x90 for byte in found[2::3])),
        ("UTF-16", _UTF16, lambda found: found[::2]),
    ):
        for digits in _found(pattern, data, read):
            yield from ((name, beginning) for beginning in _beginnings(digits))
    yield from (("PIN block", digits) for digits in _found(_BLOCK, data, bytes))
    yield from (("packed", digits) for digits in _found(_PACKED, data, lambda found: found.hex().encode()))
    yield from (("packed", digits) for digits in _found(_PACKED_SHOWN, data, bytes))


def leaks(data: bytes, pins: set[bytes], *, shortest: int = SHORTEST) -> set[str]:
    """How the ``pins`` are spelled that ``data`` shows; never the PINs."""
    told = {name for name, digits in digits_shown(data, shortest=shortest) if digits in pins}
    if any(pin in data for pin in pins if len(pin) >= CHANCE_IS_OUT and not pin.isdigit()):
        told.add("text")
    return told


whole_run = pytest.mark.skipif(
    "ECARD_SEARCH_SECRETS" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ,
    reason="the search of the whole run is asked for with ECARD_SEARCH_SECRETS=1, and needs it in one process",
)

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


def test_the_watch_hears_logs_and_exceptions_and_sees_pins() -> None:
    before = WATCH.heard
    logging.getLogger("ecard.anything").log(1, "a number such as %s", "604829571")
    assert str(EcardError("a number such as 604829572", remedy="none"))
    assert WATCH.heard == before + 2
    seen = "".join(WATCH.texts[running()])
    assert "604829571" in seen
    assert "604829572" in seen


@whole_run
def test_no_log_exception_or_output_shows_a_pin() -> None:
    """Moments, which have microseconds of six digits, are no PINs."""
    told = {}
    for module, texts in WATCH.texts.items():
        everything = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z]+", "", "\n".join(texts)).encode()
        told[module] = leaks(everything, WATCH.pins[module] - PUBLIC)
    assert {module: names for module, names in told.items() if names} == {}


@whole_run
def test_no_file_holds_a_pin(tmp_path_factory: pytest.TempPathFactory) -> None:
    pins = set().union(*(made for module, made in WATCH.pins.items() if not module.startswith(JUDGED_ONLY))) - PUBLIC
    told = {}
    for path in tmp_path_factory.getbasetemp().rglob("*"):
        if path.is_symlink() or not path.is_file() or path.name in TOLD_TO_PEOPLE or path.stat().st_size > LARGEST:
            continue
        told[path] = leaks(path.read_bytes(), pins, shortest=CHANCE_IS_OUT)
    assert {path: names for path, names in told.items() if names} == {}
