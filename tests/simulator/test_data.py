"""GET DATA and PUT DATA, and what stands on a new card."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ecard.apdu import tlv
from ecard.apdu.words import PIV_AID, Ins, Object
from ecard.simulator import PROFILES, SimulatedCard
from tests.simulator.terminal import Terminal, terminal

CERTIFICATE_9C = 0x5FC10A


def test_writing_wants_the_management_key() -> None:
    card = terminal()
    card.verify()
    assert card.put(CERTIFICATE_9C, b"x") == 0x6982
    assert card.get(CERTIFICATE_9C) == (b"", 0x6A82)


@pytest.mark.parametrize("size", [1, 127, 128, 250, 256, 1000, 3052])
def test_what_was_written_is_read(size: int) -> None:
    card = terminal(managed=True)
    content = bytes(i * 7 & 0xFF for i in range(size))
    assert card.put(CERTIFICATE_9C, content) == 0x9000
    assert card.get(CERTIFICATE_9C) == (tlv.encode(0x53, content), 0x9000)


def test_writing_nothing_deletes() -> None:
    card = terminal(managed=True)
    card.put(CERTIFICATE_9C, b"x")
    assert card.put(CERTIFICATE_9C, b"") == 0x9000
    assert card.get(CERTIFICATE_9C)[1] == 0x6A82
    assert card.put(CERTIFICATE_9C, b"") == 0x9000


def test_an_object_larger_than_the_card_takes_is_refused_and_the_old_one_stays() -> None:
    card = terminal(managed=True)
    card.put(CERTIFICATE_9C, b"old")
    assert card.put(CERTIFICATE_9C, bytes(3053)) == 0x6A84
    assert card.get(CERTIFICATE_9C)[0] == tlv.encode(0x53, b"old")


def test_all_objects_together_are_bounded() -> None:
    card = terminal(managed=True)
    statuses = [card.put(0x5FFF00 + i, bytes(3000)) for i in range(60)]
    assert statuses[0] == 0x9000
    assert statuses[-1] == 0x6A84


@pytest.mark.parametrize("tag", [0x7E, 0x7F61, 0x5FC0, 0x5FD101, 0x01])
def test_objects_outside_the_two_ranges_are_not_writable(tag: int) -> None:
    assert terminal(managed=True).put(tag, b"x") == 0x6A81


@pytest.mark.parametrize("data", ["", "5C", "5C035FC10A", "5C035FC10A5401", "53005C035FC10A", "5C035FC10A5300" + "00"])
def test_put_data_that_does_not_hang_together_is_wrong(data: str) -> None:
    assert terminal(managed=True).status(Ins.PUT_DATA, 0x3F, 0xFF, bytes.fromhex(data)) == 0x6A80


@pytest.mark.parametrize("data", ["", "5C", "5C03", "53035FC10A", "5C035FC10A00"])
def test_get_data_that_does_not_hang_together_is_wrong(data: str) -> None:
    assert terminal().status(Ins.GET_DATA, 0x3F, 0xFF, bytes.fromhex(data)) == 0x6A80


@pytest.mark.parametrize("ins", [Ins.GET_DATA, Ins.PUT_DATA])
def test_other_parameters_are_refused(ins: Ins) -> None:
    assert terminal(managed=True).status(ins, 0, 0, b"\x5c\x01\x7e") == 0x6A86


def test_the_discovery_object_is_not_wrapped() -> None:
    discovery = tlv.decode(tlv.unwrap(terminal().get(Object.DISCOVERY)[0], 0x7E, ""))
    assert discovery == {0x4F: PIV_AID, 0x5F2F: b"\x40\x00"}


@pytest.mark.parametrize(
    "tag", [Object.FINGERPRINTS, Object.FACIAL_IMAGE, Object.PRINTED_INFORMATION, Object.IRIS_IMAGES]
)
def test_personal_objects_want_the_pin(tag: Object) -> None:
    card = terminal(managed=True)
    assert card.get(tag)[1] == 0x6982
    assert card.put(tag, b"somebody") == 0x9000
    assert card.get(tag)[1] == 0x6982
    card.verify()
    assert card.get(tag) == (tlv.encode(0x53, b"somebody"), 0x9000)


def test_a_new_card_says_who_it_is_and_until_when() -> None:
    card = SimulatedCard.new(clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    card.power_on()
    found = Terminal(card)
    found.select()
    holder = tlv.decode(tlv.unwrap(found.get(Object.CHUID)[0], 0x53, ""))
    assert UUID(bytes=holder[0x34]).version == 4
    assert holder[0x35] == b"20461118"
    assert holder[0x30].hex().startswith("d4e739da73")
    assert found.get(Object.KEY_HISTORY)[0] == bytes.fromhex("5308C10100C20100FE00")
    assert tlv.unwrap(found.get(Object.CAPABILITY_CONTAINER)[0], 0x53, "")[:2] == b"\xf0\x15"


def test_two_new_cards_differ() -> None:
    first, second = terminal(), terminal()
    for tag in (Object.CHUID, Object.CAPABILITY_CONTAINER):
        assert first.get(tag) != second.get(tag)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_a_consistent_answer_to_reset(profile: str) -> None:
    atr = PROFILES[profile].atr
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert atr[0] == 0x3B
    assert check == 0
