"""The examination as a whole: libraries, service and readers, card, certificates, clock, trust and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ecard.connection import connector
from ecard.doctor.card_checks import CardSeen, check_card, check_secrets, look_at
from ecard.doctor.certificate_checks import check_certificates
from ecard.doctor.clock_checks import Witness, check_clock, installation
from ecard.doctor.libraries import check_libraries
from ecard.doctor.reader_checks import check_readers
from ecard.doctor.states import Level, Line, State
from ecard.doctor.trust_checks import Given, check_evidence, check_trust, read_given
from ecard.moments import in_utc

_ORDER: Final = (Level.GOOD, Level.WARNING, Level.BAD)
_WAIT: Final = 3.0
"""Seconds that a card in use is waited for."""
_MOST: Final = 10
"""Lines of one kind: a directory can hold thousands of CRLs."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, in the order in which it was looked at."""

    at: datetime
    """What the clock showed."""
    lines: tuple[Line, ...]

    @property
    def verdict(self) -> Level:
        """The worst level of all lines."""
        return max((line.level for line in self.lines), key=_ORDER.index, default=Level.GOOD)

    def count(self, level: Level) -> int:
        """How many lines have a level."""
        return sum(line.level is level for line in self.lines)

    def as_dict(self) -> dict[str, Any]:
        """For programs: verdict, at (ISO 8601), lines."""
        moment = self.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"verdict": self.verdict.value, "at": moment, "lines": [line.as_dict() for line in self.lines]}


def examine(
    card: str = "pcsc",
    *,
    now: datetime,
    trust: Sequence[Path] = (),
    evidence: Sequence[Path] = (),
) -> Examination:
    """Look at everything that signing and verifying with the card at the address ``card`` needs.

    ``now`` is what the clock shows. ``trust`` and ``evidence`` are files and directories, as ``ecard verify`` takes
    them. Spends no try of any PIN, writes nothing, and asks no network. What does not work is a line of the result;
    raises InvalidInputError for a moment without a time zone, or an address that is none.
    """
    moment = in_utc(now, "moment of examination")
    reader = connector(card, wait=_WAIT)
    lines = [*check_libraries()]
    is_there = True
    if card.partition(":")[0] == "pcsc":
        found = [*check_readers(card.partition(":")[2])]
        lines += found
        is_there = all(line.level is not Level.BAD for line in found)
    seen = look_at(reader) if is_there else None
    given = read_given(trust, evidence)
    if isinstance(seen, Line):
        lines.append(seen)
    elif seen is not None:
        lines += [*check_card(seen), *check_secrets(seen)]
        lines += check_certificates(seen, now=moment, trust=given.trust, evidence=given.evidence)
    lines += check_clock(_witnesses(seen, given), now=moment)
    issuers = seen.issuers if isinstance(seen, CardSeen) else ()
    lines += [*check_trust(given, now=moment), *check_evidence(given, now=moment, issuers=issuers)]
    return Examination(moment, tuple(_shortened(lines)))


def _shortened(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, where too many say the same of the same thing with one that counts the others."""
    kinds = Counter((line.subject, line.state) for line in lines)
    seen: Counter[tuple[str, State]] = Counter()
    for line in lines:
        kind = (line.subject, line.state)
        seen[kind] += 1
        if kinds[kind] <= _MOST or seen[kind] < _MOST:
            yield line
        elif seen[kind] == _MOST:
            yield Line(line.subject, line.state, f"and {kinds[kind] - _MOST + 1} more like these")


def _witnesses(seen: CardSeen | Line | None, given: Given) -> Iterator[Witness]:
    """What is known to have begun."""
    if installed := installation():
        yield installed
    if isinstance(seen, CardSeen):
        for certificate in (*seen.certificates, *seen.issuers):
            yield Witness("a certificate on the card began", certificate.not_before, certificate.not_after)
    for certificate in given.certificates:
        yield Witness("a trusted certificate began", certificate.not_before, certificate.not_after)
    for crl in given.crls:
        yield Witness("a CRL was made", crl.this_update, crl.next_update)
