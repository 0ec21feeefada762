"""The adapter: what happens where pycryptodome is missing, has moved or computes something else; threads; backends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import Crypto
import pytest
from Crypto.Math.Numbers import Integer
from Crypto.PublicKey import _nist_ecc
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard import sm2
from ecard.algorithms import Signature
from ecard.errors import InvalidSignatureError, UnsupportedAlgorithmError
from ecard.sm2 import curve as adapter
from ecard.sm2.parameters import N
from tests.sm2 import reference

ROOT = Path(__file__).resolve().parents[2]
POINT = bytes.fromhex("0232C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7")


@pytest.fixture
def _fresh() -> Iterator[None]:
    adapter.curve.cache_clear()
    yield
    adapter.curve.cache_clear()


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*arguments: object) -> None:
        raise error

    return fail


def miscounting(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(_nist_ecc.EcLib, name, staticmethod(lambda *arguments: 0))


MOVES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "module gone": lambda patch: (
        patch.delattr(Crypto.PublicKey, "_nist_ecc"),
        patch.setitem(sys.modules, "Crypto.PublicKey._nist_ecc", None),
    )[0],
    "function gone": lambda patch: patch.delattr(_nist_ecc, "_new_curve"),
    "other arguments": lambda patch: patch.setattr(_nist_ecc, "_new_curve", lambda: None),
    "function fails": lambda patch: patch.setattr(_nist_ecc, "_new_curve", raising(ImportError("Error 3"))),
    "nothing comes back": lambda patch: patch.setattr(_nist_ecc, "_new_curve", lambda *arguments: None),
    "no scalar_public": lambda patch: patch.delattr(_nist_ecc.EcLib, "scalar_public"),
    "wrong modular product": lambda patch: patch.setattr(Integer, "_mul_mod", lambda self, factor, modulus: self),
    "scalar does nothing": miscounting("scalar"),
    "scalar_public does nothing": miscounting("scalar_public"),
    "add does nothing": miscounting("add"),
    "next major version": lambda patch: patch.setattr(Crypto, "version_info", (5, 0, "0")),
    "previous version": lambda patch: patch.setattr(Crypto, "version_info", (3, 24, "2")),
}


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize("move", MOVES)
def test_an_engine_that_moved_gives_one_clear_error(monkeypatch: pytest.MonkeyPatch, move: str) -> None:
    MOVES[move](monkeypatch)
    public = sm2.PublicKey.from_point(POINT)
    signature = Signature.from_raw(sm2.public_key.SignatureAlgorithm.SM2_SM3, b"\1" * 64)
    uses: tuple[Callable[[], object], ...] = (
        sm2.PrivateKey.generate,
        lambda: sm2.PrivateKey.from_scalar(5),
        lambda: public.verify(signature, b"m"),
        lambda: public.encrypt(b"m"),
    )
    for use in uses:
        with pytest.raises(UnsupportedAlgorithmError) as caught:
            use()
        assert str(caught.value).startswith(f"SM2 cannot be used with pycryptodome {Crypto.__version__}: ")
        assert str(caught.value).endswith('install "pycryptodome>=4.4,<5"')
    monkeypatch.undo()
    assert sm2.PrivateKey.generate().sign(b"m")


def python(code: str, *options: str, **environment: str) -> str:
    """The output of another Python process, in which ``assert`` may be switched off."""
    full = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, env=full, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.strip()


@pytest.mark.usefixtures("_fresh")
def test_pycryptodome_that_is_missing_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "Crypto", None)
    with pytest.raises(UnsupportedAlgorithmError, match=r"pycryptodome is not installed: install \"pycryptodome"):
        sm2.PrivateKey.generate()


def test_importing_does_not_load_the_engine() -> None:
    code = "import ecard, sys; print('Crypto.PublicKey._nist_ecc' in sys.modules)"
    assert python(code) == "False"


def test_without_pycryptodome_everything_but_sm2_works() -> None:
    code = """
import sys
sys.modules["Crypto"] = None
import ecard
from ecard import KeyKind, errors
from ecard.simulator import slots
from ecard.simulator.randomness import SeededRandomness
key = ecard.SoftwareKey.generate(KeyKind.P256)
key.public_key.verify(key.sign(b"m"), b"m")
ecard.simulator.SimulatedCard.new(seed=b"s")
for use in (lambda: ecard.SoftwareKey.generate(KeyKind.SM2),
            lambda: slots.generate(KeyKind.RSA1024, SeededRandomness(b"s"))):
    try:
        use()
    except errors.EcardError as error:
        print(type(error).__name__, error)
"""
    assert python(code).splitlines() == [
        'UnsupportedAlgorithmError SM2 cannot be used: pycryptodome is not installed: install "pycryptodome>=4.4,<5"',
        'MissingDependencyError an RSA key from a seed needs pycryptodome: install "pycryptodome>=4.4,<5"',
    ]


def test_where_the_private_entry_moved_everything_but_sm2_works() -> None:
    code = """
