"""The part of an audit that asks whether an act was allowed: the rules are applied again to what was known before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ecard.certificate import Certificate
from ecard.errors import OrderRefusedError
from ecard.roles.acts import Refusal
from ecard.roles.centre_checks import actor_of, require_base, require_new
from ecard.roles.register_entry import Entry, Fact
from ecard.roles.register_tables import LogRow
from ecard.roles.register_writer import fact_of, last_signed
from ecard.roles.rules import RULES
from ecard.roles.rules_case import Case, Issue, refuse

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def rule_damage(entry: Entry, certificate: Certificate, session: Session) -> Iterator[str]:
    """What is wrong with an order that ``certificate`` signed: it was not allowed, or changed something else.

    Whether it came in time is not asked again: how long an order is taken is each centre's own setting.
    """
    order, past, changes = entry.request, _Past(session, entry.sequence), entry.read_changes()
    try:
        require_new(past, order)
        actor = actor_of(past, order, certificate, certificate)
        require_base(past, order, actor)
        case = Case(
            order=order,
            actor=actor,
            moment=entry.moment,
            known=past.get,
            enclosed=_enclosed(changes),
            issue=lambda issue: _issued(issue, changes, past),
        )
        RULES[order.act](case)
    except OrderRefusedError as error:
        yield f"the order was not allowed: {error}"
        return
    for key in sorted(case.changes.keys() | changes.keys()):
        if not _same(case.changes.get(key), changes.get(key)):
            yield f"by the rules the order makes something else of {key}"


class _Past:
    """The register as it was before an entry."""

    def __init__(self, session: Session, before: int) -> None:
        self._session = session
        self._before = before

    @property
    def sequence(self) -> int:
        return self._before - 1

    def get(self, key: str) -> Fact | None:
        return fact_of(self._session, key, None, before=self._before)

    def entry_of(self, number: str) -> Entry | None:
        query = select(LogRow).where(LogRow.number == number, LogRow.seq < self._before)
        row = self._session.scalar(query)
        return None if row is None else Entry.of(row)

    def last_signed(self, signer: str) -> datetime | None:
        return last_signed(self._session, signer, before=self._before)


def _enclosed(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Reference and commitment of everybody whose data the centre took; the rule compares them with the order."""
    people = {key.partition("/")[2]: value for key, value in changes.items() if key.startswith("person/")}
    return {ref: value["commitment"] for ref, value in people.items() if isinstance(value.get("commitment"), str)}


def _issued(issue: Issue, changes: Mapping[str, Mapping[str, Any]], past: _Past) -> Mapping[str, Mapping[str, Any]]:
    """The certificates that the entry says were issued; refused where they are not what was to be issued."""
    found = {}
    for serial in changes.get(f"card/{issue.card}", {}).get("certificates", ()):
        described = changes.get(f"certificate/{serial}")
        if described is None or past.get(f"certificate/{serial}") is not None:
            refuse(Refusal.DETAILS, f"certificate {serial} was not issued by it")
        wanted = (issue.card, issue.kind.card_type.value, issue.enterprise, "good")
        if tuple(described.get(name) for name in ("card", "card_type", "organisation_code", "status")) != wanted:
            refuse(Refusal.DETAILS, f"certificate {serial} is for something else")
        found[serial] = described
    if not found:
        refuse(Refusal.DETAILS, f"it issued no certificate for card {issue.card}")
    return found


def _same(by_rule: Mapping[str, Any] | None, made: Mapping[str, Any] | None) -> bool:
    """Whether a rule makes what the entry made. The digest of a sealed record is the vault's, not the rule's."""
    if by_rule is None or made is None:
        return by_rule is made
    if "sealed" in made and "sealed" not in by_rule and _DIGEST.fullmatch(str(made["sealed"])):
        by_rule = {**by_rule, "sealed": made["sealed"]}
    return by_rule == made
