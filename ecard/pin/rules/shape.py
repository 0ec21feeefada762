"""Length and characters: what the card takes, and what the policy asks for."""

from __future__ import annotations

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings


def too_short(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """Fewer characters than ``minimum_length``."""
    return Reason.TOO_SHORT if len(candidate.text) < settings.minimum_length else None


def too_long(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """More characters than ``maximum_length``."""
    return Reason.TOO_LONG if len(candidate.text) > settings.maximum_length else None


def wrong_characters(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A character that is not one of ``characters``."""
    foreign = set(candidate.text) - set(settings.characters.alphabet)
    return Reason.WRONG_CHARACTERS if foreign else None
