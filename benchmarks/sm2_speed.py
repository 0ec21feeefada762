"""How much of the curve engine's speed SM2 signing and verifying keep: ``python benchmarks/sm2_speed.py [--openssl]``.

Raw signing is one k * G, raw verifying s * G + t * P, each with its affine result read, through the point operators
that pycryptodome itself offers. All peers take turns in short slices of one process; a ratio is the median over the
rounds of the ratio within a round, so that a slow minute of the machine does not count. Ends with status 1 where a
ratio is below its target.
"""

from __future__ import annotations

import argparse
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from Crypto.Math.Numbers import Integer
from Crypto.PublicKey import _nist_ecc
from Crypto.PublicKey._point import EccPoint
from Crypto.Util import _raw_api

from ecard import sm2
from ecard.sm2.parameters import GX, GY, SIZE, B, N, P

MESSAGE = secrets.token_bytes(100)
TARGET = 0.7
SLICE = 0.25
ROUNDS = 9


def engine_point(curve: Any, x: int, y: int) -> Any:
    """A point of pycryptodome's own class on a curve that its registry does not know."""
    raw: Any = _raw_api
    pointer = raw.VoidPointer()
    coordinates = x.to_bytes(SIZE, "big"), y.to_bytes(SIZE, "big")
    curve.rawlib.new_point(pointer.address_of(), *coordinates, raw.c_size_t(SIZE), curve.context.get())
    point: Any = EccPoint.__new__(EccPoint)
    point._curve, point.curve = curve, curve.canonical
    point._point = raw.SmartPointer(pointer.get(), curve.rawlib.free_point)
    return point


def peers() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    new_curve: Any = _nist_ecc._new_curve
    curve = new_curve(P, B, N, GX, GY, 8 * SIZE, None, "SM2", None)
    key = sm2.PrivateKey.generate()
    public, e = key.public_key, key.public_key.digest(MESSAGE)
    base, point = engine_point(curve, GX, GY), engine_point(curve, public.x, public.y)
    signature = key.sign(MESSAGE)
    nonce: Any = Integer(secrets.randbelow(N - 1) + 1)
    s, t = (Integer(secrets.randbelow(N), public=True) for _ in range(2))
    return {
        "raw k*G": lambda: (base * nonce).xy,
        "sign e": lambda: key.sign_digest(e),
        "sign message": lambda: key.sign(MESSAGE),
        "raw s*G + t*P": lambda: (base * s + point * t).xy,
        "verify e": lambda: public.verify_digest(signature, e),
        "verify message": lambda: public.verify(signature, MESSAGE),
    }


def rate(operation: Callable[[], object]) -> float:
    """Operations in a second of processor time."""
    count, start = 0, time.process_time()
    while (elapsed := time.process_time() - start) < SLICE:
        operation()
        count += 1
    return count / elapsed


def openssl_rates() -> dict[str, float]:
    """What ``openssl speed sm2`` gives for one second each, or nothing."""
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "sm2"], capture_output=True, text=True, check=False)
    found = re.search(r"SM2.*?\s([\d.]+)\s+([\d.]+)\s*$", done.stdout, re.MULTILINE)
    return {"openssl sign": float(found[1]), "openssl verify": float(found[2])} if found else {}


def ratio(rounds: list[dict[str, float]], name: str, base: str) -> float:
    """The median over the rounds of ``name`` divided by ``base``."""
    return statistics.median(measured[name] / measured[base] for measured in rounds)


def report(rounds: list[dict[str, float]]) -> bool:
    """Print the medians; whether every target is met."""
    met = True
    for name in rounds[0]:
        verifying = "verify" in name or "t*P" in name
        base = "raw s*G + t*P" if verifying else "raw k*G"
        share = ratio(rounds, name, base)
        rate_ = statistics.median(measured[name] for measured in rounds)
        wanted = name.startswith(("sign", "verify"))
        met = met and (not wanted or share >= TARGET)
        verdict = "" if not wanted else f"  target {TARGET}: {'met' if share >= TARGET else 'MISSED'}"
        print(f"{name:16} {rate_:9.0f}/s  {share:5.2f} of {base}{verdict}")
    return met


def main() -> int:
    """Measure and report; the status to end with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--openssl", action="store_true", help="run openssl speed in every round as well")
    with_openssl = parser.parse_args().openssl
    measured: list[dict[str, float]] = []
    operations = peers()
    for _ in range(ROUNDS):
        turn = {name: rate(operation) for name, operation in operations.items()}
        measured.append(turn | (openssl_rates() if with_openssl else {}))
    return 0 if report(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
