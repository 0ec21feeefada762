"""The text that cards sign: byte for byte that of real cards."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from typing import Any

import pytest

from ecard import der
from ecard.algorithms import Digest, Signature, SignatureAlgorithm
from ecard.documents.ceb import Profile, signed_info
from ecard.errors import InvalidSignatureError
from ecard.keys import PublicKey
from tests.shared_material import SHARED, needs_shared

CUSTOMS = {
    "ceb": "http://www.chinaport.gov.cn/ceb",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


def vectors() -> list[dict[str, Any]]:
    path = SHARED / "vectors" / "eport-signedinfo.json"
    return json.loads(path.read_text())["vectors"] if path.is_file() else []


def key_of(vector: dict[str, Any]) -> PublicKey:
    if "public_key_spki_base64" in vector:
        return PublicKey.from_spki(b64decode(vector["public_key_spki_base64"]))
    curve = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.156.10197.1.301"))
    return PublicKey.from_spki(der.sequence(curve, der.bit_string(bytes.fromhex(vector["public_point"]))))


def built(vector: dict[str, Any]) -> tuple[bytes, SignatureAlgorithm]:
    profile = Profile.SM2_HYBRID if vector["algorithm"] == "SM2-SM3" else Profile.RSA_SHA1
    digest = re.search("<ds:DigestValue>(.*)</ds:DigestValue>", vector["signed_text"])
    assert digest is not None
    return signed_info(profile, b64decode(digest.group(1)), CUSTOMS), profile.algorithm


@needs_shared
@pytest.mark.parametrize("index", range(3))
def test_the_builder_writes_what_real_cards_signed(index: int) -> None:
    vector = vectors()[index]
    text, algorithm = built(vector)
    assert text == vector["signed_text"].encode()
    signature = Signature.from_raw(algorithm, b64decode(vector["signature_base64"]))
    key_of(vector).verify(signature, text)
    with pytest.raises(InvalidSignatureError):
        key_of(vector).verify(signature, text + b"\n")


@needs_shared
def test_the_golden_numbers() -> None:
    readme, _, rsa = (built(vector)[0] for vector in vectors())
    assert [len(readme), len(rsa)] == [694, 695]
    assert hashlib.sha256(readme).hexdigest() == "601842cac999b9f03458a190923e87b9591ea9dd343e033ea4b7f756cdcfdf6f"
    assert hashlib.sha1(rsa).hexdigest() == "3062283a7d17d0c38d88fd9fda71d4ec57d0bc43"


def test_with_both_official_names_it_has_729_bytes() -> None:
    assert len(signed_info(Profile.SM2_SM3, Digest.SM3.hash(b""), CUSTOMS)) == 729


def test_namespaces_are_sorted_and_escaped_and_the_default_one_comes_first() -> None:
    text = signed_info(Profile.SM2_SM3, bytes(32), {"b": 'u:&<"', None: "u:d", "a": "u:\t"}, {"lang": "zh"})
    assert text.startswith(
        b'<ds:SignedInfo xmlns="u:d" xmlns:a="u:&#x9;" xmlns:b="u:&amp;&lt;&quot;" xml:lang="zh"><ds:Canon'
    )
