"""How long a VERIFY and a signature take: in memory, and through pcscd and the virtual reader.

    python -m benchmarks.card_speed [--signatures 200]

The virtual reader's trap is a delayed acknowledgement of 44 ms per command; well under 5 ms for both commands says that
it is avoided. Prints one line per way of reaching the card: the median and the 90th percentile in milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu.pcsc import PcscReader
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.transport import Connector
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, Slot
from ecard.pin import Pin
from ecard.simulator import InProcess, SimulatedCard
from tests.pcsc_service import claim, running, why_not

LIMIT = 5.0
"""Milliseconds that a VERIFY and a signature through the service must stay under."""
DIGEST = bytes(32)


def measure(action: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of each of ``count`` calls, sorted."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        action()
        times.append((time.perf_counter() - begin) * 1000)
    return sorted(times)


@contextmanager
def card_with_key(connector: Connector) -> Iterator[PivSession]:
    """A session with a card that has a new P-256 key in slot 9C."""
    with Session(connector) as session:
        piv = PivSession(session)
        piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
        piv.generate_key(Slot.SIGNATURE, KeyKind.P256)
        yield piv


def sign(piv: PivSession) -> None:
    """One VERIFY and one GENERAL AUTHENTICATE."""
    piv.sign_digest(Slot.SIGNATURE, KeyKind.P256, DIGEST, SignatureAlgorithm.ECDSA_SHA256, pin=Pin("123456"))


def connect_and_sign(connector: Connector) -> None:
    """A session of its own for one signature."""
    with Session(connector) as session:
        sign(PivSession(session))


def report(name: str, times: list[float]) -> float:
    """Print one line; the median."""
    median = statistics.median(times)
    print(f"{name:<46} median {median:7.3f} ms   90 % {times[len(times) * 9 // 10]:7.3f} ms")
    return median


def main() -> None:
    """Measure, print, and fail where the service is slower than ``LIMIT``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=200)
    count = parser.parse_args().signatures
    with card_with_key(InProcess(SimulatedCard.new())) as piv:
        report("in memory, VERIFY and sign", measure(lambda: sign(piv), count))
    reason = why_not()
    if reason is not None:
        print(f"through pcscd: not measured, {reason}")
        return
    claim()
    with running() as service, service.inserted(SimulatedCard.new()):
        reader = PcscReader()
        with card_with_key(reader) as piv:
            median = report("pcscd and vpcd, VERIFY and sign", measure(lambda: sign(piv), count))
        report("pcscd and vpcd, connect, select, VERIFY, sign", measure(lambda: connect_and_sign(reader), count))
    if median > LIMIT:
        raise SystemExit(f"a VERIFY and a signature through pcscd take {median:.1f} ms, more than {LIMIT} ms")


if __name__ == "__main__":
    main()
