"""Keys on a PKCS#11 token: found, signing, and refused, with SoftHSM2 as the token."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import (
    CardBusyError,
    CardConnectionError,
    EcardError,
    InvalidInputError,
    InvalidSignatureError,
    MissingDependencyError,
    NoCardError,
    NotSupportedByCardError,
    ObjectNotFoundError,
    UnsupportedAlgorithmError,
    WrongCardError,
)
from ecard.keys import SoftwareKey
from ecard.pin import Pin
from ecard.pkcs11 import Pkcs11Key, Pkcs11KeyHolder, Pkcs11Token, library
from ecard.pki.authority import CertificateAuthority
from ecard.pki.profile import Usage
from tests.pkcs11.softhsm import ID, KINDS, PIN, Asked, administered, generate, open_token, store
from tests.pki_authority.centre import AT, openssl, subject

EVERY = [(kind, a) for kind in KINDS for a in SignatureAlgorithm if a.family is kind.family]


# --- what works -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "algorithm"), EVERY)
def test_every_algorithm_signs(token: Pkcs11Token, kind: KeyKind, algorithm: SignatureAlgorithm) -> None:
    key = token.key(label=kind.value)
    assert key.public_key.kind is kind
    signature = key.sign(b"message", algorithm)
    assert signature.algorithm is algorithm
    key.public_key.verify(signature, b"message")
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify(signature, b"Message")


@pytest.mark.parametrize("kind", KINDS)
def test_openssl_verifies_with_the_public_key_that_was_read(token: Pkcs11Token, kind: KeyKind, tmp_path: Path) -> None:
    key = token.key(id=ID[kind])
    signature = key.sign(b"message")
    (tmp_path / "key").write_bytes(key.public_key.spki)
    (tmp_path / "signature").write_bytes(signature.der)
    (tmp_path / "message").write_bytes(b"message")
    digest = signature.algorithm.digest.label.replace("-", "").lower()
    options = ["-verify", tmp_path / "key", "-keyform", "DER", "-signature", tmp_path / "signature"]
    assert "Verified OK" in openssl("dgst", f"-{digest}", *options, tmp_path / "message")


def test_one_login_for_many_signatures(keys: None) -> None:
    asked = Asked()
    with open_token("operator", asked, act="sign 3 documents") as token:
        key = token.key(label="p256")
        for number in range(3):
            key.public_key.verify(key.sign(b"%d" % number), b"%d" % number)
    (request,) = asked.requests
    assert request.card.startswith("the token in SoftHSM slot ID 0x")
    assert (request.act, request.tries_left) == ("sign 3 documents", None)


def without_public_key(kind: KeyKind, name: str) -> None:
    from pkcs11 import Attribute, ObjectClass

    generate("operator", kind, name, name.encode())
    with administered("operator") as session:
        (public,) = session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: name})
        public.destroy()


def test_a_public_key_that_only_the_private_key_tells(keys: None) -> None:
    without_public_key(KeyKind.RSA2048, "rsa alone")
    with open_token("operator") as token:
        key = token.key(label="rsa alone")
        key.public_key.verify(key.sign(b"message"), b"message")


def test_a_public_key_that_only_the_certificate_tells(keys: None) -> None:
    generate("operator", KeyKind.P256, "ec certified", b"certified")
    with open_token("operator") as token:
        root = CertificateAuthority.create_root("示例", at=AT, key=token.key(label="ec certified"))
    with administered("operator") as session:
        from pkcs11 import Attribute, ObjectClass

        (public,) = session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: b"certified"})
        public.destroy()
    with open_token("operator") as token, pytest.raises(ObjectNotFoundError, match="neither the public key nor"):
        token.key(label="ec certified")
    store("operator", root.certificate, "x", b"certified")
    with open_token("operator") as token:
        assert token.key(id=b"certified").public_key == root.certificate.public_key


Chain = tuple[Certificate, tuple[Certificate, ...]]


@pytest.fixture(scope="module")
def on_token(keys: None) -> dict[KeyKind, Chain]:
    """For each key an operator's certificate and those of its issuers, all of which are on the token."""
    root = CertificateAuthority.create_root("示例根", at=AT)
    issuing = root.create_subordinate("示例签发", at=AT)
    issuers = (issuing.certificate, root.certificate)
    found = {}
    for number, kind in enumerate(KINDS):
        with open_token("operator") as token:
            public = token.key(label=kind.value).public_key
        whom = subject(card_number=f"03-JJ0A9{number:08d}")
        found[kind] = issuing.issue_for_key(public, whom, at=AT, usage=Usage.SIGNING), issuers
        store("operator", found[kind][0], kind.value, ID[kind])
    for number, issuer in enumerate(issuers):
        store("operator", issuer, "issuer", bytes((0x81, number)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_holder_with_what_is_on_the_token(
    on_token: dict[KeyKind, Chain], token: Pkcs11Token, kind: KeyKind
) -> None:
    holder = Pkcs11KeyHolder(token.key(label=kind.value))
    assert (holder.certificate, holder.chain) == on_token[kind]
    assert holder.signs_digests
    holder.certificate.public_key.verify(holder.sign(b"message"), b"message")
    digest = holder.certificate.public_key.digest(b"message", holder.algorithm)
    holder.certificate.public_key.verify(holder.sign_digest(digest), b"message")


def test_a_key_holder_with_what_is_given(on_token: dict[KeyKind, Chain], token: Pkcs11Token) -> None:
    key = token.key(label="p256")
    holder = Pkcs11KeyHolder(key, on_token[KeyKind.P256][0], chain=())
    assert (holder.key, list(holder.chain)) == (key, [])
    with pytest.raises(WrongCardError, match="another key"):
        Pkcs11KeyHolder(key, on_token[KeyKind.P384][0])


# --- what is refused --------------------------------------------------------------------------------------------------


def test_names_that_are_no_utf_8_reach_no_library(token: Pkcs11Token) -> None:
    """Given one, python-pkcs11 ends the process with a segmentation fault when it tidies up."""
    with pytest.raises(InvalidInputError, match="label holds bytes that are no UTF-8"):
        token.key(label="\udcff")
    with pytest.raises(InvalidInputError, match="path of the PKCS#11 library"):
        Pkcs11Token("\udcff.so", "label", pin=Pin(PIN)).__enter__()


def test_keys_that_are_not_there(token: Pkcs11Token) -> None:
    with pytest.raises(ObjectNotFoundError, match="no such private key"):
        token.key(label="nothing")
    with pytest.raises(ObjectNotFoundError, match="no such private key"):
        token.key(label="p256", id=ID[KeyKind.P384])
    with pytest.raises(InvalidInputError, match="not named"):
        token.key()


def test_two_keys_of_one_name(hsm: None) -> None:
    for id in (b"1", b"2"):
        generate("odd", KeyKind.P256, "same", id)
    with open_token("odd") as token:
        with pytest.raises(InvalidInputError, match="several such private keys"):
            token.key(label="same")
        key = token.key(label="same", id=b"2")
        assert key.id == b"2"
        key.public_key.verify(key.sign(b"message"), b"message")
        with pytest.raises(ObjectNotFoundError, match="no certificate with the id"):
            Pkcs11KeyHolder(key)


def test_a_key_for_another_use(hsm: None) -> None:
    from pkcs11 import MechanismFlag

    generate("odd", KeyKind.RSA2048, "decrypts", b"3", capabilities=MechanismFlag.DECRYPT | MechanismFlag.ENCRYPT)
    with open_token("odd") as token, pytest.raises(NotSupportedByCardError, match="another use than signing"):
        token.key(label="decrypts").sign(b"message")


def test_a_curve_that_ecard_does_not_know(hsm: None) -> None:
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    with administered("odd") as session:
        attributes = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp521r1")}
        domain = session.create_domain_parameters(KeyType.EC, attributes, local=True)
        domain.generate_keypair(id=b"4", label="p521", store=True)
    with open_token("odd") as token, pytest.raises(UnsupportedAlgorithmError):
        token.key(label="p521")


@pytest.mark.parametrize("kind", KINDS)
def test_algorithms_and_digests_that_do_not_fit(token: Pkcs11Token, kind: KeyKind) -> None:
    key = token.key(label=kind.value)
    for other in SignatureAlgorithm:
        if other.family is not kind.family:
            with pytest.raises(UnsupportedAlgorithmError, match="does not fit"):
                key.sign(b"message", other)
            with pytest.raises(UnsupportedAlgorithmError, match="does not fit"):
                key.sign_digest(bytes(other.digest.size), other)
    with pytest.raises(InvalidInputError, match="not 31"):
        key.sign_digest(bytes(31))


def test_a_software_key_cannot_pass_as_the_key_on_the_token(token: Pkcs11Token) -> None:
    private = token.key(label="p256")._private
    false = Pkcs11Key(token, private, SoftwareKey.generate(KeyKind.P256).public_key)
    with pytest.raises(InvalidSignatureError):
        CertificateAuthority.create_root("示例", at=AT, key=false)


def test_what_is_no_module_and_no_token(hsm: None) -> None:
    for wrong in ("/nowhere/libnothing.so", __file__):
        with (
            pytest.raises(InvalidInputError, match="no PKCS#11 library that works here"),
            Pkcs11Token(wrong, "operator", pin=Asked()),
        ):
            pass
    with pytest.raises(NoCardError, match="no token with this label"), open_token("other"):
        pass
    with pytest.raises(InvalidInputError, match="2 tokens have this label"), open_token("twin"):
        pass


def test_python_pkcs11_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MissingDependencyError, match=r"ecard\[pkcs11\]"), Pkcs11Token("x", "y", pin=Asked()):
        pass


def test_ecard_does_not_load_the_library_before_it_is_used() -> None:
    code = "import ecard.pkcs11, sys; sys.exit('pkcs11' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the session ------------------------------------------------------------------------------------------------------


def test_a_key_dies_with_its_session(keys: None) -> None:
    with open_token("operator") as token:
        key = token.key(label="p256")
        with pytest.raises(CardBusyError, match="open already"):
            token.__enter__()
        with pytest.raises(CardBusyError, match="already"), open_token("operator"):
            pass
        key.sign(b"message")
    for act in (lambda: key.sign(b"message"), lambda: token.key(label="p256"), token.certificates):
        with pytest.raises(CardConnectionError, match="no session"):
            act()
    with token:
        token.key(label="p256").sign(b"again")


def test_a_session_that_the_token_ended(keys: None) -> None:
    with open_token("operator") as token:
        key = token.key(label="p256")
        token._session.close()
        with pytest.raises(CardConnectionError, match="SessionHandleInvalid"):
            key.sign(b"message")


class Records:
    """A private key of python-pkcs11 that keeps what it is given to sign."""

    def __init__(self, private: Any) -> None:
        self._private = private
        self.given = b""

    def __getitem__(self, attribute: Any) -> Any:
        return self._private[attribute]

    def sign(self, data: bytes, mechanism: Any) -> bytes:
        self.given = data
        return bytes(self._private.sign(data, mechanism=mechanism))


def test_a_token_gets_no_more_of_a_digest_than_its_curve_takes(token: Pkcs11Token) -> None:
    """SoftHSM cuts longer digests itself; other tokens refuse them."""
    plain = token.key(label="p256")
    private = Records(plain._private)
    key = Pkcs11Key(token, private, plain.public_key)
    key.public_key.verify(key.sign(b"message", SignatureAlgorithm.ECDSA_SHA512), b"message")
    assert private.given == SignatureAlgorithm.ECDSA_SHA512.digest.hash(b"message")[:32]


def test_every_error_of_the_library_is_one_of_ecards(hsm: None) -> None:
    import pkcs11

    kinds = [kind for kind in vars(pkcs11.exceptions).values() if isinstance(kind, type)]
    assert len(kinds) > 50
    for kind in kinds:
        if issubclass(kind, pkcs11.PKCS11Error):

            def fail(kind: type[Exception] = kind) -> None:
                raise kind(f"something with {PIN}")

            with pytest.raises(EcardError) as caught:
                library.call("sign", fail)
            assert PIN not in str(caught.value)
            assert caught.value.__context__ is None


def test_no_session_is_left_behind(keys: None) -> None:
    """What a failed search holds would keep the token locked for others."""
    with open_token("operator") as token:
        for _ in range(3):
            with pytest.raises(ObjectNotFoundError):
                token.key(label="nothing")
    gc.collect()
    with open_token("operator") as token:
        assert "logged in" in repr(token)
        assert PIN not in repr(token.key(label="p256"))
    assert "logged in" not in repr(token)
