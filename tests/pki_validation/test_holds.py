"""Holds: while they last, after their release, and where the evidence leaves open what became of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from ecard.certificate import Certificate
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Interval
from tests.pki_validation.asking import (
    HOLD,
    STOLEN,
    Register,
    Stranger,
    ask,
    code,
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
