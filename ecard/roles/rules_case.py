"""One order being judged: who gives it, what it says, what is known, and what it is going to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final, NoReturn, TypeVar

from ecard.errors import OrderRefusedError
from ecard.roles.acts import CardKind, CardState, Channel, Office, Refusal
from ecard.roles.lifecycle import Who
from ecard.roles.orders import Order
from ecard.roles.register_entry import Fact, FactValue

_E = TypeVar("_E", bound=Enum)
_MAX_TEXT: Final = 200
_REF: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CHANNELS: Final = {Channel.COUNTER: "at the counter", Channel.ONLINE: "online"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever signed the order: a card of the register."""

    card: str
    kind: CardKind
    enterprise: str
    office: Office | None
    serial: str
    """Of the certificate, in hexadecimal."""

    @property
    def who(self) -> Who | None:
        """The column "who" of the table of transitions; None for those who appear in no row."""
        if self.kind is CardKind.OFFICER:
            return Who.OFFICER if self.office is Office.CENTRE else None
        return {CardKind.LEGAL_PERSON: Who.LEGAL_PERSON, CardKind.CENTRE: Who.CENTRE}.get(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """For whom the authority has to issue."""

    card: str
    kind: CardKind
    enterprise: str
    enterprise_name: str
    person: str
    """The reference of the holder."""


@dataclass(slots=True, kw_only=True)
class Case:
    """What a rule works on. A rule checks everything first, and changes through ``put``."""

    order: Order
    actor: Actor
    moment: datetime
    known: Callable[[str], Fact | None]
    enclosed: Mapping[str, str]
    """The people whose data came with the order: reference to commitment."""
    issue: Callable[[Issue], Mapping[str, Mapping[str, Any]]]
    """Issues certificates and returns what the register keeps of each, by serial number."""
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fact(self, key: str) -> dict[str, Any] | None:
        """What is known under ``key``, with the changes so far; to be changed freely."""
        if key in self.changes:
            return dict(self.changes[key])
        fact = self.known(key)
        return None if fact is None else FactValue(fact.value)

    def require(self, key: str) -> dict[str, Any]:
        """What is known under ``key``; refused where there is nothing."""
        found = self.fact(key)
        if found is None:
            refuse(Refusal.UNKNOWN, f"the register knows nothing of {key}")
        return found

    def put(self, key: str, value: dict[str, Any]) -> None:
        """What is so from now on."""
        self.changes[key] = value

    def text(self, name: str) -> str:
        """A detail that is a text; refused where it is missing, empty or long."""
        value = self.order.details.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= _MAX_TEXT or not value.isprintable():
            refuse(Refusal.DETAILS, f"the order must say {name}, in up to {_MAX_TEXT} characters")
        return value

    def word(self, name: str, kind: type[_E]) -> _E:
        """A detail that is one of some words."""
        return word_of(self.order.details.get(name), name, kind)

    def words(self, name: str, kind: type[_E]) -> list[_E]:
        """A detail that is a list of such words."""
        value = self.order.details.get(name, [])
        if not isinstance(value, list):
            refuse(Refusal.DETAILS, f"{name} is not a list")
        return [word_of(part, name, kind) for part in value]

    def person(self, name: str, *, card: str | None = None) -> str:
        """The reference of a person whom the order names, and whose data the centre has; for ``card`` as its holder."""
        value = self.order.details.get(name)
        if not isinstance(value, dict) or set(value) != {"ref", "commitment"}:
            refuse(Refusal.DETAILS, f"the order must name a person as {name}")
        ref, commitment = value["ref"], value["commitment"]
        if not isinstance(ref, str) or not _REF.fullmatch(ref):
            refuse(Refusal.DETAILS, f"the reference of the {name} is not 32 digits of hexadecimal")
        known = self.fact(f"person/{ref}") or {"commitment": self.enclosed.get(ref), "cards": [], "erased": False}
        if known["erased"] or known["commitment"] is None or known["commitment"] != commitment:
            refuse(Refusal.DETAILS, f"the data of the person named as {name} are not there", "enclose them")
        if card is not None:
            known["cards"] = [*known["cards"], card]
        self.put(f"person/{ref}", known)
        return ref

    def require_channel(self, channel: Channel) -> None:
        """Refused where the order came another way."""
        if self.order.channel is not channel:
            refuse(Refusal.NOT_ALLOWED, f"this is done {_CHANNELS[channel]} only")

    def require_office(self, *offices: Office) -> Office:
        """The office of whoever signed; refused where he is an officer of none of these."""
        office = self.actor.office
        if office not in offices:
            refuse(Refusal.NOT_ALLOWED, f"only an officer of {' or '.join(o.value for o in offices)} may do this")
        return office

    def has_active_seal(self, enterprise: str) -> bool:
        """Whether the enterprise has a legal-person card that is active."""
        found = self.fact(f"enterprise/{enterprise}")
        if found is None or found["seal"] is None:
            return False
        return bool(self.require(f"card/{found['seal']}")["state"] == CardState.ACTIVE.value)


def word_of(value: object, name: str, kind: type[_E]) -> _E:
    """The word of ``kind`` that a detail is; refused where it is none."""
    try:
        return kind(value)
    except ValueError:
        refuse(Refusal.DETAILS, f"{name} must be one of {', '.join(str(part.value) for part in kind)}")


def refuse(reason: Refusal, what: str, remedy: str | None = None) -> NoReturn:
    """Refuse the order. Raises OrderRefusedError."""
    raise OrderRefusedError(what, reason=reason, remedy=remedy)
