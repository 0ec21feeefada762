"""Where the certificate of the centre's seal or of a signer has ended, no order is taken that an audit condemns."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ecard.errors import OrderRefusedError, RegisterStateError
from ecard.pki import authority_issuer
from ecard.roles.acts import Act, Office, Refusal
from ecard.roles.register_audit import audit
from tests.roles.world import COUNTER, World, number


def damages(world: World) -> list[str]:
    return [str(damage) for damage in audit(world.register, trust=world.centre.trust)]


def test_after_the_end_of_the_seal_nothing_is_changed(sqlite_world: World) -> None:
    world = sqlite_world
    end = world.seal.certificate.not_after
    world.now = end - timedelta(days=1)
    younger = world.appoint(Office.CENTRE, 50)
    head, world.now = world.register.head(), end
    with pytest.raises(RegisterStateError, match="the certificate of the centre's seal ended at 2036-03-02T08:00:00Z"):
        world.give(Act.DISMISS, f"card/{number(11)}", younger, ground="holder-left")
    with pytest.raises(RegisterStateError, match="seal ended"):
        world.centre.crl(at=end + timedelta(seconds=1), next_update=end + timedelta(days=1))
    assert (world.register.head(), damages(world)) == (head, [])


def test_at_the_last_moment_of_the_seal_a_sender_ahead_of_it_is_refused(sqlite_world: World) -> None:
    world = sqlite_world
    end = world.seal.certificate.not_after
    world.now = end - timedelta(days=1)
    younger = world.appoint(Office.CENTRE, 50)
    changes = {"channel": COUNTER, "details": {"ground": "holder-left"}}
    ahead = world.signed(Act.DISMISS, 11, younger, moment=end + timedelta(seconds=1), **changes)
    with pytest.raises(RegisterStateError, match="seal ended"):
        world.centre.give(ahead, at=end)
    world.centre.give(world.signed(Act.DISMISS, 11, younger, moment=end, **changes), at=end)
    assert damages(world) == []


def test_a_signer_is_judged_at_the_moment_of_effect_which_another_clock_moved_on(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    monkeypatch.setattr(authority_issuer, "CARD_YEARS", 1)
    signer = world.appoint(Office.CENTRE, 50)
    end = signer.certificate.not_after
    world.now = end + timedelta(minutes=1)
    world.on_card(Act.DISMISS, 12, Office.CENTRE, "holder-left")  # by a clock that is two minutes ahead
    late = world.signed(Act.DISMISS, 11, signer, moment=end, channel=COUNTER, details={"ground": "holder-left"})
    with pytest.raises(OrderRefusedError, match="expired") as caught:
        world.centre.give(late, at=end)
    assert (caught.value.reason, damages(world)) == (Refusal.SIGNATURE, [])
