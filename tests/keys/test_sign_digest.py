"""Signing what was hashed elsewhere: the same signatures, verified by ``cryptography`` and by the whole message."""

from __future__ import annotations

import functools
import secrets

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import Digest, KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey, digest_info, pkcs1_block
from ecard.pki.authority import CertificateAuthority
from tests.pki_authority.centre import AT

KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2]


@functools.lru_cache
def key_of(kind: KeyKind) -> SoftwareKey:
    return SoftwareKey.generate(kind)


@functools.lru_cache
def certificate_of(kind: KeyKind) -> Certificate:
    return CertificateAuthority.create_root("示例", at=AT, key=key_of(kind)).certificate


def fitting(kind: KeyKind) -> list[SignatureAlgorithm]:
    return [algorithm for algorithm in SignatureAlgorithm if algorithm.family is kind.family]


EVERY = [(kind, algorithm) for kind in KINDS for algorithm in fitting(kind)]


@pytest.mark.parametrize(("kind", "algorithm"), EVERY)
def test_a_signature_of_the_digest_is_one_of_the_message(kind: KeyKind, algorithm: SignatureAlgorithm) -> None:
    key, message = key_of(kind), secrets.token_bytes(500)
    public = key.public_key
    signature = key.sign_digest(public.digest(message, algorithm), algorithm)
    assert signature.algorithm is algorithm
    public.verify(signature, message)
    with pytest.raises(InvalidSignatureError):
        public.verify(signature, message + b"!")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50)
@given(parts=st.lists(st.binary(max_size=200), max_size=5))
def test_a_digest_of_parts_is_that_of_the_whole(kind: KeyKind, parts: list[bytes]) -> None:
    for algorithm in fitting(kind):
        running = key_of(kind).public_key.begin_digest(algorithm)
        for part in parts:
            running.update(part)
        assert running.digest() == key_of(kind).public_key.digest(b"".join(parts), algorithm)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_digest_of_this_key(kind: KeyKind) -> None:
    key, other = key_of(kind), next(a for a in SignatureAlgorithm if a.family is not kind.family)
    size = SignatureAlgorithm.default_for(kind).digest.size
    for wrong in (b"", bytes(size - 1), bytes(size + 1)):
        with pytest.raises(InvalidInputError, match=f"signs {size} bytes, not {len(wrong)}"):
            key.sign_digest(wrong)
    with pytest.raises(UnsupportedAlgorithmError):
        key.sign_digest(bytes(other.digest.size), other)
    with pytest.raises(UnsupportedAlgorithmError):
        key.public_key.begin_digest(other)


@pytest.mark.parametrize("digest", [Digest.SHA1, Digest.SHA256, Digest.SHA384, Digest.SHA512])
def test_a_digest_info_is_what_an_rsa_signature_gives_back(digest: Digest) -> None:
    key = key_of(KeyKind.RSA2048)
    algorithm = next(a for a in SignatureAlgorithm if a.family is KeyFamily.RSA and a.digest is digest)
    native = serialization.load_der_public_key(key.public_key.spki)
    assert isinstance(native, rsa.RSAPublicKey)
    recovered = native.recover_data_from_signature(key.sign(b"message", algorithm).der, padding.PKCS1v15(), None)
    info = digest_info(digest.hash(b"message"), algorithm)
    assert info == recovered
    assert pkcs1_block(digest.hash(b"message"), algorithm, 256) == b"\0\1" + b"\xff" * (253 - len(info)) + b"\0" + info


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_holder_signs_digests_and_verifies(kind: KeyKind) -> None:
    holder = SoftwareKeyHolder(key_of(kind), certificate_of(kind))
    assert holder.signs_digests
    public = holder.certificate.public_key
    public.verify(holder.sign_digest(public.digest(b"message", holder.algorithm)), b"message")


class WholeMessages(KeyHolder):
    """A holder that has only what every kind of holder must have."""

    @property
    def certificate(self) -> Certificate:
        return certificate_of(KeyKind.P256)

    def _sign(self, message: bytes, algorithm: SignatureAlgorithm) -> Signature:
        return key_of(KeyKind.P256).sign(message, algorithm)


class Wrong(WholeMessages):
    """A holder that signs something else, or with something else, than it is asked."""

    def __init__(self, algorithm: SignatureAlgorithm | None = None) -> None:
        self._other = algorithm

    def _sign_digest(self, digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        if self._other is None:
            return key_of(KeyKind.P256).sign_digest(bytes(reversed(digest)), algorithm)
        return Signature(self._other, key_of(KeyKind.P256).sign_digest(digest, algorithm).der)


def test_a_holder_of_whole_messages_says_so() -> None:
    holder = WholeMessages()
    assert not holder.signs_digests
    with pytest.raises(InvalidInputError, match="whole messages only"):
        holder.sign_digest(bytes(32))


def test_a_wrong_signature_of_a_digest_never_leaves() -> None:
    digest = Digest.SHA256.hash(b"message")
    with pytest.raises(InvalidSignatureError, match="does not verify against the holder's certificate"):
        Wrong().sign_digest(digest)
    with pytest.raises(InvalidSignatureError, match="instead of"):
        Wrong(SignatureAlgorithm.ECDSA_SHA384).sign_digest(digest)
    der.parse(key_of(KeyKind.P256).sign_digest(digest).der)
