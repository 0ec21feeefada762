"""Revocation at a moment: what verified statements, taken together, say of one certificate.

A statement is what one CRL (with its delta) or OCSP response says. Three answers are possible: withdrawn,
not withdrawn, or not known; the third is never turned into one of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from ecard.findings import Finding, FindingCode
from ecard.moments import after
from ecard.pki.crl_index import HOLD, REMOVED, CrlEntry
from ecard.pki.evidence import Interval
from ecard.pki.validation_names import display_name

ALL_REASONS: Final = 0x1FE
"""The bit mask of every ReasonFlag (RFC 5280, section 4.2.1.13); bit 0 is unused."""
_HOLDS: Final = 1 << 6
"""The ReasonFlag certificateHold."""
_FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)


class SourceKind(Enum):
    """What speaks of certificates being withdrawn; the value is what it is called."""

    CRL = "the CRL"
    CRL_AND_DELTA = "the CRL and its delta"
    OCSP_RESPONSE = "the OCSP response"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement comes from. Put into words only when it is asked for."""

    kind: SourceKind
    issuer: bytes | None
    """The issuer's name in DER, or None where it goes without saying."""
    moment: datetime

    def __str__(self) -> str:
        issuer = "" if self.issuer is None else f" of {display_name(self.issuer)}"
        return f"{self.kind.value}{issuer} from {self.moment:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source, whose signature was verified, says of the certificate."""

    source: Source
    this_update: datetime
    next_update: datetime | None
    entry: CrlEntry | None
    """The certificate's entry, or None where it is not withdrawn."""
    reasons: int = ALL_REASONS
    """The reasons that the source covers; 0 where its silence says nothing."""
    speaks_until: datetime | None = None
    """The certificate's expiry, after which a source may leave it out; None where the source never does."""

    @property
    def withdrawn_since(self) -> datetime | None:
        """When it was withdrawn, for good or on hold; None where it was not.

        What a source lists is withdrawn when the source was made, also where the entry's date is later.
        """
        if self.entry is None or self.entry.reason == REMOVED:
            return None
        return min(self.entry.effective, self.this_update)

    @property
    def on_hold(self) -> bool:
        """Whether the entry is a hold."""
        return self.entry is not None and self.entry.reason == HOLD


@dataclass(frozen=True, slots=True)
class Question:
    """Which certificate is asked about, at which moment, and how strictly."""

    what: object
    """The certificate; ``str`` puts it into words."""
    at: datetime
    tolerance: timedelta = timedelta(0)
    freshness: timedelta = timedelta(0)
    """How long a statement without a next update is fresh."""

    def covers(self, statement: Statement) -> bool:
        """Whether the statement speaks of the moment."""
        return self._begin(statement) <= self.at <= self._end(statement)

    def changes(self, statement: Statement) -> list[datetime]:
        """The moments at which the statement begins or ceases to matter."""
        found = [self._begin(statement), self._end(statement)]
        return found if statement.withdrawn_since is None else [*found, statement.withdrawn_since]

    def is_later(self, statement: Statement) -> bool:
        """Whether the statement was made after the moment."""
        return self._begin(statement) > self.at

    def _begin(self, statement: Statement) -> datetime:
        return _earlier(statement.this_update, self.tolerance)

    def _end(self, statement: Statement) -> datetime:
        until = statement.next_update or after(statement.this_update, self.freshness)
        return after(until, self.tolerance)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome: no finding means that the certificate was not withdrawn."""

    findings: tuple[Finding, ...] = ()
    relied_on: tuple[Statement, ...] = ()
    """The statements that say so."""


def judge(question: Question, statements: Sequence[Statement], history: Sequence[Interval] | None) -> Answer:
    """Answer ``question`` from ``statements``, and from the register's ``history`` of the certificate where given."""
    found = _revoked(question, statements) or _in_history(question, history) or _held(question, statements, history)
    if found is not None:
        return Answer((found,))
    current = _governing(question, statements)
    if _reasons(current) == ALL_REASONS:
        return Answer(relied_on=current)
    if history is not None:
        # the register knows every hold, so a later list that names no earlier revocation settles the rest
        later = tuple(s for s in statements if question.is_later(s) and _still_listed(s))
        if _reasons((*current, *later)) == ALL_REASONS:
            return Answer(relied_on=(*current, *later))
    return Answer()


