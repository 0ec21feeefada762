"""Holds: while they last, after their release, and where the evidence leaves open what became of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import chain, product
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence, Interval
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.asking import (
    HOLD,
    REMOVED,
    STOLEN,
    Register,
    Stranger,
    ask,
    at_point,
    code,
    delta,
)
from tests.pki_validation.chains import (
    DAY,
    T0,
    Issuer,
)


@pytest.fixture(scope="module")
def story(ca: Issuer, card: Certificate) -> dict[str, Crl]:
    """On hold from day 10 to day 20; a list every ten days, each for ten days."""
    return {
        "before": ca.crl(this_update=T0, days=10),
        "during": ca.crl([(card, T0 + 10 * DAY, HOLD)], this_update=T0 + 10 * DAY, days=10),
        "after": ca.crl(this_update=T0 + 20 * DAY, days=10),
    }


HISTORY = Register(Interval(T0 + 10 * DAY, T0 + 20 * DAY))


def test_the_registers_of_trust_and_evidence_are_both_asked(
    ca: Issuer, card: Certificate, story: dict[str, Crl]
) -> None:
    """Each keeps the certificates of its own authority; a register counts also while it is empty, and so is false."""

    class Empty(dict[int, Interval]):
        def intervals(self, issuer: bytes, serial: int) -> list[Interval]:
            return [Interval(T0 + DAY)]

    for one, other in ((Stranger(), HISTORY), (HISTORY, Stranger()), (None, HISTORY), (HISTORY, None), (None, Empty())):
        trust = Trust([ca.certificate], evidence=Evidence(history=one))
        evidence = Evidence([story["before"], ca.crl(this_update=T0, days=30)], history=other)
        with pytest.raises(ValidationError, match=r"on hold since .*the register's history"):
            validate(card, at=T0 + 15 * DAY, trust=trust, evidence=evidence)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(5, None), (9.99, None), (10, F.ON_HOLD), (15, F.ON_HOLD), (19.99, F.ON_HOLD), (20, None), (25, None)],
)
def test_with_the_lists_of_every_time_the_hold_is_seen(
    ca: Issuer, card: Certificate, story: dict[str, Crl], day: float, expected: F | None
) -> None:
    for register in (None, HISTORY):
        found = ask(card, ca, day, *story.values(), register=register)
        assert (found and found.code) is expected
        if found:
            assert (found.since, found.reason) == (T0 + 10 * DAY, "certificateHold")


@pytest.mark.parametrize(
    ("day", "without", "with_history"),
    [
        (5, F.REVOCATION_UNKNOWN, None),
        (15, F.REVOCATION_UNKNOWN, F.ON_HOLD),
        (25, None, None),
    ],
)
def test_todays_list_alone_does_not_know_of_the_hold_but_the_register_does(
    ca: Issuer, card: Certificate, story: dict[str, Crl], day: float, without: F | None, with_history: F | None
) -> None:
    assert code(card, ca, day, story["after"]) is without
    assert code(card, ca, day, story["after"], register=HISTORY) is with_history
    assert code(card, ca, day, story["after"], register=Stranger()) is without


def test_a_later_list_with_a_hold_that_began_before_tells_of_it(
    ca: Issuer, card: Certificate, story: dict[str, Crl]
) -> None:
    later = ca.crl([(card, T0 + 10 * DAY, HOLD)], this_update=T0 + 12 * DAY)
    assert code(card, ca, 11, later) is F.ON_HOLD
    assert code(card, ca, 9, later) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 9, later, register=HISTORY) is None


def test_the_newest_of_two_lists_for_the_moment_decides_about_a_hold(ca: Issuer, card: Certificate) -> None:
    held = ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=30)
    released = ca.crl(this_update=T0 + 5 * DAY, days=30)
    for order in ((held, released), (released, held)):
        assert code(card, ca, 4, *order) is F.ON_HOLD
        assert code(card, ca, 5, *order) is None


def test_a_hold_on_a_list_that_ended_says_nothing_of_today(ca: Issuer, card: Certificate) -> None:
    held = ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY)
    assert code(card, ca, 100, held) is F.REVOCATION_UNKNOWN


def test_hold_then_revoked_later_lists(ca: Issuer, card: Certificate) -> None:
    final = ca.crl([(card, T0 + 10 * DAY, STOLEN)], this_update=T0 + 30 * DAY)
    assert code(card, ca, 10, final) is F.REVOKED
    assert code(card, ca, 9, final) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 9, final, register=Register()) is None


def test_a_release_counts_at_once_where_the_register_is_asked(ca: Issuer, card: Certificate) -> None:
    """The list of the moment still shows the hold; a hold that the register does not know counts all the same."""
    held = ca.crl([(card, T0 + 1 * DAY, HOLD)], this_update=T0 + 1 * DAY)
    known = Register(Interval(T0 + 1 * DAY + timedelta(milliseconds=500), T0 + 3 * DAY))
    unknown = Register(Interval(T0 - 9 * DAY, T0 - 8 * DAY))
    assert code(card, ca, 2, held, register=known) is F.ON_HOLD
    assert code(card, ca, 4, held, register=known) is None
    assert code(card, ca, 4, held, register=unknown) is F.ON_HOLD
    assert code(card, ca, 4, held) is F.ON_HOLD


def test_the_register_alone_is_not_enough(ca: Issuer, card: Certificate) -> None:
    assert code(card, ca, 5, register=Register()) is F.REVOCATION_UNKNOWN


def test_the_register_tells_of_revocations_too(ca: Issuer, card: Certificate) -> None:
    register = Register(Interval(T0 + 3 * DAY, None, "superseded"))
    found = ask(card, ca, 4, ca.crl(days=10), register=register)
    assert found is not None
    assert (found.code, found.since, found.reason) == (F.REVOKED, T0 + 3 * DAY, "superseded")


def test_a_later_list_does_not_speak_of_certificates_that_had_expired(ca: Issuer) -> None:
    short = ca.issue("short", not_after=T0 + 10 * DAY)
    later = ca.crl(this_update=T0 + 20 * DAY)
    assert code(short, ca, 5, later, register=Register()) is F.REVOCATION_UNKNOWN
    keeps = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), b"\x18\x0f20260101000000Z")
    keeping = ca.crl(this_update=T0 + 20 * DAY, extensions=[(keeps, False)])
    assert code(short, ca, 5, keeping, register=Register()) is None


# a hold that the newest evidence tells of, and that has no current evidence any more


def test_an_older_list_that_is_still_current_does_not_hide_a_hold(ca: Issuer, card: Certificate) -> None:
    long, held = ca.crl(days=30), ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=1)
    for order in ((long, held), (held, long)):
        assert code(card, ca, 0.5, *order) is None
        assert code(card, ca, 1.5, *order) is F.ON_HOLD
        found = ask(card, ca, 5, *order)
        assert found is not None
        assert found.code is F.REVOCATION_UNKNOWN
        assert "from 2026-01-02 00:00:00 UTC tells of a hold and ends before 2026-01-06 00:00:00 UTC" in found.message


def test_only_newer_evidence_tells_what_became_of_a_hold(ca: Issuer, card: Certificate) -> None:
    """Current or not, as long as it was made until the moment; a later list does not know when the hold was over."""
    long, held = ca.crl(days=30), ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=1)
    released = ca.crl(this_update=T0 + 3 * DAY, days=1)
    later = ca.crl(this_update=T0 + 6 * DAY)
    again = ca.crl([(card, T0 + 4 * DAY, HOLD)], this_update=T0 + 4 * DAY, days=0.5)
    answer = ca.ocsp(card, this_update=T0 + 3 * DAY)
    assert code(card, ca, 3.5, long, held, released) is None
    assert code(card, ca, 5, long, held, released) is None
    assert code(card, ca, 5, long, held, ocsp=[answer]) is None
    assert code(card, ca, 5, long, held, later) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 5, long, held, released, again) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 7, long, held, released, again, later) is None


def test_the_register_settles_what_became_of_a_hold(ca: Issuer, card: Certificate) -> None:
    long, held = ca.crl(days=30), ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=1)
    lasts, over = Register(Interval(T0 + DAY)), Register(Interval(T0 + DAY, T0 + 4 * DAY))
    assert code(card, ca, 5, long, held, register=lasts) is F.ON_HOLD
    assert code(card, ca, 5, long, held, register=over) is None
    assert code(card, ca, 3, long, held, register=over) is F.ON_HOLD
    assert code(card, ca, 5, long, held, register=Register()) is F.REVOCATION_UNKNOWN, "a hold that it does not know"
    assert code(card, ca, 5, long, held, register=Stranger()) is F.REVOCATION_UNKNOWN


def test_a_list_of_other_reasons_says_nothing_of_a_hold(ca: Issuer, card: Certificate) -> None:
    stolen = frozenset({STOLEN})
    rest = frozenset(set(x509.ReasonFlags) - stolen - {x509.ReasonFlags.unspecified, REMOVED})
    long, held = ca.crl(days=30), ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=1)
    newer = [ca.crl(this_update=T0 + 3 * DAY, extensions=[at_point("", reasons=each)]) for each in (stolen, rest)]
    assert code(card, ca, 5, long, held, newer[0]) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 5, long, held, newer[1]) is None
    current = ca.crl([(card, T0 + DAY, HOLD)], this_update=T0 + DAY, days=30)
    assert code(card, ca, 5, current, newer[0]) is F.ON_HOLD
    assert code(card, ca, 5, current, *newer) is None


def test_a_hold_in_a_delta_counts_without_its_base(ca: Issuer, card: Certificate) -> None:
    long, alone = ca.crl(number=90, days=30), delta(ca, 100, (card, T0 + 2 * DAY, HOLD), number=101, day=2)
    assert code(card, ca, 1.5, long, alone) is None
    for more in ([], [long]):
        assert code(card, ca, 2.5, alone, *more) is F.ON_HOLD
        assert code(card, ca, 5, alone, *more) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 2.5, alone, ocsp=[ca.ocsp(card)]) is F.ON_HOLD
    assert code(card, ca, 5, long, alone, delta(ca, 100, number=103, day=4.5)) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 5, long, alone, ca.crl(number=102, this_update=T0 + 4 * DAY)) is None


def test_a_delta_that_ended_does_not_give_its_base_back_its_silence(ca: Issuer, card: Certificate) -> None:
    base, ended = ca.crl(number=100), delta(ca, 100, (card, T0 + 2 * DAY, HOLD), number=101, day=2)
    assert code(card, ca, 2.5, base, ended) is F.ON_HOLD
    assert code(card, ca, 5, base, ended) is F.REVOCATION_UNKNOWN
    assert code(card, ca, 5, base, ended, delta(ca, 100, number=102, day=4.5)) is None


class Told(NamedTuple):
    """A list: the day on which it was made, the days that it lasts, and since which day it shows a hold, if it does."""

    begin: int
    days: int
    since: int | None


@pytest.mark.exhaustive
def test_whatever_lists_there_are_the_last_word_decides(ca: Issuer, card: Certificate) -> None:
    """Good is only said where a list is current and the last one until the moment, current or not, shows no hold."""
    days = [
        [None, *(Told(begin, lasts, since) for lasts in (1, 9) for since in (None, *sorted({0, begin})))]
        for begin in (0, 2, 4)
    ]
    lists = {told: listed(ca, card, told) for told in chain(*days) if told}
    seen: Counter[F | None] = Counter()
    for choice, moment in product(product(*days), (1, 3, 5, 8, 20)):
        story = [told for told in choice if told]
        found = code(card, ca, moment, *(lists[told] for told in story))
        assert found is expected(story, moment), (story, moment)
        seen[found] += 1
    assert min(seen.values()) > 100


def expected(story: list[Told], moment: int) -> F | None:
    before = [told for told in story if told.begin <= moment]
    current = [told for told in before if moment <= told.begin + told.days]
    later = [told.since for told in story[len(before) :] if told.since is not None]
    if any(since <= moment for since in later) or (current and current[-1].since is not None):
        return F.ON_HOLD
    return F.REVOCATION_UNKNOWN if not current or before[-1].since is not None else None


def listed(ca: Issuer, card: Certificate, told: Told) -> Crl:
    entries = [] if told.since is None else [(card, T0 + told.since * DAY, HOLD)]
    return ca.crl(entries, this_update=T0 + told.begin * DAY, days=told.days)
