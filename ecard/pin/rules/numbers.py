"""PINs made from the holder's numbers: telephones, identity, organisation, card, certificate, postal code."""

from __future__ import annotations

from ecard.pin.candidate import Candidate
from ecard.pin.facts import HolderFacts
from ecard.pin.reason import Reason
from ecard.pin.settings import Settings
from ecard.pin.traces import Traces


def telephone_number(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A telephone or fax number or an extension; uses ``part_length`` and ``padding``."""
    return _made_from(facts.telephone_traces, candidate, settings, Reason.TELEPHONE_NUMBER)


def identity_number(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """An identity number of 18 or 15 characters; uses ``part_length`` and ``padding``."""
    return _made_from(facts.identity_traces, candidate, settings, Reason.IDENTITY_NUMBER)


def organisation_code(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """An organisation code or unified social credit code; uses ``part_length`` and ``padding``."""
    return _made_from(facts.organisation_traces, candidate, settings, Reason.ORGANISATION_CODE)


def card_number(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """The number of a card; uses ``part_length`` and ``padding``."""
    return _made_from(facts.card_traces, candidate, settings, Reason.CARD_NUMBER)


def certificate_number(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """The number of a certificate, in hexadecimal or decimal; uses ``part_length`` and ``padding``."""
    return _made_from(facts.certificate_traces, candidate, settings, Reason.CERTIFICATE_NUMBER)


def postal_code(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """A postal code; uses ``part_length`` and ``padding``."""
    return _made_from(facts.postal_traces, candidate, settings, Reason.POSTAL_CODE)


def combined_facts(candidate: Candidate, facts: HolderFacts, settings: Settings) -> Reason | None:
    """Pieces of numbers (three digits or more) and parts of dates, of two kinds at least, and nothing else."""
    joined = any(facts.pieces.cover_with_two_kinds(text) for text in candidate.spellings(settings.padding))
    return Reason.COMBINED_FACTS if joined else None


def _made_from(traces: Traces, candidate: Candidate, settings: Settings, reason: Reason) -> Reason | None:
    made = traces.lead_to(candidate, part_length=settings.part_length, padding=settings.padding)
    return reason if made else None
