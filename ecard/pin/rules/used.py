"""PINs that are in use elsewhere on the card, or were used before."""

from __future__ import annotations

import hmac

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.memory import RememberedPin
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings


def equal_to_puk(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """The PUK of the facts."""
    return Reason.EQUAL_TO_PUK if facts.puk is not None and _is_same(candidate, facts.puk) else None


def used_before(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """One of the used PINs of the facts."""
    return Reason.USED_BEFORE if any(_is_same(candidate, one) for one in facts.used) else None


def _is_same(candidate: Candidate, remembered: RememberedPin) -> bool:
    return hmac.compare_digest(candidate.hashed(remembered.salt, remembered.iterations), remembered.digest)
