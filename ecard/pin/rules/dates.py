"""PINs that are dates: a known birth date in any dress, and any date of the calendar as it is."""

from __future__ import annotations

from ecard.pin.candidate import Candidate
from ecard.pin.dates import is_calendar_date
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings


def birth_date(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A birth date of the facts, or of an identity number in them; uses ``padding``."""
    made = any(traces.lead_to(candidate, padding=settings.padding) for traces in facts.date_traces)
    return Reason.BIRTH_DATE if made else None


def calendar_date(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """Any date from ``earliest_year`` to ``today``, forwards and without padding."""
    plain = candidate.plain
    found = plain.isdecimal() and is_calendar_date(plain, earliest_year=settings.earliest_year, today=settings.today)
    return Reason.CALENDAR_DATE if found else None
