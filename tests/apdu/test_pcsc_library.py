"""What cannot be had from a real service here: readers with PIN pads, every return code, a missing pyscard."""

from __future__ import annotations

import struct
import sys

import pytest

from ecard.algorithms import KeyKind
from ecard.apdu import pcsc, pcsc_errors
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.consent import Consent
from ecard.apdu.pcsc import PcscReader
from ecard.apdu.pcsc_errors import Code
from ecard.apdu.pinpad import AtTheReader, Feature, modify_structure, read_features, verify_structure
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.watching import CardEvent, Change, watch
from ecard.apdu.words import Ins, Slot
from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    CardProtocolError,
    CardRemovedError,
    CardResetError,
    MissingDependencyError,
    NoCardError,
    NoCardReason,
    NoPinError,
    NotSupportedByCardError,
    PinFormatError,
    ReaderLostError,
    ServiceLostError,
    WrongPinError,
)
from ecard.pin import UNSAFE_NO_POLICY, Pin, PinRequest
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.fake_scard import READER, FakeScard
from tests.apdu.making import PIN, Asked, with_key


@pytest.fixture
def card() -> SimulatedCard:
    card = SimulatedCard.new(seed=1)
    with_key(InProcess(card))
    return card


@pytest.fixture
def scard(card: SimulatedCard, monkeypatch: pytest.MonkeyPatch) -> FakeScard:
    fake = FakeScard(card)
    monkeypatch.setattr(pcsc, "library", lambda: fake)
    return fake


def test_a_missing_pyscard_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    for use in (pcsc.list_readers, Session(PcscReader()).__enter__):
        with pytest.raises(MissingDependencyError, match=r'pip install "ecard\[pcsc\]"') as raised:
            use()
        assert "libpcsclite-dev" in str(raised.value)


def test_importing_ecard_does_not_import_pyscard() -> None:
    import subprocess

    code = "import sys, ecard.apdu.pcsc, ecard.apdu.watching; sys.exit('smartcard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("call", "result", "reason"),
    [
        ("establish", Code.NO_SERVICE, NoCardReason.SERVICE_NOT_RUNNING),
        ("establish", 0x8010001D - (1 << 32), NoCardReason.SERVICE_NOT_RUNNING),
        ("list", Code.NO_SERVICE, NoCardReason.SERVICE_NOT_RUNNING),
        ("list", Code.NO_READERS, NoCardReason.NO_READER),
        ("connect", Code.NO_SMARTCARD, NoCardReason.NO_CARD),
        ("connect", Code.REMOVED_CARD, NoCardReason.NO_CARD),
        ("connect", 0x80100066, NoCardReason.UNSUPPORTED_CARD),
        ("connect", 0x8010000F, NoCardReason.UNSUPPORTED_CARD),
        ("connect", Code.READER_UNAVAILABLE, NoCardReason.UNKNOWN_READER),
        ("connect", Code.SERVICE_STOPPED, NoCardReason.SERVICE_NOT_RUNNING),
    ],
)
def test_why_there_is_no_card(scard: FakeScard, call: str, result: int, reason: NoCardReason) -> None:
    scard.results[call] = [result]
    with pytest.raises(NoCardError) as raised:
        Session(PcscReader()).__enter__()
    assert raised.value.reason is reason
    assert raised.value.remedy
    assert scard.calls.count("release") == (call != "establish")


def test_a_mute_card_is_no_missing_one(scard: FakeScard) -> None:
    scard.state |= scard.SCARD_STATE_MUTE
    with pytest.raises(NoCardError, match="does not answer") as raised:
        Session(PcscReader()).__enter__()
    assert raised.value.reason is NoCardReason.UNSUPPORTED_CARD
    assert [r.reason for r in pcsc.list_readers()] == [NoCardReason.UNSUPPORTED_CARD]


def test_a_reader_that_goes_while_it_is_listed(scard: FakeScard) -> None:
    scard.results["status"] = [Code.UNKNOWN_READER]
    assert [r.reason for r in pcsc.list_readers()] == [NoCardReason.NO_CARD]


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Code.REMOVED_CARD, CardRemovedError),
        (Code.NO_SMARTCARD, CardRemovedError),
        (Code.RESET_CARD, CardResetError),
        (Code.READER_UNAVAILABLE, ReaderLostError),
        (Code.UNKNOWN_READER, ReaderLostError),
        (Code.NO_SERVICE, ServiceLostError),
        (Code.INVALID_HANDLE, ServiceLostError),
        (Code.COMMUNICATION, ServiceLostError),
        (0x80100016, CardConnectionError),
        (0x80100014 - (1 << 32), CardConnectionError),
    ],
)
def test_what_went_wrong_has_a_type_and_everything_is_given_back(
    scard: FakeScard, result: int, error: type[CardConnectionError]
) -> None:
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        scard.results["transmit"] = [result]
        with pytest.raises(error) as raised:
            piv.pin_tries()
        assert type(raised.value) is error
        assert READER in str(raised.value) or error is ServiceLostError
        with pytest.raises(CardConnectionError, match="failed earlier"):
            piv.pin_tries()
    assert scard.calls[-3:] == ["end", "disconnect", "release"]
    with Session(PcscReader()) as session:
        assert PivSession(session).pin_tries() == 3


