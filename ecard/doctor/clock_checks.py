"""Can the clock be right? Judged without a network: what is signed or written already cannot lie in the future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ecard.doctor.states import Line, State

_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clocks of others may differ."""
_FILE_TOLERANCE: Final = timedelta(days=1)
"""The time of a file out of an archive may be that of another time zone."""
_SUBJECT: Final = "clock"


@dataclass(frozen=True, slots=True)
class Witness:
    """Something that began at a moment that is past, and perhaps ends at another."""

    what: str
    begin: datetime
    end: datetime | None = None


def installation() -> Witness | None:
    """When this copy of ecard was written to the disk, less what time zones may make of it; None where it was not."""
    try:
        written = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    except OSError:
        # it is imported out of an archive
        return None
    return Witness("ecard was installed", written - _FILE_TOLERANCE)


def check_clock(witnesses: Iterable[Witness], *, now: datetime) -> Iterator[Line]:
    """One line: the clock is slow for sure, perhaps fast, or plausible. It can be wrong all the same."""
    known = tuple(witnesses)
    latest = max(known, key=lambda witness: witness.begin, default=None)
    ends = [witness.end for witness in known if witness.end is not None]
    shows = f"it shows {now:%Y-%m-%d %H:%M} UTC"
    if latest is not None and latest.begin - now > _TOLERANCE:
        yield Line(_SUBJECT, State.CLOCK_SLOW, f"{shows}, but {latest.what} on {latest.begin:%Y-%m-%d %H:%M} UTC")
    elif len(ends) > 1 and max(ends) < now:
        yield Line(_SUBJECT, State.CLOCK_PERHAPS_FAST, f"{shows}, and by that everything known here has ended")
    else:
        yield Line(_SUBJECT, State.CLOCK_PLAUSIBLE, shows)
