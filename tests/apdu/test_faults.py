"""Every fault at every command of every verb: a typed error or the right result, and nothing lost."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache

import pytest

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.command import Command
from ecard.apdu.consent import Consent
from ecard.apdu.exchange import MAX_ROUNDS
from ecard.apdu.info import card_info
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, Slot
from ecard.certificate import Certificate
from ecard.errors import CardConnectionError, CardProtocolError, EcardError, NoCardError, ObjectNotFoundError
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import InProcess, SimulatedCard
from ecard.simulator.faults import Fault, FaultyReader, Rule
from ecard.simulator.randomness import SeededRandomness
from tests.apdu.making import PIN, PUK, administered, certificate, issuer_certificate, with_key

pytestmark = pytest.mark.exhaustive

MESSAGE = b"a document"
KEY = SoftwareKey.generate(KeyKind.P256)
OTHER = certificate(SoftwareKey.generate(KeyKind.P256).public_key, extra=bytes(range(256)) * 4)
STATUSES = (
    *(0x6F00, 0x6982, 0x6983, 0x6985, 0x63C0, 0x63C1, 0x6300, 0x6A80, 0x6A82, 0x6A88, 0x6D00, 0x6700, 0x9000),
    *(0x6C00, 0x6C08, 0x6100, 0x61FF, 0x6283),
)


def sign(piv: PivSession) -> None:
    CardKeyHolder(piv, pin=Pin(PIN)).sign(MESSAGE)


def sign_with_pin_once(piv: PivSession) -> None:
    holder = CardKeyHolder(piv, Slot.AUTHENTICATION, pin=Pin(PIN))
    for _ in range(2):
        holder.sign(MESSAGE)


def sign_many(piv: PivSession) -> None:
    list(CardKeyHolder(piv, pin=Pin(PIN)).sign_many([MESSAGE, b"another"], consent=Consent(2, 60.0)))


def sign_rsa(piv: PivSession) -> None:
    algorithm = SignatureAlgorithm.RSA_SHA256
    digest = hashlib.sha256(MESSAGE).digest()
    piv.sign_digest(Slot.KEY_MANAGEMENT, KeyKind.RSA2048, digest, algorithm, pin=Pin(PIN))


def sign_sm2(piv: PivSession) -> None:
    CardKeyHolder(piv, Slot.RETIRED_1, pin=Pin(PIN)).sign(MESSAGE)


def decrypt(piv: PivSession) -> None:
    piv.decrypt(Slot.KEY_MANAGEMENT, KeyKind.RSA2048, b"\1" * 256, pin=Pin(PIN))


def agree(piv: PivSession) -> None:
    piv.agree(Slot.AUTHENTICATION, KeyKind.P256, KEY.public_key.key_bits, pin=Pin(PIN))


def manage(piv: PivSession) -> None:
    piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)


def generate(piv: PivSession) -> None:
    manage(piv)
    public = piv.generate_key(Slot.RETIRED_2, KeyKind.P256)
    digest = public.digest(MESSAGE, SignatureAlgorithm.ECDSA_SHA256)
    piv.sign_digest(Slot.RETIRED_2, KeyKind.P256, digest, SignatureAlgorithm.ECDSA_SHA256, pin=Pin(PIN))


def import_key(piv: PivSession) -> None:
    manage(piv)
    piv.import_key(Slot.RETIRED_2, KEY)


def write_certificate(piv: PivSession) -> None:
    manage(piv)
    piv.write_certificate(Slot.SIGNATURE, OTHER)


def delete_certificate(piv: PivSession) -> None:
    manage(piv)
    piv.delete_certificate(Slot.SIGNATURE)


def write_issuers(piv: PivSession) -> None:
    manage(piv)
    piv.write_issuers([issuer_certificate(), OTHER])


def move_and_delete(piv: PivSession) -> None:
    manage(piv)
    piv.move_key(Slot.RETIRED_1, Slot.RETIRED_3)
    piv.delete_key(Slot.RETIRED_3)


def set_management_key(piv: PivSession) -> None:
    manage(piv)
    piv.set_management_key(bytes(range(24)))


def set_tries(piv: PivSession) -> None:
    manage(piv)
    piv.verify(Pin(PIN))
    piv.set_tries(3, 3)


def look(piv: PivSession) -> None:
    piv.version()
    piv.serial()
    piv.chuid()
    piv.discovery()
    piv.key_history()
    piv.metadata(Slot.SIGNATURE)
    piv.pin_metadata()
    piv.puk_metadata()
    piv.pin_tries()
    piv.puk_tries()


VERBS: dict[str, Callable[[PivSession], object]] = {
    "look": look,
    "sign": sign,
    "sign-pin-once": sign_with_pin_once,
    "sign-many": sign_many,
    "sign-rsa": sign_rsa,
    "sign-sm2": sign_sm2,
    "decrypt": decrypt,
    "agree": agree,
    "attest": lambda piv: piv.attest(Slot.SIGNATURE),
    "read-certificate": lambda piv: piv.read_certificate(Slot.SIGNATURE),
    "read-issuers": lambda piv: piv.read_issuers(),
    "verify": lambda piv: piv.verify(Pin(PIN)),
    "log-out": lambda piv: piv.log_out(),
    "change-pin": lambda piv: piv.change_pin(Pin(PIN), Pin("739205")),
    "change-puk": lambda piv: piv.change_puk(Pin(PUK), Pin("73920518")),
    "unblock": lambda piv: piv.unblock_pin(Pin(PUK), Pin("739205")),
    "set-tries": set_tries,
    "generate": generate,
    "import": import_key,
    "write-certificate": write_certificate,
    "delete-certificate": delete_certificate,
    "write-issuers": write_issuers,
    "move-and-delete": move_and_delete,
    "set-management-key": set_management_key,
    "reset": lambda piv: piv.reset(),
}
MAY_FAIL = {"reset"}
SIGNATURES = {"sign-pin-once": 2}
"""How many uses of a key a verb makes, where it is more than one: each may send the PIN, where the card wants it."""


@cache
def prepared() -> SimulatedCard:
    card = SimulatedCard.new(seed=1)
    connector = InProcess(card)
    with_key(connector)
    with_key(connector, Slot.AUTHENTICATION)
    with_key(connector, Slot.RETIRED_1, KeyKind.SM2)
    with administered(connector) as piv:
        piv.generate_key(Slot.KEY_MANAGEMENT, KeyKind.RSA2048)
        piv.write_issuers([issuer_certificate()])
    return card


def fresh() -> SimulatedCard:
    memory = prepared().memory
    copied = {name: copy.copy(getattr(memory, name)) for name in ("pin", "puk", "management", "objects", "keys")}
    return SimulatedCard(replace(memory, source=SeededRandomness(b"fresh"), **copied))


def stored(card: SimulatedCard) -> Certificate | None:
    """What the card holds as certificate of 9C; None where it holds none."""
    with Session(InProcess(card)) as session:
        try:
            return PivSession(session).read_certificate(Slot.SIGNATURE)
        except ObjectNotFoundError:
            return None


class Notes:
    """What went over the wire, below the faults."""

    def __init__(self, card: SimulatedCard) -> None:
        self.card = card
        self.verifies = 0
        original = card.transmit

        def transmit(encoded: bytes, /) -> tuple[bytes, int]:
            command = Command.parse(encoded)
            self.verifies += command.ins == Ins.VERIFY and bool(command.data)
            return original(encoded)

        card.transmit = transmit  # type: ignore[method-assign]


def play(verb: str, rules: list[Rule], extended: bool | None = None) -> tuple[Notes, FaultyReader, Exception | None]:
    card = fresh()
    notes = Notes(card)
    reader = FaultyReader(InProcess(card), rules, sleep=lambda seconds: None)
    failure = None
    try:
        with Session(reader, extended=extended) as session:
            VERBS[verb](PivSession(session))
    except EcardError as error:
        failure = error
    return notes, reader, failure


def faults() -> Iterator[tuple[str, Callable[[int], Rule]]]:
    for fault in Fault:
        if fault is Fault.WRONG_STATUS:
            for status in STATUSES:
                for executed in (True, False):
                    name = f"{status:04X}{'' if executed else '-instead'}"
                    yield (
                        name,
                        lambda at, s=status, e=executed: Rule(Fault.WRONG_STATUS, at=at, status=s, executed=e),
                    )
        else:
            yield fault.value, lambda at, f=fault: Rule(f, at=at)
            if fault in (Fault.REMOVAL, Fault.POWER_LOSS, Fault.NO_ANSWER):
                yield f"{fault.value}-before", lambda at, f=fault: Rule(f, at=at, executed=False)


FAULTS = dict(faults())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("extended", [None, False], ids=["as-the-card-says", "short"])
def test_every_fault_at_every_command(verb: str, extended: bool | None) -> None:
    before, reader, failure = play(verb, [], extended)
    assert (failure is None) is (verb not in MAY_FAIL)
    before_certificate, intended = stored(fresh()), stored(before.card)
    for name, rule in FAULTS.items():
        for at in range(1, reader.script.commands + 1):
            after, faulty, failure = play(verb, [rule(at)], extended)
            where = f"{verb}: {name} at command {at}: {failure!r}"
            assert faulty.script.commands <= reader.script.commands + MAX_ROUNDS + 8, f"no end: {where}"
            assert after.verifies <= max(before.verifies, SIGNATURES.get(verb, 0)), f"a PIN was sent once more: {where}"
            memory = after.card.memory
            assert (memory.pin.left, memory.puk.left) == (3, 3), f"a try was lost: {where}"
            assert not after.card.powered, f"the card was not given back: {where}"
            assert stored(after.card) in (before_certificate, intended), f"half a certificate: {where}"
            assert failure is None or str(failure)


@pytest.mark.parametrize("name", [fault.value for fault in Fault if fault is not Fault.WRONG_STATUS])
def test_what_the_card_tells_of_itself_ends_at_a_fault_or_goes_on(name: str) -> None:
    """One question after the other, of which any may be answered without sense."""
    for at in range(2, 12):
        card = fresh()
        reader = FaultyReader(InProcess(card), [FAULTS[name](at)], sleep=lambda seconds: None)
        with suppress(NoCardError, CardConnectionError), Session(reader) as session:
            piv = PivSession(session)
            assert card_info(piv, slots=[Slot.SIGNATURE]).pin_tries in (3, None)
        assert not card.powered, f"{name} at {at}: the card was not given back"


@pytest.mark.parametrize("name", FAULTS)
def test_a_certificate_reported_written_is_written(name: str) -> None:
    _, reader, _ = play("write-certificate", [], False)
    for at in range(1, reader.script.commands + 1):
        after, _, failure = play("write-certificate", [FAULTS[name](at)], False)
        if failure is None:
            assert stored(after.card) == OTHER, f"{name} at {at}"


@pytest.mark.parametrize("name", FAULTS)
def test_a_certificate_that_was_read_is_the_cards(name: str) -> None:
    expected = stored(fresh())
    for at in range(1, 5):
        reader = FaultyReader(InProcess(fresh()), [FAULTS[name](at)], sleep=lambda seconds: None)
        try:
            with Session(reader, extended=False) as session:
                assert PivSession(session).read_certificate(Slot.SIGNATURE) == expected
        except EcardError:
            continue


def test_after_a_wrong_pin_no_fault_makes_it_be_sent_again() -> None:
    """A card that lies about a wrong PIN: the lie is found out, and costs no second try in the same call."""
    for name, rule in FAULTS.items():
        for at in range(1, 6):
            card = fresh()
            reader = FaultyReader(InProcess(card), [rule(at)], sleep=lambda seconds: None)
            with pytest.raises(EcardError), Session(reader) as session:
                CardKeyHolder(PivSession(session), pin=Pin("654321")).sign(MESSAGE)
            assert card.memory.pin.left >= 2, f"{name} at {at}"


def test_a_card_that_lies_once_is_asked_for_its_counter_again() -> None:
    card = fresh()
    lie = Rule(Fault.WRONG_STATUS, status=0x9000, when=lambda c: c.ins == Ins.VERIFY and bool(c.data))
    with Session(FaultyReader(InProcess(card), [lie])) as session:
        piv = PivSession(session)
        for _ in range(5):
            with pytest.raises(EcardError):
                CardKeyHolder(piv, pin=Pin("654321")).sign(MESSAGE)
    assert card.memory.pin.left == 1, "the last try stays with the holder"


def test_garbage_after_verify_is_not_taken_for_a_yes() -> None:
    card = fresh()
    lie = Rule(Fault.GARBAGE, when=lambda c: c.ins == Ins.VERIFY and bool(c.data))
    with Session(FaultyReader(InProcess(card), [lie])) as session:
        piv = PivSession(session)
        with pytest.raises(CardProtocolError, match="where there are none"):
            piv.verify(Pin("654321"))
        assert piv.pin_tries() == 2