def _revoked(question: Question, statements: Sequence[Statement]) -> Finding | None:
    """Revocation is for good: any statement that tells of one at or before the moment decides, old or new.

    Of several that tell of the same moment the newest gives the reason: an authority may find a worse one later.
    """
    found = [
        (since, s)
        for s in sorted(statements, key=lambda s: s.this_update, reverse=True)
        if (since := s.withdrawn_since) is not None and since <= question.at and not s.on_hold
    ]
    if not found:
        return None
    since, statement = min(found, key=lambda pair: pair[0])
    assert statement.entry is not None
    return _withdrawn(question, since, statement.entry.reason, statement.source)


def _in_history(question: Question, history: Sequence[Interval] | None) -> Finding | None:
    for interval in sorted(history or (), key=lambda i: (i.reason == HOLD, i.since)):
        if interval.contains(question.at):
            return _withdrawn(question, interval.since, interval.reason, "the register's history")
    return None


def _held(question: Question, statements: Sequence[Statement], history: Sequence[Interval] | None) -> Finding | None:
    """A hold counts where the newest statement for the moment tells of it, or a later one that began before.

    Where the newest one has ended by then, nobody says whether the hold was released: an older one that is still
    current did not know of it yet. Where the register knows that very hold and that it was released, the list was
    only not yet renewed.
    """
    released = {i.since.replace(microsecond=0) for i in history or () if i.until is not None and i.until <= question.at}
    ended = None
    for statement in statements:
        since = statement.withdrawn_since
        if since is None or since > question.at or not statement.on_hold or since in released:
            continue
        if question.is_later(statement):
            return _withdrawn(question, since, HOLD, statement.source)
        if _is_replaced(question, statement, statements):
            continue
        if question.covers(statement):
            return _withdrawn(question, since, HOLD, statement.source)
        ended = statement
    return None if ended is None else _perhaps_held(question, ended)


def _is_replaced(question: Question, held: Statement, statements: Sequence[Statement]) -> bool:
    """Whether a newer statement says what became of a hold: one for the moment, or any until it once this has ended."""
    return any(
        other.this_update > held.this_update
        and other.reasons & _HOLDS
        and not question.is_later(other)
        and (question.covers(other) or not question.covers(held))
        for other in statements
    )


def _perhaps_held(question: Question, ended: Statement) -> Finding:
    message = (
        f"whether {question.what} was revoked is not known: {ended.source} tells of a hold and ends before"
        f" {question.at:%Y-%m-%d %H:%M:%S} UTC, and nothing newer says what became of it"
    )
    return Finding(FindingCode.REVOCATION_UNKNOWN, message)


def _withdrawn(question: Question, since: datetime, reason: str, source: object) -> Finding:
    if reason == HOLD:
        message = f"{question.what} is on hold since {since:%Y-%m-%d %H:%M:%S} UTC, says {source}"
        return Finding(FindingCode.ON_HOLD, message, since, HOLD)
    message = f"{question.what} is revoked since {since:%Y-%m-%d %H:%M:%S} UTC ({reason}), says {source}"
    return Finding(FindingCode.REVOKED, message, since, reason)


def _governing(question: Question, statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements for the moment of which no newer one covers the same reasons."""
    current = [s for s in statements if s.reasons and question.covers(s)]
    return tuple(
        s for s in current if not any(s.reasons & ~o.reasons == 0 and o.this_update > s.this_update for o in current)
    )


def _reasons(statements: Sequence[Statement]) -> int:
    covered = 0
    for statement in statements:
        covered |= statement.reasons
    return covered & ALL_REASONS


def _still_listed(statement: Statement) -> bool:
    """A CRL may leave a certificate out once it has expired (RFC 5280, section 3.3)."""
    return statement.speaks_until is None or statement.this_update <= statement.speaks_until


def _earlier(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment - by
    except OverflowError:
        return _FIRST_MOMENT
