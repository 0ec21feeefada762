"""An authority whose key sits on a card: founded with it, and signing through the same KeyHolder as everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ecard import sm2
from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
from ecard.apdu.cardholder import CardKeyHolder
from ecard.apdu.piv import PivSession
from ecard.apdu.privatekey import card_private_key
from ecard.apdu.session import Session
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN, PinUse, Slot
from ecard.certificate import Certificate
from ecard.errors import DecryptionError, WrongPinError
from ecard.keys import SoftwareKey
from ecard.pin import Pin, value
from ecard.pki.authority import CertificateAuthority
from ecard.pki.issuing import DelegatedKey
from ecard.pki.key_delivery import make_encryption_key, open_envelope
from ecard.pki.profile import Usage
from ecard.pki.requests import build_request
from ecard.pki.withdrawal import RevocationReason
from ecard.simulator import InProcess, SimulatedCard
from tests.pki_authority.centre import (
    AT,
    DAY,
    KINDS,
    WEEK,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    request_of,
    subject,
)

PIN = value(Pin(FACTORY_PIN))


def key_on(piv: PivSession, kind: KeyKind) -> DelegatedKey:
    """A new key in slot 9C, which wants the PIN before every signature."""
    piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
    public_key = piv.generate_key(Slot.SIGNATURE, kind, pin_use=PinUse.ALWAYS)

    def sign(digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return piv.sign_digest(Slot.SIGNATURE, kind, digest, algorithm, pin=PIN, act="found an authority")

    return DelegatedKey(public_key, sign)


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_a_root_on_a_card_certifies_issues_and_publishes(kind: KeyKind, tmp_path: Path) -> None:
    card = InProcess(SimulatedCard.new())
    with Session(card) as session:
        piv = PivSession(session)
        founded = CertificateAuthority.create_root("示例根", at=AT, key=key_on(piv, kind))
        assert founded.holder.signs_digests
        piv.write_certificate(Slot.SIGNATURE, founded.certificate)
    founded.save(tmp_path / "root")
    with Session(card) as session:
        holder = CardKeyHolder(PivSession(session), Slot.SIGNATURE, pin=PIN, act="certify")
        root = CertificateAuthority.load(tmp_path / "root", holder=holder)
        issuing = root.create_subordinate("示例签发", at=AT, key=key_of(kind, 2))
        withdrawn = root.create_subordinate("废止", at=AT)
        root.revoke(withdrawn.certificate, RevocationReason.CESSATION_OF_OPERATION, at=AT)
        crl = root.crl(at=AT, next_update=AT + WEEK)
        root.save(tmp_path / "root")
    leaf = issuing.issue(request_of(key_of(kind, 3)), subject(), at=AT)
    leaf.verify_issued_by(issuing.certificate)
    issuing.certificate.verify_issued_by(root.certificate)
    (tmp_path / "crl").write_bytes(crl)
    (tmp_path / "root.pem").write_text(pem(root.certificate))
    text = openssl("crl", "-inform", "DER", "-in", tmp_path / "crl", "-noout", "-text")
    assert f"Serial Number: {withdrawn.certificate.serial_number:016X}" in text
    if kind is not KeyKind.SM2:  # this openssl verifies no CRL under an SM2 key: it does not know the user id
        assert "verify OK" in openssl(
            "crl", "-inform", "DER", "-in", tmp_path / "crl", "-CAfile", tmp_path / "root.pem"
        )
        (tmp_path / "sub.pem").write_text(pem(issuing.certificate))
        options = ("-CAfile", tmp_path / "root.pem", "-attime", str(int((AT + DAY).timestamp())))
        openssl("verify", *options, "-x509_strict", tmp_path / "sub.pem")


def test_a_card_signs_its_own_request() -> None:
    issuing = CertificateAuthority.create_root("示例根", at=AT)
    with Session(InProcess(SimulatedCard.new())) as session:
        key = key_on(PivSession(session), KeyKind.P256)
        card = issuing.issue(build_request(key.public_key, key.sign, "x"), subject(), at=AT)
    assert card.public_key == key.public_key


def test_a_wrong_pin_issues_nothing_and_is_tried_once() -> None:
    card = SimulatedCard.new()
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        founded = CertificateAuthority.create_root("示例根", at=AT, key=key_on(piv, KeyKind.P256))
        piv.write_certificate(Slot.SIGNATURE, founded.certificate)
    with Session(InProcess(card)) as session:
        piv = PivSession(session)
        before = piv.pin_tries()
        authority = CertificateAuthority(CardKeyHolder(piv, Slot.SIGNATURE, pin=Pin("999999")))
        with pytest.raises(WrongPinError):
            operator(authority, 1)
        assert before is not None
        assert piv.pin_tries() == before - 1
        with pytest.raises(WrongPinError):
            authority.crl(at=AT, next_update=AT + WEEK)
    assert (len(authority.record.issued), authority.record.crl_number) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_receives_the_encryption_key_that_the_centre_made(kind: KeyKind) -> None:
    """Signing certificate, envelope, encryption certificate: the card opens the envelope and uses the key."""
    authority = CertificateAuthority.create_root("示例根", at=AT, key=key_of(kind, 1))
    with Session(InProcess(SimulatedCard.new())) as session:
        piv = PivSession(session)
        signing = key_on(piv, kind)
        piv.write_certificate(
            Slot.SIGNATURE, authority.issue(build_request(signing.public_key, signing.sign, "x"), subject(), at=AT)
        )
        made = make_encryption_key(signing.public_key)
        certificate = authority.issue_for_key(made.key.public_key, subject(), at=AT, usage=Usage.ENCRYPTION)
        piv.import_key(Slot.KEY_MANAGEMENT, open_envelope(made.envelope, opener(piv, kind), certificate=certificate))
        piv.write_certificate(Slot.KEY_MANAGEMENT, certificate)
        assert_opens(piv, kind, certificate)


def test_a_card_s_refusal_of_a_changed_envelope_is_told_as_one() -> None:
    authority = CertificateAuthority.create_root("示例根", at=AT, key=key_of(KeyKind.P256, 1))
    with Session(InProcess(SimulatedCard.new())) as session:
        piv = PivSession(session)
        made = make_encryption_key(key_on(piv, KeyKind.RSA2048).public_key, KeyKind.P256)
        certificate = authority.issue_for_key(made.key.public_key, subject(), at=AT, usage=Usage.ENCRYPTION)
        place = made.envelope.index(b"\x04\x82\x01\x00") + 4
        for wrapped in (bytes(256), b"\x01" * 256, b"\xff" * 256):
            changed = made.envelope[:place] + wrapped + made.envelope[place + 256 :]
            with pytest.raises(DecryptionError):
                open_envelope(changed, opener(piv, KeyKind.RSA2048), certificate=certificate)


def opener(piv: PivSession, kind: KeyKind) -> Any:
    """What opens an envelope with the signing key of the card."""
    if kind is not KeyKind.SM2:
        return card_private_key(piv, Slot.SIGNATURE, pin=PIN)

    def agree(point: sm2.PublicKey) -> bytes:
        return piv.agree(Slot.SIGNATURE, kind, point.point(), pin=PIN, act="open the envelope")

    return lambda ciphertext: sm2.decrypt_with(agree, ciphertext)


def assert_opens(piv: PivSession, kind: KeyKind, certificate: Certificate) -> None:
    """The key in slot 9D opens what was encrypted for the certificate by ``cryptography`` or ecard.sm2."""
    public = certificate.public_key.native
    if isinstance(public, sm2.PublicKey):
        shared = SoftwareKey.generate(kind).native
        assert isinstance(shared, sm2.PrivateKey)
        point = shared.public_key.point()
        agreed = piv.agree(Slot.KEY_MANAGEMENT, kind, point, pin=PIN, act="decrypt")
        assert agreed == shared.agree(public)
        return
    key = card_private_key(piv, Slot.KEY_MANAGEMENT, pin=PIN)
    if isinstance(public, rsa.RSAPublicKey):
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.decrypt(public.encrypt(b"secret", padding.PKCS1v15()), padding.PKCS1v15()) == b"secret"
        return
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    other = ec.generate_private_key(public.curve)
    assert key.exchange(ec.ECDH(), other.public_key()) == other.exchange(ec.ECDH(), public)
