"""When a key wants the PIN or a touch."""

from __future__ import annotations

import pytest

from ecard.algorithms import SignatureAlgorithm
from ecard.apdu import tlv, words
from ecard.apdu.words import Ins, PinUse, TouchUse
from ecard.keys import pkcs1_block
from ecard.simulator import SimulatedCard
from tests.simulator.terminal import OTHER_PIN, PUK, Terminal, terminal


def test_a_new_key_replaces_the_old_one() -> None:
    card = terminal(managed=True)
    assert card.generate(0x9E, words.P256) != card.generate(0x9E, words.P256)


def test_pin_always_wants_a_fresh_pin_for_every_use() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.P256)
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x6982
    card.verify()
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x9000
    assert card.tries() == 0x9000
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x6982
    card.verify()
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x9000


def test_a_chain_of_two_commands_is_one_use_of_the_key() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.RSA2048)
    block = pkcs1_block(bytes(32), SignatureAlgorithm.RSA_SHA256, 256)
    for _ in range(2):
        card.verify()
        assert card.use(0x9C, words.RSA2048, block)[1] == 0x9000
        assert card.use(0x9C, words.RSA2048, block)[1] == 0x6982


def test_the_use_of_another_key_takes_the_freshness_away() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.P256)
    card.generate(0x9A, words.P256)
    card.verify()
    card.use(0x9A, words.P256, bytes(32))
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x6982


def test_reading_does_not_take_the_freshness_away() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.P256)
    card.verify()
    card.get(0x7E)
    card.tries()
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x9000


def test_a_new_pin_counts_as_not_presented() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.P256)
    card.generate(0x9A, words.P256)
    card.verify()
    card.change(0x80, b"123456\xff\xff", OTHER_PIN)
    assert card.tries() == 0x63C3
    assert [card.use(slot, words.P256, bytes(32))[1] for slot in (0x9A, 0x9C)] == [0x6982, 0x6982]
    card.verify(OTHER_PIN)
    card.unblock(PUK, OTHER_PIN)
    assert [card.use(slot, words.P256, bytes(32))[1] for slot in (0x9A, 0x9C)] == [0x6982, 0x6982]


def test_pin_once_and_pin_never() -> None:
    card = terminal(managed=True)
    card.generate(0x9A, words.P256)
    card.generate(0x9E, words.P256)
    assert card.use(0x9E, words.P256, bytes(32))[1] == 0x9000
    assert card.use(0x9A, words.P256, bytes(32))[1] == 0x6982
    card.verify()
    assert [card.use(0x9A, words.P256, bytes(32))[1] for _ in range(3)] == [0x9000] * 3


@pytest.mark.parametrize("slot", [0x9A, 0x9C, 0x9E, 0x95])
@pytest.mark.parametrize("use", [PinUse.NEVER, PinUse.ONCE, PinUse.ALWAYS])
def test_a_policy_given_with_the_key_beats_the_slot(slot: int, use: PinUse) -> None:
    card = terminal(managed=True)
    card.generate(slot, words.P256, pin=use)
    before = card.use(slot, words.P256, bytes(32))[1]
    card.verify()
    after = [card.use(slot, words.P256, bytes(32))[1] for _ in range(2)]
    expected = {
        PinUse.NEVER: (0x9000, [0x9000, 0x9000]),
        PinUse.ONCE: (0x6982, [0x9000, 0x9000]),
        PinUse.ALWAYS: (0x6982, [0x9000, 0x6982]),
    }
    assert (before, after) == expected[use]


def test_a_failing_signature_costs_no_pin_try() -> None:
    card = terminal(managed=True)
    card.generate(0x9C, words.P256)
    for _ in range(5):
        card.use(0x9C, words.P256, bytes(32))
        card.verify()
        card.use(0x9C, words.P256, bytes(33))
    card.status(Ins.VERIFY, 0xFF, 0x80)
    assert card.tries() == 0x63C3


def test_touch() -> None:
    touched = [False]
    card = SimulatedCard.new(touched=lambda: touched[0])
    card.power_on()
    found = Terminal(card)
    found.select()
    found.manage()
    found.generate(0x9E, words.P256, touch=TouchUse.ALWAYS)
    assert found.use(0x9E, words.P256, bytes(32))[1] == 0x6600
    touched[0] = True
    assert found.use(0x9E, words.P256, bytes(32))[1] == 0x9000


@pytest.mark.parametrize("fields", ["AA0104", "AA0107", "AB0104", "AA0200FF"])
def test_unknown_policies_are_refused(fields: str) -> None:
    card = terminal(managed=True)
    data = tlv.encode(0xAC, bytes.fromhex("800111" + fields))
    assert card.status(Ins.GENERATE_KEY, 0, 0x9A, data) == 0x6A80
    assert card.use(0x9A, words.P256, bytes(32))[1] == 0x6A88
