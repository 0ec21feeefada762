"""Verbs for PIN and PUK, and the rules that keep a try from being lost.

The counter is read before a PIN is sent, unless a PIN sent in this session was right since; the last try is refused
unless the caller insists; a PIN is sent once, and after a wrong one nothing further is tried.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.newpin import DEFAULT_POLICY, NO_FACTS, require_good, require_unseen_allowed
from ecard.apdu.pinpad import (
    MAX_PIN,
    MIN_PIN,
    AtTheReader,
    Feature,
    modify_structure,
    status_of,
    verify_structure,
)
from ecard.apdu.presenting import PinStatus, PresentingVerbs
from ecard.apdu.refusal import blocked
from ecard.apdu.status import Status, explain
from ecard.apdu.words import Ins, Reference
from ecard.errors import (
    InvalidInputError,
    LastPinTryError,
    NotSupportedByCardError,
    PinFormatError,
)
from ecard.pin import HolderFacts, Pin, PinPolicy, PinReference, PinRequest, PinSupplier, Reason, as_supplier

_LOG_OUT: Final = 0xFF


class PinVerbs(PresentingVerbs):
    """VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-5 part 2, section 3.2), and Yubico's counters."""

    _verified = False
    """A PIN sent in this session was right, and nothing since made the card forget it."""
    _safe = False
    """So much so that more than one try is certainly left."""
    _last_try_used = False

    def pin_status(self) -> PinStatus:
        """Whether the PIN is verified, and how many tries are left. Spends none."""
        return self._told_by_verify(self._pin_reference)

    def pin_tries(self) -> int | None:
        """How many wrong PINs the card still takes; None where it does not say. Spends none.

        A card on which the PIN is verified tells only through metadata (Yubico).
        """
        left = self.pin_status().left
        return self._told_by_metadata(self._pin_reference) if left is None else left

    def puk_tries(self) -> int:
        """How many wrong PUKs the card still takes. Spends none.

        Raises NotSupportedByCardError where the card does not say: only metadata (Yubico) and some cards' VERIFY do.
        """
        left = self._told_by_metadata(Reference.PUK)
        if left is None:
            left = self._told_by_verify(Reference.PUK).left
        if left is None:
            raise NotSupportedByCardError("the card does not say how many tries of the PUK are left")
        return left

    def verify(self, pin: Pin | PinSupplier, *, act: str = "verify the PIN", use_last_try: bool = False) -> None:
        """Verify the PIN with one VERIFY. ``act`` tells the holder what it is for.

        Raises PinBlockedError or LastPinTryError before anything is asked, what the supplier raises and
        PinFormatError before the PIN is sent, and WrongPinError or PinBlockedError where it was wrong.
        """
        self._verify(pin, act, self._tries_to_spend(use_last_try))

    def _verify(self, pin: Pin | PinSupplier, act: str, left: int | None) -> None:
        command, what = Command(Ins.VERIFY, p2=self._pin_reference), "verifying the PIN"
        if isinstance(pin, AtTheReader) and Feature.VERIFY_PIN_DIRECT in self.session.features:
            self._enter(pin, act, left, command, what)
        else:
            command = self._ask(command, pin, act, left, PinReference.PIN)
            self._forget_pin()
            self._present(command, what)
        self._verified, self._safe, self._last_try_used = True, left != 1, left == 1

    def _enter(self, pin: AtTheReader, act: str, left: int | None, command: Command, what: str) -> None:
        """Have the PIN, or the old and the new one, entered at the reader."""
        pin.announce(PinRequest(card=self.name, act=act, tries_left=left))
        self._forget_pin()
        if command.ins == Ins.VERIFY:
            feature, structure = Feature.VERIFY_PIN_DIRECT, verify_structure(command)
        else:
            feature, structure = Feature.MODIFY_PIN_DIRECT, modify_structure(command)
        self._judge(command, status_of(self.session.control(feature, structure)), what)

    def log_out(self) -> None:
        """Make the card forget that the PIN was verified (SP 800-73-5: VERIFY with P1 FF).

        Raises NotSupportedByCardError where the card cannot.
        """
        self._forget_pin()
        answer, status = self.session.exchange(Command(Ins.VERIFY, _LOG_OUT, self._pin_reference, le=None))
        if answer or status != Status.OK:
            words = f"logging out: the card answered {status:04X}, {explain(status)}"
            raise NotSupportedByCardError(words, remedy="take the card out, or wait until it has no power any more")

    def change_pin(
        self,
        old: Pin | PinSupplier,
        new: Pin | PinSupplier,
        *,
        policy: PinPolicy = DEFAULT_POLICY,
        facts: HolderFacts = NO_FACTS,
        use_last_try: bool = False,
    ) -> None:
        """Replace the PIN. The new one has to pass ``policy`` with the holder's ``facts``, before it is sent.

        Where both are AtTheReader and its pad can do it, both are entered there: no policy can see them, so that
        needs ``policy=UNSAFE_NO_POLICY``. Raises WeakPinError, what ``verify`` raises, and CardStatusError where the
        card refuses the new one.
        """
        left = self._tries_to_spend(use_last_try)
        command, what = Command(Ins.CHANGE_REFERENCE_DATA, p2=self._pin_reference), "changing the PIN"
        at_reader = isinstance(old, AtTheReader) and isinstance(new, AtTheReader)
        if isinstance(old, AtTheReader) and at_reader and Feature.MODIFY_PIN_DIRECT in self.session.features:
            require_unseen_allowed(policy)
            self._enter(old, "change it", left, command, what)
            return
        command = self._ask(command, old, "change it", left, PinReference.PIN)
        command = self._ask_new(command, new, policy, facts, Reason.USED_BEFORE)
        self._forget_pin()
        self._present(command, what)

    def change_puk(self, old: Pin | PinSupplier, new: Pin | PinSupplier, *, use_last_try: bool = False) -> None:
        """Replace the PUK. A card that does not say how many tries are left gets the PUK all the same, once.

        Raises WrongPinError, PinBlockedError, LastPinTryError, PinFormatError, CardStatusError.
        """
        command, left = Command(Ins.CHANGE_REFERENCE_DATA, p2=Reference.PUK), self._puk_tries_to_spend(use_last_try)
        command = self._ask(command, old, "change it", left, PinReference.PUK)
        self._present(self._ask(command, new, "be the new one", None, PinReference.PUK), "changing the PUK")

    def unblock_pin(
        self,
        puk: Pin | PinSupplier,
        new_pin: Pin | PinSupplier,
        *,
        policy: PinPolicy = DEFAULT_POLICY,
        facts: HolderFacts = NO_FACTS,
        use_last_try: bool = False,
    ) -> None:
        """Set a new PIN with the PUK. The PIN has to pass ``policy`` with the holder's ``facts``, before it is sent.

        Raises WeakPinError, and what ``change_puk`` raises.
        """
        command = Command(Ins.RESET_RETRY_COUNTER, p2=self._pin_reference)
        left = self._puk_tries_to_spend(use_last_try)
        command = self._ask(command, puk, "unblock the PIN", left, PinReference.PUK)
        command = self._ask_new(command, new_pin, policy, facts, Reason.EQUAL_TO_PUK)
        self._forget_pin()
        self._present(command, "unblocking the PIN")

    def set_tries(self, pin: int, puk: int) -> None:
        """Set how many tries PIN and PUK have. The card sets both back to those of the factory (Yubico).

        Needs the management key and a verified PIN. Raises InvalidInputError, NotSupportedByCardError,
        CardStatusError.
        """
        if not (1 <= pin <= 255 and 1 <= puk <= 255):
            raise InvalidInputError("a number of tries is from 1 to 255")
        self._forget_pin()
        self._order(Command(Ins.SET_PIN_RETRIES, pin, puk), "setting the numbers of tries")
        self._refused = {}

    def _forget_pin(self) -> None:
        self._verified = self._safe = self._last_try_used = False

    def _tries_to_spend(self, use_last_try: bool) -> int | None:
        """The tries left, as far as known, after making sure that one may be spent."""
        if self._safe:
            return None
        return self._may_spend(self.pin_status(), use_last_try)

    def _may_spend(self, status: PinStatus, use_last_try: bool) -> int | None:
        if status.verified and not self._last_try_used and "PIN" not in self._refused:
            return None  # a right PIN was the last one sent, so the counter is at its top
        left = self._told_by_metadata(self._pin_reference) if status.left is None else status.left
        return _check("PIN", self._least("PIN", left), use_last_try)

    def _puk_tries_to_spend(self, use_last_try: bool) -> int | None:
        told: int | None = None
        with suppress(NotSupportedByCardError):
            told = self.puk_tries()
        if told is None and "PUK" not in self._refused:
            return None
        return _check("PUK", self._least("PUK", told), use_last_try)

    def _ask(
        self, command: Command, pin: Pin | PinSupplier, act: str, left: int | None, reference: PinReference
    ) -> Command:
        """``command`` with the PIN or PUK at its end: a command does not show its data, a traceback's locals do."""
        request = PinRequest(card=self.name, act=act, tries_left=left, reference=reference)
        with as_supplier(pin)(request) as value:
            return replace(command, data=command.data + _padded(value, reference))

    def _ask_new(
        self, command: Command, pin: Pin | PinSupplier, policy: PinPolicy, facts: HolderFacts, if_equal: Reason
    ) -> Command:
        """``command`` with a new PIN, checked, after the secret that it must not be equal to, for the reason given."""
        request = PinRequest(card=self.name, act="be the new one", tries_left=None, reference=PinReference.PIN)
        with as_supplier(pin)(request) as value:
            equal = hmac.compare_digest(command.data, _padded(value, PinReference.PIN))
            require_good(policy, value, facts, (if_equal,) if equal else ())
            return replace(command, data=command.data + _padded(value, PinReference.PIN))


def _check(secret: str, left: int | None, use_last_try: bool) -> int | None:
    if left == 0:
        raise blocked(secret)
    if (left is None or left == 1) and not use_last_try:
        known = "one try is left" if left == 1 else "the card does not say how many tries are left"
        raise LastPinTryError(
            f"{known} before the {secret} is blocked",
            remedy="be sure of it, and insist on using the last try",
            reference=secret,
        )
    return left


def _padded(pin: Pin, reference: PinReference) -> bytes:
    if not MIN_PIN <= len(pin) <= MAX_PIN:
        what = f"the {reference.value} has {len(pin)} characters, the card takes {MIN_PIN} to {MAX_PIN}"
        raise PinFormatError(what, reference=reference.value)
    return pin.reveal().ljust(MAX_PIN, b"\xff")
