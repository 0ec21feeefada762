"""Each deviation of real cards, switched on alone, against the card without it."""

from __future__ import annotations

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu import words
from ecard.apdu.command import Command
from ecard.apdu.words import NIST_RID, PIV_AID, Ins, Object, Slot
from ecard.errors import CardConnectionError, InvalidInputError
from ecard.simulator import PROFILES, Behaviour, Profile, SimulatedCard
from ecard.simulator.profile import atr_with
from tests.simulator.terminal import OTHER_PIN, PUK, WRONG_PIN, Terminal, terminal

DISCOVERY = bytes.fromhex("00CB3FFF035C017E")


def test_withholds_without_le() -> None:
    card = terminal(behaviours={Behaviour.WITHHOLDS_WITHOUT_LE})
    for _ in range(3):
        assert card.raw(DISCOVERY) == (b"", 0x6114)
        assert card.raw("00C00000") == (b"", 0x6114)
    assert card.raw("00C0000000")[1] == 0x9000
    assert card.raw(DISCOVERY + b"\0")[1] == 0x9000
    # a command that returns nothing is not concerned
    assert card.raw(bytes.fromhex("0020008008") + b"123456\xff\xff") == (b"", 0x9000)
    assert len(terminal().raw(DISCOVERY)[0]) == 20


def test_mute_on_long_extended_without_le() -> None:
    card = terminal(behaviours={Behaviour.MUTE_ON_LONG_EXTENDED_WITHOUT_LE}, managed=True)
    long = Command(Ins.PUT_DATA, 0x3F, 0xFF, bytes(255), None).extended()
    with pytest.raises(CardConnectionError):
        card.raw(long)
    assert card.raw(long + b"\0\0")[1] == 0x6A80
    assert card.raw(Command(Ins.PUT_DATA, 0x3F, 0xFF, bytes(254), None).extended())[1] == 0x6A80
    assert terminal(managed=True).raw(long)[1] == 0x6A80


def test_discovery_ignores_le() -> None:
    assert terminal().raw(DISCOVERY + b"\x08")[1] == 0x610C
    assert len(terminal(behaviours={Behaviour.DISCOVERY_IGNORES_LE}).raw(DISCOVERY + b"\x08")[0]) == 20


def test_no_discovery_and_no_key_history() -> None:
    card = terminal(behaviours={Behaviour.NO_DISCOVERY, Behaviour.NO_KEY_HISTORY})
    assert card.get(Object.DISCOVERY)[1] == 0x6D00
    assert card.get(Object.KEY_HISTORY)[1] == 0x6A82


def test_select_forgets() -> None:
    card = terminal(behaviours={Behaviour.SELECT_FORGETS}, managed=True)
    card.verify()
    card.select()
    assert card.tries() == 0x63C3
    assert card.status(Ins.GENERATE_KEY, 0, 0x9E, bytes.fromhex("AC03800111")) == 0x6982


def test_select_answers_nothing() -> None:
    assert terminal(behaviours={Behaviour.SELECT_ANSWERS_NOTHING}).select() == b""


def test_select_by_rid_or_full_name_only() -> None:
    card = terminal(behaviours={Behaviour.SELECT_RID_OR_FULL_ONLY})
    assert card.status(Ins.SELECT, 4, 0, PIV_AID[:9]) == 0x6A82
    assert card.send(Ins.SELECT, 4, 0, NIST_RID)[1] == 0x9000
    assert card.send(Ins.SELECT, 4, 0, PIV_AID)[1] == 0x9000


def test_signature_pin_once() -> None:
    card = terminal(behaviours={Behaviour.SIGNATURE_PIN_ONCE}, managed=True)
    card.generate(0x9C, words.P256)
    card.verify()
    assert [card.use(0x9C, words.P256, bytes(32))[1] for _ in range(2)] == [0x9000, 0x9000]


def test_six_slots_only() -> None:
    card = terminal(behaviours={Behaviour.SIX_SLOTS_ONLY}, managed=True)
    known = {s for s in Slot if card.status(Ins.GENERATE_KEY, 0, s, bytes.fromhex("AC0380011100")[:5]) != 0x6A86}
    assert known == {0x9A, 0x9C, 0x9D, 0x9E, 0x82, 0x83}


@pytest.mark.parametrize(
    ("behaviour", "ins"),
    [
        (Behaviour.NO_METADATA, Ins.GET_METADATA),
        (Behaviour.NO_SERIAL, Ins.GET_SERIAL),
        (Behaviour.NO_VERSION, Ins.GET_VERSION),
        (Behaviour.NO_ATTESTATION, Ins.ATTEST),
        (Behaviour.NO_MOVE_KEY, Ins.MOVE_KEY),
        (Behaviour.NO_SET_RETRIES, Ins.SET_PIN_RETRIES),
        (Behaviour.NO_IMPORT, Ins.IMPORT_KEY),
        (Behaviour.NO_RESET, Ins.RESET),
    ],
)
def test_an_instruction_that_is_absent_is_unknown(behaviour: Behaviour, ins: Ins) -> None:
    assert terminal(behaviours={behaviour}).status(ins, 0, 0x80) == 0x6D00
    assert terminal().status(ins, 0, 0x80) != 0x6D00


