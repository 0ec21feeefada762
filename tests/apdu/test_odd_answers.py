"""Answers that are right and yet unlike the simulated card's: padding, long lengths, more or fewer data objects."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command, is_extended
from ecard.apdu.info import card_info
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, PIV_AID, Ins, Reference, Slot
from ecard.errors import CardProtocolError, NotSupportedByCardError
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour
from tests.apdu.making import PIN, PUK, authenticate, certificate, issuer_certificate
from tests.apdu.odd import Send, has_pin, is_query, odd

MESSAGE = b"a document"
BODY = issuer_certificate().der


def long_form(tag: int, value: bytes, size: int) -> bytes:
    """A data object whose length takes ``size`` bytes after the first, however short it is."""
    head = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    return head + bytes((0x80 | size,)) + len(value).to_bytes(size, "big") + value


PADDED = {
    "zeros after the object": tlv.encode(0x53, tlv.encode(0x70, BODY)) + bytes(100),
    "FF after the object": tlv.encode(0x53, tlv.encode(0x70, BODY)) + b"\xff" * 101,
    "zeros within": tlv.encode(0x53, tlv.encode(0x70, BODY) + b"\x71\1\0\xfe\0" + bytes(33)),
    "FF within": tlv.encode(0x53, tlv.encode(0x70, BODY) + b"\x71\1\0\xfe\0" + b"\xff" * 7),
    "zeros between": tlv.encode(0x53, b"\0" + tlv.encode(0x70, BODY) + b"\0\0\0\x71\1\0\0\xfe\0"),
    "zeros before": b"\0" + tlv.encode(0x53, tlv.encode(0x70, BODY)),
    "other order": tlv.encode(0x53, b"\xfe\0\x71\1\0" + tlv.encode(0x70, BODY)),
    "lengths of three bytes": long_form(0x53, long_form(0x70, BODY, 3) + long_form(0x71, b"\0", 3), 3),
    "lengths of four bytes": long_form(0x53, long_form(0x70, BODY, 4) + long_form(0xFE, b"", 4), 4),
    "a compressed one, padded": tlv.encode(0x53, tlv.encode(0x70, gzip.compress(BODY)) + b"\x71\1\1" + bytes(9)),
    "other objects": tlv.encode(0x53, b"\x5f\x2f\1x" + tlv.encode(0x70, BODY) + b"\x72\x03abc\x90\0"),
}


@pytest.mark.parametrize("form", PADDED)
def test_padding_and_long_lengths_do_not_hide_a_certificate(form: str) -> None:
    """ISO/IEC 7816-4, section 6.3: 00 and FF around data objects say nothing, and lengths may be longer than needed."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (PADDED[form], 0x9000) if command.ins == Ins.GET_DATA else None

    _, connector = odd(twist)
    with Session(connector) as session:
        assert PivSession(session).read_certificate(Slot.SIGNATURE) == issuer_certificate()


def test_a_certificate_of_three_kilobytes_in_pieces_of_any_size() -> None:
    big = certificate(SoftwareKey.generate(KeyKind.P256).public_key, extra=bytes(range(256)) * 11)
    content = tlv.encode(0x53, tlv.encode(0x70, big.der) + b"\x71\1\0\xfe\0")
    assert 3000 < len(content) < 3200
    for size in (1, 7, 128, 255, 256):
        left = [b""]

        def twist(
            command: Command, encoded: bytes, send: Send, left: list[bytes] = left, size: int = size
        ) -> tuple[bytes, int] | None:
            if command.ins == Ins.GET_DATA:
                left[0] = content
            elif command.ins != Ins.GET_RESPONSE:
                return None
            piece, left[0] = left[0][:size], left[0][size:]
            return piece, 0x6100 | min(len(left[0]), 255) if left[0] else 0x9000

        _, connector = odd(twist)
        with Session(connector, extended=False) as session:
            if size == 1:
                with pytest.raises(CardProtocolError, match="without end"):
                    PivSession(session).read_certificate(Slot.SIGNATURE)
            else:
                assert PivSession(session).read_certificate(Slot.SIGNATURE) == big


