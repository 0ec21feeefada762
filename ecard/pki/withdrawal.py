"""Withdrawing certificates: the reasons, what each ground of the E-Port leads to, and the journal of what was done.

The journal is only ever added to. What a certificate's state was at a moment follows from it, also long after a hold
was released.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import chain, islice
from types import MappingProxyType
from typing import Final

from ecard.errors import WithdrawalError


class RevocationReason(Enum):
    """Why a certificate is withdrawn: the ASN.1 spelling and the code of RFC 5280, section 5.3.1."""

    UNSPECIFIED = ("unspecified", 0)
    KEY_COMPROMISE = ("keyCompromise", 1)
    CA_COMPROMISE = ("cACompromise", 2)
    AFFILIATION_CHANGED = ("affiliationChanged", 3)
    SUPERSEDED = ("superseded", 4)
    CESSATION_OF_OPERATION = ("cessationOfOperation", 5)
    CERTIFICATE_HOLD = ("certificateHold", 6)
    """Not final: the certificate may be released. Only ``hold`` gives it."""
    REMOVE_FROM_CRL = ("removeFromCRL", 8)
    """In delta CRLs only: the hold was released."""
    PRIVILEGE_WITHDRAWN = ("privilegeWithdrawn", 9)
    AA_COMPROMISE = ("aACompromise", 10)

    def __init__(self, label: str, code: int) -> None:
        self.label = label
        self.code = code

    @property
    def is_final(self) -> bool:
        """Whether a certificate can be revoked with this reason, never to come back."""
        return self not in {RevocationReason.CERTIFICATE_HOLD, RevocationReason.REMOVE_FROM_CRL}


class Act(Enum):
    """What an authority can do to a certificate that it issued."""

    HOLD = "hold"
    RELEASE = "release"
    REVOKE = "revoke"


class Ground(Enum):
    """Why the E-Port withdraws a card, or gives it back; ``WITHDRAWALS`` says what follows for its certificates."""

    LOSS = "loss"
    """挂失: the card is lost. It may be found again, so this is a hold; ``LOST_FOR_GOOD`` follows where it is not."""
    FOUND = "found"
    """解挂: a lost card is found."""
    LOST_FOR_GOOD = "lost-for-good"
    """A lost card is voided: whoever has it may have its key."""
    FREEZE = "freeze"
    """冻结: the holder is away from the post for a time."""
    UNFREEZE = "unfreeze"
    """解冻: the holder is back."""
    HOLDER_LEFT = "holder-left"
    """作废: the holder left the post."""
    MISUSE = "misuse"
    """作废: improper operation."""
    ABNORMALITY = "abnormality"
    """作废: another abnormality; whether the key is safe is not known."""
    KEY_COMPROMISE = "key-compromise"
    """作废: someone else has, or may have, the key or the PIN."""
    REPLACED = "replaced"
    """A new card takes the place of this one."""
    ENTERPRISE_CEASED = "enterprise-ceased"
    """The enterprise has ceased, or left the E-Port."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a ground leads to: an act and, for a revocation, its reason."""

    act: Act
    reason: RevocationReason | None = None


WITHDRAWALS: Final[Mapping[Ground, Withdrawal]] = MappingProxyType(
    {
        Ground.LOSS: Withdrawal(Act.HOLD),
        Ground.FOUND: Withdrawal(Act.RELEASE),
        Ground.LOST_FOR_GOOD: Withdrawal(Act.REVOKE, RevocationReason.KEY_COMPROMISE),
        Ground.FREEZE: Withdrawal(Act.HOLD),
        Ground.UNFREEZE: Withdrawal(Act.RELEASE),
        Ground.HOLDER_LEFT: Withdrawal(Act.REVOKE, RevocationReason.AFFILIATION_CHANGED),
        Ground.MISUSE: Withdrawal(Act.REVOKE, RevocationReason.PRIVILEGE_WITHDRAWN),
        Ground.ABNORMALITY: Withdrawal(Act.REVOKE, RevocationReason.KEY_COMPROMISE),
        Ground.KEY_COMPROMISE: Withdrawal(Act.REVOKE, RevocationReason.KEY_COMPROMISE),
        Ground.REPLACED: Withdrawal(Act.REVOKE, RevocationReason.SUPERSEDED),
        Ground.ENTERPRISE_CEASED: Withdrawal(Act.REVOKE, RevocationReason.CESSATION_OF_OPERATION),
    }
)
"""The table: every ground of the E-Port and what it does to the card's certificates."""