def test_a_card_that_is_held_exclusively_is_waited_for(scard: FakeScard) -> None:
    scard.results["connect"] = [Code.SHARING_VIOLATION] * 3
    with Session(PcscReader(wait=2)):
        assert scard.calls.count("connect") == 4


def test_a_transaction_of_another_program_is_waited_for(scard: FakeScard) -> None:
    scard.results["begin"] = [Code.SHARING_VIOLATION] * 2
    with Session(PcscReader(wait=2)):
        assert scard.calls.count("begin") == 3


@pytest.mark.parametrize("call", ["connect", "begin"])
def test_not_longer_than_the_caller_wants(scard: FakeScard, call: str) -> None:
    scard.results[call] = [Code.SHARING_VIOLATION] * 1000
    with pytest.raises(CardBusyError, match=READER):
        Session(PcscReader(wait=0.2)).__enter__()
    assert scard.calls[-1] == "release"
    assert scard.calls.count("disconnect") == (call == "begin")


def test_a_reset_before_the_transaction_is_no_loss(scard: FakeScard) -> None:
    scard.results["begin"] = [Code.RESET_CARD]
    with Session(PcscReader()):
        assert scard.calls.count("reconnect") == 1


def test_resets_without_end_are(scard: FakeScard) -> None:
    scard.results["begin"] = [Code.RESET_CARD] * 100
    with pytest.raises(CardResetError):
        Session(PcscReader()).__enter__()
    assert scard.calls[-2:] == ["disconnect", "release"]


@pytest.mark.parametrize(("protocol", "header"), [(1, 1), (2, 2)])
def test_the_protocol_of_the_connection_is_used(scard: FakeScard, protocol: int, header: int) -> None:
    scard.protocol = protocol
    with Session(PcscReader()) as session:
        PivSession(session).pin_tries()
    assert scard.headers == {header}
    assert [len(command) for command in scard.sent[:2]] == ([10, 5] if protocol == 1 else [11, 4])


def test_a_card_of_protocol_t0_gets_short_commands_whatever_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """T=0 carries no extended command, and no Le beside data: the card answers 61xx, and the rest is fetched."""
    fake = FakeScard(SimulatedCard.new(seed=1, behaviours=[Behaviour.WITHHOLDS_WITHOUT_LE]))
    fake.protocol = 1
    monkeypatch.setattr(pcsc, "library", lambda: fake)
    made = with_key(PcscReader(), Slot.AUTHENTICATION, KeyKind.RSA2048)
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        signature = CardKeyHolder(piv, Slot.AUTHENTICATION, pin=Pin(PIN)).sign(b"message")
        piv.change_pin(Pin(PIN), Pin("739205"))
    made.public_key.verify(signature, b"message")
    for sent in fake.sent:
        assert len(sent) == 5 or len(sent) == 5 + sent[4], f"{sent[:5].hex()}: neither data alone nor an Le alone"


def test_after_a_session_the_reader_is_not_asked_any_more(scard: FakeScard) -> None:
    with Session(PcscReader()) as session:
        assert session.features
    assert not session.features
    assert scard.calls[-1] == "release"


def test_an_answer_without_status_word_is_none(scard: FakeScard) -> None:
    scard.answer = [0x90]
    with Session(PcscReader()) as session, pytest.raises(CardProtocolError, match="without a status word"):
        PivSession(session)


def test_the_name_is_known_from_the_first_session_on(scard: FakeScard) -> None:
    reader = PcscReader("pad")
    assert (reader.name, reader.atr) == ("pad", b"")
    with Session(reader):
        assert reader.name == READER
    assert PcscReader().name == "the first PC/SC reader"
    assert repr(PcscReader("x", wait=1)) == "PcscReader('x', wait=1)"


def test_an_exact_name_comes_before_a_part_of_one(scard: FakeScard) -> None:
    scard.readers = ["Reader 01", "Reader 0"]
    reader = PcscReader("reader 0")
    with Session(reader):
        assert reader.name == "Reader 0"


def test_no_reader_at_all(scard: FakeScard) -> None:
    scard.readers = []
    for use in (pcsc.list_readers, Session(PcscReader()).__enter__):
        with pytest.raises(NoCardError) as raised:
            use()
        assert raised.value.reason is NoCardReason.NO_READER


