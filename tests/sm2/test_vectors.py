"""The examples of GB/T 32918.5 and the signatures of real E-Port cards."""

from __future__ import annotations

import base64
import json
import re

import pytest

from ecard import sm2
from ecard.algorithms import Digest, Signature, SignatureAlgorithm
from ecard.errors import InvalidSignatureError
from ecard.sm2 import equations
from ecard.sm2.curve import Curve, curve
from tests.shared_material import SHARED, needs_shared

VECTORS = SHARED / "vectors" / "sm2-gb32918"
EXAMPLE_KEY = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
EXAMPLE_NONCE = bytes.fromhex("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21")


def records(name: str) -> list[dict[str, str]]:
    """The blocks of ``NAME = value`` lines in a vector file."""
    if not VECTORS.is_dir():
        return []
    blocks = re.split(r"\n\s*\n", (VECTORS / name).read_text())
    found = [dict(re.findall(r"^(\w+) = (.+?)\s*$", block, re.MULTILINE)) for block in blocks]
    return [record for record in found if len(record) > 1]


def signature(record: dict[str, str]) -> Signature:
    return Signature.from_raw(SignatureAlgorithm.SM2_SM3, bytes.fromhex(record["R"] + record["S"]))


def public_key(record: dict[str, str]) -> sm2.PublicKey:
    return sm2.PublicKey.from_point(bytes.fromhex("04" + record["Qx"] + record["Qy"]))


def eport() -> list[dict[str, str]]:
    path = SHARED / "vectors" / "eport-signedinfo.json"
    vectors = json.loads(path.read_text())["vectors"] if path.is_file() else []
    return [vector for vector in vectors if vector["algorithm"] == "SM2-SM3"]


def test_signature_example_of_the_standard_with_its_nonce() -> None:
    key = sm2.PrivateKey.from_scalar(EXAMPLE_KEY)
    z = "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    e = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
    assert key.public_key.z() == bytes.fromhex(z)
    assert key.public_key.digest(b"message digest") == bytes.fromhex(e)
    engine = curve()
    factor = equations.signing_factor(engine, EXAMPLE_KEY)
    assert equations.sign(engine, factor, int(e, 16), EXAMPLE_NONCE) == (
        0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
        0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
    )


def test_encryption_example_of_the_standard_with_its_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    key = sm2.PrivateKey.from_scalar(EXAMPLE_KEY)
    c1 = (
        "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73E8"
        "58F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    )
    c3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
    c2 = "21886CA989CA9C7D58087307CA93092D651EFA"
    monkeypatch.setattr(Curve, "random_scalar", lambda self: EXAMPLE_NONCE)
    assert key.public_key.encrypt(b"encryption standard", raw=True) == bytes.fromhex(c1 + c3 + c2)
    assert key.decrypt(bytes.fromhex(c1 + c3 + c2), raw=True) == b"encryption standard"


@needs_shared
def test_the_vector_files_are_read() -> None:
    counts = {
        name: len(records(name)) for name in ("KeyPair.rsp", "SigGen.txt", "SigFail.txt", "compressed_points.txt")
    }
    assert counts == {"KeyPair.rsp": 3, "SigGen.txt": 1, "SigFail.txt": 1, "compressed_points.txt": 3}
    assert len(eport()) >= 2


@pytest.mark.parametrize("record", records("KeyPair.rsp"), ids=lambda r: r["d"][:8])
def test_key_pairs(record: dict[str, str]) -> None:
    assert sm2.PrivateKey.from_scalar(bytes.fromhex(record["d"])).public_key == public_key(record)


@pytest.mark.parametrize("record", records("SigGen.txt"), ids=lambda r: r["R"][:8])
def test_good_signatures(record: dict[str, str]) -> None:
    public_key(record).verify(signature(record), bytes.fromhex(record["Msg"]))


@pytest.mark.parametrize("record", records("SigFail.txt"), ids=lambda r: r["Result"])
def test_bad_signatures(record: dict[str, str]) -> None:
    with pytest.raises(InvalidSignatureError):
        public_key(record).verify(signature(record), bytes.fromhex(record["Msg"]))


@pytest.mark.parametrize("record", records("compressed_points.txt"), ids=lambda r: r["COUNT"])
def test_compressed_points(record: dict[str, str]) -> None:
    key = sm2.PublicKey.from_point(bytes.fromhex(record["POINT"]))
    assert (key.x, key.y) == (int(record["X"], 16), int(record["Y"], 16))
    assert key.point(compressed=True) == bytes.fromhex(record["POINT"])


@pytest.mark.parametrize("record", records("oscca.txt"), ids=lambda r: r["Len"])
def test_sm3(record: dict[str, str]) -> None:
    message = bytes.fromhex(record["Msg"])[: int(record["Len"]) // 8]
    assert Digest.SM3.hash(message) == bytes.fromhex(record["MD"])


@pytest.mark.parametrize("vector", eport(), ids=lambda v: v["signature_base64"][:8])
def test_real_cards(vector: dict[str, str]) -> None:
    key = sm2.PublicKey.from_point(bytes.fromhex(vector["public_point"]))
    value = Signature.from_raw(SignatureAlgorithm.SM2_SM3, base64.b64decode(vector["signature_base64"]))
    message, user_id = vector["signed_text"].encode(), vector["user_id"].encode()
    if vector["result"] == "valid":
        key.verify(value, message, user_id=user_id)
    else:
        with pytest.raises(InvalidSignatureError):
            key.verify(value, message, user_id=user_id)
    with pytest.raises(InvalidSignatureError):
        key.verify(value, message + b" ", user_id=user_id)
