"""PINs: a value that is never shown, suppliers that bring it, and a policy that knows what it must not be made from."""

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.masked import Pin
from ecard.pin.memory import RememberedPin
from ecard.pin.policy import UNSAFE_NO_POLICY, PinPolicy, Rule, RuleFunction
from ecard.pin.reason import PolicyReason, Reason
from ecard.pin.request import PinReference, PinRequest, PinSupplier
from ecard.pin.settings import Characters, Settings
from ecard.pin.suppliers import as_supplier, callback, environment, file_descriptor, value
from ecard.pin.terminal import prompt

__all__ = [
    "UNSAFE_NO_POLICY",
    "Candidate",
    "Characters",
    "HolderFacts",
    "Pin",
    "PinPolicy",
    "PinReference",
    "PinRequest",
    "PinSupplier",
    "PolicyReason",
    "Reason",
    "RememberedPin",
    "Rule",
    "RuleFunction",
    "Settings",
    "as_supplier",
    "callback",
    "environment",
    "file_descriptor",
    "prompt",
    "value",
]
