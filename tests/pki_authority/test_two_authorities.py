"""Lives under two authorities: partitions, deltas, delegates that end soon, clocks that differ, invalidity dates.

What validation says at many moments is held against what the authorities know, and what it remembers against what it
finds anew.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, ProfileError, ValidationError, WithdrawalError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.keyholder import KeyHolder
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_history import AuthorityHistory
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp import OcspResponder
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.policy import ValidationPolicy
from ecard.pki.profile import PublicationPoints
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.withdrawal import RevocationReason, State
from tests.pki_authority.centre import AT, key_of, request_of, root, subject

LIVES, MOMENTS = 40, 25
HOUR = timedelta(hours=1)
LIFE = 20
"""How many hours a life is watched."""
FAR = AT + 1000 * HOUR
POINTS = PublicationPoints(
    crl="http://crl.example.invalid/{partition}.crl", delta_crl="http://crl.example.invalid/{partition}-delta.crl"
)
STEPS = ["hold", "release", "revoke", *["crl"] * 3, *["delta"] * 2, *["ocsp"] * 3]
WITHDRAWN = {F.ON_HOLD, F.REVOKED}


@dataclass
class Level:
    """One authority, the certificate of its that is watched, and what it published."""

    authority: CertificateAuthority
    certificate: Certificate
    crls: list[tuple[Crl, str]] = field(default_factory=list)
    answers: list[tuple[OcspResponse, datetime]] = field(default_factory=list)
    """Each with the moment at which the certificate of its responder ends."""
    responder: KeyHolder | None = None

    def act(self, step: str, at: datetime, draw: random.Random) -> None:
        if step == "hold":
            self.authority.hold(self.certificate, at=at)
        elif step == "release":
            self.authority.release(self.certificate, at=at)
        elif step == "revoke":
            unsafe = None if draw.random() < 0.5 else max(AT, at - draw.randint(0, 8) * HOUR)
            self.authority.revoke(self.certificate, RevocationReason.SUPERSEDED, at=at, invalidity_date=unsafe)
        else:
            self.publish(step, at, at + draw.choice([1, 3, 6, 40]) * HOUR, draw)

    def publish(self, step: str, at: datetime, until: datetime, draw: random.Random) -> None:
        own = self.authority
        if step == "ocsp":
            holder = self.holder(at, draw)
            responder = OcspResponder(holder=holder, issuer=own.certificate, source=own, validity=until - at)
            answer = OcspResponse(responder.produce([self.certificate.serial_number], at=at))
            self.answers.append((answer, FAR if holder is own.holder else holder.certificate.not_after))
            return
        partition = draw.choice([own.partition(self.certificate.serial_number), *own.partition_names()])
        make = own.crl if step == "crl" else own.delta_crl
        self.crls.append((Crl(make(at=at, next_update=until, partition=partition)), partition))

    def holder(self, at: datetime, draw: random.Random) -> KeyHolder:
        if self.responder is None or self.responder.certificate.not_after < at:
            until, key = at + draw.choice([1, 2, 5]) * HOUR, key_of(KeyKind.P256, draw.choice([5, 6, 7]))
            self.responder = self.authority.create_ocsp_responder("responder", at=at, until=until, key=key)
            if draw.random() < 0.3:
                self.responder = self.authority.holder
        return self.responder

    def kept(self, draw: random.Random, share: float) -> Level:
        """The same, of which only a part of what was published is known."""
        crls = [crl for crl in self.crls if draw.random() < share]
        return Level(self.authority, self.certificate, crls, [a for a in self.answers if draw.random() < share])

    def state(self, at: datetime) -> State:
        status = self.authority.status(self.certificate.serial_number, at=at)
        assert status is not None
        return status.state

    def is_withdrawn(self, at: datetime) -> bool:
        """Whether it was, or is said to have been since an invalidity date."""
        last = self.authority.status(self.certificate.serial_number, at=FAR)
        assert last is not None
        unsafe = last.invalidity_date if last.state is State.REVOKED else None
        return self.state(at) is not State.GOOD or (unsafe is not None and unsafe <= at)

    def is_covered(self, at: datetime, tolerance: timedelta) -> bool:
        """Whether a full list of its partition, or an answer whose responder is good, is of the moment."""
        partition = self.authority.partition(self.certificate.serial_number)
        times = [
            (crl.this_update, crl.next_update or crl.this_update)
            for crl, name in self.crls
            if name == partition and crl.base_number is None
        ]
        for answer, end in self.answers:
            said = answer.statements[0]
            if max(at, said.this_update) <= end:
                times.append((said.this_update, said.next_update or said.this_update))
        return any(begin - tolerance <= at <= end + tolerance for begin, end in times)

    @property
    def was_touched(self) -> bool:
        return bool(self.authority.record.journal.events(self.certificate.serial_number))


def life(draw: random.Random) -> list[Level]:
    """Twenty hours of a root and an issuing authority."""
    top = root(KeyKind.P256, points=POINTS)
    options = {"points": POINTS, "partitions": draw.choice([1, 2, 3])}
    issuing = top.create_subordinate("示例签发", at=AT, key=key_of(KeyKind.P256, 2), **options)  # type: ignore[arg-type]
    card = issuing.issue(request_of(key_of(KeyKind.P256, 3)), subject(), at=AT)
    levels = [Level(top, issuing.certificate), Level(issuing, card)]
    for half in sorted(draw.sample(range(2 * LIFE), draw.randint(6, 22))):
        level, step = draw.choice(levels), draw.choice(STEPS)
        if level is levels[0] and draw.random() < 0.6:
            step = "crl"
        try:
            level.act(step, AT + half * HOUR / 2, draw)
        except (WithdrawalError, InvalidInputError, ProfileError):
            continue
    return levels


def judged(levels: list[Level], trust: Trust, at: datetime, evidence: Evidence, policy: ValidationPolicy) -> set[F]:
    try:
        validate(levels[1].certificate, at=at, trust=trust, evidence=evidence, policy=policy)
    except ValidationError as error:
        return {finding.code for finding in error.findings if isinstance(finding, Finding)}
    return set()


@pytest.mark.exhaustive
def test_every_verdict_fits_what_the_authorities_know() -> None:
    seen: Counter[F | None] = Counter()
    untouched = 0
    for seed in range(LIVES):
        draw = random.Random(seed)
        whole = life(draw)
        share = draw.choice([1.0, 0.7])
        levels = [level.kept(draw, share) for level in whole]
        crls = [crl for level in levels for crl, _ in level.crls]
        evidence = Evidence(crls, [answer for level in levels for answer, _ in level.answers])
        known = Evidence(evidence.crls, evidence.ocsp, AuthorityHistory(tuple(level.authority for level in levels)))
        tolerance = draw.choice([0, 0, 1, 2]) * HOUR
        policy = ValidationPolicy(evidence_tolerance=tolerance)
        top, issuing = (level.authority.certificate for level in levels)
        remembering = Trust([top], [issuing])
        for quarter in draw.sample(range(4 * LIFE + 12), MOMENTS):
            at, what = AT + quarter * HOUR / 4, f"life {seed} at {quarter / 4} h"
            found = judged(levels, Trust([top], [issuing]), at, evidence, policy)
            assert judged(levels, remembering, at, evidence, policy) == found, what
            seen.update(found or [None])
            require_true(levels, judged(levels, remembering, at, known, policy), at, what)
            if not any(level.was_touched for level in levels):
                covered = all(level.is_covered(at, tolerance) for level in levels)
                assert not found if covered else found <= {F.REVOCATION_UNKNOWN}, what
                untouched += covered
    assert min(seen[code] for code in (None, F.ON_HOLD, F.REVOKED, F.REVOCATION_UNKNOWN)) >= 10, seen
    assert untouched >= 5


def require_true(levels: list[Level], found: set[F], at: datetime, what: str) -> None:
    """With the history of both authorities a withdrawal is told where there is one, and nowhere else."""
    assert bool(found & WITHDRAWN) == any(level.is_withdrawn(at) for level in levels), (what, found)
    if F.ON_HOLD in found:
        assert any(level.state(at) is not State.GOOD for level in levels), what
