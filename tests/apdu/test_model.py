"""Client, simulated card and a small model of PIN, PUK and session, driven together by hypothesis."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.words import PinUse, Slot
from ecard.errors import (
    CardConnectionError,
    CardStatusError,
    EcardError,
    LastPinTryError,
    PinBlockedError,
    PinFormatError,
    WrongPinError,
)
from ecard.pin import UNSAFE_NO_POLICY, Pin
from ecard.simulator import Behaviour, InProcess, SimulatedCard
from tests.apdu.making import authenticate

pytestmark = pytest.mark.exhaustive

DIGEST, ECDSA = b"\7" * 32, SignatureAlgorithm.ECDSA_SHA256
PINS = st.sampled_from(["123456", "654321", "739205", "84031627"])
PUKS = st.sampled_from(["12345678", "87654321", "73920518"])
USES = {
    Slot.AUTHENTICATION: PinUse.ONCE,
    Slot.SIGNATURE: PinUse.ALWAYS,
    Slot.KEY_MANAGEMENT: PinUse.ALWAYS,
    Slot.CARD_AUTHENTICATION: PinUse.NEVER,
}
VARIANTS = [
    (),
    (Behaviour.NO_METADATA,),
    (Behaviour.LAST_WRONG_PIN_SAYS_BLOCKED,),
    (Behaviour.RETRIES_IN_WHOLE_BYTE, Behaviour.SHORT_COMMANDS_ONLY),
]
THOUSANDS = settings(max_examples=int(os.environ.get("ECARD_MODEL_EXAMPLES", "100")), stateful_step_count=50)


class Secret:
    """The model of a PIN or PUK: its value, its tries."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.total = self.left = 3

    def expected(self, given: str, insist: bool, *, known: bool = True) -> type[EcardError] | None:
        """What must be raised when ``given`` is tried; None for success. Counts the try."""
        if self.left == 0:
            return PinBlockedError
        if self.left == 1 and not insist and known:
            return LastPinTryError
        if given == self.value:
            self.left = self.total
            return None
        self.left -= 1
        return WrongPinError if self.left else PinBlockedError

    def set(self, value: str) -> None:
        self.value, self.left = value, self.total


