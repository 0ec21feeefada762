"""How long the default policy takes over one PIN, without facts and with full ones.

Run ``python benchmarks/pin_check_speed.py``; it prints the median of many single checks, in microseconds.
"""

from __future__ import annotations

import random
import statistics
import time
from datetime import date

from ecard.codes import credit_check_character, identity_check_character
from ecard.pin import HolderFacts, PinPolicy

CHECKS = 3000


def full_facts() -> HolderFacts:
    """The facts of an invented holder, several of each kind, five used PINs and a PUK."""
    identity, credit = "35020319880401001", "91350211M000100Y4"
    facts = HolderFacts(
        telephones=["138 0013 8000", "010-65195114 ext. 8203", "+86 592 560 1234", "+852 2345 6789"],
        birth_dates=[date(1988, 4, 1), date(1990, 1, 2), date(2015, 11, 23)],
        identity_numbers=[identity + identity_check_character(identity)],
        organisation_codes=[credit + credit_check_character(credit)],
        card_numbers=["03-JJ0A900000001"],
        certificate_numbers=["01A2B3C4D5E6F708"],
        postal_codes=["361012"],
    )
    for used in ("739205", "482917", "905316", "60482957", "518204"):
        facts = facts.remember(used)
    return facts.with_puk("57302948")


def median_microseconds(policy: PinPolicy, facts: HolderFacts, length: int) -> float:
    """The median time of one check of a random PIN of ``length`` digits."""
    source = random.Random(length)
    taken = []
    for _ in range(CHECKS):
        pin = f"{source.randrange(10**length):0{length}}"
        start = time.perf_counter()
        policy.violations(pin, facts)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def main() -> None:
    """Print one line for each kind of facts and length."""
    policy = PinPolicy.default()
    for name, facts in (("no facts", HolderFacts()), ("full facts", full_facts())):
        for length in (6, 8):
            print(f"{name}, {length} digits: {median_microseconds(policy, facts, length):.0f} µs")


if __name__ == "__main__":
    main()
