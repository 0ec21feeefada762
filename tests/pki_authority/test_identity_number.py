"""The identity number in a certificate: absent, as a hash under a password, or in clear for who says so."""

from __future__ import annotations

import pytest
from cryptography import x509

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidCodeError, InvalidInputError, ProfileError
from ecard.pki.identity import CardIdentity
from ecard.pki.profile_identity import HashedIdentityNumber, UnsafeClearIdentityNumber, require_identity_number
from tests.pki_authority import lookalikes
from tests.pki_authority.centre import (
    AT,
    IDENTITY_NUMBER,
    key_of,
    request_of,
    root,
    subject,
)
from tests.pki_authority.lookalikes import extension, oid, tlv


def test_the_identity_number_in_clear_only_when_asked_for() -> None:
    authority = root()
    clear = subject(identity_number=UnsafeClearIdentityNumber(IDENTITY_NUMBER))
    leaf = authority.issue(request_of(key_of(KeyKind.P256, 3)), clear, at=AT)
    identity = CardIdentity.from_certificate(leaf)
    assert identity.has_identity_number
    assert IDENTITY_NUMBER not in repr(identity)
    assert CardIdentity.disclose_identity_number(leaf) == IDENTITY_NUMBER
    assert CardIdentity.disclose_identity_number(authority.certificate) is None


def test_the_identity_number_as_a_hash_under_a_password() -> None:
    authority = root()
    hashed = subject(identity_number=HashedIdentityNumber(IDENTITY_NUMBER, "correct horse"))
    leaf = authority.issue(request_of(key_of(KeyKind.P256, 3)), hashed, at=AT)
    assert IDENTITY_NUMBER.encode() not in leaf.der
    assert not CardIdentity.from_certificate(leaf).has_identity_number
    require_identity_number(leaf, IDENTITY_NUMBER, password="correct horse")
    for number, password in ((IDENTITY_NUMBER, "wrong horse"), ("110101199003078881", "correct horse")):
        with pytest.raises(InvalidInputError) as caught:
            require_identity_number(leaf, number, password=password)
        assert number not in str(caught.value)
    with pytest.raises(InvalidInputError):
        require_identity_number(authority.certificate, IDENTITY_NUMBER, password="correct horse")
    other = authority.issue(request_of(key_of(KeyKind.P256, 3)), hashed, at=AT)
    san = [c.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value for c in (leaf, other)]
    assert san[0] != san[1]
    assert repr(authority) == f"<CertificateAuthority {authority.certificate.serial_digits}, 2 issued>"


def test_alternative_names_that_hold_no_identity_number() -> None:
    names = tlv(0x30, tlv(0x82, b"example.invalid"), tlv(0xA0, oid("1.2.3"), tlv(0xA0, tlv(0x0C, b"x"))))
    key, algorithm = key_of(KeyKind.P256), bytes.fromhex("300A06082A8648CE3D040302")
    for value, error in ((names, InvalidInputError), (tlv(0x30, tlv(0xA0, oid("1.2.3"))), EncodingError)):
        made = lookalikes.certificate(
            serial=b"\1",
            issuer=[],
            subject=[],
            extensions=[extension("2.5.29.17", value)],
            algorithm=algorithm,
            key=key,
        )
        with pytest.raises(error):
            require_identity_number(Certificate(made), IDENTITY_NUMBER, password="correct horse")


def test_identity_numbers_are_checked_and_passwords_have_a_length() -> None:
    with pytest.raises(InvalidCodeError):
        UnsafeClearIdentityNumber("110101199003078890")
    with pytest.raises(InvalidInputError, match="8 characters"):
        HashedIdentityNumber(IDENTITY_NUMBER, "short")


def test_texts_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="UTF-8"):
        HashedIdentityNumber(IDENTITY_NUMBER, "correct\udcffhorse")
    hashed = subject(identity_number=HashedIdentityNumber(IDENTITY_NUMBER, "correct horse"))
    leaf = root().issue(request_of(key_of(KeyKind.P256, 3)), hashed, at=AT)
    for number, password in ((IDENTITY_NUMBER, "correct\udcffhorse"), ("\udcff", "correct horse")):
        with pytest.raises(InvalidInputError, match="UTF-8"):
            require_identity_number(leaf, number, password=password)


def test_an_identity_number_as_it_is_is_no_wish_to_show_it() -> None:
    with pytest.raises(ProfileError, match="HashedIdentityNumber") as caught:
        subject(identity_number=IDENTITY_NUMBER)
    assert IDENTITY_NUMBER not in str(caught.value)
