"""What a card that is ready to sign costs a test: a centre, keys out of the cache, certificates, personalising.

    python -m benchmarks.ready_card [--cards 50]

Prints the median and the 90th percentile in milliseconds of processor time for each kind of key, and the median as a
multiple of what cannot be avoided: the signatures under the two certificates.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from ecard.algorithms import KeyKind
from ecard.keys import SoftwareKey
from ecard.testing import Centre, Clock, Faults

LIMIT = 5.0
"""Milliseconds that a ready card of P-256 should stay under."""


def measure(action: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of processor time of each of ``count`` calls, sorted."""
    times = []
    for _ in range(count):
        begin = time.process_time()
        action()
        times.append((time.process_time() - begin) * 1000)
    return sorted(times)


def main() -> int:
    """Measure and print; the exit status is 1 where a card of P-256 costs more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=50)
    count = parser.parse_args().cards
    medians = {}
    for kind in (KeyKind.P256, KeyKind.P384, KeyKind.SM2, KeyKind.RSA2048):

        def ready(kind: KeyKind = kind) -> object:
            return Centre(clock=Clock(), faults=Faults(lambda _: None), kind=kind).make_operator_card()

        ready()
        times = measure(ready, count)
        key = SoftwareKey.generate(kind)
        bound = statistics.median(measure(lambda key=key: (key.sign(b"1"), key.sign(b"2")), count))  # type: ignore[misc]
        medians[kind] = statistics.median(times)
        ninety = times[int(0.9 * (count - 1))]
        print(
            f"{kind.value:8} median {medians[kind]:5.2f} ms  90th percentile {ninety:5.2f} ms  "
            f"= {medians[kind] / bound:4.1f} times two signatures"
        )
    return int(medians[KeyKind.P256] >= LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
