"""The life of a card as one table: who, which card, over which channel, on what ground, from where to where.

The register's rules, ``docs/life-cycle.md``, its picture and the property tests are all made from this table.
Source: docs/life-cycle.md, whose rows T1 to T7 are the handbook's and D1 to D12 are decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ecard.pki.withdrawal import Act as CertificateAct
from ecard.pki.withdrawal import Ground
from ecard.roles.acts import Act, CardKind, CardState, Channel


class Who(Enum):
    """Who may give the order."""

    OFFICER = "officer"
    """An officer of the data centre, for the enterprise that asks him at the counter."""
    LEGAL_PERSON = "legal-person"
    """The legal-person card of the enterprise that the card belongs to."""
    CENTRE = "centre"
    """The centre's own seal."""


class Guard(Enum):
    """What must be so besides the state."""

    NONE = ""
    NO_ACTIVE_SEAL = "the enterprise has no active legal-person card"
    NOT_COLLECTED = "the card was not collected before"
    COLLECTED = "the card was collected before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the table. ``to`` is None where the card goes back to the state that it was lost in."""

    row: str
    act: Act
    card: CardKind
    who: Who
    channel: Channel
    grounds: frozenset[Ground] = frozenset()
    """One of them must be given; empty where the act needs none."""
    sources: frozenset[CardState | None]
    """The states that the act starts from; None: there is no card yet."""
    to: CardState | None
    guard: Guard = Guard.NONE

    @property
    def decided_here(self) -> bool:
        """Whether the handbook is silent on this, so that the row is this library's decision."""
        return not self.row.startswith("T")


_TRANSPORT, _ACTIVE, _LOST, _FROZEN = CardState.TRANSPORT, CardState.ACTIVE, CardState.LOST, CardState.FROZEN
_LIVING: Final = frozenset({_TRANSPORT, _ACTIVE, _LOST, _FROZEN})
_VOID_GROUNDS: Final = frozenset(
    {
        Ground.HOLDER_LEFT,
        Ground.MISUSE,
        Ground.ABNORMALITY,
        Ground.KEY_COMPROMISE,
        Ground.LOST_FOR_GOOD,
        Ground.ENTERPRISE_CEASED,
    }
)
_REPLACE_GROUNDS: Final = frozenset({Ground.REPLACED, Ground.LOST_FOR_GOOD, Ground.KEY_COMPROMISE})


def _at_counter(
    row: str,
    act: Act,
    card: CardKind,
    sources: frozenset[CardState] | None,
    to: CardState | None,
    grounds: frozenset[Ground] = frozenset(),
    guard: Guard = Guard.NONE,
) -> Transition:
    return Transition(
        row=row,
        act=act,
        card=card,
        who=Who.OFFICER,
        channel=Channel.COUNTER,
        grounds=grounds,
        sources=sources if sources is not None else frozenset({None}),
        to=to,
        guard=guard,
    )


def _online(row: str, act: Act, sources: frozenset[CardState], to: CardState, ground: Ground) -> Transition:
    return Transition(
        row=row,
        act=act,
        card=CardKind.OPERATOR,
        who=Who.LEGAL_PERSON,
        channel=Channel.ONLINE,
        grounds=frozenset({ground}),
        sources=frozenset(sources),
        to=to,
    )


def _for_both(card: CardKind) -> tuple[Transition, ...]:
    """What is the same for the legal-person card and the operator card."""
    collected, new = Guard.COLLECTED, Guard.NOT_COLLECTED
    return (
        _at_counter("P8", Act.COLLECT, card, frozenset({_TRANSPORT}), _ACTIVE, guard=new),
        _at_counter("D2", Act.REPORT_FOUND, card, frozenset({_LOST}), None, frozenset({Ground.FOUND})),
        _at_counter("D3", Act.REPLACE, card, _LIVING, CardState.VOID, _REPLACE_GROUNDS),
        _at_counter("D9", Act.RENEW, card, frozenset({_ACTIVE}), _ACTIVE, frozenset({Ground.REPLACED})),
        _at_counter("D10", Act.UNLOCK, card, frozenset({_ACTIVE}), _TRANSPORT),
        _at_counter("D10", Act.CHANGE_PIN, card, frozenset({_TRANSPORT}), _ACTIVE, guard=collected),
    )


