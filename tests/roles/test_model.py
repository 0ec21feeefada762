"""Any order by anybody at any time, against a naive model that was written by hand and knows nothing of the table."""

from __future__ import annotations

import itertools
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ecard.errors import OrderRefusedError
from ecard.roles.acts import Act, Channel, Office
from ecard.roles.register_audit import audit
from tests.roles import postgres
from tests.roles.world import CODE, COUNTER, ONLINE, OTHER, World, number

pytestmark = pytest.mark.exhaustive

LIVES = int(os.environ.get("ECARD_LIVES", "10"))
_COUNTER = itertools.count()
SEALS = {CODE: 101, OTHER: 102}
OPERATORS = {201: CODE, 202: CODE, 203: OTHER}
ACTS = {
    Act.REPORT_LOSS: "loss",
    Act.REPORT_FOUND: "found",
    Act.FREEZE: "freeze",
    Act.UNFREEZE: "unfreeze",
    Act.VOID: "holder-left",
    Act.UNLOCK: None,
    Act.CHANGE_PIN: None,
    Act.REPLACE: "replaced",
}
BY_SEAL = {Act.REPORT_LOSS, Act.FREEZE, Act.UNFREEZE}
AT_CENTRE = set(ACTS) - BY_SEAL


class NaiveCards:
    """What cards are, as plain words."""

    def __init__(self) -> None:
        self.now: dict[int, str] = {}
        self.was: dict[int, str] = {}
        self.enterprise: dict[int, str] = {}
        self.collected: set[int] = set()
        self.seal_of = dict(SEALS)
        self.seals = set(SEALS.values())
        self.log: list[tuple[datetime, int, str]] = []

    def put(self, card: int, state: str, at: datetime) -> None:
        self.now[card] = state
        self.log.append((at, card, state))

    def at(self, card: int, moment: datetime) -> str | None:
        states = [state for when, number_, state in self.log if number_ == card and when <= moment]
        return states[-1] if states else None

    def after(self, act: Act, card: int) -> str | None:
        """What the card would be; None where its state does not allow the act."""
        state = self.now[card]
        steps = {
            Act.REPORT_LOSS: {"transport": "lost", "active": "lost"},
            Act.REPORT_FOUND: {"lost": self.was.get(card, "")},
            Act.FREEZE: {"active": "frozen"},
            Act.UNFREEZE: {"frozen": "active"},
            Act.UNLOCK: {"active": "transport"},
            Act.CHANGE_PIN: {"transport": "active"} if card in self.collected else {},
            Act.VOID: dict.fromkeys(("transport", "active", "lost", "frozen"), "void"),
            Act.REPLACE: dict.fromkeys(("transport", "active", "lost", "frozen"), "void"),
        }
        if act is Act.REPORT_LOSS and card not in self.seal_of.values():
            steps[act]["frozen"] = "lost"
        return steps[act].get(state)

    def is_seal(self, card: int) -> bool:
        return card in self.seals

    def may(self, act: Act, card: int, by: str, channel: Channel) -> bool:
        """Whether whoever it is may do it, the card's state aside."""
        seal_active = self.now[self.seal_of[self.enterprise[card]]] == "active"
        if by == "centre":
            if channel is not COUNTER:
                return False
            if self.is_seal(card):
                return act not in {Act.FREEZE, Act.UNFREEZE}
            return act in AT_CENTRE or not seal_active
        if by in SEALS:
            own = by == self.enterprise[card] and seal_active
            return own and not self.is_seal(card) and act in BY_SEAL and channel is ONLINE
        return False


