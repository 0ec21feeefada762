"""Holding, releasing, revoking: the rules, the table of grounds, and the state at every moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import KeyKind
from ecard.errors import WithdrawalError
from ecard.pki.profile import Usage
from ecard.pki.withdrawal import GOOD, WITHDRAWALS, Act, Event, Ground, Journal, RevocationReason, State, Status
from tests.pki_authority.centre import AT, DAY, WEEK, chain_of, operator, root

HOUR = timedelta(hours=1)
COMPROMISE = RevocationReason.KEY_COMPROMISE


def journal(*acts: tuple[Act, int]) -> Journal:
    """A journal of certificate 1: acts at so many hours."""
    reason = {Act.REVOKE: COMPROMISE}
    return Journal(tuple(Event(1, act, AT + hours * HOUR, reason.get(act)) for act, hours in acts))


def test_valid_before_on_hold_during_valid_after() -> None:
    held = journal((Act.HOLD, 10), (Act.RELEASE, 20))
    hold = Status(State.ON_HOLD, AT + 10 * HOUR, RevocationReason.CERTIFICATE_HOLD)
    assert [held.status(1, AT + hour * HOUR) for hour in (0, 9, 10, 19, 20, 30)] == [GOOD, GOOD, hold, hold, GOOD, GOOD]


def test_revoked_on_hold_is_revoked_since_the_hold_began() -> None:
    lost = journal((Act.HOLD, 10), (Act.REVOKE, 20))
    assert lost.status(1, AT + 15 * HOUR).state is State.ON_HOLD
    assert lost.status(1, AT + 20 * HOUR) == Status(State.REVOKED, AT + 10 * HOUR, COMPROMISE)
    again = journal((Act.HOLD, 1), (Act.RELEASE, 2), (Act.REVOKE, 20))
    assert again.status(1, AT + 20 * HOUR).since == AT + 20 * HOUR


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ([], Act.RELEASE),
        ([(Act.HOLD, 1)], Act.HOLD),
        ([(Act.HOLD, 1), (Act.RELEASE, 2)], Act.RELEASE),
        ([(Act.REVOKE, 1)], Act.HOLD),
        ([(Act.REVOKE, 1)], Act.RELEASE),
        ([(Act.REVOKE, 1)], Act.REVOKE),
    ],
)
def test_acts_that_the_state_does_not_allow_change_nothing(before: list[tuple[Act, int]], act: Act) -> None:
    kept = journal(*before)
    with pytest.raises(WithdrawalError):
        kept.record(Event(1, act, AT + 9 * HOUR, COMPROMISE if act is Act.REVOKE else None))
    assert len(kept) == len(before)


@pytest.mark.parametrize("reason", [None, RevocationReason.CERTIFICATE_HOLD, RevocationReason.REMOVE_FROM_CRL])
def test_a_revocation_needs_a_final_reason(reason: RevocationReason | None) -> None:
    with pytest.raises(WithdrawalError, match="final reason"):
        Journal().record(Event(1, Act.REVOKE, AT, reason))


def test_acts_on_one_certificate_come_in_their_order() -> None:
    kept = journal((Act.HOLD, 10), (Act.RELEASE, 20))
    with pytest.raises(WithdrawalError, match="before an act"):
        kept.record(Event(1, Act.HOLD, AT + 5 * HOUR))
    kept.record(Event(2, Act.HOLD, AT + 5 * HOUR))


def test_what_is_recorded_in_advance_does_not_keep_from_acting_now() -> None:
    kept = journal((Act.REVOKE, 20), (Act.HOLD, 10))
    since = [kept.status(1, AT + hour * HOUR).since for hour in (9, 10, 20)]
    assert since == [None, AT + 10 * HOUR, AT + 10 * HOUR]
    kept = journal((Act.HOLD, 1), (Act.RELEASE, 20), (Act.HOLD, 30), (Act.REVOKE, 10))
    revoked = Status(State.REVOKED, AT + HOUR, COMPROMISE)
    assert [kept.status(1, AT + hour * HOUR) for hour in (10, 20, 30, 99)] == [revoked] * 4
    assert [event.act for event in kept.events(1)] == [Act.HOLD, Act.REVOKE]
    assert len(kept) == 4
    with pytest.raises(WithdrawalError, match="final"):
        kept.record(Event(1, Act.HOLD, AT + 40 * HOUR))


ACTS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Act), st.integers(0, 40)), max_size=25)


def recorded(acts: list[tuple[int, Act, int]]) -> Journal:
    kept = Journal()
    for serial, act, hour in acts:
        try:
            kept.record(Event(serial, act, AT + hour * HOUR, COMPROMISE if act is Act.REVOKE else None))
        except WithdrawalError:
            continue
    return kept


def model(kept: Journal, serial: int, at: datetime) -> State:
    """The state by the last act alone, a revocation being the last: the simplest thing that can be right."""
    mine = sorted((event for event in kept if event.serial == serial and event.at <= at), key=lambda event: event.at)
    acts = [event.act for event in mine]
    if Act.REVOKE in acts:
        return State.REVOKED
    return State.ON_HOLD if acts and acts[-1] is Act.HOLD else State.GOOD


@given(ACTS, st.integers(-1, 41))
def test_the_state_at_a_moment_follows_from_the_acts_until_then(acts: list[tuple[int, Act, int]], hour: int) -> None:
    kept, at = recorded(acts), AT + hour * HOUR
    states = {serial: kept.status(serial, at).state for serial in (1, 2, 3)}
    assert states == {serial: model(kept, serial, at) for serial in (1, 2, 3)}
    listed = dict(kept.withdrawn(at))
    assert {serial: status.state for serial, status in listed.items()} == {
        serial: state for serial, state in states.items() if state is not State.GOOD
    }


@given(ACTS, st.integers(0, 40), st.integers(0, 40), st.integers(0, 25))
def test_a_base_and_its_delta_are_the_full_list(
    acts: list[tuple[int, Act, int]], first: int, more: int, size: int
) -> None:
    kept, base = recorded(acts), AT + first * HOUR
    at = base + more * HOUR
    known = min(size, len(kept))
    before = {serial: kept.status(serial, base, recorded=known) for serial in (1, 2, 3)}
    merged = {serial: status for serial, status in before.items() if status.state is not State.GOOD}
    for serial, status in kept.changed(at, base=base, recorded=known):
        if status.state is State.GOOD:
            merged.pop(serial, None)
        else:
            merged[serial] = status
    assert merged == dict(kept.withdrawn(at))


# --- the authority --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", Ground)
def test_every_ground_of_the_table_does_what_the_table_says(ground: Ground) -> None:
    authority = root()
    card = operator(authority, 1)
    withdrawal = WITHDRAWALS[ground]
    if withdrawal.act is Act.RELEASE:
        authority.hold(card, at=AT)
    authority.withdraw(card, ground, at=AT + HOUR)
    status = authority.status(card.serial_number, at=AT + HOUR)
    assert status is not None
    assert status.state is {Act.HOLD: State.ON_HOLD, Act.RELEASE: State.GOOD, Act.REVOKE: State.REVOKED}[withdrawal.act]
    if withdrawal.act is Act.REVOKE:
        assert status.reason is withdrawal.reason


def test_a_lost_card_is_held_then_found_or_voided() -> None:
    authority = root()
    found, gone = operator(authority, 1), operator(authority, 2)
    for card in (found, gone):
        authority.withdraw(card, Ground.LOSS, at=AT + HOUR)
    authority.withdraw(found, Ground.FOUND, at=AT + DAY)
    authority.withdraw(gone, Ground.LOST_FOR_GOOD, at=AT + DAY)
    assert authority.status(found.serial_number, at=AT + DAY) == GOOD
    assert authority.status(gone.serial_number, at=AT + DAY) == Status(State.REVOKED, AT + HOUR, COMPROMISE)


def test_all_certificates_of_a_card_are_withdrawn_together() -> None:
    authority = root()
    card = [operator(authority, 1, usage=usage) for usage in (Usage.SIGNING, Usage.LOGIN, Usage.ENCRYPTION)]
    other = operator(authority, 2)
    authority.revoke(card[2], RevocationReason.SUPERSEDED, at=AT)
    number = "03-JJ0A900000001"
    both = [card[0].serial_number, card[1].serial_number]
    assert authority.withdraw_card(number, Ground.FREEZE, at=AT + HOUR) == both
    with pytest.raises(WithdrawalError, match="to hold: it is already on hold"):
        authority.withdraw_card(number, Ground.LOSS, at=AT + HOUR)
    assert authority.withdraw_card(number, Ground.UNFREEZE, at=AT + 2 * HOUR) == both
    gone = authority.withdraw_card(number, Ground.HOLDER_LEFT, at=AT + 3 * HOUR, invalidity_date=AT + HOUR)
    assert gone == both
    states = [status.state for c in (*card, other) if (status := authority.status(c.serial_number, at=AT + DAY))]
    assert states == [State.REVOKED, State.REVOKED, State.REVOKED, State.GOOD]
    for ground in (Ground.HOLDER_LEFT, Ground.LOSS, Ground.FOUND):
        with pytest.raises(WithdrawalError, match=f"card {number} is void, and void is final"):
            authority.withdraw_card(number, ground, at=AT + DAY)
    with pytest.raises(WithdrawalError, match="issued no certificate for card 03-JJ0A900000007"):
        authority.withdraw_card("03-JJ0A900000007", Ground.LOSS, at=AT + DAY)
    with pytest.raises(WithdrawalError, match="to release: it is not on hold"):
        authority.withdraw_card("03-JJ0A900000002", Ground.FOUND, at=AT + DAY)


def test_a_card_is_withdrawn_as_a_whole_or_not_at_all() -> None:
    authority = root()
    first, second = operator(authority, 1), operator(authority, 1, usage=Usage.LOGIN)
    authority.hold(second, at=AT + 5 * HOUR)
    authority.release(second, at=AT + 6 * HOUR)
    with pytest.raises(WithdrawalError, match="before an act"):
        authority.withdraw_card("03-JJ0A900000001", Ground.LOSS, at=AT + HOUR)
    assert authority.status(first.serial_number, at=AT + DAY) == GOOD


def test_the_invalidity_date_is_earlier_and_kept() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.revoke(card, COMPROMISE, at=AT + WEEK, invalidity_date=AT + DAY)
    assert authority.status(card.serial_number, at=AT + WEEK) == Status(State.REVOKED, AT + WEEK, COMPROMISE, AT + DAY)
    with pytest.raises(WithdrawalError, match="invalidity date"):
        authority.revoke(operator(authority, 2), COMPROMISE, at=AT, invalidity_date=AT + DAY)


def test_an_authority_withdraws_only_what_it_issued() -> None:
    top, issuing, leaf = chain_of(KeyKind.P256)
    for authority, certificate in ((top, leaf), (issuing, issuing.certificate), (issuing, top.certificate)):
        with pytest.raises(WithdrawalError, match="not issued by this authority"):
            authority.hold(certificate, at=AT)
        assert len(authority.record.journal) == 0
    top.revoke(issuing.certificate, RevocationReason.CA_COMPROMISE, at=AT)
    assert top.status(leaf.serial_number, at=AT) is None


def test_nothing_is_withdrawn_with_effect_before_a_crl_that_said_otherwise() -> None:
    authority = root()
    card = operator(authority, 1)
    authority.crl(at=AT + DAY, next_update=AT + WEEK)
    with pytest.raises(WithdrawalError, match="invalidity date"):
        authority.hold(card, at=AT + HOUR)
    authority.hold(card, at=AT + DAY)
