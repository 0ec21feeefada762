"""How many PINs of six digits the default policy leaves without any facts, counted one by one.

Run ``python benchmarks/pin_space.py`` (about a minute for each day); ``--today 2026-07-01`` counts for a
policy that knows that day instead. The table is the one in docs/pin-policy.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import date

from ecard.pin import HolderFacts, PinPolicy
from ecard.pin.candidate import Candidate
from ecard.pin.settings import LAST_DAY

LENGTH = 6
SPACE = 10**LENGTH


def count(policy: PinPolicy) -> tuple[Counter[str], Counter[str], int]:
    """By rule: PINs that it refuses, and PINs that it alone refuses; then how many PINs are left."""
    facts = HolderFacts()
    refused: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    left = 0
    for number in range(SPACE):
        candidate = Candidate(f"{number:0{LENGTH}}")
        names = [r.name for r in policy.rules if r.function(candidate, facts, policy.settings) is not None]
        refused.update(names)
        if not names:
            left += 1
        elif len(names) == 1:
            alone.update(names)
    return refused, alone, left


def main() -> None:
    """Print the table and the share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--today", type=date.fromisoformat, default=LAST_DAY)
    policy = PinPolicy.default(today=parser.parse_args().today)
    refused, alone, left = count(policy)
    print(f"dates until {policy.settings.today}\n\n| rule | PINs refused | by this rule alone |\n|---|---:|---:|")
    for name, number in refused.most_common():
        print(f"| `{name}` | {number:,} | {alone[name]:,} |")
    print(f"\n{left:,} of {SPACE:,} PINs are left, {left / SPACE:.4%}")


if __name__ == "__main__":
    main()
