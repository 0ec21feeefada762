"""The card's key as a private key of cryptography, judged by cryptography and by openssl."""

from __future__ import annotations

import copy
import hashlib
import pickle
import subprocess
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from ecard.algorithms import KeyKind
from ecard.apdu.piv import PivSession
from ecard.apdu.privatekey import CardEcPrivateKey, CardRsaPrivateKey, card_private_key
from ecard.apdu.words import Slot
from ecard.errors import (
    DecryptionError,
    InvalidInputError,
    InvalidKeyError,
    InvalidSignatureError,
    ObjectNotFoundError,
    UnsupportedAlgorithmError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import PIN, administered, certificate, name

pytestmark = pytest.mark.exhaustive

MESSAGE = b"message"


@pytest.fixture
def piv() -> Iterator[PivSession]:
    with administered(InProcess(SimulatedCard.new(seed=1))) as piv:
        yield piv


def rsa_key(piv: PivSession) -> CardRsaPrivateKey:
    public = piv.generate_key(Slot.KEY_MANAGEMENT, KeyKind.RSA2048)
    key = card_private_key(piv, Slot.KEY_MANAGEMENT, public, pin=Pin(PIN))
    assert isinstance(key, CardRsaPrivateKey)
    return key


def ec_key(piv: PivSession, kind: KeyKind = KeyKind.P256) -> CardEcPrivateKey:
    public = piv.generate_key(Slot.SIGNATURE, kind)
    key = card_private_key(piv, Slot.SIGNATURE, public, pin=Pin(PIN))
    assert isinstance(key, CardEcPrivateKey)
    return key


def sign(key: CardRsaPrivateKey | CardEcPrivateKey) -> bytes:
    if isinstance(key, CardRsaPrivateKey):
        return key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384])
def test_a_certificate_request_is_signed_by_the_card_and_openssl_accepts_it(piv: PivSession, kind: KeyKind) -> None:
    piv.generate_key(Slot.SIGNATURE, kind)
    key = card_private_key(piv, Slot.SIGNATURE, pin=Pin(PIN))
    builder = x509.CertificateSigningRequestBuilder().subject_name(name("Test Holder"))
    request = builder.sign(key, hashes.SHA256())
    assert request.is_signature_valid
    run = subprocess.run(
        ["openssl", "req", "-verify", "-noout"],
        input=request.public_bytes(serialization.Encoding.PEM),
        capture_output=True,
        check=True,
    )
    assert b"OK" in run.stdout + run.stderr


@pytest.mark.parametrize("hash_", [hashes.SHA1(), hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_rsa_signatures_of_every_padding_verify(piv: PivSession, hash_: hashes.HashAlgorithm) -> None:
    key = rsa_key(piv)
    paddings: list[padding.PKCS1v15 | padding.PSS] = [
        padding.PKCS1v15(),
        padding.PSS(padding.MGF1(hash_), padding.PSS.DIGEST_LENGTH),
        padding.PSS(padding.MGF1(hash_), padding.PSS.MAX_LENGTH),
        padding.PSS(padding.MGF1(hashes.SHA256()), 7),
        padding.PSS(padding.MGF1(hash_), 0),
    ]
    for scheme in paddings:
        key.public_key().verify(key.sign(MESSAGE, scheme, hash_), MESSAGE, scheme, hash_)


def test_prehashed_and_bare_data(piv: PivSession) -> None:
    key, digest = rsa_key(piv), hashlib.sha256(MESSAGE).digest()
    signature = key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    key.public_key().verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    signature = key.sign(b"bare", padding.PKCS1v15(), NoDigestInfo())
    assert key.public_key().recover_data_from_signature(signature, padding.PKCS1v15(), None) == b"bare"
    curve = ec_key(piv)
    signature = curve.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    curve.public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidInputError):
        curve.sign(digest[:-1], ec.ECDSA(Prehashed(hashes.SHA256())))


def test_what_a_card_cannot_sign_is_refused_before_it_is_asked(piv: PivSession) -> None:
    key, curve = rsa_key(piv), ec_key(piv)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    with pytest.raises(UnsupportedAlgorithmError):
        key.sign(MESSAGE, oaep, hashes.SHA256())
    with pytest.raises(UnsupportedAlgorithmError):
        key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA3_256())
    with pytest.raises(UnsupportedAlgorithmError):
        key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO), hashes.SHA256())
    with pytest.raises(InvalidInputError):
        key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 255), hashes.SHA256())
    with pytest.raises(InvalidInputError):
        key.sign(bytes(250), padding.PKCS1v15(), NoDigestInfo())
    with pytest.raises(UnsupportedAlgorithmError):
        curve.sign(MESSAGE, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


@pytest.mark.parametrize(
    "scheme",
    [
        padding.PKCS1v15(),
        padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
        padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"label"),
        padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA512(), None),
    ],
)
def test_decrypting_undoes_cryptographys_encrypting(piv: PivSession, scheme: padding.PKCS1v15 | padding.OAEP) -> None:
    key = rsa_key(piv)
    for message in (b"", b"x", b"secret" * 9):
        assert key.decrypt(key.public_key().encrypt(message, scheme), scheme) == message


