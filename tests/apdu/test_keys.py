"""Keys on the card: generating, importing, attesting, moving, deleting, their metadata, the management key."""

from __future__ import annotations

from math import gcd

import pytest
from Crypto.Util.number import getPrime
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu import tlv, words
from ecard.apdu.keycodes import kind_of, private_fields, read_public_key
from ecard.apdu.metadata import read_key, read_management_key, read_pin
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Ins, ManagementAlgorithm, Origin, PinUse, Slot, TouchUse
from ecard.errors import (
    CardProtocolError,
    CardStatusError,
    EcardError,
    InvalidInputError,
    ManagementKeyError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    UnsupportedAlgorithmError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, administered
from tests.apdu.scripted import Counting, Scripted

KINDS = [KeyKind.RSA1024, KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2]


def reader(*behaviours: Behaviour) -> InProcess:
    return InProcess(SimulatedCard.new(seed=1, behaviours=behaviours))


def sign(piv: PivSession, slot: Slot, kind: KeyKind, message: bytes, key: object) -> None:
    """Sign on the card and verify with the public key."""
    algorithm = SignatureAlgorithm.default_for(kind)
    public = key if not isinstance(key, SoftwareKey) else key.public_key
    digest = public.digest(message, algorithm)  # type: ignore[attr-defined]
    signature = piv.sign_digest(slot, kind, digest, algorithm, pin=Pin(PIN))
    public.verify(signature, message)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_key_signs_and_is_described(kind: KeyKind) -> None:
    with administered(reader()) as piv:
        public = piv.generate_key(Slot.AUTHENTICATION, kind, pin_use=PinUse.ONCE, touch_use=TouchUse.NEVER)
        assert public.kind is kind
        sign(piv, Slot.AUTHENTICATION, kind, b"message", public)
        found = piv.metadata(Slot.AUTHENTICATION)
        assert (found.kind, found.public_key, found.origin) == (kind, public, Origin.GENERATED)
        assert (found.pin_use, found.touch_use) == (PinUse.ONCE, TouchUse.NEVER)


@pytest.mark.parametrize("kind", KINDS)
def test_an_imported_key_signs(kind: KeyKind) -> None:
    key = SoftwareKey.generate(kind)
    with administered(reader()) as piv:
        piv.import_key(Slot.KEY_MANAGEMENT, key, pin_use=PinUse.ALWAYS)
        assert piv.metadata(Slot.KEY_MANAGEMENT).origin is Origin.IMPORTED
        assert piv.metadata(Slot.KEY_MANAGEMENT).public_key == key.public_key
        sign(piv, Slot.KEY_MANAGEMENT, kind, b"message", key)


def test_keys_of_cryptography_are_imported_too() -> None:
    with administered(reader()) as piv:
        native = ec.generate_private_key(ec.SECP256R1())
        piv.import_key(Slot.AUTHENTICATION, native)
        found = piv.metadata(Slot.AUTHENTICATION).public_key
        assert found is not None
        assert found.native.public_numbers() == native.public_key().public_numbers()  # type: ignore[union-attr]


def test_small_scalars_keep_their_length() -> None:
    key = SoftwareKey(ec.derive_private_key(1, ec.SECP256R1()))
    assert private_fields(key) == b"\x06\x20" + bytes(31) + b"\1"
    native = rsa.generate_private_key(65537, 2048)
    fields = tlv.decode(private_fields(SoftwareKey(native)))
    assert {tag: len(value) for tag, value in fields.items()} == dict.fromkeys(range(1, 6), 128)
    assert int.from_bytes(fields[1], "big") * int.from_bytes(fields[2], "big") == native.public_key().public_numbers().n


def test_changing_keys_needs_the_management_key() -> None:
    with Session(reader()) as session:
        piv = PivSession(session)
        for verb in (
            lambda: piv.generate_key(Slot.AUTHENTICATION, KeyKind.P256),
            lambda: piv.import_key(Slot.AUTHENTICATION, SoftwareKey.generate(KeyKind.P256)),
            lambda: piv.delete_key(Slot.AUTHENTICATION),
            lambda: piv.set_management_key(bytes(range(24))),
        ):
            with pytest.raises(CardStatusError, match="management key first"):
                verb()


def test_an_attestation_is_a_certificate_of_the_key() -> None:
    with administered(reader()) as piv:
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.P256)
        assert piv.attest(Slot.SIGNATURE).public_key == public
        with pytest.raises((CardStatusError, ObjectNotFoundError)):
            piv.attest(Slot.AUTHENTICATION)


def test_moving_and_deleting() -> None:
    with administered(reader()) as piv:
        public = piv.generate_key(Slot.KEY_MANAGEMENT, KeyKind.P256)
        piv.move_key(Slot.KEY_MANAGEMENT, Slot.RETIRED_1)
        assert piv.metadata(Slot.RETIRED_1).public_key == public
        with pytest.raises(ObjectNotFoundError):
            piv.metadata(Slot.KEY_MANAGEMENT)
        piv.delete_key(Slot.RETIRED_1)
        with pytest.raises(ObjectNotFoundError):
            piv.metadata(Slot.RETIRED_1)
        for pair in ((Slot.RETIRED_1, Slot.RETIRED_1), (Slot.ATTESTATION, Slot.RETIRED_1)):
            with pytest.raises(InvalidInputError):
                piv.move_key(*pair)


