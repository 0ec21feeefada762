"""How much of the curve engine's speed is left when documents of 4 KiB are signed and verified under SM2 cards.

Run from the repository's root: ``python -m benchmarks.sm2_documents``. Raw signing is one k * G, raw verifying
s * G + t * P, each with its affine result read, through the point operators that pycryptodome itself offers. The peers
take turns in short slices of CPU time; a ratio is the median over the rounds of the ratio within a round.

    verify            ``cms.verify`` with its report; trust is known, and the verdict on the certificate is remembered
    verify, many      the same, for the documents of a hundred signers in turn: no signer's key is met often enough for
                      ``ecard.sm2`` to prepare it; shown without a target
    sign              ``SoftwareKey.sign`` of the attributes that a document's signature is made of
    sign document     ``cms.sign`` with a software key. A key holder verifies what it made before it hands it out, so
                      the bound is a raw signing and a raw verifying

Ends with status 1 where a ratio is below its target.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from itertools import cycle
from typing import Final

from benchmarks.cms_speed import CODE, DOCUMENT, FOUNDED, NOW, Centre, found
from benchmarks.sm2_speed import peers, rate
from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.keyholder import SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage

ATTRIBUTES: Final = b"1" * 250
SIGNERS: Final = 100
BOUNDS: Final = {
    "verify": "raw verify",
    "verify, many": "raw verify",
    "sign": "raw sign",
    "sign document": "raw sign + verify",
}
"""What each act is compared to."""
TARGETS: Final = {"verify": 0.7, "sign": 0.7, "sign document": 0.7}
"""The least share of its bound that is wanted of an act."""

Act = Callable[[], object]


def colleague(centre: Centre, number: int) -> SoftwareKeyHolder:
    """One more operator of the centre's enterprise."""
    key = SoftwareKey.generate(KeyKind.SM2)
    subject = CertificateSubject(
        holder_name="乙某",
        enterprise_name="示例进出口有限公司",
        organisation_code=CODE,
        card_number=f"03-JJ0A9{number:08d}",
        card_type=CardType.OPERATOR,
    )
    certificate = centre.issuing.issue_for_key(key.public_key, subject, at=FOUNDED, usage=Usage.SIGNING)
    return SoftwareKeyHolder(key, certificate, (centre.issuing.certificate,))


def acts() -> dict[str, Act]:
    """What is measured, by name, bounds first."""
    centre, engine = found(KeyKind.SM2), peers()
    raw_sign, raw_verify = engine["raw k*G"], engine["raw s*G + t*P"]
    holder, trust = centre.holder, centre.trust
    own = cms.sign(DOCUMENT, holder, at=NOW)
    others = cycle([cms.sign(DOCUMENT, colleague(centre, number), at=NOW) for number in range(100, 100 + SIGNERS)])

    def verify(signature: bytes) -> Report:
        return cms.verify(DOCUMENT, signature, trust=trust, signer=AnyOperator(of=CODE), at=NOW)

    return {
        "raw sign": raw_sign,
        "raw verify": raw_verify,
        "raw sign + verify": lambda: (raw_sign(), raw_verify()),
        "verify": lambda: verify(own),
        "verify, many": lambda: verify(next(others)),
        "sign": lambda: centre.key.sign(ATTRIBUTES),
        "sign document": lambda: cms.sign(DOCUMENT, holder, at=NOW),
    }


def report(rounds: list[dict[str, float]]) -> bool:
    """Print the medians; whether every target is met."""
    met = True
    for name in rounds[0]:
        line = f"{name:18} {statistics.median(measured[name] for measured in rounds):9.0f}/s"
        if name in BOUNDS:
            shares = sorted(measured[name] / measured[BOUNDS[name]] for measured in rounds)
            share = statistics.median(shares)
            line += f"  {share:.2f} [{shares[1]:.2f} - {shares[-2]:.2f}] of {BOUNDS[name]}"
            if name in TARGETS:
                reached = share >= TARGETS[name]
                met = met and reached
                line += f"  target {TARGETS[name]}: {'met' if reached else 'MISSED'}"
        print(line)
    return met


def main() -> int:
    """Measure and report; the status to end with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    count = max(3, parser.parse_args().rounds)
    measured = acts()
    for _ in range(2 * SIGNERS):
        measured["verify, many"]()
    return 0 if report([{name: rate(act) for name, act in measured.items()} for _ in range(count)]) else 1


if __name__ == "__main__":
    sys.exit(main())
