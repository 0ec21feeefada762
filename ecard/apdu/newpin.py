"""What a new PIN has to pass before it is sent to a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ecard.errors import InvalidInputError, WeakPinError
from ecard.pin import UNSAFE_NO_POLICY, HolderFacts, Pin, PinPolicy, PinReference, PolicyReason

DEFAULT_POLICY: Final = PinPolicy.default()
"""What new PINs have to pass where the caller names no other policy."""
NO_FACTS: Final = HolderFacts()
"""Nothing is known of the holder."""
_WEAK: Final = {
    PinReference.PIN: "the new PIN is weak",
    PinReference.PUK: "the new PUK is weak by the rules for PINs",
}


def require_good(
    policy: PinPolicy,
    pin: Pin,
    facts: HolderFacts,
    more: Sequence[PolicyReason] = (),
    *,
    reference: PinReference = PinReference.PIN,
) -> None:
    """Raise WeakPinError with everything that ``policy`` has against ``pin``, and ``more`` where it has any rule.

    ``reference`` says what it is to be, for the message.
    """
    reasons = policy.violations(pin, facts)
    if policy != UNSAFE_NO_POLICY:
        reasons = tuple(dict.fromkeys((*reasons, *more)))
    if reasons:
        why = "; ".join(reason.english for reason in reasons)
        what = f"{_WEAK[reference]} ({why})"
        raise WeakPinError(what, reasons=reasons, remedy="choose another one", reference=reference.value)


def require_unseen_allowed(policy: PinPolicy) -> None:
    """Raise InvalidInputError unless the caller gave up the policy: a PIN entered at the reader is not seen."""
    if policy != UNSAFE_NO_POLICY:
        raise InvalidInputError(
            "a new PIN that is entered at the reader cannot be checked against a policy",
            remedy="pass policy=UNSAFE_NO_POLICY, or have the PIN entered in the program",
        )
