"""What the authority publishes, judged by ecard's own validation: each kind of evidence of one certificate's life."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ecard.algorithms import KeyKind
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp import OcspResponder
from ecard.pki.profile import PublicationPoints
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_authority.centre import AT, DAY, KINDS, WEEK, chain_of, key_of

HOUR = timedelta(hours=1)
POINTS = PublicationPoints(
    crl="http://crl.example.invalid/{partition}.crl",
    delta_crl="http://crl.example.invalid/{partition}-delta.crl",
    ocsp="http://ocsp.example.invalid/",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hold_and_its_release_by_every_kind_of_evidence(kind: KeyKind) -> None:
    top, issuing, leaf = chain_of(kind, points=POINTS, partitions=4)
    trust = Trust([top.certificate], intermediates=[issuing.certificate])
    of_root = top.crl(at=AT, next_update=AT + WEEK)
    delegate = issuing.create_ocsp_responder("示例应答", at=AT, key=key_of(kind, 7))
    responder = OcspResponder(holder=delegate, issuer=issuing.certificate, source=issuing)
    mine = issuing.partition(leaf.serial_number)
    other = next(name for name in issuing.partition_names() if name != mine)

    issuing.hold(leaf, at=AT)
    base = issuing.crl(at=AT, next_update=AT + WEEK, partition=mine)
    held = responder.produce([leaf.serial_number], at=AT + DAY)
    issuing.release(leaf, at=AT + 2 * DAY)
    delta = issuing.delta_crl(at=AT + 2 * DAY, next_update=AT + WEEK, partition=mine)
    released = responder.produce([leaf.serial_number], at=AT + 2 * DAY)
    elsewhere = issuing.crl(at=AT + 2 * DAY, next_update=AT + WEEK, partition=other)

    def judged(at: datetime, evidence: Evidence) -> list[str]:
        try:
            validate(leaf, at=at, trust=trust, evidence=evidence)
        except ValidationError as error:
            return [finding.code.label for finding in error.findings if isinstance(finding, Finding)]
        return []

    during, after = AT + DAY + HOUR, AT + 2 * DAY + HOUR
    assert judged(during, Evidence(crls=[of_root, base])) == ["on-hold"]
    assert judged(during, Evidence(crls=[of_root], ocsp=[held])) == ["on-hold"]
    assert judged(after, Evidence(crls=[of_root], ocsp=[released])) == []
    assert judged(after, Evidence(crls=[of_root, base, delta])) == []
    assert judged(after, Evidence(crls=[of_root, elsewhere])) == ["revocation-unknown"]
    assert judged(during, Evidence(crls=[of_root, base, delta], history=issuing.history)) == ["on-hold"]
