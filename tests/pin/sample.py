"""The invented holder whose PINs are judged, and days and policies that tests share."""

from datetime import date

from ecard.codes import credit_check_character, identity_check_character
from ecard.pin import HolderFacts, PinPolicy

TODAY = date(2026, 7, 1)
BIRTH = date(1988, 4, 1)
_IDENTITY_BODY = "35020319880401001"
_CREDIT_BODY = "91350211M000100Y4"
IDENTITY = _IDENTITY_BODY + identity_check_character(_IDENTITY_BODY)
CREDIT = _CREDIT_BODY + credit_check_character(_CREDIT_BODY)

FACTS = HolderFacts(
    telephones=["138 0013 8000", "010-65195114 ext. 8203"],
    birth_dates=[BIRTH],
    identity_numbers=[IDENTITY],
)
POLICY = PinPolicy.default(today=TODAY)


def codes(pin, facts=FACTS, policy=POLICY):
    """The codes of the reasons that ``policy`` gives."""
    return {reason.value for reason in policy.violations(pin, facts)}