class State(Enum):
    """What a certificate is, as far as withdrawal goes."""

    GOOD = "good"
    ON_HOLD = "on-hold"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a certificate at a moment. ``since`` and ``reason`` are None for a good one.

    A certificate that is revoked while on hold is revoked since the beginning of the hold: it was not good in between.
    """

    state: State
    since: datetime | None = None
    reason: RevocationReason | None = None
    invalidity_date: datetime | None = None
    """From when the key is thought to have been unsafe (RFC 5280, section 5.3.2); may be earlier than ``since``."""


GOOD: Final = Status(State.GOOD)


@dataclass(frozen=True, slots=True)
class Event:
    """One act on one certificate, with effect from ``at``."""

    serial: int
    act: Act
    at: datetime
    reason: RevocationReason | None = None
    invalidity_date: datetime | None = None


class Journal:
    """Every act of withdrawal of one authority, in the order in which they were recorded."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._by_serial: dict[int, list[int]] = {}  # where its acts are, in the order in which they take effect
        self._last: dict[int, Status] = {}  # the state of each certificate after all acts on it
        self._newest = datetime.min.replace(tzinfo=UTC)  # the latest moment of any act
        for event in events:
            self.record(event)

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def since(self, recorded: int) -> list[Event]:
        """The acts after the first ``recorded`` ones."""
        return self._events[recorded:]

    def events(self, serial: int) -> list[Event]:
        """The acts on one certificate in the order in which they take effect, up to a revocation."""
        found = [self._events[place] for place in self._by_serial.get(serial, ())]
        end = next((place for place, event in enumerate(found, 1) if event.act is Act.REVOKE), None)
        return found[:end]

    def record(self, event: Event) -> None:
        """Add an act. Raises WithdrawalError where ``check`` does, and adds nothing then."""
        self._last[event.serial] = self._checked(event)
        places = self._by_serial.setdefault(event.serial, [])
        places.insert(self._place(places, event.at), len(self._events))
        self._events.append(event)
        self._newest = max(self._newest, event.at)

    def check(self, event: Event) -> None:
        """Raise WithdrawalError unless the certificate's state allows the act, and then those that come after it.

        After a revocation nothing comes: what was recorded for later does not happen any more.
        """
        self._checked(event)

    def _checked(self, event: Event) -> Status:
        """The state after the act and all those that are recorded for later, if they are allowed."""
        before = self.status(event.serial, event.at)
        _require_allowed(event, before)
        status = _after(event, before)
        places = self._by_serial.get(event.serial, [])
        for place in places[self._place(places, event.at) :]:
            later = self._events[place]
            if status.state is not State.REVOKED and status.state not in ALLOWED[later.act]:
                raise WithdrawalError(
                    f"the act would come before an act on the same certificate, of {later.at:%Y-%m-%dT%H:%M:%SZ}, "
                    "that is recorded already and could not follow it",
                    remedy="revoke the certificate, or act from that moment on",
                )
            status = _after(later, status)
        return status

    def _place(self, places: list[int], at: datetime) -> int:
        return bisect_right(places, at, key=lambda place: self._events[place].at)

    def status(self, serial: int, at: datetime, *, recorded: int | None = None) -> Status:
        """The state of a certificate at a moment, as the first ``recorded`` acts tell it; by default all."""
        places, events = self._by_serial.get(serial, ()), self._events
        if recorded is None:
            if not places or events[places[-1]].at <= at:
                return self._last.get(serial, GOOD)
            recorded = len(events)
        status = GOOD
        for place in places:
            if place < recorded and events[place].at <= at:
                status = _after(events[place], status)
        return status

    def withdrawn(self, at: datetime) -> Iterator[tuple[int, Status]]:
        """(serial number, status) of all certificates that are not good at a moment."""
        if self._newest <= at:
            found: Iterable[tuple[int, Status]] = self._last.items()
        else:
            found = ((serial, self.status(serial, at)) for serial in self._by_serial)
        return ((serial, status) for serial, status in found if status.since is not None)

    def changed(self, at: datetime, *, base: datetime, recorded: int) -> Iterator[tuple[int, Status]]:
        """What a delta CRL lists at ``at``: certificates that a CRL of ``base`` shows otherwise, and their status now.

        ``recorded`` is how many acts the journal had when that CRL was made. A certificate that was held at any
        time since and is good again is listed too: another delta CRL may show it on hold (RFC 5280, section 5.2.4).
        """
        late = (event for event in islice(self._events, recorded) if event.at > base)
        new = (event.serial for event in chain(late, self.since(recorded)) if event.at <= at)
        for serial in dict.fromkeys(new):
            status = self.status(serial, at)
            if status.state is State.GOOD or status != self.status(serial, base, recorded=recorded):
                yield serial, status


ALLOWED: Final[Mapping[Act, frozenset[State]]] = MappingProxyType(
    {
        Act.HOLD: frozenset({State.GOOD}),
        Act.RELEASE: frozenset({State.ON_HOLD}),
        Act.REVOKE: frozenset({State.GOOD, State.ON_HOLD}),
    }
)
"""The table: the states in which a certificate may be for an act. Nothing is done to a revoked one."""


def nothing_to_do(card_number: str, act: Act, states: Set[State]) -> WithdrawalError:
    """Why ``act`` finds nothing to do among a card's certificates, which are in these ``states`` and no others."""
    if not states:
        return WithdrawalError(
            f"this authority issued no certificate for card {card_number}", remedy="check the number of the card"
        )
    if states == {State.REVOKED}:
        return WithdrawalError(
            f"card {card_number} is void, and void is final: all its certificates are revoked",
            remedy="make a new card" if act is not Act.REVOKE else None,
        )
    held = "not" if act is Act.RELEASE else "already"
    return WithdrawalError(f"no certificate of card {card_number} to {act.value}: it is {held} on hold")


def _require_allowed(event: Event, status: Status) -> None:
    if status.state is State.REVOKED:
        raise WithdrawalError("the certificate is revoked already, which is final")
    if status.state not in ALLOWED[event.act]:
        raise WithdrawalError(f"the certificate is {'not' if event.act is Act.RELEASE else 'already'} on hold")
    if event.act is Act.REVOKE and (event.reason is None or not event.reason.is_final):
        raise WithdrawalError("a revocation needs a final reason", remedy="use hold() for certificateHold")


def _after(event: Event, before: Status) -> Status:
    if before.state is State.REVOKED:
        return before
    if event.act is Act.RELEASE:
        return GOOD
    if event.act is Act.HOLD:
        return Status(State.ON_HOLD, event.at, RevocationReason.CERTIFICATE_HOLD, event.invalidity_date)
    since = before.since if before.state is State.ON_HOLD else event.at
    return Status(State.REVOKED, since, event.reason, event.invalidity_date)
