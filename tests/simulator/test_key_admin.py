"""Keys that come from outside, move, and go."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ecard.algorithms import SignatureAlgorithm
from ecard.apdu import tlv, words
from ecard.apdu.words import Ins
from ecard.keys import pkcs1_block
from tests.simulator.terminal import terminal
from tests.simulator.test_keys import CURVES, MESSAGE


def rsa_fields(key: rsa.RSAPrivateKey) -> bytes:
    numbers = key.private_numbers()
    half = key.key_size // 16
    values = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    return b"".join(tlv.encode(tag, value.to_bytes(half, "big")) for tag, value in enumerate(values, 1))


def test_an_imported_rsa_key_signs() -> None:
    card = terminal(managed=True)
    key = rsa.generate_private_key(65537, 2048)
    assert card.status(Ins.IMPORT_KEY, words.RSA2048, 0x9E, rsa_fields(key)) == 0x9000
    block = pkcs1_block(hashlib.sha256(MESSAGE).digest(), SignatureAlgorithm.RSA_SHA256, 256)
    signature, _ = card.use(0x9E, words.RSA2048, block)
    key.public_key().verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("algorithm", CURVES)
def test_an_imported_curve_key_signs(algorithm: int) -> None:
    curve, hash_ = CURVES[algorithm]
    key = ec.generate_private_key(curve)
    scalar = key.private_numbers().private_value.to_bytes(hash_.digest_size, "big")
    card = terminal(managed=True)
    fields = tlv.encode(0x06, scalar) + bytes.fromhex("AA0101AB0101")
    assert card.status(Ins.IMPORT_KEY, algorithm, 0x9A, fields) == 0x9000
    digest = bytes(range(hash_.digest_size))
    signature, _ = card.use(0x9A, algorithm, digest)
    key.public_key().verify(signature, digest, ec.ECDSA(Prehashed(hash_)))


def test_import_wants_the_management_key() -> None:
    assert terminal().status(Ins.IMPORT_KEY, words.P256, 0x9A, tlv.encode(6, b"\1" * 32)) == 0x6982


def test_import_refuses_keys_that_are_none() -> None:
    card = terminal(managed=True)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for scalar in (b"", bytes(32), order.to_bytes(32, "big"), b"\xff" * 32, b"\1" * 33):
        assert card.status(Ins.IMPORT_KEY, words.P256, 0x9A, tlv.encode(6, scalar)) == 0x6A80
    small = rsa_fields(rsa.generate_private_key(65537, 1024))
    assert card.status(Ins.IMPORT_KEY, words.RSA2048, 0x9A, small) == 0x6A80
    composite = tlv.encode(1, b"\xff" * 64) + tlv.encode(2, b"\xff" * 63 + b"\xfd")
    assert card.status(Ins.IMPORT_KEY, words.RSA1024, 0x9A, composite) == 0x6A80
    equal = tlv.encode(1, b"\xff" * 64) + tlv.encode(2, b"\xff" * 64)
    assert card.status(Ins.IMPORT_KEY, words.RSA1024, 0x9A, equal) == 0x6A80
    assert card.status(Ins.IMPORT_KEY, words.RSA1024, 0x9A, b"") == 0x6A80
    assert card.status(Ins.IMPORT_KEY, 0x99, 0x9A, tlv.encode(6, b"\1")) == 0x6A86


def test_sm2_import_range() -> None:
    card = terminal(managed=True)
    n = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
    for value, status in ((0, 0x6A80), (1, 0x9000), (n - 2, 0x9000), (n - 1, 0x6A80), (n, 0x6A80)):
        fields = tlv.encode(6, value.to_bytes(32, "big"))
        assert card.status(Ins.IMPORT_KEY, words.SM2_CANOKEY, 0x9A, fields) == status


# move and delete


def test_move_a_key() -> None:
    card = terminal(managed=True)
    public = card.generate(0x9E, words.P256)
    assert card.status(Ins.MOVE_KEY, 0x82, 0x9E) == 0x9000
    assert card.use(0x9E, words.P256, bytes(32))[1] == 0x6A88
    assert tlv.decode(card.good(Ins.GET_METADATA, 0, 0x82))[0x04] == public
    # it keeps the policy that it came with
    assert card.use(0x82, words.P256, bytes(32))[1] == 0x9000


def test_delete_a_key() -> None:
    card = terminal(managed=True)
    card.generate(0x9E, words.P256)
    assert card.status(Ins.MOVE_KEY, 0xFF, 0x9E) == 0x9000
    assert card.status(Ins.GET_METADATA, 0, 0x9E) == 0x6A88
    assert card.status(Ins.MOVE_KEY, 0xFF, 0x9E) == 0x6A88


def test_moves_that_are_refused() -> None:
    card = terminal()
    assert card.status(Ins.MOVE_KEY, 0x82, 0x9E) == 0x6982
    card.manage()
    first = card.generate(0x9E, words.P256)
    second = card.generate(0x82, words.P256)
    assert card.status(Ins.MOVE_KEY, 0x82, 0x9E) == 0x6985
    assert card.status(Ins.MOVE_KEY, 0x9E, 0x9E) == 0x6985
    assert card.status(Ins.MOVE_KEY, 0x9F, 0x9E) == 0x6A86
    assert card.status(Ins.MOVE_KEY, 0x83, 0xF9) == 0x6A86
    assert card.status(Ins.MOVE_KEY, 0xF9, 0x9E) == 0x6A86
    assert [tlv.decode(card.good(Ins.GET_METADATA, 0, slot))[4] for slot in (0x9E, 0x82)] == [first, second]