def test_watching_a_reader_that_is_unplugged_and_plugged_in(scard: FakeScard) -> None:
    events = watch()
    assert [next(events).change for _ in range(2)] == [Change.READER_ADDED, Change.CARD_INSERTED]
    scard.readers = []
    assert [next(events).change for _ in range(2)] == [Change.CARD_REMOVED, Change.READER_REMOVED]
    scard.readers = [READER]
    scard.state |= scard.SCARD_STATE_MUTE
    assert [next(events) for _ in range(2)] == [
        CardEvent(Change.READER_ADDED, READER),
        CardEvent(Change.CARD_INSERTED, READER, b""),
    ]
    scard.results["status"] = [Code.UNKNOWN_READER, Code.TIMEOUT, Code.NO_SERVICE]
    with pytest.raises(ServiceLostError):
        next(events)


def test_the_pin_is_typed_at_the_reader(scard: FakeScard) -> None:
    announced: list[PinRequest] = []
    asked = Asked("654321")
    pin = AtTheReader(asked, announce=announced.append)
    with Session(PcscReader()) as session:
        card = CardKeyHolder(PivSession(session), pin=pin)
        card.sign(b"message")
    assert [(r.act, r.tries_left) for r in announced] == [("sign", 3)]
    assert not asked.requests, "nobody is asked at the keyboard"
    assert len(scard.controls) == 1


def test_a_wrong_pin_at_the_reader_is_a_wrong_pin(scard: FakeScard) -> None:
    scard.typed = b"654321\xff\xff"
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        with pytest.raises(WrongPinError, match="2 tries left"):
            piv.verify(AtTheReader())
        assert piv.pin_tries() == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("6400", NoPinError),
        ("6401", NoPinError),
        ("6402", PinFormatError),
        ("6403", PinFormatError),
        ("90", CardProtocolError),
        ("900000", CardProtocolError),
    ],
)
def test_what_the_reader_says_of_itself(scard: FakeScard, answer: str, error: type[Exception]) -> None:
    scard.pad_status = bytes.fromhex(answer)
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        with pytest.raises(error):
            piv.verify(AtTheReader())
        assert piv.pin_tries() == 3


def test_the_pin_is_changed_at_the_reader(scard: FakeScard) -> None:
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        piv.change_pin(AtTheReader(), AtTheReader(), policy=UNSAFE_NO_POLICY)
        piv.verify(Pin("739205"))


def test_a_reader_without_a_pad_asks_the_fallback(scard: FakeScard) -> None:
    scard.features = {}
    asked = Asked()
    with Session(PcscReader()) as session:
        piv = PivSession(session)
        piv.verify(AtTheReader(asked))
        piv.change_pin(AtTheReader(asked), AtTheReader(Asked("739205")))
        assert session.features == {}
        with pytest.raises(NotSupportedByCardError, match="feature 06"):
            session.control(Feature.VERIFY_PIN_DIRECT, b"")
    assert len(asked.requests) == 2
    assert "Asked" in repr(AtTheReader(asked))


def test_a_reader_that_does_not_tell_its_features_has_none(scard: FakeScard) -> None:
    scard.results["control"] = [0x80100016]
    with Session(PcscReader()) as session:
        PivSession(session).verify(AtTheReader(Asked()))
    assert scard.calls.count("control") == 1


def test_a_pad_that_goes_away(scard: FakeScard) -> None:
    scard.results["control"] = [0, Code.READER_UNAVAILABLE]
    with Session(PcscReader()) as session, pytest.raises(ReaderLostError):
        PivSession(session).verify(AtTheReader())


def test_a_consent_with_a_pad_has_the_pin_typed_each_time(scard: FakeScard) -> None:
    with Session(PcscReader()) as session:
        card = CardKeyHolder(PivSession(session), pin=AtTheReader())
        assert len(list(card.sign_many([b"a", b"b", b"c"], consent=Consent(3, 60)))) == 3
    assert len(scard.controls) == 3


def test_the_structures_are_those_of_part_10() -> None:
    verify = verify_structure(Command(Ins.VERIFY, p2=0x80))
    assert verify == struct.pack("<5BH2BHB3xI", 60, 60, 0x82, 8, 0, 0x0608, 2, 0xFF, 0x0409, 0, 13) + (
        bytes.fromhex("0020008008") + b"\xff" * 8
    )
    assert len(verify) == 19 + 13
    modify = modify_structure(Command(Ins.CHANGE_REFERENCE_DATA, p2=0x80))
    assert len(modify) == 24 + 21
    assert modify[24:29] == bytes.fromhex("0024008010")
    assert modify[5:7] == b"\x00\x08", "where the old and the new PIN go"


@pytest.mark.parametrize(
    ("answer", "features"),
    [("", {}), ("0604", {}), ("06044233000607", {6: 0x42330006}), ("0605" + "00" * 4, {})],
)
def test_features_are_read_as_far_as_they_can(answer: str, features: dict[int, int]) -> None:
    assert read_features(bytes.fromhex(answer)) == features


def test_codes_are_told_apart_whatever_their_sign() -> None:
    assert pcsc_errors.code(-2146435043) == Code.NO_SERVICE
