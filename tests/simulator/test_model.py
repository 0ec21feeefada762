"""The card against a small model of PIN, PUK and session, driven together by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ecard.apdu import words
from ecard.apdu.words import Ins
from ecard.simulator import SimulatedCard, storage
from tests.simulator.terminal import OTHER_PIN, OTHER_PUK, PIN, PUK, WRONG_PIN, Terminal

pytestmark = pytest.mark.exhaustive

PINS = st.sampled_from([PIN, OTHER_PIN, WRONG_PIN])
PUKS = st.sampled_from([PUK, OTHER_PUK, b"11223344"])
SLOTS = {0x9A: "once", 0x9C: "always", 0x9E: "never"}


@dataclass
class Reference:
    """What the model knows of a PIN or PUK."""

    value: bytes
    tries: int = 3
    left: int = 3

    def present(self, value: bytes) -> int:
        if not self.left:
            return 0x6983
        if value != self.value:
            self.left -= 1
            return 0x63C0 | self.left
        self.left = self.tries
        return 0x9000


@dataclass
class Model:
    """What the model knows of the card."""

    pin: Reference = field(default_factory=lambda: Reference(PIN))
    puk: Reference = field(default_factory=lambda: Reference(PUK))
    verified: bool = False
    fresh: bool = False
    managed: bool = False
    keys: set[int] = field(default_factory=set)

    def may_use(self, slot: int) -> bool:
        use = SLOTS[slot]
        return use == "never" or (self.verified and (use == "once" or self.fresh))


class CardAndModel(RuleBasedStateMachine):
    """Every step is done by both, and they answer the same."""

    def __init__(self) -> None:
        super().__init__()
        self.card = SimulatedCard.new(seed=1)
        self.model = Model()

    @initialize()
    def insert(self) -> None:
        self.card.power_on()
        self.terminal = Terminal(self.card)
        self.terminal.select()

    @rule(pin=PINS)
    def verify(self, pin: bytes) -> None:
        expected = self.model.pin.present(pin)
        self.model.verified = self.model.fresh = expected == 0x9000
        assert self.terminal.verify(pin) == expected

    @rule()
    def log_out(self) -> None:
        self.model.verified = self.model.fresh = False
        assert self.terminal.status(Ins.VERIFY, 0xFF, 0x80) == 0x9000

    @rule(old=PINS, new=PINS)
    def change_pin(self, old: bytes, new: bytes) -> None:
        expected = self.model.pin.present(old)
        if expected == 0x9000:
            self.model.pin.value = new
        self.model.verified = self.model.fresh = False
        assert self.terminal.change(0x80, old, new) == expected

    @rule(old=PUKS, new=PUKS)
    def change_puk(self, old: bytes, new: bytes) -> None:
        expected = self.model.puk.present(old)
        if expected == 0x9000:
            self.model.puk.value = new
        assert self.terminal.change(0x81, old, new) == expected

    @rule(puk=PUKS, new=PINS)
    def unblock(self, puk: bytes, new: bytes) -> None:
        expected = self.model.puk.present(puk)
        if expected == 0x9000:
            self.model.pin.value, self.model.pin.left = new, self.model.pin.tries
            self.model.verified = self.model.fresh = False
        assert self.terminal.unblock(puk, new) == expected

    @rule(right=st.booleans())
    def manage(self, right: bool) -> None:
        self.model.managed = right
        key = words.FACTORY_MANAGEMENT_KEY if right else bytes(24)
        assert self.terminal.manage(key) == (0x9000 if right else 0x6982)

    @rule(slot=st.sampled_from(sorted(SLOTS)))
    def generate(self, slot: int) -> None:
        data = bytes.fromhex("AC03800111")
        expected = 0x9000 if self.model.managed else 0x6982
        assert self.terminal.status(Ins.GENERATE_KEY, 0, slot, data) == expected
        if expected == 0x9000:
            self.model.keys.add(slot)

    @rule(slot=st.sampled_from(sorted(SLOTS)), length=st.sampled_from((32, 33)))
    def sign(self, slot: int, length: int) -> None:
        if slot not in self.model.keys:
            expected = 0x6A88
        elif not self.model.may_use(slot):
            expected = 0x6982
        else:
            self.model.fresh = False
            expected = 0x9000 if length == 32 else 0x6A80
        assert self.terminal.use(slot, words.P256, bytes(length))[1] == expected

    @rule(tries=st.integers(1, 15))
    def set_retries(self, tries: int) -> None:
        allowed = self.model.managed and self.model.verified
        assert self.terminal.status(Ins.SET_PIN_RETRIES, tries, 4) == (0x9000 if allowed else 0x6982)
        if allowed:
            self.model.pin, self.model.puk = Reference(PIN, tries, tries), Reference(PUK, 4, 4)
            self.model.verified = self.model.fresh = False

    @rule()
    def reset(self) -> None:
        blocked = not self.model.pin.left and not self.model.puk.left
        assert self.terminal.status(Ins.RESET) == (0x9000 if blocked else 0x6985)
        if blocked:
            self.model = Model()

    @rule(select=st.booleans())
    def lose_power(self, select: bool) -> None:
        self.card.power_off()
        self.card.power_on()
        self.model.verified = self.model.fresh = self.model.managed = False
        if not select:
            assert self.terminal.status(Ins.VERIFY, 0, 0x80) == 0x6D00
        self.terminal.select()

    @rule()
    def save_and_load(self) -> None:
        self.card.power_off()
        self.card = SimulatedCard(storage.read(storage.write(self.card.memory)))
        self.model.verified = self.model.fresh = self.model.managed = False
        self.insert()

    @rule()
    def select_again(self) -> None:
        self.terminal.select()

    @rule()
    def look_around(self) -> None:
        self.terminal.get(0x7E)
        self.terminal.status(Ins.SELECT, 4, 0, b"\xa0\0\0\0\1\1")

    @invariant()
    def tries_agree(self) -> None:
        if not hasattr(self, "terminal"):
            return
        left = self.model.pin.left
        expected = 0x9000 if self.model.verified else 0x63C0 | left if left else 0x6983
        assert self.terminal.tries() == expected
        metadata = self.terminal.good(Ins.GET_METADATA, 0, 0x80)
        assert metadata[-2:] == bytes((self.model.pin.tries, left))
        assert self.terminal.good(Ins.GET_METADATA, 0, 0x81)[-1] == self.model.puk.left


CardAndModel.TestCase.settings = settings(max_examples=120, stateful_step_count=40)
test_card_and_model = CardAndModel.TestCase
