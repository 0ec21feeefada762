"""SELECT: names cut on the right, other applications, what is kept and what is lost."""

from __future__ import annotations

import pytest

from ecard.apdu import tlv
from ecard.apdu.words import NIST_RID, PIV_AID, Ins
from ecard.errors import CardConnectionError
from ecard.simulator import SimulatedCard
from tests.simulator.terminal import Terminal, terminal


@pytest.mark.parametrize("length", range(5, 12))
def test_the_name_may_be_cut_on_the_right(length: int) -> None:
    assert terminal().send(Ins.SELECT, 4, 0, PIV_AID[:length])[1] == 0x9000


@pytest.mark.parametrize(
    "name",
    [
        b"",
        PIV_AID[:4],
        PIV_AID + b"\0",
        bytes.fromhex("A000000527471117"),
        bytes.fromhex("A00000000101"),
        NIST_RID + b"\1",
    ],
)
def test_another_name_is_not_found(name: bytes) -> None:
    assert terminal().status(Ins.SELECT, 4, 0, name) == 0x6A82


def test_the_answer_is_the_application_property_template() -> None:
    template = tlv.decode(tlv.unwrap(terminal().select(), 0x61, ""))
    assert PIV_AID.endswith(template[0x4F])
    assert tlv.unwrap(template[0x79], 0x4F, "") == NIST_RID


def test_p2_0c_asks_for_no_answer() -> None:
    assert terminal().send(Ins.SELECT, 4, 0x0C, NIST_RID) == (b"", 0x9000)


@pytest.mark.parametrize(("p1", "p2"), [(0, 0), (4, 4), (2, 0)])
def test_other_ways_to_select_are_refused(p1: int, p2: int) -> None:
    assert terminal().status(Ins.SELECT, p1, p2, NIST_RID) == 0x6A86


def test_before_select_nothing_else_is_known() -> None:
    card = SimulatedCard.new()
    card.power_on()
    fresh = Terminal(card)
    for ins in set(Ins) - {Ins.SELECT, Ins.GET_RESPONSE}:
        assert fresh.status(ins, 0, 0x80) == 0x6D00
    assert fresh.raw("00CB3FFF035C017E00") == (b"", 0x6D00)


def test_selecting_again_and_failing_to_select_keep_everything() -> None:
    card = terminal(managed=True)
    card.verify()
    card.status(Ins.SELECT, 4, 0, b"\xd2\x76\0\0\1")
    assert card.tries() == 0x9000
    card.select()
    assert card.tries() == 0x9000
    card.generate(0x9E, 0x11)


def test_power_off_and_reset_forget_everything_but_memory() -> None:
    for action in ("off-on", "reset"):
        card = terminal(managed=True)
        chip = card.card
        assert isinstance(chip, SimulatedCard)
        card.generate(0x9E, 0x11)
        card.verify()
        card.raw("10DB3FFF035C0153")
        if action == "off-on":
            chip.power_off()
        chip.power_on()
        assert card.status(Ins.VERIFY, 0, 0x80) == 0x6D00
        card.select()
        assert card.tries() == 0x63C3
        assert card.status(Ins.GENERATE_KEY, 0, 0x9E, bytes.fromhex("AC03800111")) == 0x6982
        assert card.use(0x9E, 0x11, bytes(32))[1] == 0x9000


def test_without_power_there_is_no_answer() -> None:
    card = SimulatedCard.new()
    with pytest.raises(CardConnectionError):
        card.transmit(b"\x00\xa4\x04\x00")
    card.power_on()
    card.power_off()
    with pytest.raises(CardConnectionError):
        card.transmit(b"\x00\xa4\x04\x00")
