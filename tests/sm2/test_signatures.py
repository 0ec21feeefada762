"""Signing and verifying: what must verify, and every way of being wrong."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der, sm2
from ecard.algorithms import Digest, Signature, SignatureAlgorithm
from ecard.errors import InvalidInputError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.sm2 import equations
from ecard.sm2.curve import Curve, curve
from ecard.sm2.parameters import GX, N
from tests.sm2 import reference

pytestmark = pytest.mark.exhaustive

SM2 = SignatureAlgorithm.SM2_SM3
MESSAGE = b"declaration 0001"
scalars = st.one_of(st.sampled_from([1, 2, 3, N // 2, N - 3, N - 2]), st.integers(1, N - 2))
digests = st.one_of(st.sampled_from([0, 1, N - 1, N, 2**256 - 1]), st.integers(0, 2**256 - 1))


def of(r: int, s: int) -> Signature:
    return Signature(SM2, der.sequence(der.integer(r), der.integer(s)))


def refused(key: sm2.PrivateKey, signature: Signature, *, match: str | None = None, **options: bytes) -> None:
    with pytest.raises(InvalidSignatureError, match=match):
        key.public_key.verify(signature, MESSAGE, **options)


def test_ten_thousand_random_signatures() -> None:
    seen, short = set(), 0
    for _ in range(100):
        key = sm2.PrivateKey.generate()
        for _ in range(100):
            e = secrets.token_bytes(32)
            signature = key.sign_digest(e)
            key.public_key.verify_digest(signature, e)
            raw = signature.raw(32)
            assert len(raw) == 64
            assert Signature.from_raw(SM2, raw) == signature
            seen.add(raw[:32])
            short += raw[0] == 0 or raw[32] == 0
    assert len(seen) == 10_000, "a nonce was used twice"
    assert short > 10, "no leading zeros were tried"


@given(r=st.integers(1, 2**256 - 1), s=st.integers(1, 2**256 - 1))
def test_raw_and_der_convert_without_loss(r: int, s: int) -> None:
    signature = of(r, s)
    assert Signature.from_raw(SM2, signature.raw(32)) == signature
    assert signature.integers() == (r, s)


@settings(max_examples=40)
@given(d=scalars, e=digests, k=st.one_of(st.sampled_from([1, 2, N - 2, N - 1]), st.integers(1, N - 1)))
def test_equations_agree_with_textbook_arithmetic(d: int, e: int, k: int) -> None:
    engine = curve()
    secret, nonce = (v.to_bytes(32, "big") for v in (d, k))
    made = equations.sign(engine, equations.signing_factor(engine, secret), e, nonce)
    assert made == reference.sign(d, e, k)
    public = reference.multiply(d, reference.G)
    if made is not None:
        assert equations.holds(engine, *public, e, *made)
        assert reference.verifies(public, e, *made)
        assert not equations.holds(engine, *public, (e + 1) % 2**256, *made)


@settings(max_examples=40)
@given(d=scalars, e=digests, r=st.integers(0, N), s=st.integers(0, N))
def test_arbitrary_integers_are_judged_like_textbook_arithmetic(d: int, e: int, r: int, s: int) -> None:
    public = reference.multiply(d, reference.G)
    assert equations.holds(curve(), *public, e, r, s) == reference.verifies(public, e, r, s)


@settings(max_examples=60)
@given(d=scalars, message=st.binary(max_size=200), user_id=st.binary(max_size=40))
def test_any_key_message_and_id(d: int, message: bytes, user_id: bytes) -> None:
    key = sm2.PrivateKey.from_scalar(d)
    signature = key.sign(message, user_id=user_id)
    key.public_key.verify(signature, message, user_id=user_id)
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify(signature, message + b"\0", user_id=user_id)
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify(signature, message, user_id=user_id + b"\0")


@pytest.mark.parametrize("d", [1, 2, N - 3, N - 2])
@pytest.mark.parametrize("e", [0, 1, N - 1, N, 2**256 - 1])
def test_extreme_keys_and_digests(d: int, e: int) -> None:
    key = sm2.PrivateKey.from_scalar(d)
    digest = e.to_bytes(32, "big")
    key.public_key.verify_digest(key.sign_digest(digest), digest)


def test_a_key_of_another_signer_is_refused(key: sm2.PrivateKey, other_key: sm2.PrivateKey) -> None:
    refused(other_key, key.sign(MESSAGE))


@pytest.mark.parametrize("bit", [0, 7, 255, 256, 300, 511])
def test_a_flipped_bit_is_refused(key: sm2.PrivateKey, bit: int) -> None:
    value = int.from_bytes(key.sign(MESSAGE).raw(32), "big") ^ (1 << bit)
    refused(key, Signature.from_raw(SM2, value.to_bytes(64, "big")))


def test_a_wrong_id_is_refused(key: sm2.PrivateKey) -> None:
    signature = key.sign(MESSAGE, user_id=b"ALICE123@YAHOO.COM")
    refused(key, signature, match=r"^the SM2 signature does not verify$")
    refused(key, signature, match=r"^the SM2 signature does not verify$", user_id=b"BOB")


def test_a_missing_z_is_refused_and_named(key: sm2.PrivateKey) -> None:
    refused(key, key.sign_digest(Digest.SM3.hash(MESSAGE)), match="left out Z")


def test_the_empty_id_is_refused_and_named(key: sm2.PrivateKey) -> None:
    refused(key, key.sign(MESSAGE, user_id=b""), match="empty id")


def test_the_default_id_is_named_where_another_was_asked_for(key: sm2.PrivateKey) -> None:
    refused(key, key.sign(MESSAGE), match="default id", user_id=b"ALICE123@YAHOO.COM")


def test_the_empty_id_verifies_where_it_is_asked_for(key: sm2.PrivateKey) -> None:
    key.public_key.verify(key.sign(MESSAGE, user_id=b""), MESSAGE, user_id=b"")


def test_the_longest_id_and_one_byte_more(key: sm2.PrivateKey) -> None:
    longest = bytes(8191)
    key.public_key.verify(key.sign(MESSAGE, user_id=longest), MESSAGE, user_id=longest)
    with pytest.raises(InvalidInputError, match="8191"):
        key.sign(MESSAGE, user_id=bytes(8192))
    with pytest.raises(InvalidInputError, match="8191"):
        key.public_key.verify(key.sign(MESSAGE), MESSAGE, user_id=bytes(8192))


@pytest.mark.parametrize("bad", [0, N, N + 1, 2**256 - 1, 2**256, 2**4096])
@pytest.mark.parametrize("which", ["r", "s"])
def test_r_or_s_out_of_range(key: sm2.PrivateKey, which: str, bad: int) -> None:
    r, s = key.sign(MESSAGE).integers()
    refused(key, of(bad, s) if which == "r" else of(r, bad))


@pytest.mark.parametrize("which", ["r", "s"])
def test_negative_r_or_s(key: sm2.PrivateKey, which: str) -> None:
    r, s = key.sign(MESSAGE).integers()
    refused(key, of(-r, s) if which == "r" else of(r, -s), match="not positive")


@pytest.mark.parametrize("which", ["r", "s"])
def test_r_or_s_plus_n_is_not_the_same_signature(key: sm2.PrivateKey, which: str) -> None:
    r, s = key.sign(MESSAGE).integers()
    refused(key, of(r + N, s) if which == "r" else of(r, s + N))


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 0xABCDEF), (0xABCDEF, 0), (0xABCDEF, N), (N - 0xABCDEF, 0xABCDEF)],
    ids=["r = 0", "s = 0", "s = n", "t = 0"],
)
def test_only_the_range_checks_stand_between(r: int, s: int) -> None:
    """e is chosen so that the equation itself holds: whoever leaves out the check accepts."""
    key, t = FIXED.public_key, (r + s) % N
    left, right = reference.multiply(s % N, reference.G), reference.multiply(t, (key.x, key.y))
    e = (r - reference.add(left, right)[0]) % N
    with pytest.raises(InvalidSignatureError):
        key.verify_digest(of(r, s), e.to_bytes(32, "big"))
    assert not equations.holds(curve(), key.x, key.y, e, r, s)


@pytest.mark.parametrize("d", [1, 2, 0x1234567890ABCDEF, N - 2])
def test_the_point_at_infinity_as_result(d: int) -> None:
    """s = -t d makes s G + t P infinite; whoever takes its x for 0 accepts e = r."""
    key, t = sm2.PrivateKey.from_scalar(d), 0xABCDEF123456789
    s = -t * d % N
    r = (t - s) % N
    assert curve().combine(s, t, key.public_key.x, key.public_key.y) is None
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify_digest(of(r, s), r.to_bytes(32, "big"))


def test_non_minimal_integer(key: sm2.PrivateKey) -> None:
    r, s = key.sign(MESSAGE).integers()
    padded = der.element(der.INTEGER, b"\0" * 2 + r.to_bytes(32, "big"))
    refused(key, Signature(SM2, der.sequence(padded, der.integer(s))), match="shortest form")


def test_non_minimal_length(key: sm2.PrivateKey) -> None:
    content = key.sign(MESSAGE).der[2:]
    refused(key, Signature(SM2, bytes((0x30, 0x81, len(content))) + content), match="shortest form")


def test_indefinite_length(key: sm2.PrivateKey) -> None:
    refused(key, Signature(SM2, b"\x30\x80" + key.sign(MESSAGE).der[2:] + b"\0\0"), match="indefinite")


def test_trailing_bytes(key: sm2.PrivateKey) -> None:
    refused(key, Signature(SM2, key.sign(MESSAGE).der + b"\0"), match="after the end")


def test_trailing_bytes_inside_the_sequence(key: sm2.PrivateKey) -> None:
    r, s = key.sign(MESSAGE).integers()
    refused(key, Signature(SM2, der.sequence(der.integer(r), der.integer(s), der.null())), match="instead of r and s")


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x00", b"\x02\x01\x01", b"\x30\x84\xff\xff\xff\xff", bytes(64)])
def test_what_is_no_signature_at_all(key: sm2.PrivateKey, data: bytes) -> None:
    refused(key, Signature(SM2, data))


def test_a_signature_that_is_too_long_is_not_looked_at(key: sm2.PrivateKey) -> None:
    refused(key, Signature(SM2, der.sequence(der.integer(1) * 1_000_000)), match="too many")


@given(data=st.binary(max_size=80))
def test_arbitrary_bytes_never_verify_and_raise_one_error(data: bytes) -> None:
    refused(FIXED, Signature(SM2, data))


def test_a_signature_of_another_algorithm(key: sm2.PrivateKey) -> None:
    other = Signature(SignatureAlgorithm.ECDSA_SHA256, key.sign(MESSAGE).der)
    with pytest.raises(UnsupportedAlgorithmError, match="ECDSA-SHA256"):
        key.public_key.verify(other, MESSAGE)


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33), b"\5" * 31], ids=len)
def test_a_digest_of_another_length(key: sm2.PrivateKey, digest: bytes) -> None:
    signature = key.sign_digest(int.from_bytes(digest, "big").to_bytes(32, "big"))
    with pytest.raises(InvalidInputError):
        key.sign_digest(digest)
    with pytest.raises(InvalidSignatureError):
        key.public_key.verify_digest(signature, digest)


def unsuitable(d: int, k: int, why: str) -> int:
    """The e with which the nonce k gives r = 0, r + k = n or s = 0."""
    r = {"r": 0, "r + k": N - k, "s": k * pow(d, -1, N) % N}[why]
    return (r - reference.multiply(k, reference.G)[0]) % N


@pytest.mark.parametrize("why", ["r", "r + k", "s"])
def test_unsuitable_nonces_are_replaced(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    d, k = 0x1234567890ABCDEF, 0xFEDCBA0987654321
    key, engine, e = sm2.PrivateKey.from_scalar(d), curve(), unsuitable(d, k, why)
    factor = equations.signing_factor(engine, d.to_bytes(32, "big"))
    assert equations.sign(engine, factor, e, k.to_bytes(32, "big")) is None
    drawn = iter([k, k, 7])
    monkeypatch.setattr(Curve, "random_scalar", lambda self: next(drawn).to_bytes(32, "big"))
    signature = key.sign_digest(e.to_bytes(32, "big"))
    assert next(drawn, None) is None
    assert signature.integers() == reference.sign(d, e, 7)


def test_nonces_come_from_the_operating_system_and_are_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    good = (5).to_bytes(32, "big")
    draws = iter([bytes(32), N.to_bytes(32, "big"), b"\xff" * 32, good])
    monkeypatch.setattr("ecard.sm2.curve.secrets.token_bytes", lambda size: next(draws))
    assert curve().random_scalar() == good


def test_a_nonce_of_one_gives_the_generator() -> None:
    engine = curve()
    factor = equations.signing_factor(engine, (5).to_bytes(32, "big"))
    made = equations.sign(engine, factor, 0, (1).to_bytes(32, "big"))
    assert made is not None
    assert made[0] == GX % N


FIXED = sm2.PrivateKey.from_scalar(0x1F2E3D4C5B6A79881726354453627180)