def test_wrong_padding_says_nothing_but_that_it_failed(piv: PivSession) -> None:
    key = rsa_key(piv)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"label")
    other = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"other")
    for scheme, wrong in ((oaep, other), (oaep, padding.PKCS1v15()), (padding.PKCS1v15(), oaep)):
        with pytest.raises(DecryptionError, match=r"^decryption failed$"):
            key.decrypt(key.public_key().encrypt(MESSAGE, scheme), wrong)
    with pytest.raises(UnsupportedAlgorithmError):
        key.decrypt(bytes(256), padding.PSS(padding.MGF1(hashes.SHA256()), 1))


def test_exchanging_keys_gives_what_software_gives(piv: PivSession) -> None:
    mine, key = ec.generate_private_key(ec.SECP256R1()), ec_key(piv)
    assert key.exchange(ec.ECDH(), mine.public_key()) == mine.exchange(ec.ECDH(), key.public_key())
    with pytest.raises(InvalidInputError, match="another curve"):
        key.exchange(ec.ECDH(), ec.generate_private_key(ec.SECP384R1()).public_key())


def test_the_key_does_not_leave_the_card(piv: PivSession) -> None:
    for key in (rsa_key(piv), ec_key(piv)):
        with pytest.raises(InvalidKeyError, match="does not leave"):
            key.private_numbers()
        with pytest.raises(InvalidKeyError):
            key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        with pytest.raises(InvalidKeyError):
            pickle.dumps(key)
        assert copy.copy(key) is key
        assert copy.deepcopy(key) is key
        assert PIN not in repr(key)


def test_what_the_keys_say_of_themselves(piv: PivSession) -> None:
    assert rsa_key(piv).key_size == 2048
    key = ec_key(piv, KeyKind.P384)
    assert (key.key_size, key.curve.name) == (384, "secp384r1")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(rsa_key(piv), rsa.RSAPrivateKey)


def test_a_signature_of_another_key_is_not_handed_out(piv: PivSession) -> None:
    for kind, slot in ((KeyKind.P256, Slot.SIGNATURE), (KeyKind.RSA2048, Slot.AUTHENTICATION)):
        piv.generate_key(slot, kind)
        key = card_private_key(piv, slot, SoftwareKey.generate(kind).public_key, pin=Pin(PIN))
        with pytest.raises(InvalidSignatureError, match="another key"):
            sign(key)


@pytest.mark.parametrize("behaviours", [(), (Behaviour.NO_METADATA,)])
def test_where_the_public_key_comes_from(behaviours: tuple[Behaviour, ...]) -> None:
    with administered(InProcess(SimulatedCard.new(seed=1, behaviours=behaviours))) as piv:
        with pytest.raises(ObjectNotFoundError):
            card_private_key(piv, Slot.SIGNATURE)
        public = piv.generate_key(Slot.SIGNATURE, KeyKind.P256)
        stale = SoftwareKey.generate(KeyKind.P256).public_key
        piv.write_certificate(Slot.SIGNATURE, certificate(stale))
        expected = stale if behaviours else public
        assert card_private_key(piv, Slot.SIGNATURE).public_key() == expected.native


def test_sm2_is_no_key_of_cryptography(piv: PivSession) -> None:
    piv.generate_key(Slot.AUTHENTICATION, KeyKind.SM2)
    with pytest.raises(UnsupportedAlgorithmError, match="sm2"):
        card_private_key(piv, Slot.AUTHENTICATION)


def test_rsa_on_a_card_that_cannot() -> None:
    card = SimulatedCard.new(seed=1, behaviours=[Behaviour.RSA_SIGN_FAILS])
    with administered(InProcess(card)) as piv, pytest.raises(Exception, match="6A80"):
        rsa_key(piv).sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
