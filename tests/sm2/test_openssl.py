"""Signatures both ways between ecard and the openssl program: hundreds of keys, messages and ids."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import sm2
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import InvalidSignatureError
from ecard.sm2.parameters import N
from tests.sm2.openssl import accepts, needs_openssl, run, user_id

pytestmark = needs_openssl

RAWIN = ("-rawin", "-digest", "sm3")
scalars = st.one_of(st.sampled_from([1, 2, N - 3, N - 2]), st.integers(1, N - 2))
ids = st.one_of(
    st.sampled_from([b"", sm2.DEFAULT_ID, b"ALICE123@YAHOO.COM", "经办人".encode()]), st.binary(max_size=64)
)
DIRECTORY = tempfile.TemporaryDirectory(prefix="ecard-sm2-")


@pytest.fixture(scope="module", autouse=True)
def _remove_the_directory() -> Iterator[None]:
    yield
    DIRECTORY.cleanup()


def written(name: str, data: bytes) -> Path:
    path = Path(DIRECTORY.name) / name
    path.write_bytes(data)
    return path


@settings(max_examples=250)
@given(d=scalars, message=st.binary(max_size=300), signer=ids, wrong=ids)
def test_openssl_verifies_ours(d: int, message: bytes, signer: bytes, wrong: bytes) -> None:
    key = sm2.PrivateKey.from_scalar(d)
    public, text = written("public", key.public_key.spki), written("message", message)
    value = written("signature", key.sign(message, user_id=signer).der)
    verify = (
        "pkeyutl",
        "-verify",
        *RAWIN,
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        public,
        "-in",
        text,
        "-sigfile",
        value,
    )
    assert accepts(*verify, *user_id(signer))
    assert signer == wrong or not accepts(*verify, *user_id(wrong))


@settings(max_examples=250)
@given(d=scalars, message=st.binary(max_size=300), signer=ids, wrong=ids)
def test_we_verify_openssls(d: int, message: bytes, signer: bytes, wrong: bytes) -> None:
    key = sm2.PrivateKey.from_scalar(d)
    private, text = written("private", key.pkcs8()), written("message", message)
    made = run("pkeyutl", "-sign", *RAWIN, "-keyform", "DER", "-inkey", private, "-in", text, *user_id(signer))
    signature = Signature(SignatureAlgorithm.SM2_SM3, made)
    key.public_key.verify(signature, message, user_id=signer)
    if signer != wrong:
        with pytest.raises(InvalidSignatureError):
            key.public_key.verify(signature, message, user_id=wrong)


def test_openssl_without_an_id_is_told_apart() -> None:
    """openssl 3.0 takes the empty id where it is given none; later versions take the default id."""
    key = sm2.PrivateKey.generate()
    private, text = written("private", key.pkcs8()), written("message", b"m")
    made = run("pkeyutl", "-sign", *RAWIN, "-keyform", "DER", "-inkey", private, "-in", text)
    signature = Signature(SignatureAlgorithm.SM2_SM3, made)
    with pytest.raises(InvalidSignatureError, match=r"empty id|default id"):
        key.public_key.verify(signature, b"m", user_id=b"somebody")


def test_openssl_signs_a_digest_as_we_do() -> None:
    key = sm2.PrivateKey.generate()
    e = key.public_key.digest(b"m")
    private, digest = written("private", key.pkcs8()), written("digest", e)
    made = run("pkeyutl", "-sign", "-keyform", "DER", "-inkey", private, "-in", digest)
    key.public_key.verify(Signature(SignatureAlgorithm.SM2_SM3, made), b"m")