@pytest.mark.parametrize(
    ("behaviour", "verb"),
    [
        (Behaviour.NO_MOVE_KEY, lambda piv: piv.move_key(Slot.SIGNATURE, Slot.RETIRED_1)),
        (Behaviour.NO_MOVE_KEY, lambda piv: piv.delete_key(Slot.SIGNATURE)),
        (Behaviour.NO_IMPORT, lambda piv: piv.import_key(Slot.SIGNATURE, SoftwareKey.generate(KeyKind.P256))),
        (Behaviour.NO_SET_RETRIES, lambda piv: piv.set_tries(3, 3)),
        (Behaviour.SIX_SLOTS_ONLY, lambda piv: piv.generate_key(Slot.RETIRED_5, KeyKind.P256)),
    ],
)
def test_what_the_card_lacks_is_refused_clearly(behaviour: Behaviour, verb: object) -> None:
    with administered(reader(behaviour)) as piv, pytest.raises(NotSupportedByCardError):
        verb(piv)  # type: ignore[operator]


def test_a_card_that_makes_no_such_key_says_so() -> None:
    yubikey = InProcess(SimulatedCard.new("yubikey", seed=1))
    with administered(yubikey) as piv, pytest.raises(NotSupportedByCardError, match="sm2"):
        piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)


def test_policies_left_to_the_card_are_left_out() -> None:
    counting = Counting(reader())
    with administered(counting) as piv:
        piv.generate_key(Slot.AUTHENTICATION, KeyKind.P256)
        piv.generate_key(Slot.AUTHENTICATION, KeyKind.P256, pin_use=PinUse.ALWAYS, touch_use=TouchUse.CACHED)
    sent = [c for c in counting.commands if c[1] == Ins.GENERATE_KEY]
    assert sent[0][4:].hex().upper().startswith(("05AC03800111", "000005AC03800111"))
    assert b"\xaa\x01\x03\xab\x01\x03" in sent[1]


@pytest.mark.parametrize("algorithm", list(ManagementAlgorithm))
def test_the_management_key_of_every_algorithm(algorithm: ManagementAlgorithm) -> None:
    key = bytes(range(1, algorithm.key_size + 1))
    card = SimulatedCard.new(seed=1)
    with administered(InProcess(card)) as piv:
        piv.set_management_key(key, algorithm=algorithm)
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        found = piv.management_key_metadata()
        assert (found.algorithm, found.is_default) == (algorithm, False)
        with pytest.raises(ManagementKeyError, match="refused"):
            piv.authenticate_management_key(bytes(algorithm.key_size))
        piv.authenticate_management_key(key)
        piv.set_management_key(FACTORY_MANAGEMENT_KEY)


@pytest.mark.parametrize(
    "algorithm", [ManagementAlgorithm.TDES, ManagementAlgorithm.AES128, ManagementAlgorithm.AES256]
)
def test_without_metadata_the_keys_length_decides(algorithm: ManagementAlgorithm) -> None:
    connector = reader(Behaviour.NO_METADATA)
    key = bytes(range(1, algorithm.key_size + 1))
    with administered(connector) as piv:
        piv.set_management_key(key, algorithm=algorithm)
    with Session(connector) as session:
        PivSession(session).authenticate_management_key(key)


@pytest.mark.parametrize("length", [0, 8, 16, 23, 25, 32])
def test_a_management_key_of_another_length_is_not_sent(length: int) -> None:
    counting = Counting(reader())
    with Session(counting) as session:
        piv = PivSession(session)
        for verb in (piv.authenticate_management_key, piv.set_management_key):
            with pytest.raises(InvalidInputError, match="24 bytes"):
                verb(bytes(length))
    assert not {Ins.GENERAL_AUTHENTICATE, Ins.SET_MANAGEMENT_KEY} & set(counting.instructions)


def test_a_card_that_does_not_have_the_key_is_found_out() -> None:
    def card(command: bytes) -> tuple[bytes, int]:
        if command[1] == Ins.GET_METADATA:
            return b"", 0x6D00
        if command[1] == Ins.GENERAL_AUTHENTICATE:
            tag = 0x80 if len(command) < 12 else 0x82
            return tlv.encode(0x7C, tlv.encode(tag, bytes(8))), 0x9000
        return b"", 0x9000

    with Session(Scripted(card)) as session, pytest.raises(ManagementKeyError, match="did not prove"):
        PivSession(session).authenticate_management_key(FACTORY_MANAGEMENT_KEY)


