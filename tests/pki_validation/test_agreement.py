"""Other judges on thousands of random chains and histories: pyhanko-certvalidator and openssl.

Where they differ, a test says why and that ecard's answer is the stricter or the better informed one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.validate import validate_path

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.path import policy_findings
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_checks import check_path, is_plain
from tests.pki_validation.chains import DAY, T0, Issuer, root
from tests.pki_validation.judging import TOLERANT
from tests.pki_validation.random_chains import History, Link, build, chain_links, histories, plain

pytestmark = pytest.mark.exhaustive

ROOT: Issuer = root("Random root", not_before=T0 - 1000 * DAY)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
NO_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def accepted(chain: list[Certificate], at: datetime, policy: ValidationPolicy = TOLERANT) -> bool:
    try:
        validate(chain[-1], at=at, trust=Trust([ROOT.certificate], chain[:-1]), policy=policy)
    except ValidationError:
        return False
    return True


def certvalidator_accepts(chain: list[Certificate], at: datetime, crls: list[Crl] | None = None) -> bool:
    """certvalidator's verdict on the path, with its own revocation where ``crls`` are given."""
    anchor = CertTrustAnchor(asn1.Certificate.load(ROOT.certificate.der))
    certificates = [asn1.Certificate.load(c.der) for c in chain]
    context = ValidationContext(
        trust_roots=[anchor],
        moment=at,
        crls=[asn1_crl.CertificateList.load(c.der) for c in crls or ()],
        revocation_mode="soft-fail" if crls is None else "require",
        time_tolerance=timedelta(0),
        weak_hash_algos=set(),
    )
    try:
        validate_path(context, ValidationPath(anchor, certificates[:-1], certificates[-1]))
    except PathValidationError:
        return False
    return True


@settings(max_examples=400, suppress_health_check=SLOW)
@given(links=chain_links, dns=st.sampled_from([None, "a.e.example", "x.e.example", "b.example"]))
def test_certvalidator_agrees_on_random_paths(links: tuple[list[Link], Link], dns: str | None) -> None:
    chain = build(*links, label="C", dns=dns)
    assert accepted(chain, T0) is certvalidator_accepts(chain, T0)


@settings(max_examples=300, suppress_health_check=SLOW)
@given(links=chain_links)
def test_both_lanes_agree_on_plain_paths(links: tuple[list[Link], Link]) -> None:
    """What the fast lane decides alone, certvalidator would have decided too."""
    authorities, holder = links
    chain = build([plain(link) for link in authorities], plain(holder), label="P")
    path = (*reversed(chain), ROOT.certificate)
    assert is_plain(path, TOLERANT)
    ours = check_path(path, T0, TOLERANT)
    if any(link.forged or link.renamed for link in (*authorities, holder)):
        return  # the search never yields such a path
    assert (ours == []) is (policy_findings(path, T0, TOLERANT, only_constraints=False) == [])


def test_the_random_chains_are_good_and_bad() -> None:
    """The generators produce both in numbers, or the agreement would say nothing."""
    found = {True: 0, False: 0}

    @settings(max_examples=200, database=None, suppress_health_check=SLOW, derandomize=True)
    @given(links=chain_links)
    def count(links: tuple[list[Link], Link]) -> None:
        found[accepted(build(*links, label="N"), T0)] += 1

    count()
    assert min(found.values()) > 30


# openssl


def openssl_accepts(chains: list[list[Certificate]], at: datetime, crls: list[Crl] | None = None) -> list[bool]:
    """openssl's verdict on each chain, all in one process."""
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        (here / "root.pem").write_text(ROOT.certificate.pem())
        (here / "others.pem").write_text(
            "".join(c.pem() for chain in chains for c in chain[:-1]) + ROOT.certificate.pem()
        )
        for number, chain in enumerate(chains):
            (here / f"{number}.pem").write_text(chain[-1].pem())
        command = ["openssl", "verify", "-attime", str(int(at.timestamp())), "-CAfile", "root.pem"]
        command += ["-untrusted", "others.pem", "-no-CApath", "-no-CAstore"]
        if crls is not None:
            pem = b"".join(as_pem(crl) for crl in crls)
            (here / "crls.pem").write_bytes(pem)
            command += ["-crl_check_all", "-CRLfile", "crls.pem"]
        done = subprocess.run(
            [*command, *(f"{n}.pem" for n in range(len(chains)))], cwd=here, capture_output=True, text=True, check=False
        )
        good = {int(n) for n in re.findall(r"^(\d+)\.pem: OK$", done.stdout, re.MULTILINE)}
        return [n in good for n in range(len(chains))]


def as_pem(crl: Crl) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_der_x509_crl(crl.der).public_bytes(Encoding.PEM)