def _officers(act: Act, who: Who, to: CardState) -> Transition:
    source = None if act is Act.APPOINT else _ACTIVE
    return Transition(
        row="D13",
        act=act,
        card=CardKind.OFFICER,
        who=who,
        channel=Channel.COUNTER,
        grounds=frozenset() if source is None else frozenset({Ground.HOLDER_LEFT, Ground.KEY_COMPROMISE}),
        sources=frozenset({source}),
        to=to,
    )


_LEGAL, _OPERATOR = CardKind.LEGAL_PERSON, CardKind.OPERATOR
_LOSABLE: Final = frozenset({_TRANSPORT, _ACTIVE})
_NO_SEAL: Final = Guard.NO_ACTIVE_SEAL

TABLE: Final[tuple[Transition, ...]] = (
    _at_counter("T1", Act.MAKE, _LEGAL, None, _TRANSPORT),
    _at_counter("T3", Act.MAKE, _OPERATOR, None, _TRANSPORT),
    _at_counter("T4", Act.REPORT_LOSS, _LEGAL, _LOSABLE, _LOST, frozenset({Ground.LOSS})),
    _online("T5", Act.REPORT_LOSS, _LOSABLE | {_FROZEN}, _LOST, Ground.LOSS),
    _online("T6", Act.FREEZE, frozenset({_ACTIVE}), _FROZEN, Ground.FREEZE),
    _at_counter("T7", Act.VOID, _OPERATOR, _LIVING, CardState.VOID, _VOID_GROUNDS),
    _online("D1", Act.UNFREEZE, frozenset({_FROZEN}), _ACTIVE, Ground.UNFREEZE),
    *_for_both(_LEGAL),
    *_for_both(_OPERATOR),
    _at_counter("D6", Act.VOID, _LEGAL, _LIVING, CardState.VOID, _VOID_GROUNDS),
    _at_counter(
        "D5", Act.REPORT_LOSS, _OPERATOR, _LOSABLE | {_FROZEN}, _LOST, frozenset({Ground.LOSS}), guard=_NO_SEAL
    ),
    _at_counter("D5", Act.FREEZE, _OPERATOR, frozenset({_ACTIVE}), _FROZEN, frozenset({Ground.FREEZE}), _NO_SEAL),
    _at_counter("D5", Act.UNFREEZE, _OPERATOR, frozenset({_FROZEN}), _ACTIVE, frozenset({Ground.UNFREEZE}), _NO_SEAL),
    _officers(Act.APPOINT, Who.CENTRE, _ACTIVE),
    _officers(Act.APPOINT, Who.OFFICER, _ACTIVE),
    _officers(Act.DISMISS, Who.OFFICER, CardState.VOID),
)
"""Every transition that there is. Nothing leads out of VOID."""


class CertificateStatus(Enum):
    """What the certificates of a card in a state are."""

    GOOD = "good"
    HOLD = "hold"
    REVOKED = "revoked"


CERTIFICATES: Final[Mapping[CardState, CertificateStatus]] = MappingProxyType(
    {
        CardState.TRANSPORT: CertificateStatus.GOOD,
        CardState.ACTIVE: CertificateStatus.GOOD,
        CardState.LOST: CertificateStatus.HOLD,
        CardState.FROZEN: CertificateStatus.HOLD,
        CardState.VOID: CertificateStatus.REVOKED,
    }
)
"""The table: what follows from a card's state for its certificates, as CRL and OCSP answers give it."""


def certificate_act(before: CertificateStatus, after: CertificateStatus) -> CertificateAct | None:
    """What the authority does to a certificate that goes from one status to another; None where nothing changes."""
    if before is after:
        return None
    return {
        CertificateStatus.GOOD: CertificateAct.RELEASE,
        CertificateStatus.HOLD: CertificateAct.HOLD,
        CertificateStatus.REVOKED: CertificateAct.REVOKE,
    }[after]


def rows_of(act: Act, card: CardKind) -> tuple[Transition, ...]:
    """The rows for an act on a kind of card; empty where there is no such act."""
    return tuple(row for row in TABLE if row.act is act and row.card is card)