@pytest.mark.parametrize("answer", [b"", b"\x7c\x00", b"\x7c\x03\x80\x01a", b"\x7c\x0a\x82\x08" + bytes(8)])
def test_a_witness_that_is_none_is_refused(answer: bytes) -> None:
    card = Scripted(lambda c: (answer, 0x9000) if c[1] == Ins.GENERAL_AUTHENTICATE else (b"", 0x9000))
    with Session(card) as session, pytest.raises(CardProtocolError):
        PivSession(session).authenticate_management_key(FACTORY_MANAGEMENT_KEY, algorithm=ManagementAlgorithm.TDES)


def test_the_number_of_sm2_comes_from_the_card() -> None:
    point = SoftwareKey.generate(KeyKind.SM2).public_key.key_bits
    p256 = SoftwareKey.generate(KeyKind.P256).public_key.key_bits
    assert kind_of(0x60, tlv.encode(0x86, point), 0x54) is KeyKind.SM2
    assert kind_of(0x53, tlv.encode(0x86, p256), 0x54) is None, "another curve under an unknown number"
    assert kind_of(0x60, b"", 0x60) is KeyKind.SM2
    assert kind_of(0x60, b"", 0x54) is None
    assert kind_of(0x11, tlv.encode(0x86, p256), 0x11) is KeyKind.P256, "a number with a fixed meaning keeps it"


def test_sm2_under_another_number() -> None:
    profile = SimulatedCard.new("factory").memory.profile
    algorithms = {n: k for n, k in profile.algorithms.items() if k is not KeyKind.SM2} | {0x60: KeyKind.SM2}
    card = SimulatedCard.new(profile.but(algorithms=algorithms), seed=1)
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        with pytest.raises(NotSupportedByCardError):
            piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)
    with Session(InProcess(card)) as session:
        piv = PivSession(session, sm2_id=0x60)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)
    with Session(InProcess(card)) as session:
        sign(PivSession(session), Slot.SIGNATURE, KeyKind.SM2, b"the metadata tell the number", public)
    bare = SimulatedCard.new(profile.but(Behaviour.NO_METADATA, algorithms=algorithms), seed=1)
    with Session(InProcess(bare)) as session:
        piv = PivSession(session, sm2_id=0x60)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.SM2)
        sign(piv, Slot.SIGNATURE, KeyKind.SM2, b"the option tells the number", public)
    with Session(InProcess(bare)) as session, pytest.raises(InvalidInputError):
        PivSession(session, sm2_id=256)


@pytest.mark.parametrize(
    "objects",
    [b"", tlv.encode(0x86, b"\4" + bytes(64)), tlv.encode(0x86, b"\2" + bytes(64)), tlv.encode(0x86, bytes(3))],
)
def test_a_public_key_that_is_none_is_refused(objects: bytes) -> None:
    for kind in (KeyKind.P256, KeyKind.SM2, KeyKind.RSA2048):
        with pytest.raises(EcardError):
            read_public_key(objects, kind)


def test_a_modulus_of_another_size_is_refused() -> None:
    objects = tlv.encode(0x81, b"\x80" + bytes(126) + b"\1") + tlv.encode(0x82, b"\1\0\1")
    with pytest.raises(CardProtocolError, match="rsa2048"):
        read_public_key(objects, KeyKind.RSA2048)
    with pytest.raises(EcardError):
        read_public_key(objects.replace(b"\1\0\1", b"\0\0\0"), KeyKind.RSA1024)


@given(st.binary(max_size=120))
def test_any_metadata_are_read_or_refused(answer: bytes) -> None:
    for read in (lambda a: read_key(a, 0x54), read_pin, read_management_key):
        try:
            read(answer)
        except EcardError:
            continue


def test_metadata_leave_out_what_ecard_does_not_know() -> None:
    found = read_key(bytes.fromhex("0101E0 02020909 0301FF"), words.SM2_CANOKEY)
    assert (found.algorithm_id, found.kind, found.pin_use, found.touch_use) == (0xE0, None, None, None)
    assert (found.origin, found.public_key) == (None, None)


def _rsa(p_bits: int, exponent: int) -> rsa.RSAPrivateKey:
    """An RSA-2048 key with a first prime of ``p_bits``."""
    while True:
        p, q = getPrime(p_bits), getPrime(2048 - p_bits)
        p, q = max(p, q), min(p, q)
        if (p * q).bit_length() == 2048 and gcd(exponent, (p - 1) * (q - 1)) == 1:
            d = pow(exponent, -1, (p - 1) * (q - 1))
            public = rsa.RSAPublicNumbers(exponent, p * q)
            return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


@pytest.mark.parametrize(("p_bits", "exponent"), [(1024, 3), (1024, 257), (1100, 65537)])
def test_an_rsa_key_that_no_card_takes_is_refused_before_anything_is_sent(p_bits: int, exponent: int) -> None:
    counting = Counting(reader())
    with administered(counting) as piv:
        del counting.commands[:]
        with pytest.raises(UnsupportedAlgorithmError, match="exponent 65537 alone"):
            piv.import_key(Slot.AUTHENTICATION, _rsa(p_bits, exponent))
    assert not counting.commands
