"""Logging in with the login key, and who may have signed by what the register knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyLegalPerson, AnyOperator, OneOf
from ecard.errors import InvalidInputError, LoginError, VerificationError
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.profile import Usage
from ecard.roles.acts import Act, CardKind, Office
from ecard.roles.login import LoginRefusal, LoginServer, answer
from ecard.roles.orders import REGISTER_JUDGES
from ecard.roles.permissions import ActiveCard, Approved, require_two_persons
from tests.roles.world import CODE, ONLINE, OTHER, World, number, request_of

SERVER = "centre.example"


def refused(reason: LoginRefusal) -> Any:
    return pytest.raises(LoginError, check=lambda error: error.reason is reason)


def with_login_key(world: World, place: int) -> KeyHolder:
    """Renew a card so that it has a login key beside its signing key; the signing key goes into ``holders``."""
    keys = {usage: SoftwareKey.generate(KeyKind.P256) for usage in (Usage.SIGNING, Usage.LOGIN)}
    made = world.centre.order(
        Act.RENEW,
        f"card/{number(place)}",
        world.officers[Office.CENTRE],
        at=world.later(),
        details={"ground": "replaced"},
        requests={usage: request_of(key) for usage, key in keys.items()},
    ).certificates
    world.holders[number(place)] = SoftwareKeyHolder(keys[Usage.SIGNING], made[Usage.SIGNING])
    return SoftwareKeyHolder(keys[Usage.LOGIN], made[Usage.LOGIN])


@pytest.fixture
def ready(sqlite_world: World) -> World:
    seal = sqlite_world.enterprise()
    sqlite_world.operator(seal)
    return sqlite_world


@pytest.fixture
def server(ready: World) -> LoginServer:
    return LoginServer(SERVER, ready.register, ready.centre.trust)


def log_in(world: World, server: LoginServer, key: KeyHolder, at: datetime | None = None) -> Any:
    challenge = server.challenge(at=world.now)
    return server.finish(challenge, key.certificate, answer(challenge, SERVER, key), at=at or world.now)


def test_a_login_tells_who_for_which_enterprise_and_with_what_permissions(ready: World, server: LoginServer) -> None:
    operator, legal = with_login_key(ready, 201), with_login_key(ready, 101)
    found = log_in(ready, server, operator)
    assert (found.card, found.kind, found.enterprise) == (number(201), CardKind.OPERATOR, CODE)
    assert found.permissions == frozenset()
    seal = ready.holders[number(101)]
    ready.give(Act.FILE_BUSINESS, f"business/{CODE}/customs", seal, channel=ONLINE)
    ready.give(Act.APPROVE_BUSINESS, f"business/{CODE}/customs", Office.CUSTOMS)
    assert log_in(ready, server, operator).permissions == {"sign:customs"}
    assert "manage-operators" in log_in(ready, server, legal).permissions


def test_a_challenge_is_good_once(ready: World, server: LoginServer) -> None:
    key = with_login_key(ready, 201)
    challenge = server.challenge(at=ready.now)
    signature = answer(challenge, SERVER, key)
    server.finish(challenge, key.certificate, signature, at=ready.now)
    with refused(LoginRefusal.CHALLENGE):
        server.finish(challenge, key.certificate, signature, at=ready.now)


def test_a_wrong_answer_spends_the_challenge(ready: World, server: LoginServer) -> None:
    key = with_login_key(ready, 201)
    challenge = server.challenge(at=ready.now)
    with refused(LoginRefusal.SIGNATURE):
        server.finish(challenge, key.certificate, b"\x30\x00", at=ready.now)
    with refused(LoginRefusal.CHALLENGE):
        server.finish(challenge, key.certificate, answer(challenge, SERVER, key), at=ready.now)


@pytest.mark.parametrize(("seconds", "good"), [(-1, False), (0, True), (120, True), (121, False)])
def test_a_challenge_is_good_for_two_minutes(ready: World, server: LoginServer, seconds: int, good: bool) -> None:
    key = with_login_key(ready, 201)
    if good:
        log_in(ready, server, key, ready.now + timedelta(seconds=seconds))
    else:
        with refused(LoginRefusal.EXPIRED):
            log_in(ready, server, key, ready.now + timedelta(seconds=seconds))


def test_an_answer_for_another_server_is_refused(ready: World, server: LoginServer) -> None:
    key = with_login_key(ready, 201)
    challenge = server.challenge(at=ready.now)
    with refused(LoginRefusal.SIGNATURE):
        server.finish(challenge, key.certificate, answer(challenge, "thief.example", key), at=ready.now)
    with refused(LoginRefusal.CHALLENGE):
        server.finish(b"0" * 32, key.certificate, answer(b"0" * 32, SERVER, key), at=ready.now)


def test_a_signing_key_does_not_log_in(ready: World, server: LoginServer) -> None:
    with refused(LoginRefusal.CERTIFICATE):
        log_in(ready, server, ready.holders[number(201)])


def test_a_card_that_is_frozen_does_not_log_in(ready: World, server: LoginServer) -> None:
    key = with_login_key(ready, 201)
    ready.on_card(Act.FREEZE, 201, ready.holders[number(101)], "freeze", channel=ONLINE)
    with refused(LoginRefusal.STATE):
        log_in(ready, server, key)


def test_open_challenges_are_bounded(ready: World, server: LoginServer) -> None:
    first = server.challenge(at=ready.now)
    for _ in range(10_000):
        server.challenge(at=ready.now)
    assert len(server._open) == 10_000
    server.challenge(at=ready.now + timedelta(minutes=3))
    assert len(server._open) == 1
    with refused(LoginRefusal.CHALLENGE):
        server.finish(first, ready.seal.certificate, b"", at=ready.now)


def test_many_threads_open_and_answer_challenges_at_once(ready: World, server: LoginServer) -> None:
    key = with_login_key(ready, 201)

    def many(_: int) -> list[str]:
        for place in range(200):
            # every third is of a later moment, so that the old ones are thrown away while others are made
            server.challenge(at=ready.now + timedelta(minutes=3 * (place % 3)))
        return [log_in(ready, server, key).card for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(many, range(8))) == [[number(201)] * 5] * 8


@pytest.mark.parametrize("name", ["", "x" * 201, "主机", "a\nb"])
def test_a_server_has_a_name(ready: World, name: str) -> None:
    with pytest.raises(InvalidInputError):
        LoginServer(name, ready.register, ready.centre.trust)


def verified(world: World, holder: KeyHolder, policy: Any, at: datetime) -> Report:
    signature = cms.sign(b"text", holder, at=at)
    return cms.verify(b"text", signature, trust=world.centre.trust, signer=policy, at=at, policy=REGISTER_JUDGES)


def test_r5_an_operator_signs_only_while_a_department_approves(ready: World) -> None:
    seal, operator, subject = ready.holders[number(101)], ready.holders[number(201)], f"business/{CODE}/customs"
    moments = {"before": ready.later()}
    ready.give(Act.FILE_BUSINESS, subject, seal, channel=ONLINE)
    ready.give(Act.APPROVE_BUSINESS, subject, Office.CUSTOMS)
    moments["approved"] = ready.later()
    ready.give(Act.WITHDRAW_BUSINESS, subject, Office.CUSTOMS, reason="ended")
    moments["withdrawn"] = ready.later()
    for name, at in moments.items():
        policy = Approved(register=ready.register, department=Office.CUSTOMS, signer=AnyOperator(of=CODE), at=at)
        if name == "approved":
            verified(ready, operator, policy, at)
        else:
            with pytest.raises(VerificationError, match="no approval of customs"):
                verified(ready, operator, policy, at)
    for wrong in (AnyOperator(of=OTHER), AnyLegalPerson(of=CODE)):
        policy = Approved(register=ready.register, department=Office.CUSTOMS, signer=wrong, at=moments["approved"])
        with pytest.raises(VerificationError):
            verified(ready, operator, policy, moments["approved"])


def test_a_card_that_was_not_active_may_not_have_signed(ready: World) -> None:
    operator = ready.holders[number(201)]
    ready.on_card(Act.FREEZE, 201, ready.holders[number(101)], "freeze", channel=ONLINE)
    at = ready.later()
    with pytest.raises(VerificationError, match="was frozen"):
        verified(ready, operator, ActiveCard(register=ready.register, at=at), at)


def test_two_persons_are_two_cards_of_the_right_roles(ready: World) -> None:
    seal, operator, at = ready.holders[number(101)], ready.holders[number(201)], ready.later()
    first, second = AnyOperator(of=CODE), AnyLegalPerson(of=CODE)
    either = OneOf((first, second))
    one, other = verified(ready, operator, either, at), verified(ready, seal, either, at)
    require_two_persons([one, other], first, second)
    require_two_persons([other, one], either, either)
    for reports in ([one], [one, one], [other, other], []):
        with pytest.raises(InvalidInputError, match="two persons"):
            require_two_persons(reports, first, second)
    with pytest.raises(InvalidInputError, match="two persons"):
        require_two_persons([one, one], either, either)
