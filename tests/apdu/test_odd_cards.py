"""Cards that no profile has: what the client makes of them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, ManagementAlgorithm, Slot
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    ManagementKeyError,
    NoCardError,
    NoCardReason,
    NotSupportedByCardError,
    ObjectNotFoundError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, authenticate, issuer_certificate
from tests.apdu.odd import Send, has_pin, odd
from tests.apdu.scripted import Scripted

MESSAGE = b"a document"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x6A82, "has no PIV application"),
        (0x6D00, "has no PIV application"),
        (0x6283, "does not let its PIV application be selected .6283, deactivated"),
        (0x6985, "does not let its PIV application be selected"),
        (0x6999, "does not let its PIV application be selected"),
        (0x61FF, "does not let its PIV application be selected"),
        (0x6C00, "does not let its PIV application be selected"),
    ],
)
def test_a_card_that_does_not_let_itself_be_selected(status: int, words: str) -> None:
    connector = Scripted(lambda c: (b"", status if c[1] == Ins.SELECT else 0x6985))
    with pytest.raises(NoCardError, match=words) as raised, Session(connector) as session:
        PivSession(session)
    assert raised.value.reason is NoCardReason.UNSUPPORTED_CARD
    assert len(connector.commands) <= 9


BODY = issuer_certificate().der
WRAPPED = {
    "gzip 01": tlv.encode(0x70, gzip.compress(BODY)) + b"\x71\1\1\xfe\0",
    "gzip 80": tlv.encode(0x70, gzip.compress(BODY)) + b"\x71\1\x80\xfe\0",
    "gzip 81": tlv.encode(0x70, gzip.compress(BODY)) + b"\x71\1\x81",
    "gzip 00": tlv.encode(0x70, gzip.compress(BODY)) + b"\x71\1\0",
    "gzip unsaid": tlv.encode(0x70, gzip.compress(BODY)),
    "zlib": tlv.encode(0x70, zlib.compress(BODY)) + b"\x71\1\1\xfe\0",
    "Net iD": tlv.encode(0x70, b"\1\0" + len(BODY).to_bytes(2, "little") + zlib.compress(BODY)) + b"\x71\1\1",
    "plain said to be compressed": tlv.encode(0x70, BODY) + b"\x71\1\1\xfe\0",
    "plain, empty 71": tlv.encode(0x70, BODY) + b"\x71\0",
    "with a check value": tlv.encode(0x70, BODY) + b"\x71\1\0\xfe\2ab",
    "with another object": b"\x72\3abc" + tlv.encode(0x70, BODY),
}


@pytest.mark.parametrize("form", WRAPPED)
def test_certificates_are_read_however_they_are_stored(form: str) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (tlv.encode(0x53, WRAPPED[form]), 0x9000) if command.ins == Ins.GET_DATA else None

    _, connector = odd(twist)
    with Session(connector) as session:
        assert PivSession(session).read_certificate(Slot.SIGNATURE) == issuer_certificate()


WHOLE = tlv.encode(0x53, WRAPPED["gzip 80"])
UNREADABLE = {
    "no 53": WRAPPED["gzip 80"],
    "no 70": tlv.encode(0x53, BODY),
    "bare": BODY,
    "says less": b"\x53\x10" + WHOLE[4:],
    "says more": b"\x53\x82\xff\xff" + WHOLE[4:],
    "indefinite": b"\x53\x80" + WHOLE[4:] + b"\0\0",
    "something after it": WHOLE + b"\1\0",
    "compressed and cut": tlv.encode(0x53, tlv.encode(0x70, gzip.compress(BODY)[:-20])),
    "compressed without end": tlv.encode(0x53, tlv.encode(0x70, gzip.compress(bytes(30_000_000)))),
    "plain and cut": tlv.encode(0x53, tlv.encode(0x70, BODY[:-1])),
    "plain and something after it": tlv.encode(0x53, tlv.encode(0x70, BODY + b"\0")),
    "Net iD's head alone": tlv.encode(0x53, tlv.encode(0x70, b"\1\0")),
}


@pytest.mark.parametrize("form", UNREADABLE)
def test_what_is_no_whole_certificate_is_none(form: str) -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (UNREADABLE[form], 0x9000) if command.ins == Ins.GET_DATA else None

    card, connector = odd(twist)
    with Session(connector) as session, pytest.raises(CardProtocolError):
        CardKeyHolder(PivSession(session), pin=Pin(PIN)).sign(MESSAGE)
    assert not any(has_pin(Command.parse(c)) for c in connector.commands)
    assert card.memory.pin.left == 3


def test_an_aes_192_management_key_on_a_card_without_metadata() -> None:
    """The length of the key does not tell 3DES from AES-192; the card does, by what it has a witness for."""
    card = SimulatedCard.new("yubikey", seed=1, behaviours=[Behaviour.NO_METADATA])
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.set_management_key(bytes(24), algorithm=ManagementAlgorithm.TDES)
        piv.authenticate_management_key(bytes(24))
        with pytest.raises(ManagementKeyError):
            piv.authenticate_management_key(bytes(range(24)))
        with pytest.raises(CardStatusError, match="check the algorithm of the card's management key"):
            piv.authenticate_management_key(bytes(16))


EXTENSIONS: dict[str, Callable[[PivSession], object]] = {
    "version": lambda piv: piv.version(),
    "serial": lambda piv: piv.serial(),
    "metadata": lambda piv: piv.metadata(Slot.SIGNATURE),
    "pin-metadata": lambda piv: piv.pin_metadata(),
    "puk-metadata": lambda piv: piv.puk_metadata(),
    "management-metadata": lambda piv: piv.management_key_metadata(),
    "attest": lambda piv: piv.attest(Slot.SIGNATURE),
    "move": lambda piv: piv.move_key(Slot.SIGNATURE, Slot.RETIRED_2),
    "delete": lambda piv: piv.delete_key(Slot.SIGNATURE),
    "import": lambda piv: piv.import_key(Slot.AUTHENTICATION, SoftwareKey.generate(KeyKind.P256)),
    "set-tries": lambda piv: piv.set_tries(3, 3),
    "management-key-aes": lambda piv: piv.set_management_key(bytes(16), algorithm=ManagementAlgorithm.AES128),
    "reset": lambda piv: piv.reset(block_first=True),
    "generate-sm2": lambda piv: piv.generate_key(Slot.AUTHENTICATION, KeyKind.SM2),
    "generate-elsewhere": lambda piv: piv.generate_key(Slot.RETIRED_20, KeyKind.P256),
}
LACKS = {
    "canokey": {"attest", "move", "delete", "set-tries", "management-key-aes", "generate-elsewhere"},
    "minimal": set(EXTENSIONS) - {"version", "generate-elsewhere", "reset"},
    "factory": set[str](),
    "yubikey": {"generate-sm2"},
}


@pytest.mark.parametrize("profile", LACKS)
@pytest.mark.parametrize("verb", EXTENSIONS)
def test_every_extension_is_used_where_it_is_and_refused_clearly_where_not(profile: str, verb: str) -> None:
    card, connector = odd(lambda command, encoded, send: None, profile=profile)
    keys = dict(card.memory.keys)
    with Session(connector) as session:
        piv = PivSession(session)
        authenticate(piv)
        piv.verify(Pin(PIN))
        if verb not in LACKS[profile]:
            EXTENSIONS[verb](piv)
            return
        with pytest.raises(NotSupportedByCardError, match="answered 6"):
            EXTENSIONS[verb](piv)
    assert (card.memory.pin.left, card.memory.puk.left, card.memory.keys) == (3, 3, keys)


def test_a_slot_that_the_card_has_not_is_told_apart_from_a_slot_that_is_empty() -> None:
    _, connector = odd(lambda command, encoded, send: None, Behaviour.SIX_SLOTS_ONLY)
    with Session(connector) as session:
        piv = PivSession(session)
        authenticate(piv)
        for verb in (
            lambda: piv.move_key(Slot.SIGNATURE, Slot.RETIRED_20),
            lambda: piv.delete_key(Slot.RETIRED_20),
            lambda: piv.generate_key(Slot.RETIRED_20, KeyKind.P256),
            lambda: piv.metadata(Slot.RETIRED_20),
        ):
            with pytest.raises(NotSupportedByCardError):
                verb()
        with pytest.raises(ObjectNotFoundError):
            piv.move_key(Slot.RETIRED_1, Slot.RETIRED_2)


def test_a_card_without_a_reset_is_not_blocked_for_nothing() -> None:
    card, connector = odd(lambda command, encoded, send: None, Behaviour.NO_RESET)
    with Session(connector) as session, pytest.raises(NotSupportedByCardError):
        PivSession(session).reset(block_first=True)
    assert (card.memory.pin.left, card.memory.puk.left) == (3, 3)


def test_an_object_that_is_chained_without_end_ends() -> None:
    def twist(command: Command, encoded: bytes, send: Send) -> tuple[bytes, int] | None:
        return (b"\0", 0x6101) if command.ins in (Ins.GET_DATA, Ins.GET_RESPONSE) else None

    _, connector = odd(twist)
    with Session(connector) as session:
        piv = PivSession(session)
        with pytest.raises(CardProtocolError, match="without end"):
            piv.read_certificate(Slot.SIGNATURE)
    assert len(connector.commands) < 1100


def test_a_card_without_a_holder_identifier_signs_all_the_same() -> None:
    card, connector = odd(lambda command, encoded, send: None)
    for tag in list(card.memory.objects):
        if tag != Slot.SIGNATURE.certificate_object:
            del card.memory.objects[tag]
    with Session(connector) as session:
        piv = PivSession(session)
        with pytest.raises(ObjectNotFoundError):
            piv.chuid()
        CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)