class CardModel(RuleBasedStateMachine):
    """A session is open or not; a PIN is verified in it or not; everything else is the secrets."""

    @initialize(behaviours=st.sampled_from(VARIANTS))
    def make(self, behaviours: tuple[Behaviour, ...]) -> None:
        self.card = SimulatedCard.new(seed=1, behaviours=behaviours)
        self.tells_more = Behaviour.NO_METADATA not in behaviours
        self.session: Session | None = None
        self.piv: PivSession
        self.pin, self.puk = Secret("123456"), Secret("12345678")
        self._forgotten()
        self.learnt: set[Slot] = set()
        self.puk_refused = False
        with Session(InProcess(self.card)) as session:
            piv = PivSession(session)
            authenticate(piv)
            for slot, use in USES.items():
                piv.generate_key(slot, KeyKind.P256, pin_use=use)

    def _forgotten(self) -> None:
        self.verified = self.fresh = self.after_last_try = False

    def _expected(self, pin: str, insist: bool) -> type[EcardError] | None:
        """What must be raised when ``pin`` is sent, and what the card remembers then."""
        left = self.pin.left
        if self.after_last_try and not insist and not self.tells_more:
            return LastPinTryError  # verified, the card hides its counter; it could be one that has a single try
        expected = self.pin.expected(pin, insist)
        if expected is None:
            self.verified = self.fresh = True
            self.after_last_try = left == 1
        elif self.pin.left < left:
            self._forgotten()
        return expected

    def _expected_of_puk(self, puk: str, insist: bool) -> type[EcardError] | None:
        """What must be raised when ``puk`` is sent: its counter is told by metadata, or by a refusal in the session."""
        expected = self.puk.expected(puk, insist, known=self.tells_more or self.puk_refused)
        if expected is not LastPinTryError:
            self.puk_refused = expected is not None
        return expected

    def raises(self, expected: type[EcardError] | None) -> AbstractContextManager[object]:
        if expected is None:
            return nullcontext()
        return pytest.raises(expected)

    @precondition(lambda self: self.session is None)
    @rule()
    def begin(self) -> None:
        self.session = Session(InProcess(self.card))
        self.session.__enter__()
        self.piv = PivSession(self.session)
        self._forgotten()
        self.learnt = set()
        self.puk_refused = False

    @precondition(lambda self: self.session is not None)
    @rule()
    def end(self) -> None:
        assert self.session is not None
        self.session.__exit__(None, None, None)
        self.session = None
        with pytest.raises(CardConnectionError):
            self.piv.pin_status()

    @precondition(lambda self: self.session is not None)
    @rule(pin=PINS, insist=st.booleans())
    def verify(self, pin: str, insist: bool) -> None:
        with self.raises(self._expected(pin, insist)):
            self.piv.verify(Pin(pin), use_last_try=insist)

    @precondition(lambda self: self.session is not None)
    @rule(pin=st.sampled_from(["1", "12345", "123456789"]))
    def verify_nonsense(self, pin: str) -> None:
        expected = {0: PinBlockedError, 1: LastPinTryError}.get(self.pin.left, PinFormatError)
        if self.after_last_try and not self.tells_more:
            expected = LastPinTryError
        with pytest.raises(expected):
            self.piv.verify(Pin(pin))

    @precondition(lambda self: self.session is not None)
    @rule()
    def log_out(self) -> None:
        self._log_out()

    def _log_out(self) -> None:
        self.piv.log_out()
        self._forgotten()

    @precondition(lambda self: self.session is not None)
    @rule(old=PINS, new=PINS, insist=st.booleans())
    def change_pin(self, old: str, new: str, insist: bool) -> None:
        expected = self._expected(old, insist)
        with self.raises(expected):
            self.piv.change_pin(Pin(old), Pin(new), policy=UNSAFE_NO_POLICY, use_last_try=insist)
        if expected is None:
            self.pin.set(new)
        self._log_out()  # whether the PIN counts as verified now is the card's affair

    @precondition(lambda self: self.session is not None)
    @rule(old=PUKS, new=PUKS, insist=st.booleans())
    def change_puk(self, old: str, new: str, insist: bool) -> None:
        expected = self._expected_of_puk(old, insist)
        with self.raises(expected):
            self.piv.change_puk(Pin(old), Pin(new), use_last_try=insist)
        if expected is None:
            self.puk.set(new)

    @precondition(lambda self: self.session is not None)
    @rule(puk=PUKS, new=PINS, insist=st.booleans())
    def unblock(self, puk: str, new: str, insist: bool) -> None:
        expected = self._expected_of_puk(puk, insist)
        with self.raises(expected):
            self.piv.unblock_pin(Pin(puk), Pin(new), policy=UNSAFE_NO_POLICY, use_last_try=insist)
        if expected is None:
            self.pin.set(new)
        self._log_out()

    @precondition(lambda self: self.session is not None)
    @rule(slot=st.sampled_from(list(USES)), pin=PINS, insist=st.booleans())
    def sign(self, slot: Slot, pin: str, insist: bool) -> None:
        expected = self._expected(pin, insist) if self._asks_for_the_pin(slot) else None
        with self.raises(expected):
            self.piv.sign_digest(slot, KeyKind.P256, DIGEST, ECDSA, pin=Pin(pin), use_last_try=insist)
        self.fresh = False

    def _asks_for_the_pin(self, slot: Slot) -> bool:
        """Whether the PIN is sent: a signature must not be had without it, nor the PIN be asked for needlessly."""
        if USES[slot] is PinUse.NEVER:
            return False
        if USES[slot] is PinUse.ONCE or (slot is Slot.KEY_MANAGEMENT and slot not in self.learnt and self.fresh):
            return not self.verified
        if slot is Slot.KEY_MANAGEMENT and self.verified:
            self.learnt.add(slot)  # the card refused once: from now on the PIN comes first
        return True

    @precondition(lambda self: self.session is not None)
    @rule(slot=st.sampled_from([Slot.SIGNATURE, Slot.KEY_MANAGEMENT]))
    def sign_without_a_pin(self, slot: Slot) -> None:
        self._log_out()
        with pytest.raises(CardStatusError) as raised:
            self.piv.sign_digest(slot, KeyKind.P256, DIGEST, ECDSA)
        assert raised.value.status == 0x6982

    @precondition(lambda self: self.session is not None)
    @rule()
    def read_the_counters(self) -> None:
        status = self.piv.pin_status()
        assert status.verified is self.verified
        assert status.left == (None if self.verified else self.pin.left)
        if self.tells_more:
            assert self.piv.puk_tries() == self.puk.left
            assert self.piv.pin_tries() == self.pin.left

    @precondition(lambda self: self.session is not None and self.pin.left == 0 and self.puk.left == 0)
    @rule()
    def reset(self) -> None:
        self.piv.reset()
        self.puk_refused = False
        self.pin, self.puk = Secret("123456"), Secret("12345678")
        self._forgotten()
        self.learnt = set()
        authenticate(self.piv)
        for slot, use in USES.items():
            self.piv.generate_key(slot, KeyKind.P256, pin_use=use)

    @invariant()
    def the_card_counts_what_the_model_counts(self) -> None:
        if hasattr(self, "card"):
            memory = self.card.memory
            assert (memory.pin.left, memory.puk.left) == (self.pin.left, self.puk.left)

    def teardown(self) -> None:
        if getattr(self, "session", None) is not None:
            self.session.__exit__(None, None, None)  # type: ignore[union-attr]
            assert not self.card.powered


TestCardModel = pytest.mark.filterwarnings("error")(CardModel.TestCase)
TestCardModel.settings = THOUSANDS