@pytest.mark.parametrize("known", [5, 9, 11], ids=lambda size: f"{size}-bytes")
def test_a_card_that_knows_its_application_under_one_length_of_name(known: int) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        if command.ins != Ins.SELECT:
            return None
        return send(encoded) if command.data == PIV_AID[:known] else (b"", 0x6A82)

    _, connector = odd(twist)
    with Session(connector) as session:
        CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)


SELECTED = {
    "nothing": b"",
    "no template": b"\x4f\x0b" + PIV_AID,
    "a file's properties": bytes.fromhex("6F0E840CA00000030800001000010000A500"),
    "garbage": b"\xde\xad\xbe\xef" * 9,
    "more": tlv.encode(
        0x61,
        [
            tlv.encode(0x4F, PIV_AID),
            tlv.encode(0x79, tlv.encode(0x4F, PIV_AID[:5])),
            tlv.encode(0x5F50, b"https://example.org"),
            tlv.encode(0xAC, b"\x80\1\x11\x80\1\x14\6\1\0"),
            tlv.encode(0x50, "卡".encode()),
        ],
    ),
    "version 2": bytes.fromhex("61114F0600001000020079074F05A000000308"),
}


@pytest.mark.parametrize("answer", SELECTED.values(), ids=SELECTED.keys())
def test_whatever_the_application_says_of_itself(answer: bytes) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (answer, send(encoded)[1]) if command.ins == Ins.SELECT else None

    _, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
        card_info(piv)


