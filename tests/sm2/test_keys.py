"""Keys as values: points, ranges, agreement, and what a private key never gives away."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import der, sm2
from ecard.errors import EcardError, EncodingError, InvalidKeyError, UnsupportedAlgorithmError
from ecard.sm2.parameters import GX, GY, A, B, N, P
from ecard.sm2.point import Point, solve
from tests.sm2 import reference

BASE = sm2.PublicKey(GX, GY)


def uncompressed(x: int, y: int) -> bytes:
    return b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


@settings(max_examples=50)
@given(d=st.one_of(st.sampled_from([1, 2, N - 3, N - 2]), st.integers(1, N - 2)))
def test_points_are_read_as_they_are_written(d: int) -> None:
    key = sm2.PrivateKey.from_scalar(d).public_key
    assert (key.x, key.y) == reference.multiply(d, reference.G)
    assert sm2.PublicKey.from_point(key.point()) == key
    assert sm2.PublicKey.from_point(key.point(compressed=True)) == key
    assert sm2.PublicKey.from_spki(key.spki) == key
    assert (len(key.point()), len(key.point(compressed=True))) == (65, 33)


def test_spki_is_the_one_of_rfc_5480() -> None:
    head = bytes.fromhex("3059301306072A8648CE3D020106082A811CCF5501822D034200")
    assert BASE.spki == head + uncompressed(GX, GY)


def test_a_compressed_point_in_spki_is_read() -> None:
    compressed = der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.156.10197.1.301")), b"")
    compressed = der.sequence(der.parse(compressed).children()[0].encoded, der.bit_string(BASE.point(compressed=True)))
    assert sm2.PublicKey.from_spki(compressed) == BASE


@pytest.mark.parametrize("prefix", [6, 7])
def test_the_hybrid_form_is_refused(prefix: int) -> None:
    with pytest.raises(EncodingError, match="hybrid"):
        sm2.PublicKey.from_point(bytes((prefix,)) + BASE.point()[1:])


def test_infinity_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="infinity"):
        sm2.PublicKey.from_point(b"\0")
    with pytest.raises(InvalidKeyError, match="not on the curve"):
        sm2.PublicKey.from_point(uncompressed(0, 0))


def test_an_off_curve_point_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="not on the curve"):
        sm2.PublicKey.from_point(uncompressed(GX, GY ^ 1))
    with pytest.raises(InvalidKeyError, match="not on the curve"):
        sm2.PublicKey(GX, GY + 1)


def test_a_point_of_the_twist_is_refused() -> None:
    x = next(x for x in range(100) if solve(x) is None)
    with pytest.raises(InvalidKeyError, match="no point"):
        sm2.PublicKey.from_point(b"\2" + x.to_bytes(32, "big"))


def small_x_point() -> Point:
    """A point whose x + p still fits 32 bytes."""
    x = next(x for x in range(100) if solve(x) is not None)
    return Point(x, solve(x) or 0)


@pytest.mark.parametrize("form", ["x", "y", "compressed"])
def test_coordinates_not_below_p_are_refused(form: str) -> None:
    point = small_x_point()
    assert sm2.PublicKey.from_point(point.encode()).x == point.x
    big = {
        "x": uncompressed(point.x + P, point.y),
        "y": uncompressed(GX, P),
        "compressed": b"\2" + (point.x + P).to_bytes(32, "big"),
    }[form]
    with pytest.raises(InvalidKeyError):
        Point.decode(big)


@pytest.mark.parametrize(("x", "y"), [(GX - P, GY), (GX, GY - P), (GX + P, GY), (GX, GY + P)])
def test_coordinates_that_are_only_right_modulo_p_are_refused(x: int, y: int) -> None:
    with pytest.raises(InvalidKeyError, match="not below the prime"):
        sm2.PublicKey(x, y)


@pytest.mark.parametrize("size", [0, 1, 32, 34, 63, 64, 66, 129, 100_000])
def test_points_of_other_lengths_are_refused(size: int) -> None:
    with pytest.raises(EncodingError):
        sm2.PublicKey.from_point((b"\4" * size)[:size])


@pytest.mark.parametrize("x", [0, 1, 2, P - 1, P - 2])
def test_edge_coordinates(x: int) -> None:
    y = solve(x)
    if y is not None:
        assert (y * y - (x**3 + A * x + B)) % P == 0
        for parity in (0, 1):
            key = sm2.PublicKey.from_point(bytes((2 | parity,)) + x.to_bytes(32, "big"))
            assert key.y & 1 == parity


@pytest.mark.parametrize("d", [-1, 0, N - 1, N, N + 1, 2**256, -(2**300), 2**10_000])
def test_scalars_out_of_range_are_refused(d: int) -> None:
    with pytest.raises(InvalidKeyError, match="1 to n - 2"):
        sm2.PrivateKey.from_scalar(d)
    if 0 <= d < 2**256:
        with pytest.raises(InvalidKeyError, match="1 to n - 2"):
            sm2.PrivateKey.from_scalar(d.to_bytes(32, "big"))


@pytest.mark.parametrize("size", [0, 31, 33, 10_000])
def test_scalars_of_other_lengths_are_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match="32 bytes"):
        sm2.PrivateKey.from_scalar(b"\1" * size)


def test_scalar_bytes_give_the_key_again(key: sm2.PrivateKey) -> None:
    assert len(key.scalar_bytes()) == 32
    assert sm2.PrivateKey.from_scalar(key.scalar_bytes()).public_key == key.public_key
    assert sm2.PrivateKey.from_scalar(1).scalar_bytes() == bytes(31) + b"\1"


def test_generated_keys_differ() -> None:
    assert len({sm2.PrivateKey.generate().public_key for _ in range(50)}) == 50


def test_generate_draws_again_for_n_minus_1(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([(N - 1).to_bytes(32, "big"), (N - 2).to_bytes(32, "big")])
    monkeypatch.setattr("ecard.sm2.curve.secrets.token_bytes", lambda size: next(draws))
    assert sm2.PrivateKey.generate().scalar_bytes() == (N - 2).to_bytes(32, "big")


@settings(max_examples=15)
@given(left=st.integers(1, N - 2), right=st.integers(1, N - 2))
def test_both_sides_agree(left: int, right: int) -> None:
    one, two = sm2.PrivateKey.from_scalar(left), sm2.PrivateKey.from_scalar(right)
    shared = one.agree(two.public_key)
    assert shared == two.agree(one.public_key)
    point = reference.multiply(left, (two.public_key.x, two.public_key.y))
    assert shared == point[0].to_bytes(32, "big")


def test_public_keys_are_values(key: sm2.PrivateKey) -> None:
    public = key.public_key
    again = pickle.loads(pickle.dumps(public))
    assert again == public
    assert hash(again) == hash(public)
    assert copy.deepcopy(public) == public
    with pytest.raises(AttributeError):
        public.x = 1  # type: ignore[misc]


def test_a_private_key_is_not_pickled_or_copied(key: sm2.PrivateKey) -> None:
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(InvalidKeyError, match="pickled"):
            act(key)


def test_a_private_key_does_not_show_itself() -> None:
    key = sm2.PrivateKey.from_scalar(0x1234567890ABCDEF1234567890ABCDEF)
    shown = f"{key!r} {key} {key.public_key!r} {vars(type(key)).keys()}"
    assert "1234567890" not in shown.lower()
    assert str(0x1234567890ABCDEF1234567890ABCDEF) not in shown


@pytest.mark.parametrize("secret", [N - 1, N, 2**255 + 2**254 + 0xDEADBEEF + N])
def test_errors_about_a_scalar_do_not_show_it(secret: int) -> None:
    with pytest.raises(EcardError) as caught:
        sm2.PrivateKey.from_scalar(secret)
    text = "".join(traceback.format_exception(caught.value)).lower()
    assert f"{secret:x}" not in text
    assert str(secret) not in text


def test_spki_of_another_curve_is_unsupported() -> None:
    p256 = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    with pytest.raises(UnsupportedAlgorithmError):
        sm2.PublicKey.from_spki(der.sequence(p256, der.bit_string(BASE.point())))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good + b"\0",
        lambda good: good[:-1],
        lambda good: b"\x30\x81\x59" + good[2:],
        lambda good: b"",
        lambda good: der.sequence(der.parse(good).children()[0].encoded, der.bit_string(bytes(100_000))),
        lambda good: der.sequence(der.parse(good).children()[0].encoded),
        lambda good: der.sequence(der.parse(good).children()[0].encoded, der.octet_string(BASE.point())),
        lambda good: good.replace(b"\x03\x42\x00\x04", b"\x03\x42\x01\x04"),
    ],
    ids=["trailing", "cut", "long length", "empty", "too long", "no key", "octet string", "unused bits"],
)
def test_malformed_spki(spoil) -> None:
    with pytest.raises(EncodingError):
        sm2.PublicKey.from_spki(spoil(BASE.spki))


@given(data=st.binary(max_size=100))
def test_arbitrary_bytes_as_public_key(data: bytes) -> None:
    for read in (sm2.PublicKey.from_point, sm2.PublicKey.from_spki):
        with pytest.raises(EcardError):
            read(data)