@needs_openssl
@settings(max_examples=12, suppress_health_check=SLOW, phases=NO_SHRINKING)
@given(batch=st.lists(chain_links, min_size=40, max_size=60))
def test_openssl_agrees_on_random_paths(batch: list[tuple[list[Link], Link]]) -> None:
    """Without policies, which openssl takes into account only when told to.

    Every authority has a name of its own, because openssl takes the first issuer of the right name and tries no other.
    """
    chains = [
        build([plain(replace(link, self_issued=False)) for link in links], plain(holder), label=f"O{number}")
        for number, (links, holder) in enumerate(batch)
    ]
    theirs = openssl_accepts(chains, T0)
    for chain, other in zip(chains, theirs, strict=True):
        assert accepted(chain, T0) is other


# histories


def verdict(certificate: Certificate, at: datetime, crls: list[Crl], history: History | None = None) -> F | None:
    class Register:
        def intervals(self, issuer: bytes, serial: int) -> list[Interval]:
            assert history is not None
            return [Interval(*interval) for interval in history.intervals()]

    evidence = Evidence(crls, history=Register() if history else None)
    try:
        validate(certificate, at=at, trust=Trust([ROOT.certificate]), evidence=evidence)
    except ValidationError as error:
        (found,) = error.findings
        assert isinstance(found, Finding)
        return found.code
    return None


def truth(history: History, at: datetime) -> F | None:
    """What the register of the authority says."""
    for since, until, reason in history.intervals():
        if since <= at and (until is None or at < until):
            return F.ON_HOLD if reason == "certificateHold" else F.REVOKED
    return None


@settings(max_examples=300)
@given(history=histories(), day=st.integers(-2, 62), later=st.booleans())
def test_ecard_is_never_wrong_about_a_history(history: History, day: int, later: bool) -> None:
    """Whatever lists are given: what is called good was good, what is called withdrawn is withdrawn or will be."""
    card = ROOT.issue("history", not_before=T0 - 10 * DAY)
    crls = history.lists(ROOT, card)
    given_crls = crls[-1:] if later else crls
    at = T0 + day * DAY + timedelta(hours=1)
    known, told = truth(history, at), verdict(card, at, given_crls)
    withdrawn = (F.ON_HOLD, F.REVOKED)
    if told is None and known is not None:
        # it happened after the list of the moment was made, and no later list tells
        made = max(c.this_update for c in given_crls if c.this_update <= at)
        assert any(T0 + event.day * DAY > made for event in history.events)
    elif told is F.ON_HOLD:
        assert any(i[0] <= at and i[2] == "certificateHold" for i in history.intervals())
    elif told is F.REVOKED:
        assert known in withdrawn
    asked = verdict(card, at, given_crls, history)
    assert asked in {None: (None, F.REVOCATION_UNKNOWN), F.ON_HOLD: withdrawn, F.REVOKED: (F.REVOKED,)}[known]


@settings(max_examples=250, suppress_health_check=SLOW)
@given(history=histories(), day=st.integers(-2, 62))
def test_certvalidator_and_openssl_agree_on_histories(history: History, day: int) -> None:
    card = ROOT.issue("history", not_before=T0 - 10 * DAY)
    crls = history.lists(ROOT, card)
    at = T0 + day * DAY + timedelta(hours=1)
    ours = verdict(card, at, crls)
    theirs = certvalidator_accepts([card], at, crls)
    if (ours is None) is not theirs:
        assert explained(history, at, ours, accepted_by_others=theirs)


def explained(history: History, at: datetime, ours: F | None, *, accepted_by_others: bool) -> bool:
    """The one difference: a later list tells of a withdrawal that the list of the moment did not know yet."""
    return accepted_by_others and ours in (F.REVOKED, F.ON_HOLD) and truth(history, at) in (F.REVOKED, F.ON_HOLD)


@needs_openssl
@settings(max_examples=10, suppress_health_check=SLOW, phases=NO_SHRINKING)
@given(batch=st.lists(histories(), min_size=20, max_size=40), day=st.integers(-2, 42))
def test_openssl_agrees_on_histories(batch: list[History], day: int) -> None:
    at = T0 + day * DAY + timedelta(hours=1)
    cards = [ROOT.issue(f"history {n}", not_before=T0 - 10 * DAY) for n in range(len(batch))]
    period, count = 5, 6
    lists = []
    for number in range(count):
        made = number * period
        entries = [(c, e[0], e[1]) for c, h in zip(cards, batch, strict=True) if (e := h.entry(made))]
        end = T0 + (made + period) * DAY - timedelta(seconds=1)
        lists.append(ROOT.crl(entries, this_update=T0 + made * DAY, next_update=end, number=number + 1))
    theirs = openssl_accepts([[card] for card in cards], at, lists)
    for card, history, other in zip(cards, batch, theirs, strict=True):
        ours = verdict(card, at, lists)
        if (ours is None) is not other:
            assert explained(history, at, ours, accepted_by_others=other)