def test_the_last_wrong_pin_says_blocked() -> None:
    card = terminal(behaviours={Behaviour.LAST_WRONG_PIN_SAYS_BLOCKED})
    assert [card.verify(WRONG_PIN) for _ in range(3)] == [0x63C2, 0x63C1, 0x6983]
    assert [card.unblock(b"00000000", OTHER_PIN) for _ in range(3)] == [0x63C2, 0x63C1, 0x6983]


def test_retries_in_a_whole_byte() -> None:
    card = terminal(behaviours={Behaviour.RETRIES_IN_WHOLE_BYTE})
    assert card.tries() == 0x6303
    assert card.verify(WRONG_PIN) == 0x6302


def test_the_counter_cannot_be_read() -> None:
    card = terminal(behaviours={Behaviour.COUNTER_QUERY_REFUSED})
    assert card.tries() == 0x6700
    assert card.verify() == 0x9000
    assert card.tries() == 0x6700


def test_rsa_sign_fails() -> None:
    card = terminal(behaviours={Behaviour.RSA_SIGN_FAILS}, managed=True)
    card.generate(0x9E, words.RSA1024)
    card.generate(0x9A, words.P256)
    card.verify()
    assert card.use(0x9E, words.RSA1024, bytes(128))[1] == 0x6A80
    assert card.use(0x9A, words.P256, bytes(32))[1] == 0x9000


# profiles


def settle(profile: str) -> Terminal:
    card = SimulatedCard.new(profile)
    card.power_on()
    found = Terminal(card)
    found.select()
    assert found.manage(card.memory.management.value, card.memory.management.algorithm) == 0x9000
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_makes_a_key_and_signs(profile: str) -> None:
    card = settle(profile)
    card.generate(0x9C, words.P256)
    card.verify()
    assert card.use(0x9C, words.P256, bytes(32))[1] == 0x9000
    assert card.put(0x5FC10A, bytes(2000)) == 0x9000
    assert card.unblock(PUK, OTHER_PIN) == 0x9000


def test_the_minimal_card_is_minimal() -> None:
    card = settle("minimal")
    assert card.good(Ins.GET_VERSION) == bytes((1, 0, 0))
    for ins in (Ins.GET_METADATA, Ins.GET_SERIAL, Ins.ATTEST, Ins.MOVE_KEY, Ins.IMPORT_KEY, Ins.SET_PIN_RETRIES):
        assert card.status(ins, 0x9C, 0x80) == 0x6D00
    assert card.get(0x5FFF01)[1] == 0x6A82


def test_the_yubikey_has_an_aes_management_key_and_no_sm2() -> None:
    card = settle("yubikey")
    assert card.status(Ins.GENERATE_KEY, 0, 0x9C, bytes.fromhex("AC03800154")) == 0x6A80


def test_the_canokey_takes_smaller_certificates() -> None:
    card = settle("canokey")
    assert card.put(0x5FC10A, bytes(3000)) == 0x9000
    assert card.put(0x5FC10A, bytes(3001)) == 0x6A84


def test_variants_of_a_profile() -> None:
    factory = Profile.named("factory")
    variant = factory.but(Behaviour.NO_METADATA, label="other", version=(4, 3, 7))
    assert variant.but(without={Behaviour.NO_METADATA}, label=factory.label, version=factory.version) == factory
    card = SimulatedCard.new(variant.but(atr=atr_with(b"ecard")))
    assert card.atr.hex() == "3b8580016563617264" + f"{0x85 ^ 0x80 ^ 1 ^ 0x65 ^ 0x63 ^ 0x61 ^ 0x72 ^ 0x64:02x}"


@pytest.mark.parametrize("historical", [b"", bytes(16)])
def test_an_answer_to_reset_has_room_for_fifteen_historical_bytes(historical: bytes) -> None:
    with pytest.raises(InvalidInputError):
        atr_with(historical)


def test_an_unknown_profile_is_named_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="factory, yubikey, canokey, minimal"):
        SimulatedCard.new("nokey")


@pytest.mark.parametrize("serial", [-1, 1 << 32])
def test_a_serial_number_has_four_bytes(serial: int) -> None:
    with pytest.raises(InvalidInputError):
        SimulatedCard.new(serial=serial)


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"atr": b""}, "answer to reset"),
        ({"atr": bytes(34)}, "answer to reset"),
        ({"version": (1, 2)}, "version"),
        ({"version": (5, 256, 0)}, "version"),
        ({"algorithms": {256: KeyKind.P256}}, "algorithm numbers"),
        ({"object_limit": -1}, "limit of objects"),
        ({"object_limit": 1 << 16}, "limit of objects"),
        ({"label": "\udcff"}, "whole characters"),
    ],
)
def test_a_profile_that_no_card_file_could_keep_is_none(changes: dict[str, object], lacks: str) -> None:
    with pytest.raises(InvalidInputError, match=lacks):
        Profile.named("factory").but(**changes)
