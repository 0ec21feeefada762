"""Whatever is sent to the card, and whatever stands in its file, there is an answer or a typed error."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecard.apdu import tlv
from ecard.apdu.command import Command
from ecard.apdu.words import Ins
from ecard.errors import CardConnectionError
from ecard.simulator import PROFILES, SimulatedCard, storage
from tests.simulator.terminal import PIN, Terminal, terminal

pytestmark = pytest.mark.exhaustive

TAGS = st.sampled_from([0x53, 0x5C, 0x70, 0x7C, 0x80, 0x81, 0x82, 0x85, 0x9B, 0xAA, 0xAB, 0xAC, *range(1, 9)])
NUMBERS = [
    b"",
    b"\x11",
    b"\x14",
    b"\x54",
    bytes(32),
    b"\xff" * 32,
    bytes(128),
    b"\xff" * 128,
    (2**1023 + 1).to_bytes(128, "big"),
]
VALUES = st.sampled_from([*NUMBERS, PIN, PIN * 2, b"\x5f\xc1\x0a"]) | st.binary(max_size=300)
OBJECTS = st.recursive(
    VALUES,
    lambda inner: st.lists(st.tuples(TAGS, inner), max_size=3).map(
        lambda pairs: b"".join(tlv.encode(tag, value) for tag, value in pairs)
    ),
    max_leaves=6,
)
PARAMETERS = st.sampled_from([0x00, 0x3F, 0xFF, 0xFE, 0x04, 0x06, 0x11, 0x14, 0x54, 0x80, 0x81, 0x9A, 0x9B, 0x9C, 0xF9])
SLOW = {bytes((0x80, 1, number)) for number in (0x05, 0x06, 0x07, 0x16)}
"""Kinds of keys that take long to make."""
COMMANDS = st.builds(
    Command,
    ins=st.sampled_from(list(Ins)),
    p1=PARAMETERS,
    p2=PARAMETERS,
    data=OBJECTS.filter(lambda data: not any(kind in data for kind in SLOW)),
    le=st.sampled_from([0, 1, 256, None]),
    cla=st.sampled_from([0x00, 0x00, 0x10, 0x0C]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    profile=st.sampled_from(sorted(PROFILES)),
    managed=st.booleans(),
    commands=st.lists(st.tuples(COMMANDS, st.booleans()), max_size=12),
    cut=st.integers(0, 400),
)
def test_every_command_has_an_answer(
    profile: str, managed: bool, commands: list[tuple[Command, bool]], cut: int
) -> None:
    card = terminal(profile, managed=managed).card
    assert isinstance(card, SimulatedCard)
    for command, extended in commands:
        encoded = command.extended() if extended or len(command.data) > 255 else command.short()
        for sent in (encoded, encoded[:cut]):
            try:
                data, status = card.transmit(sent)
            except CardConnectionError:
                continue
            assert 0x6000 <= status <= 0x9FFF
            assert len(data) <= 65533
    assert storage.write(storage.read(storage.write(card.memory))) == storage.write(card.memory)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 23, 24, 25, 255, 256, 300, 5000])
def test_a_management_key_of_any_length_is_answered(size: int) -> None:
    found = terminal(managed=True)
    status = found.status(Ins.SET_MANAGEMENT_KEY, 0xFF, 0xFF, b"\x03\x9b" + bytes((size & 0xFF,)) + bytes(size))
    assert status == (0x9000 if size == 24 else 0x6A80)


@cache
def document() -> str:
    found = terminal(managed=True)
    found.generate(0x9C, 0x11)
    assert isinstance(found.card, SimulatedCard)
    return storage.write(found.card.memory).decode()


VALUES_IN_A_FILE = [
    *(
        None,
        True,
        -1,
        0,
        256,
        2**70,
        1e308,
        "",
        "x",
        "00",
        "AAAA",
        "é",
        "\ud800",
        "9" * 5000,
        [],
        [1, 2, 3],
        {},
        {"a": 1},
    ),
]


def places(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in a JSON document."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [way, *(place for key in keys for place in places(node[key], (*way, key)))]


def test_a_file_with_any_value_anywhere_is_refused_or_is_a_card() -> None:
    """The checksum is made to fit: whoever writes such a file knows the format."""
    for place in places(json.loads(document())["card"])[1:]:
        for value in VALUES_IN_A_FILE:
            changed = json.loads(document())
            inner = changed["card"]
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            changed["sha256"] = storage._checksum(changed["card"])
            try:
                memory = storage.read(json.dumps(changed).encode())
            except storage.UnreadableError:
                continue
            card = SimulatedCard(memory)
            card.power_on()
            found = Terminal(card)
            found.send(Ins.SELECT, 4, 0, b"\xa0\0\0\3\x08")
            found.verify()
            found.use(0x9C, 0x11, bytes(32))
            storage.write(memory)
