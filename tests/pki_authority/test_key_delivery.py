"""Encryption keys on their way to a card: opened by it, by openssl, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecard import der, sm2
from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import (
    DecryptionError,
    EcardError,
    EncodingError,
    InvalidKeyError,
    ProfileError,
    UnsupportedAlgorithmError,
)
from ecard.keys import PublicKey
from ecard.pki import key_envelope
from ecard.pki.key_delivery import envelop, make_encryption_key, open_envelope
from ecard.pki.key_envelope import MAX_SIZE
from ecard.pki.profile import Usage
from tests.pki_authority.centre import (
    AT,
    KINDS,
    OPENSSL_KINDS,
    key_of,
    needs_openssl,
    openssl,
    request_of,
    root,
    subject,
)


def certified(key: PublicKey) -> Certificate:
    return root().issue_for_key(key, subject(), at=AT, usage=Usage.ENCRYPTION)


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_opens_its_key(kind: KeyKind) -> None:
    card = key_of(kind, 3)
    made = make_encryption_key(card.public_key)
    opened = open_envelope(made.envelope, card.native, certificate=certified(made.key.public_key))
    assert opened.public_key.spki == made.key.public_key.spki
    assert opened.pkcs8() == made.key.pkcs8()
    assert made.key.pkcs8() not in made.envelope
    assert repr(made) == f"EncryptionKey(key=<SoftwareKey {kind.value}>)"


def test_an_sm2_card_that_only_agrees_opens_its_key() -> None:
    card = key_of(KeyKind.SM2, 3).native
    assert isinstance(card, sm2.PrivateKey)
    made = make_encryption_key(key_of(KeyKind.SM2, 3).public_key)
    opened = open_envelope(made.envelope, card.decrypt, certificate=certified(made.key.public_key))
    assert opened.pkcs8() == made.key.pkcs8()


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.RSA2048, KeyKind.P384])
def test_keys_of_every_kind_travel_to_an_ec_card(kind: KeyKind) -> None:
    card, key = key_of(KeyKind.P256, 3), key_of(kind, 4)
    assert (
        open_envelope(envelop(key, card.public_key), card.native, certificate=certified(key.public_key)).pkcs8()
        == key.pkcs8()
    )


@needs_openssl
@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_opens_the_envelope(kind: KeyKind, tmp_path: Path) -> None:
    card = key_of(kind, 3)
    made = make_encryption_key(card.public_key)
    (tmp_path / "envelope").write_bytes(made.envelope)
    (tmp_path / "key").write_bytes(card.pkcs8())
    (tmp_path / "card.pem").write_text(root().issue(request_of(card), subject(), at=AT).pem())
    recipient = ["-inkey", tmp_path / "key", "-keyform", "DER", "-recip", tmp_path / "card.pem"]
    openssl("cms", "-decrypt", "-inform", "DER", "-in", tmp_path / "envelope", *recipient, "-out", tmp_path / "out")
    assert der.parse((tmp_path / "out").read_bytes()).content == made.key.pkcs8()


@pytest.mark.parametrize("kind", KINDS)
def test_another_card_cannot_open_it(kind: KeyKind) -> None:
    made = make_encryption_key(key_of(kind, 3).public_key)
    certificate = certified(made.key.public_key)
    for other in KINDS:
        with pytest.raises((DecryptionError, EncodingError, UnsupportedAlgorithmError)):
            open_envelope(made.envelope, key_of(other, 5).native, certificate=certificate)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_not_the_certificates_is_refused(kind: KeyKind) -> None:
    card = key_of(kind, 3)
    with pytest.raises(InvalidKeyError, match="not the one of the encryption certificate"):
        open_envelope(make_encryption_key(card.public_key).envelope, card.native, certificate=root().certificate)


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.SM2])
def test_every_changed_byte_is_refused(kind: KeyKind) -> None:
    card = key_of(kind, 3)
    made = make_encryption_key(card.public_key)
    certificate = certified(made.key.public_key)
    for place in range(len(made.envelope)):
        changed = bytearray(made.envelope)
        changed[place] ^= 0x01
        with pytest.raises(EcardError):
            open_envelope(bytes(changed), card.native, certificate=certificate)


def test_every_changed_part_of_an_rsa_envelope_is_refused() -> None:
    card = key_of(KeyKind.RSA2048, 3)
    made = make_encryption_key(card.public_key, KeyKind.P256)
    certificate = certified(made.key.public_key)
    for place in range(0, len(made.envelope), 3):
        changed = bytearray(made.envelope)
        changed[place] ^= 0x01
        with pytest.raises(EcardError):
            open_envelope(bytes(changed), card.native, certificate=certificate)


def test_what_cannot_be_sent() -> None:
    with pytest.raises(UnsupportedAlgorithmError, match="SM2 card"):
        make_encryption_key(key_of(KeyKind.SM2, 3).public_key, KeyKind.P256)
    with pytest.raises(ProfileError):
        make_encryption_key(key_of(KeyKind.P256, 3).public_key, KeyKind.RSA1024)
    with pytest.raises(EncodingError, match="more than"):
        open_envelope(b"\x30" * (MAX_SIZE + 1), key_of(KeyKind.P256).native, certificate=root().certificate)
    with pytest.raises(UnsupportedAlgorithmError, match="RSA and EC"):
        key_envelope.seal(b"", key_of(KeyKind.SM2, 3).public_key)
    other = der.sequence(der.oid("1.2.840.113549.1.7.2"), der.element(der.context(0), der.null()))
    with pytest.raises(UnsupportedAlgorithmError, match="AuthEnvelopedData"):
        open_envelope(other, key_of(KeyKind.P256).native, certificate=root().certificate)
