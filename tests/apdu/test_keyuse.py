"""Using keys: when the PIN is presented, and that nothing is taken for a signature that is none."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu import tlv
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import Ins, PinUse, Slot
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    InvalidInputError,
    PinBlockedError,
    UnsupportedAlgorithmError,
    WrongPinError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, Asked, administered, with_key
from tests.apdu.scripted import Counting, Scripted

DIGEST = hashlib.sha256(b"message").digest()
ECDSA = SignatureAlgorithm.ECDSA_SHA256


def reader(slot: Slot, pin_use: PinUse, *behaviours: Behaviour) -> Counting:
    connector = InProcess(SimulatedCard.new(seed=1, behaviours=behaviours))
    with_key(connector, slot, pin_use=pin_use)
    return Counting(connector)


def sign(piv: PivSession, slot: Slot, pin: object, **options: bool) -> None:
    piv.sign_digest(slot, KeyKind.P256, DIGEST, ECDSA, pin=pin, **options)  # type: ignore[arg-type]


def flow(counting: Counting) -> str:
    """The commands since SELECT: s status of the PIN, V VERIFY, G GENERAL AUTHENTICATE."""
    letters = {Ins.VERIFY: "V", Ins.GENERAL_AUTHENTICATE: "G", Ins.SELECT: "", Ins.GET_METADATA: "m"}
    return "".join("s" if c[1] == Ins.VERIFY and len(c) == 4 else letters[Ins(c[1])] for c in counting.commands)


@pytest.mark.parametrize(
    ("slot", "pin_use", "commands"),
    [
        (Slot.SIGNATURE, PinUse.ALWAYS, "sVG" + "VG" + "VG"),
        (Slot.SIGNATURE, PinUse.ONCE, "sVG" + "VG" + "VG"),
        (Slot.AUTHENTICATION, PinUse.ONCE, "sVG" + "G" + "G"),
        (Slot.AUTHENTICATION, PinUse.ALWAYS, "sVG" + "GVG" + "VG"),
        (Slot.AUTHENTICATION, PinUse.NEVER, "sVG" + "G" + "G"),
        (Slot.CARD_AUTHENTICATION, PinUse.NEVER, "G" + "G" + "G"),
        (Slot.CARD_AUTHENTICATION, PinUse.ONCE, "GsVG" + "VG" + "VG"),
    ],
)
def test_the_pin_is_presented_when_the_key_wants_it(slot: Slot, pin_use: PinUse, commands: str) -> None:
    counting = reader(slot, pin_use)
    with Session(counting) as session:
        piv = PivSession(session)
        for _ in range(3):
            sign(piv, slot, Pin(PIN))
    assert flow(counting) == commands


@pytest.mark.parametrize(
    ("slot", "pin_use", "commands"),
    [
        (Slot.SIGNATURE, PinUse.ONCE, "msVGG"),
        (Slot.SIGNATURE, PinUse.NEVER, "mGG"),
        (Slot.AUTHENTICATION, PinUse.ALWAYS, "msVGVG"),
    ],
)
def test_metadata_that_were_read_decide(slot: Slot, pin_use: PinUse, commands: str) -> None:
    counting = reader(slot, pin_use)
    with Session(counting) as session:
        piv = PivSession(session)
        assert piv.metadata(slot).pin_use is pin_use
        assert piv.pin_use(slot) is pin_use
        for _ in range(2):
            sign(piv, slot, Pin(PIN))
    assert flow(counting) == commands


def test_without_a_pin_none_is_sent() -> None:
    counting = reader(Slot.SIGNATURE, PinUse.ALWAYS)
    with Session(counting) as session:
        piv = PivSession(session)
        with pytest.raises(CardStatusError, match="give a PIN"):
            sign(piv, Slot.SIGNATURE, None)
        piv.verify(Pin(PIN))
        sign(piv, Slot.SIGNATURE, None)
    assert flow(counting) == "GsVG"


@pytest.mark.parametrize("slot", [Slot.SIGNATURE, Slot.AUTHENTICATION, Slot.CARD_AUTHENTICATION])
def test_a_wrong_pin_stops_everything(slot: Slot) -> None:
    counting = reader(slot, PinUse.ALWAYS)
    asked = Asked("654321")
    with Session(counting) as session:
        piv = PivSession(session)
        with pytest.raises(WrongPinError):
            sign(piv, slot, asked)
    assert flow(counting) in ("sV", "GsV")
    assert len(asked.requests) == 1
    assert asked.requests[0].act == "sign"


@pytest.mark.parametrize(
    ("status", "error"), [(0x6A80, CardStatusError), (0x6985, CardStatusError), (0x6982, CardStatusError)]
)
def test_a_failing_signature_spends_no_try(status: int, error: type[Exception]) -> None:
    verified: list[bytes] = []

    def card(command: bytes) -> tuple[bytes, int]:
        if command[1] == Ins.VERIFY:
            verified.append(command)
            return b"", 0x63C3 if len(command) == 4 else 0x9000
        return b"", status if command[1] == Ins.GENERAL_AUTHENTICATE else 0x9000

    for slot in (Slot.SIGNATURE, Slot.AUTHENTICATION, Slot.CARD_AUTHENTICATION):
        verified.clear()
        with Session(Scripted(card)) as session, pytest.raises(error):
            sign(PivSession(session), slot, Pin(PIN))
        assert len([c for c in verified if len(c) > 4]) <= 1, "one VERIFY a call, at most"


def test_a_card_that_denies_the_pin_it_took_is_asked_for_its_counter_again() -> None:
    commands: list[bytes] = []

    def card(command: bytes) -> tuple[bytes, int]:
        commands.append(command)
        if command[1] == Ins.VERIFY and len(command) == 4:
            return b"", 0x63C2
        return b"", 0x6982 if command[1] == Ins.GENERAL_AUTHENTICATE else 0x9000

    with Session(Scripted(card)) as session:
        piv = PivSession(session)
        for _ in range(2):
            with pytest.raises(CardStatusError):
                sign(piv, Slot.SIGNATURE, Pin(PIN))
    assert len([c for c in commands if c[1] == Ins.VERIFY and len(c) == 4]) == 2


def test_a_pin_verified_by_an_earlier_program_is_not_asked_for_again() -> None:
    card = SimulatedCard.new(seed=1)
    with_key(InProcess(card), Slot.AUTHENTICATION)
    asked = Asked()

    def transmit(command: bytes) -> tuple[bytes, int]:
        return card.transmit(command)

    card.power_on()
    for _ in range(2):
        with Session(Scripted(transmit)) as session:
            sign(PivSession(session), Slot.AUTHENTICATION, asked)
    assert len(asked.requests) == 1


def test_a_blocked_pin_is_found_before_anybody_is_asked() -> None:
    counting, asked = reader(Slot.SIGNATURE, PinUse.ALWAYS), Asked()
    with Session(counting) as session:
        piv = PivSession(session)
        for last in (False, False, True):
            with pytest.raises((WrongPinError, PinBlockedError)):
                piv.verify(Pin("654321"), use_last_try=last)
        with pytest.raises(PinBlockedError):
            sign(piv, Slot.SIGNATURE, asked)
    assert not asked.requests


@pytest.mark.parametrize(
    ("kind", "digest", "algorithm", "error"),
    [
        (KeyKind.P256, DIGEST, SignatureAlgorithm.RSA_SHA256, UnsupportedAlgorithmError),
        (KeyKind.SM2, DIGEST, SignatureAlgorithm.ECDSA_SHA256, UnsupportedAlgorithmError),
        (KeyKind.P256, DIGEST[:-1], SignatureAlgorithm.ECDSA_SHA256, InvalidInputError),
        (KeyKind.SM2, DIGEST + b"x", SignatureAlgorithm.SM2_SM3, InvalidInputError),
        (KeyKind.RSA2048, b"", SignatureAlgorithm.RSA_SHA256, InvalidInputError),
    ],
)
def test_what_does_not_fit_is_not_sent(
    kind: KeyKind, digest: bytes, algorithm: SignatureAlgorithm, error: type[Exception]
) -> None:
    counting = reader(Slot.SIGNATURE, PinUse.ALWAYS)
    with Session(counting) as session:
        piv = PivSession(session)
        with pytest.raises(error):
            piv.sign_digest(Slot.SIGNATURE, kind, digest, algorithm, pin=Pin(PIN))
    assert flow(counting) == ""


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        (KeyKind.P256, SignatureAlgorithm.ECDSA_SHA384),
        (KeyKind.P256, SignatureAlgorithm.ECDSA_SHA512),
        (KeyKind.P384, SignatureAlgorithm.ECDSA_SHA256),
        (KeyKind.RSA2048, SignatureAlgorithm.RSA_SHA512),
    ],
)
def test_digests_longer_and_shorter_than_the_curve(kind: KeyKind, algorithm: SignatureAlgorithm) -> None:
    with administered(InProcess(SimulatedCard.new(seed=1))) as piv:
        public = piv.generate_key(Slot.AUTHENTICATION, kind)
        digest = public.digest(b"message", algorithm)
        signature = piv.sign_digest(Slot.AUTHENTICATION, kind, digest, algorithm, pin=Pin(PIN))
        public.verify(signature, b"message")


@pytest.mark.parametrize(
    "value",
    [b"", b"\x30\x00", b"\x30\x06\x02\x01\x00\x02\x01\x01", b"\x30\x07\x02\x01\x01\x02\x01\x01\x00", bytes(64)],
)
def test_what_is_no_signature_is_not_handed_out(value: bytes) -> None:
    def card(command: bytes) -> tuple[bytes, int]:
        answer = tlv.encode(0x7C, tlv.encode(0x82, value))
        return (answer, 0x9000) if command[1] == Ins.GENERAL_AUTHENTICATE else (b"", 0x9000)

    for kind, algorithm in ((KeyKind.P256, ECDSA), (KeyKind.RSA2048, SignatureAlgorithm.RSA_SHA256)):
        with Session(Scripted(card)) as session, pytest.raises(CardProtocolError):
            PivSession(session).sign_digest(Slot.AUTHENTICATION, kind, DIGEST, algorithm)


@pytest.mark.parametrize("answer", [b"", b"\x7c\x00", b"\x7c\x02\x81\x00", b"\x7d\x02\x82\x00", b"\x7c\x05\x82\x00"])
def test_an_answer_in_the_wrong_wrapping_is_refused(answer: bytes) -> None:
    card = Scripted(lambda c: (answer, 0x9000) if c[1] == Ins.GENERAL_AUTHENTICATE else (b"", 0x9000))
    with Session(card) as session, pytest.raises(CardProtocolError):
        PivSession(session).sign_digest(Slot.AUTHENTICATION, KeyKind.P256, DIGEST, ECDSA)


def test_decrypting() -> None:
    with administered(InProcess(SimulatedCard.new(seed=1))) as piv:
        public = piv.generate_key(Slot.KEY_MANAGEMENT, KeyKind.RSA2048)
        ciphertext = public.native.encrypt(b"secret", padding.PKCS1v15())  # type: ignore[union-attr]
        block = piv.decrypt(Slot.KEY_MANAGEMENT, KeyKind.RSA2048, ciphertext, pin=Pin(PIN))
        assert block.startswith(b"\0\2")
        assert block.endswith(b"\0secret")
        with pytest.raises(InvalidInputError, match="has 256"):
            piv.decrypt(Slot.KEY_MANAGEMENT, KeyKind.RSA2048, ciphertext[:-1])
        with pytest.raises(UnsupportedAlgorithmError):
            piv.decrypt(Slot.KEY_MANAGEMENT, KeyKind.P256, ciphertext)


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.SM2])
def test_agreeing_on_a_key(kind: KeyKind) -> None:
    mine = SoftwareKey.generate(kind)
    with administered(InProcess(SimulatedCard.new(seed=1))) as piv:
        public = piv.generate_key(Slot.KEY_MANAGEMENT, kind)
        secret = piv.agree(Slot.KEY_MANAGEMENT, kind, mine.public_key.key_bits, pin=Pin(PIN))
        assert len(secret) == kind.size
        if kind is not KeyKind.SM2:
            assert secret == mine.native.exchange(ec.ECDH(), public.native)  # type: ignore[union-attr,arg-type]
        with pytest.raises(InvalidInputError):
            piv.agree(Slot.KEY_MANAGEMENT, kind, mine.public_key.key_bits[:-1])
        with pytest.raises(UnsupportedAlgorithmError):
            piv.agree(Slot.KEY_MANAGEMENT, KeyKind.RSA2048, mine.public_key.key_bits)


def test_agreeing_in_software_gives_the_same_on_sm2() -> None:
    """The card's own key imported in two cards: d1 * P2 = d2 * P1."""
    one, two = SoftwareKey.generate(KeyKind.SM2), SoftwareKey.generate(KeyKind.SM2)
    secrets = []
    for key, peer in ((one, two), (two, one)):
        with administered(InProcess(SimulatedCard.new(seed=1))) as piv:
            piv.import_key(Slot.KEY_MANAGEMENT, key)
            secrets.append(piv.agree(Slot.KEY_MANAGEMENT, KeyKind.SM2, peer.public_key.key_bits, pin=Pin(PIN)))
    assert secrets[0] == secrets[1]


def test_points_travel_uncompressed() -> None:
    key = SoftwareKey.generate(KeyKind.P256)
    shape = serialization.PublicFormat.UncompressedPoint
    native = key.public_key.native
    assert native.public_bytes(serialization.Encoding.X962, shape) == key.public_key.key_bits  # type: ignore[union-attr]
