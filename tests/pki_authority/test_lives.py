"""Whole lives of a certificate: what its authority does and publishes, and what validation makes of a part of that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, ValidationError, WithdrawalError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.authority import CertificateAuthority
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp import OcspResponder
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.withdrawal import RevocationReason, State
from tests.pki_authority.centre import AT, chain_of, root

HOUR = timedelta(hours=1)
LIFE = 24
"""How many hours a life is watched."""
WITHDRAWN = {State.GOOD: None, State.ON_HOLD: F.ON_HOLD, State.REVOKED: F.REVOKED}


@dataclass
class Life:
    """One certificate, what its authority did, and what it published, with the hour at which it was made."""

    authority: CertificateAuthority
    certificate: Certificate
    crls: list[Crl] = field(default_factory=list)
    answers: list[OcspResponse] = field(default_factory=list)

    def do(self, hour: int, step: str, lasts: int) -> None:
        """One step; what the state of the certificate does not allow is not done."""
        at = AT + hour * HOUR
        try:
            if step == "hold":
                self.authority.hold(self.certificate, at=at)
            elif step == "release":
                self.authority.release(self.certificate, at=at)
            elif step == "revoke":
                self.authority.revoke(self.certificate, RevocationReason.KEY_COMPROMISE, at=at)
            elif step == "crl":
                self.crls.append(Crl(self.authority.crl(at=at, next_update=at + lasts * HOUR)))
            elif step == "delta":
                self.crls.append(Crl(self.authority.delta_crl(at=at, next_update=at + lasts * HOUR)))
            else:
                answer = self.responder(lasts * HOUR).produce([self.certificate.serial_number], at=at)
                self.answers.append(OcspResponse(answer))
        except (WithdrawalError, InvalidInputError):
            return

    def responder(self, validity: timedelta) -> OcspResponder:
        source = self.authority
        return OcspResponder(holder=source.holder, issuer=source.certificate, source=source, validity=validity)

    def truth(self, at: datetime) -> F | None:
        status = self.authority.status(self.certificate.serial_number, at=at)
        assert status is not None
        return WITHDRAWN[status.state]


STEPS = st.lists(
    st.tuples(
        st.integers(0, LIFE),
        st.sampled_from(["hold", "hold", "release", "release", "revoke", "crl", "crl", "delta", "delta", "ocsp"]),
        st.sampled_from([1, 4, 2 * LIFE]),
    ),
    min_size=3,
    max_size=12,
    unique_by=lambda step: step[0],
)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Life, Evidence, datetime]:
    """A life, a part of what was published, and the moment asked about."""
    _, authority, certificate = chain_of(KeyKind.P256)
    life = Life(authority, certificate)
    for hour, step, lasts in sorted(draw(STEPS)):
        life.do(hour, step, lasts)
    crls = [crl for crl in life.crls if draw(st.integers(0, 3))]
    answers = [answer for answer in life.answers if draw(st.integers(0, 3))]
    return life, Evidence(crls, answers), AT + draw(st.integers(0, LIFE + 4)) * HOUR


def newest(life: Life, evidence: Evidence, at: datetime) -> datetime | None:
    """When the newest evidence was made that has something to say: of a delta without its base only what it lists."""
    said = [answer.produced_at for answer in evidence.ocsp]
    numbers = [crl.number or 0 for crl in evidence.crls if crl.base_number is None]
    for crl in evidence.crls:
        base, number = crl.base_number, crl.number or 0
        has_base = base is None or any(base <= other < number for other in numbers)
        if has_base or crl.find(life.certificate.serial_number):
            said.append(crl.this_update)
    return max((made for made in said if made <= at), default=None)


def judged(life: Life, evidence: Evidence, at: datetime) -> F | None:
    top = root(KeyKind.P256)
    trust = Trust([top.certificate], [life.authority.certificate])
    of_root = Crl(top.crl(at=AT, next_update=AT + 10 * LIFE * HOUR))
    every = evidence + Evidence([of_root])
    try:
        validate(life.certificate, at=at, trust=trust, evidence=every)
    except ValidationError as error:
        (finding,) = error.findings
        assert isinstance(finding, Finding)
        return finding.code
    return None


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(question=questions())
def test_good_is_said_only_of_what_was_good_by_the_newest_evidence(question: tuple[Life, Evidence, datetime]) -> None:
    """Of several statements the newest until the moment has the last word, also where it has ended."""
    life, evidence, at = question
    found = judged(life, evidence, at)
    if found is None:
        last = newest(life, evidence, at)
        assert last is not None
        assert life.truth(last) is None
    elif found is F.REVOKED:
        assert life.truth(at) is not None, "a revocation counts from the hold before it"
    elif found is F.ON_HOLD:
        assert any(life.truth(at - hours * HOUR) is F.ON_HOLD for hours in range((at - AT) // HOUR + 1))


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(question=questions())
def test_with_the_register_s_history_every_answer_is_true(question: tuple[Life, Evidence, datetime]) -> None:
    life, evidence, at = question
    known = Evidence(evidence.crls, evidence.ocsp, life.authority.history)
    found, truth = judged(life, known, at), life.truth(at)
    if found is F.REVOKED:
        assert truth is not None, "a revocation counts from the hold before it"
    else:
        assert found is truth or (truth is None and found is F.REVOCATION_UNKNOWN)


@pytest.mark.exhaustive
def test_the_lives_are_of_every_kind() -> None:
    seen: Counter[F | None] = Counter()

    @settings(max_examples=200, database=None)
    @given(question=questions())
    def count(question: tuple[Life, Evidence, datetime]) -> None:
        seen[judged(*question)] += 1

    count()
    assert min(seen[code] for code in (None, F.ON_HOLD, F.REVOKED, F.REVOCATION_UNKNOWN)) >= 3, seen
