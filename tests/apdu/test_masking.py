"""What is masked: by instruction, in chains, across GET RESPONSE."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import KeyKind
from ecard.apdu.command import Command
from ecard.apdu.exchange import Response
from ecard.apdu.masking import Masker
from ecard.apdu.session import Session
from ecard.apdu.traffic import TRAFFIC
from ecard.apdu.words import Ins, Object, Slot
from ecard.keys import SoftwareKey
from tests.apdu.scripted import Scripted

SECRET = bytes.fromhex("5EC2E75EC2E7")
SIGN_RSA = bytes.fromhex("7C820106820081820100")


def masked(command: bytes, answer: bytes = b"") -> tuple[str, str]:
    return Masker().mask(command, answer)


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("cla", [0x00, 0x10, 0x0C])
@pytest.mark.parametrize(
    "ins",
    [Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.IMPORT_KEY, Ins.SET_MANAGEMENT_KEY],
)
def test_commands_that_carry_secrets_are_masked_whole(ins: Ins, cla: int, extended: bool) -> None:
    command = Command(ins, 1, 2, SECRET, 0, cla)
    encoded = command.extended() if extended else command.short()
    shown, answer = masked(encoded, SECRET)
    assert shown.startswith(command.header.hex().upper())
    assert shown.endswith("**" * 6 + ("0000" if extended else "00"))
    assert len(shown) == 2 * len(encoded)
    assert answer == "**" * 6


def test_data_that_repeat_the_length_bytes_are_masked_too() -> None:
    encoded = Command(Ins.IMPORT_KEY, data=b"\1" * 0x0101).extended()
    assert masked(encoded)[0] == "00FE0000" + "000101" + "**" * 0x0101 + "0000"


def test_authentication_with_the_management_key_is_masked_both_ways() -> None:
    encoded = Command(Ins.GENERAL_AUTHENTICATE, 3, 0x9B, b"\x7c\x02\x80\x00").short()
    assert masked(encoded, b"abcd") == ("0087039B04" + "**" * 4 + "00", "**" * 4)


@pytest.mark.parametrize("number", [Object.FINGERPRINTS, Object.PRINTED_INFORMATION, Object.FACIAL_IMAGE])
def test_objects_with_personal_data_are_masked_but_for_their_name(number: Object) -> None:
    name = b"\x5c\x03" + number.to_bytes(3, "big")
    get = Command(Ins.GET_DATA, 0x3F, 0xFF, name).short()
    assert masked(get, SECRET) == ("00CB3FFF05" + name.hex().upper() + "00", "**" * 6)
    put = Command(Ins.PUT_DATA, 0x3F, 0xFF, name + SECRET).short()
    assert masked(put) == ("00DB3FFF0B" + name.hex().upper() + "**" * 6 + "00", "")


def test_certificates_are_not_masked() -> None:
    get = Command(Ins.GET_DATA, 0x3F, 0xFF, bytes.fromhex("5C035FC10A")).short()
    assert masked(get, b"\x53\x00") == (get.hex().upper(), "5300")


@pytest.mark.parametrize(
    ("p1", "data", "shown"),
    [
        (0x11, bytes.fromhex("7C0682008102ABCD"), True),
        (0x54, bytes.fromhex("7C0682008102ABCD"), True),
        (0x11, bytes.fromhex("7C0682008502ABCD"), False),
        (0xE1, bytes.fromhex("7C0682008502ABCD"), False),
        (0x07, SIGN_RSA + b"\0\1" + b"\xff" * 254, True),
        (0x07, SIGN_RSA + b"\0\2" + b"\xaa" * 254, False),
        (0x07, SIGN_RSA + b"\x77" * 256, False),
        (0x07, SIGN_RSA, False),
        (0x11, b"", False),
        (0x11, b"\x7c", False),
        (0x11, b"\xff" * 9, False),
    ],
)
def test_answers_are_shown_only_where_they_are_surely_signatures(p1: int, data: bytes, shown: bool) -> None:
    encoded = Command(Ins.GENERAL_AUTHENTICATE, p1, 0x9D, data).extended()
    command, answer = masked(encoded, SECRET)
    assert command == encoded.hex().upper()
    assert answer == (SECRET.hex().upper() if shown else "**" * 6)


def test_a_chain_is_one_command_and_so_is_what_is_fetched_after_it() -> None:
    masker = Masker()
    first, last = Command(Ins.GENERAL_AUTHENTICATE, 7, 0x9D, SIGN_RSA + b"\x77" * 256).chain()
    masker.mask(first.short(), b"")
    assert masker.mask(last.short(), SECRET)[1] == "**" * 6
    assert masker.mask(Command(Ins.GET_RESPONSE).short(), SECRET)[1] == "**" * 6
    assert masker.mask(Command(Ins.GET_VERSION).short(), b"\5\7\1")[1] == "050701"
    assert masker.mask(Command(Ins.GET_RESPONSE).short(), b"\5")[1] == "05"


def test_an_object_written_in_a_chain_is_masked_to_its_end() -> None:
    masker = Masker()
    name = b"\x5c\x03" + Object.FINGERPRINTS.to_bytes(3, "big")
    first, last = Command(Ins.PUT_DATA, 0x3F, 0xFF, name + SECRET * 50).chain()
    assert masker.mask(first.short(), b"")[0].endswith("**" * 250)
    assert masker.mask(last.short(), b"")[0] == "00DB3FFF32" + "**" * 50 + "00"


def test_a_broken_chain_shields_no_later_command() -> None:
    masker = Masker()
    masker.mask(Command(Ins.GET_VERSION, cla=0x10).short(), b"")
    assert "**" * 6 in masker.mask(Command(Ins.VERIFY, p2=0x80, data=SECRET).short(), b"")[0]


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_what_cannot_be_read_is_masked_after_its_header(command: bytes, answer: bytes) -> None:
    shown, data = masked(command, answer)
    assert len(shown) == 2 * len(command)
    assert len(data) == 2 * len(answer)


@given(
    ins=st.sampled_from([Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.IMPORT_KEY]),
    secret=st.binary(min_size=6, max_size=600),
)
def test_no_secret_survives_in_any_form(ins: Ins, secret: bytes) -> None:
    masker = Masker()
    for link in Command(ins, data=secret).chain():
        assert set(masker.mask(link.short(), b"")[0][10:-2]) <= {"*"}
    assert "*" in Masker().mask(Command(ins, data=secret).extended(), b"")[0]


def test_the_log_has_every_exchange_masked(caplog: pytest.LogCaptureFixture) -> None:
    card = Scripted([(b"", 0x9000), (b"\5\7\1", 0x9000)])
    with caplog.at_level(TRAFFIC, "ecard.apdu.traffic"), Session(card) as session:
        session.exchange(Command(Ins.VERIFY, p2=0x80, data=b"739205\xff\xff"))
        session.exchange(Command(Ins.GET_VERSION))
    assert [record.getMessage() for record in caplog.records] == [
        "> 0020008008****************00",
        "<  9000",
        "> 00FD000000",
        "< 050701 9000",
    ]
    assert {record.levelno for record in caplog.records} == {TRAFFIC}
    assert TRAFFIC < logging.DEBUG


def test_nobody_listening_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with Session(Scripted([(b"", 0x9000)])) as session:
        session.exchange(Command(Ins.GET_VERSION))
    assert not caplog.records


def test_reprs_say_lengths_alone() -> None:
    assert "5EC2" not in repr(Command(Ins.VERIFY, data=SECRET)).upper()
    assert repr(Response(SECRET, 0x9000)) == "<Response 6 bytes, 9000>"
    key = SoftwareKey.generate(KeyKind.P256)
    assert repr(key) == "<SoftwareKey p256>"
    assert Slot.SIGNATURE == 0x9C
