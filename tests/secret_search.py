"""The search of a whole run: no PIN is in a log, an exception, what was printed, or a file that the tests left.

Texts are searched for the PINs of the same file of tests: six digits of one test are a size or a place in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ecard.apdu.words import FACTORY_PIN, FACTORY_PUK

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


def leaks_in_texts(texts: Mapping[str, set[str]], pins: Mapping[str, set[bytes]]) -> Iterator[str]:
    """For each file of tests whose texts show one of its PINs, which file, and how they are spelled.

    Moments, which have microseconds of six digits, are no PINs.
    """
    for module, found in texts.items():
        everything = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z]+", "", "\n".join(found)).encode()
        told = leaks(everything, pins.get(module, set()) - PUBLIC)
        if told:
            yield f"texts of {module}: {', '.join(sorted(told))}"


def leaks_in_files(place: Path, pins: Mapping[str, set[bytes]]) -> Iterator[str]:
    """For each file below ``place`` that shows a PIN of any test, which file, and how it is spelled."""
    sought = set().union(*(made for module, made in pins.items() if not module.startswith(JUDGED_ONLY))) - PUBLIC
    for path in place.rglob("*"):
        if "site-packages" in path.parts:  # other people's files, in environments made for a test
            continue
        if path.is_symlink() or not path.is_file() or path.name in TOLD_TO_PEOPLE or path.stat().st_size > LARGEST:
            continue
        told = leaks(path.read_bytes(), sought, shortest=CHANCE_IS_OUT)
        if told:
            yield f"{path.relative_to(place)}: {', '.join(sorted(told))}"
