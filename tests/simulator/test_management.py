"""The management key: both protocols, all algorithms, replacing it."""

from __future__ import annotations

import pytest

from ecard.apdu import tlv
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, ManagementAlgorithm
from ecard.simulator import Behaviour, SimulatedCard
from tests.simulator.terminal import Terminal, block_cipher, terminal

OTHER_KEYS = {algorithm: bytes(range(64, 64 + algorithm.key_size)) for algorithm in ManagementAlgorithm}
MAY_I = bytes.fromhex("AC03800111")


def is_managed(card: Terminal) -> bool:
    return card.status(Ins.GENERATE_KEY, 0, 0x9E, MAY_I) == 0x9000


def authenticate(card: Terminal, data: str | bytes, algorithm: int = 3) -> tuple[bytes, int]:
    inner = bytes.fromhex(data) if isinstance(data, str) else data
    return card.send(Ins.GENERAL_AUTHENTICATE, algorithm, 0x9B, tlv.encode(0x7C, inner))


def set_key(card: Terminal, algorithm: int, key: bytes, p2: int = 0xFF) -> int:
    return card.status(Ins.SET_MANAGEMENT_KEY, 0xFF, p2, bytes((algorithm, 0x9B, len(key))) + key)


@pytest.mark.parametrize("algorithm", ManagementAlgorithm)
def test_mutual_authentication_with_every_algorithm(algorithm: ManagementAlgorithm) -> None:
    card = terminal(managed=True)
    key = OTHER_KEYS[algorithm]
    assert set_key(card, algorithm, key) == 0x9000
    chip = card.card
    assert isinstance(chip, SimulatedCard)
    chip.power_on()
    card.select()
    assert not is_managed(card)
    assert card.manage(key, algorithm) == 0x9000
    assert is_managed(card)


@pytest.mark.parametrize("algorithm", ManagementAlgorithm)
def test_external_authentication_with_every_algorithm(algorithm: ManagementAlgorithm) -> None:
    card = terminal(managed=True)
    key = OTHER_KEYS[algorithm]
    set_key(card, algorithm, key)
    chip = card.card
    assert isinstance(chip, SimulatedCard)
    chip.power_on()
    card.select()
    challenge = tlv.unwrap(tlv.unwrap(authenticate(card, "8100", algorithm)[0], 0x7C, ""), 0x81, "")
    response = block_cipher(key, algorithm, challenge)
    assert authenticate(card, tlv.encode(0x82, response), algorithm) == (b"", 0x9000)
    assert is_managed(card)


def test_algorithm_zero_is_3des() -> None:
    card = terminal()
    assert authenticate(card, "8000", 0)[1] == 0x9000
    assert authenticate(card, "8000", ManagementAlgorithm.AES128)[1] == 0x6A86


def test_a_wrong_key_is_refused_and_withdraws_what_was_granted() -> None:
    card = terminal(managed=True)
    assert card.manage(bytes(24)) == 0x6982
    assert not is_managed(card)


def test_a_wrong_response_is_refused() -> None:
    card = terminal(managed=True)
    authenticate(card, "8100")
    assert authenticate(card, tlv.encode(0x82, bytes(8)))[1] == 0x6982
    assert not is_managed(card)


def test_a_challenge_is_good_for_one_attempt() -> None:
    card = terminal()
    challenge = tlv.unwrap(tlv.unwrap(authenticate(card, "8100")[0], 0x7C, ""), 0x81, "")
    authenticate(card, tlv.encode(0x82, bytes(8)))
    response = block_cipher(FACTORY_MANAGEMENT_KEY, ManagementAlgorithm.TDES, challenge)
    assert authenticate(card, tlv.encode(0x82, response))[1] == 0x6982


def test_answers_that_nobody_asked_for_are_refused() -> None:
    card = terminal()
    assert authenticate(card, tlv.encode(0x82, bytes(8)))[1] == 0x6982
    assert authenticate(card, tlv.encode(0x80, bytes(8)) + tlv.encode(0x81, bytes(8)))[1] == 0x6982
    assert authenticate(card, tlv.encode(0x80, bytes(8)))[1] == 0x6A80
    assert authenticate(card, tlv.encode(0x81, bytes(8)))[1] == 0x6A80
    assert authenticate(card, "")[1] == 0x6A80


def test_a_challenge_can_be_had_without_any_key_and_differs_each_time() -> None:
    card = terminal()
    answers = {authenticate(card, "8100", 0)[0] for _ in range(20)}
    assert len(answers) == 20
    assert {len(answer) for answer in answers} == {12}


def test_asking_for_a_challenge_keeps_what_was_granted() -> None:
    card = terminal(managed=True)
    authenticate(card, "8100")
    assert is_managed(card)


def test_replacing_the_key_wants_the_old_one() -> None:
    card = terminal()
    assert set_key(card, 3, bytes(range(24))) == 0x6982
    assert card.manage() == 0x9000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x03\x9b",
        b"\x03\x9b\x18" + bytes(23),
        b"\x03\x9b\x17" + bytes(24),
        b"\x03\x9a\x18" + bytes(24),
        b"\x99\x9b\x18" + bytes(24),
        b"\x08\x9b\x18" + bytes(24),
        b"\x0c\x9b\x10" + bytes(16),
    ],
)
def test_a_key_that_is_none_is_refused_and_the_old_one_stays(data: bytes) -> None:
    card = terminal(managed=True)
    assert card.status(Ins.SET_MANAGEMENT_KEY, 0xFF, 0xFF, data) == 0x6A80
    assert card.manage() == 0x9000


def test_other_parameters_are_refused() -> None:
    card = terminal(managed=True)
    assert card.status(Ins.SET_MANAGEMENT_KEY, 0, 0xFF, b"\x03\x9b\x18" + bytes(24)) == 0x6A86
    assert set_key(card, 3, bytes(24), p2=0x00) == 0x6A86


def test_only_3des_where_the_card_knows_nothing_else() -> None:
    card = terminal(behaviours={Behaviour.TDES_MANAGEMENT_ONLY}, managed=True)
    assert set_key(card, ManagementAlgorithm.AES128, bytes(range(16))) == 0x6A80
    assert set_key(card, ManagementAlgorithm.TDES, bytes(range(24))) == 0x9000


def test_a_management_key_that_wants_a_touch() -> None:
    touched = [True]
    chip = SimulatedCard.new(touched=lambda: touched[0])
    chip.power_on()
    card = Terminal(chip)
    card.select()
    card.manage()
    assert set_key(card, 3, bytes(range(24)), p2=0xFE) == 0x9000
    assert card.manage(bytes(range(24))) == 0x9000
    touched[0] = False
    assert authenticate(card, "8000")[1] == 0x6600
    # the random numbers of the card want nothing
    assert authenticate(card, "8100")[1] == 0x9000