@pytest.mark.parametrize("refused", [0x6700, 0x6D00, 0x6E00])
def test_a_card_that_promises_extended_commands_and_refuses_them(refused: int) -> None:
    """Its answer to reset, or its reader's manual, says more than the two can."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (b"", refused) if is_extended(encoded) else None

    card, connector = odd(twist)
    with Session(connector, extended=True) as session:
        piv = PivSession(session)
        authenticate(piv)
        made = certificate(piv.generate_key(Slot.KEY_MANAGEMENT, KeyKind.RSA2048), extra=bytes(range(256)) * 3)
        piv.write_certificate(Slot.KEY_MANAGEMENT, made)
        CardKeyHolder(piv, Slot.KEY_MANAGEMENT, pin=Pin(PIN)).sign(MESSAGE)
        piv.change_pin(Pin(PIN), Pin("739205"))
    assert sum(is_extended(command) for command in connector.commands) == 1, "it learns"
    assert card.memory.pin.left == 3


def test_an_unknown_instruction_is_asked_for_in_no_other_form_than_it_has_to_be() -> None:
    """6D00 to an extended command may mean the instruction: other commands stay extended then."""
    _, connector = odd(lambda command, encoded, send: None, Behaviour.NO_METADATA)
    with Session(connector, extended=True) as session:
        piv = PivSession(session)
        for _ in range(2):
            with pytest.raises(NotSupportedByCardError):
                piv.metadata(Slot.SIGNATURE)
        del connector.commands[:]
        piv.read_certificate(Slot.SIGNATURE)
    assert [is_extended(command) for command in connector.commands] == [True]


def test_a_card_that_takes_no_le_at_all() -> None:
    """It answers 6700 to every command with an Le, and hands out what it has to say by GET RESPONSE."""
    held = [b""]

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        if command.ins == Ins.GET_RESPONSE:
            piece, held[0] = held[0][: command.le or 256], held[0][command.le or 256 :]
            return piece, 0x6100 | min(len(held[0]), 255) if held[0] else 0x9000
        if command.le is not None:
            send(Command(Ins.GET_VERSION).short())  # a chain that is refused is over
            return b"", 0x6700
        held[0], status = send(encoded)
        while status >> 8 == 0x61:
            more, status = send(Command(Ins.GET_RESPONSE).short())
            held[0] += more
        return (b"", 0x6100 | min(len(held[0]), 255)) if held[0] else (b"", status)

    card, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        made = certificate(piv.generate_key(Slot.SIGNATURE, KeyKind.P256), extra=bytes(range(256)) * 3)
        piv.write_certificate(Slot.SIGNATURE, made)
        CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
        assert piv.pin_metadata().left == 3
        piv.unblock_pin(Pin(PUK), Pin("739205"))
    assert card.memory.pin.left == 3


def with_more(metadata: bytes) -> bytes:
    return b"\x0a\x02hi" + metadata + b"\x5f\x10\x01z\x00\x00"


@pytest.mark.parametrize("secret", [Reference.PIN, Reference.PUK, Reference.MANAGEMENT_KEY, Slot.SIGNATURE])
def test_metadata_with_more_than_is_known(secret: int) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        if command.ins == Ins.GET_METADATA and command.p2 == secret:
            data, status = send(encoded)
            return with_more(data), status
        return None

    _, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        info = card_info(piv)
    assert info.pin is not None
    assert info.puk is not None
    assert info.management_key is not None
    assert info.slots[0].key is not None
    assert info.slots[0].key.kind is KeyKind.P256


VERBS: dict[str, Callable[[PivSession], object]] = {
    "pin tries": lambda piv: piv.pin_tries(),
    "management": lambda piv: piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY),
    "change PUK": lambda piv: piv.change_puk(Pin(PUK), Pin("73920518")),
    "unblock": lambda piv: piv.unblock_pin(Pin(PUK), Pin("739205")),
    "sign": lambda piv: CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE),
    "info": card_info,
}


@pytest.mark.parametrize(
    "metadata", [b"", b"\5\1\1", b"\6\1\3", b"\1", b"\1\2\3\3", b"\x7e\x82", b"\xde\xad\xbe\xef"], ids=bytes.hex
)
@pytest.mark.parametrize("verb", VERBS)
def test_metadata_that_make_no_sense_keep_nothing_from_working(metadata: bytes, verb: str) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (metadata, 0x9000) if command.ins == Ins.GET_METADATA else None

    card, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        piv.verify(Pin(PIN))
        VERBS[verb](piv)
    assert (card.memory.pin.left, card.memory.puk.left) == (3, 3)


def test_the_pin_of_everything() -> None:
    """A card whose PIN has the key reference 00, and which knows no other."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        if command.ins == Ins.GET_DATA and command.data == b"\x5c\1\x7e":
            return bytes.fromhex("7E124F0BA0000003080000100001005F2F026020"), 0x9000
        if command.ins in (Ins.VERIFY, Ins.CHANGE_REFERENCE_DATA, Ins.RESET_RETRY_COUNTER, Ins.GET_METADATA):
            if command.p2 == Reference.PIN:
                return b"", 0x6A88
            if command.p2 == Reference.GLOBAL_PIN:
                return send(encoded[:3] + bytes((Reference.PIN,)) + encoded[4:])
        return None

    card, connector = odd(twist)
    with Session(connector) as session:
        assert PivSession(session).discovery().prefers_global_pin
        piv = PivSession(session, pin_reference=Reference.GLOBAL_PIN)
        assert (piv.pin_tries(), piv.pin_metadata().left) == (3, 3)
        CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
        piv.change_pin(Pin(PIN), Pin("739205"))
        piv.unblock_pin(Pin(PUK), Pin("580274"))
        piv.verify(Pin("580274"))
        piv.log_out()
    assert card.memory.pin.left == 3
    assert not any(c.p2 == Reference.PIN and has_pin(c) for c in map(Command.parse, connector.commands))


@pytest.mark.parametrize("status", [0x6281, 0x6282, 0x6283, 0x6285, 0x6286, 0x6200, 0x6383])
def test_a_warning_to_verify_is_no_yes(status: int) -> None:
    """The card did something, and does not say that the PIN was right."""

    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (send(encoded)[0], status) if has_pin(command) else None

    card, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        with pytest.raises(Exception, match="PIN"):
            piv.verify(Pin("654321"))
        assert piv.pin_tries() == 2
    assert len([c for c in connector.commands if has_pin(Command.parse(c))]) == 1
    assert len([c for c in connector.commands if is_query(Command.parse(c))]) == 2
    assert card.memory.pin.left == 2