class Life(RuleBasedStateMachine):
    """Two enterprises with three operators; every card may be collected or not."""

    place: str

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.new_place())
        self.model = NaiveCards()
        self.next = 300
        for code, place in SEALS.items():
            self.world.enterprise(code, place)
            self._met(place, code, "active")
        for place, code in OPERATORS.items():
            collected = place != 202
            self.world.operator(self.world.holders[number(SEALS[code])], place, code, collected=collected)
            self._met(place, code, "active" if collected else "transport")

    def _met(self, card: int, code: str, state: str) -> None:
        self.model.enterprise[card] = code
        self.model.put(card, state, self.world.now)
        if state == "active":
            self.model.collected.add(card)

    def new_place(self) -> str:
        raise NotImplementedError

    @rule(minutes=st.integers(1, 60 * 24 * 40))
    def wait(self, minutes: int) -> None:
        self.world.later(minutes=minutes)

    @rule(
        act=st.sampled_from(list(ACTS)),
        which=st.integers(0, 50),
        by=st.sampled_from(["centre", "centre", CODE, CODE, OTHER, "operator", "tax"]),
        channel=st.sampled_from([COUNTER, ONLINE]),
        right_ground=st.sampled_from([True, True, True, False]),
    )
    def order(self, act: Act, which: int, by: str, channel: Channel, right_ground: bool) -> None:
        cards = sorted(self.model.now)
        card = cards[which % len(cards)]
        target = self.model.after(act, card)
        good = self.model.may(act, card, by, channel) and target is not None and (right_ground or ACTS[act] is None)
        details: dict[str, Any] = {"channel": channel, "pin_changed": True}
        if act is Act.REPLACE:
            details |= {"card": number(self.next), "makes": True}
        ground = ACTS[act] if right_ground else "key-compromise" if act in BY_SEAL else "freeze"
        try:
            self.world.on_card(act, card, self._holder(by), ground, **details)
        except OrderRefusedError:
            assert not good, f"{act} on {card} by {by} was refused"
            return
        assert good, f"{act} on {card} by {by} was carried out"
        self._follow(act, card, target or "")

    def _holder(self, by: str) -> Any:
        if by in SEALS:
            return self.world.holders[number(self.model.seal_of[by])]
        return {"centre": Office.CENTRE, "tax": Office.TAX, "operator": self.world.holders[number(201)]}[by]

    def _follow(self, act: Act, card: int, target: str) -> None:
        if target == "lost":
            self.model.was[card] = self.model.now[card]
        self.model.put(card, target, self.world.now)
        if act is Act.REPLACE:
            code = self.model.enterprise[card]
            self.model.enterprise[self.next] = code
            self.model.put(self.next, "transport", self.world.now)
            if card in self.model.seals:
                self.model.seals.add(self.next)
                self.model.seal_of[code] = self.next
            self.next += 1

    @rule(which=st.integers(0, 50))
    def collect(self, which: int) -> None:
        cards = sorted(self.model.now)
        card = cards[which % len(cards)]
        good = self.model.now[card] == "transport" and card not in self.model.collected
        try:
            self.world.collect(card, "legal-person" if card in self.model.seals else "holder")
        except OrderRefusedError:
            assert not good
            return
        assert good
        self.model.collected.add(card)
        self.model.put(card, "active", self.world.now)

    @rule(back=st.integers(0, 60 * 24 * 60))
    def look_back(self, back: int) -> None:
        moments = [when for when, _, _ in self.model.log]
        moment = moments[back % len(moments)]
        for card in self.model.now:
            for at in (moment, moment.replace(second=59), self.world.now):
                assert self.world.state(card, at) == self.model.at(card, at)

    @invariant()
    def present_states_agree(self) -> None:
        for card, state in self.model.now.items():
            assert self.world.state(card) == state

    def teardown(self) -> None:
        assert list(audit(self.world.register)) == []
        self.world.close()


def _run(machine: type[Life], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
    )


def test_orders_of_any_kind_on_sqlite(tmp_path: Path) -> None:
    class OnSqlite(Life):
        def new_place(self) -> str:
            return tempfile.mkdtemp(dir=tmp_path) + "/register.db"

    _run(OnSqlite, LIVES)


@pytest.mark.slow
def test_orders_of_any_kind_on_postgresql(postgres_server: str) -> None:
    class OnPostgres(Life):
        def new_place(self) -> str:
            return postgres.create_database(postgres_server, f"model{next(_COUNTER)}")

    _run(OnPostgres, LIVES // 3)