import sys
sys.modules["Crypto.PublicKey._nist_ecc"] = None
import ecard, ecard.keys
from ecard import errors, sm2
from ecard.algorithms import KeyKind
key = ecard.keys.SoftwareKey.generate(KeyKind.P256)
key.public_key.verify(key.sign(b"m"), b"m")
sm2.PublicKey.from_spki(sm2.PublicKey.from_point(bytes.fromhex("{point}")).spki)
try:
    sm2.PrivateKey.generate()
except errors.UnsupportedAlgorithmError as error:
    print(error)
"""
    printed = python(code.replace("{point}", POINT.hex()))
    assert printed.startswith(f"SM2 cannot be used with pycryptodome {Crypto.__version__}: ")
    assert printed.endswith('install "pycryptodome>=4.4,<5"')


def test_the_engine_refuses_off_curve_points_as_well() -> None:
    engine = adapter.curve()
    with pytest.raises(UnsupportedAlgorithmError, match="failed with error"):
        engine.multiply(engine.random_scalar(), 1, 1)


def multiple_of_g(d: int) -> tuple[int, int]:
    point = reference.multiply(d, reference.G)
    assert point is not None
    return point


def combined(s: int, t: int, point: tuple[int, int]) -> tuple[int, int] | None:
    found = adapter.curve().combine(s, t, *point)
    return found and (int.from_bytes(found.x, "big"), int.from_bytes(found.y, "big"))


factors = st.one_of(st.sampled_from([1, 2, N - 1]), st.integers(1, N - 1))


@settings(max_examples=60)
@given(d=factors, s=st.one_of(st.just(0), factors), t=factors)
def test_sums_with_and_without_a_table_are_those_of_textbook_arithmetic(d: int, s: int, t: int) -> None:
    point = multiple_of_g(d)
    expected = reference.add(reference.multiply(s, reference.G), reference.multiply(t, point))
    assert combined(s, t, point) == expected
    adapter.curve().prepare(*point)
    assert combined(s, t, point) == expected


@pytest.mark.parametrize(("s", "t"), [(6, 3), (N - 6, 3), (0, 3)], ids=["equal", "opposite", "nothing to add to"])
def test_sums_that_need_another_formula(s: int, t: int) -> None:
    point = multiple_of_g(2)
    adapter.curve().prepare(*point)
    assert combined(s, t, point) == reference.multiply((s + 2 * t) % N, reference.G)


def test_a_key_that_is_used_often_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    key, prepare = sm2.PrivateKey.generate(), adapter.Curve.prepare
    made: list[int] = []

    def counted(self: adapter.Curve, x: int, y: int) -> None:
        made.append(x)
        prepare(self, x, y)

    monkeypatch.setattr(adapter.Curve, "prepare", counted)
    e = bytes(31) + b"\1"
    signature = key.sign_digest(e)
    for number in range(1, 3 * adapter.MANY_USES):
        if number % 2:
            key.public_key.verify_digest(signature, e)
        else:
            with pytest.raises(InvalidSignatureError):
                key.public_key.verify_digest(signature, bytes(32))
        assert made == [key.public_key.x] * (number >= adapter.MANY_USES)


def test_tables_of_many_keys_are_forgotten_again() -> None:
    engine = adapter.curve()
    for d in range(2, adapter.MAX_KNOWN + 10):
        engine.prepare(*multiple_of_g(d))
    assert engine._known.cache_info().currsize == adapter.MAX_KNOWN


ROUND_TRIP = """
from ecard import sm2
key = sm2.PrivateKey.generate()
for number in range(20):
    key.public_key.verify(key.sign(bytes(number)), bytes(number))
if key.decrypt(key.public_key.encrypt(b"plain")) == b"plain":
    print("good")
"""


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["-OO"], {}),
        ([], {"PYCRYPTODOME_INTEGER": "native"}),
        ([], {"PYCRYPTODOME_DISABLE_BMI2_ADX": "1"}),
    ],
    ids=["ctypes", "Python integers", "portable code"],
)
def test_every_way_pycryptodome_can_run(options: list[str], environment: dict[str, str]) -> None:
    assert python(ROUND_TRIP, *options, **environment) == "good"


@pytest.mark.usefixtures("_fresh")
def test_keys_are_shared_by_threads(key: sm2.PrivateKey, other_key: sm2.PrivateKey) -> None:
    shared = key.agree(other_key.public_key)

    def work(number: int) -> bool:
        message = number.to_bytes(4, "big")
        key.public_key.verify(key.sign(message), message)
        fresh = sm2.PrivateKey.from_scalar(2 + number % 7)  # tables are built while others use them
        fresh.public_key.verify(fresh.sign(message), message)
        return key.agree(other_key.public_key) == shared and key.decrypt(key.public_key.encrypt(message)) == message

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
