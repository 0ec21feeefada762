"""The Wycheproof vectors for the signatures that ecard verifies: every verdict is theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import EncodingError, InvalidSignatureError
from ecard.keys import PublicKey
from tests.shared_material import SHARED, needs_shared

pytestmark = needs_shared

RSA, ECDSA = SignatureAlgorithm.RSA_SHA256, SignatureAlgorithm.ECDSA_SHA256


def vectors(name: str) -> Iterator[tuple[PublicKey, dict[str, Any]]]:
    data = json.loads((SHARED / "vectors" / "wycheproof" / f"{name}.json").read_text())
    count = 0
    for group in data["testGroups"]:
        key = PublicKey.from_spki(bytes.fromhex(group["publicKeyDer"]))
        for test in group["tests"]:
            count += 1
            yield key, test
    assert count == data["numberOfTests"]


def verifies(key: PublicKey, signature: Signature, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignatureError:
        verdict = False
    else:
        verdict = True
    digest = signature.algorithm.digest.hash(message)
    try:
        key.verify_digest(signature, digest)
    except InvalidSignatureError:
        assert not verdict
    else:
        assert verdict
    return verdict


def check(wrong: list[str], test: dict[str, Any], verdict: bool) -> None:
    # ecard is strict: what the vectors call acceptable is refused
    if verdict != (test["result"] == "valid"):
        wrong.append(f"{test['tcId']} {test['comment']}: {test['result']}")


@pytest.mark.parametrize(
    ("name", "algorithm"), [("rsa_signature_2048_sha256_test", RSA), ("ecdsa_secp256r1_sha256_test", ECDSA)]
)
def test_signatures(name: str, algorithm: SignatureAlgorithm) -> None:
    wrong: list[str] = []
    for key, test in vectors(name):
        signature = Signature(algorithm, bytes.fromhex(test["sig"]))
        check(wrong, test, verifies(key, signature, bytes.fromhex(test["msg"])))
    assert not wrong


def test_signatures_as_r_and_s() -> None:
    wrong: list[str] = []
    for key, test in vectors("ecdsa_secp256r1_sha256_p1363_test"):
        try:
            signature = Signature.from_raw(ECDSA, bytes.fromhex(test["sig"]), size=key.kind.size)
        except EncodingError:
            check(wrong, test, verdict=False)
        else:
            check(wrong, test, verifies(key, signature, bytes.fromhex(test["msg"])))
    assert not wrong


def test_pss_is_no_pkcs1() -> None:
    accepted = []
    for key, test in vectors("rsa_pss_2048_sha256_mgf1_32_test"):
        if verifies(key, Signature(RSA, bytes.fromhex(test["sig"])), bytes.fromhex(test["msg"])):
            accepted.append(test["comment"])
    assert accepted == ["PKCS #1 v1.5 signature with SHA-256"]


def test_the_digest_is_recovered_from_good_rsa_signatures_alone() -> None:
    recovered_wrongly = 0
    for key, test in vectors("rsa_signature_2048_sha256_test"):
        recovered = key.signed_digest(Signature(RSA, bytes.fromhex(test["sig"])))
        right = RSA.digest.hash(bytes.fromhex(test["msg"]))
        if test["result"] == "valid":
            assert recovered == right
        else:
            assert recovered != right
            recovered_wrongly += recovered is not None
    # the three vectors that are signatures in every respect, of another digest than the message's
    assert recovered_wrongly == 3
