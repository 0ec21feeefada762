"""The rules of a card's life: the table of transitions applied to one order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ecard.pki.withdrawal import WITHDRAWALS, Ground
from ecard.roles.acts import Act, CardKind, CardState, Refusal
from ecard.roles.lifecycle import CERTIFICATES, CertificateStatus, Guard, Transition, Who, rows_of
from ecard.roles.rules_case import Case, refuse

_AT_COLLECTION: Final = ("letter", "identity_document", "fee_paid", "pin_changed")
_COLLECTORS: Final = {
    CardKind.LEGAL_PERSON: ("legal-person", "designated-representative"),
    CardKind.OPERATOR: ("holder", "collector"),
}


def change_state(case: Case) -> None:
    """Report loss, report found, freeze, unfreeze, void, unlock, change the PIN, dismiss: whatever changes a state."""
    number = card_number(case)
    card = case.require(case.order.subject)
    row = allowed(case, card, CardKind(card["kind"]))
    found_seal = case.order.act is Act.REPORT_FOUND and row.card is CardKind.LEGAL_PERSON
    if found_seal and case.order.details.get("pin_changed") is not True:
        refuse(Refusal.PAPERS, "a legal-person card that was lost gets a new PIN on the spot")
    move(case, number, row, card)


def collect(case: Case) -> None:
    """Collect a card: letter of introduction, the collector's identity document, the fee, and a PIN of his own (P8)."""
    number = card_number(case)
    card = case.require(case.order.subject)
    row = allowed(case, card, CardKind(card["kind"]))
    lacking = [name for name in _AT_COLLECTION if case.order.details.get(name) is not True]
    if lacking:
        refuse(Refusal.PAPERS, f"a card is not handed over without {', '.join(lacking).replace('_', ' ')}")
    collectors = _COLLECTORS[CardKind(card["kind"])]
    if case.order.details.get("collected_by") not in collectors:
        refuse(Refusal.PAPERS, f"this card is handed to nobody but {' or '.join(collectors)}")
    card["collector"], card["collected"] = case.person("collector"), True
    move(case, number, row, card)


def card_number(case: Case) -> str:
    """The number of the card that the order is about; refused where it is about something else."""
    kind, _, number = case.order.subject.partition("/")
    if kind != "card" or not number:
        refuse(Refusal.DETAILS, "this order must be about a card")
    return number


def allowed(case: Case, card: Mapping[str, Any] | None, kind: CardKind) -> Transition:
    """The row of the table under which the order may be carried out; refused with the reason where there is none."""
    rows = rows_of(case.order.act, kind)
    if not rows:
        refuse(Refusal.NOT_ALLOWED, f"{case.order.act.value} is not done to a card of kind {kind.value}")
    rows = tuple(row for row in rows if row.who is case.actor.who)
    if not rows:
        refuse(Refusal.NOT_ALLOWED, f"whoever signed may not {case.order.act.value} a card of kind {kind.value}")
    (row,) = rows
    if row.who is Who.LEGAL_PERSON and card is not None and card["enterprise"] != case.actor.enterprise:
        refuse(Refusal.OTHER_ENTERPRISE, "the card belongs to another enterprise")
    case.require_channel(row.channel)
    state = None if card is None else CardState(card["state"])
    if state not in row.sources:
        refuse(Refusal.STATE, f"the card is {'there already' if row.sources == {None} else _words(state)}")
    _require_guard(case, row, card)
    if row.grounds:
        ground_of(case, row)
    return row


def _words(state: CardState | None) -> str:
    if state is CardState.VOID:
        return "void, and void is final"
    return "not there" if state is None else state.value


def _require_guard(case: Case, row: Transition, card: Mapping[str, Any] | None) -> None:
    if card is None or row.guard is Guard.NONE:
        return
    holds = {
        Guard.NO_ACTIVE_SEAL: not case.has_active_seal(card["enterprise"]),
        Guard.COLLECTED: card["collected"],
        Guard.NOT_COLLECTED: not card["collected"],
    }
    if not holds[row.guard]:
        refuse(Refusal.STATE, f"this is done only where {row.guard.value}")


def ground_of(case: Case, row: Transition) -> Ground:
    """The ground that the order gives; refused where the row knows no such ground."""
    ground = case.word("ground", Ground)
    if ground not in row.grounds:
        names = ", ".join(sorted(g.value for g in row.grounds))
        refuse(Refusal.DETAILS, f"{ground.value} is no ground for this: one of {names} is")
    return ground


def move(case: Case, number: str, row: Transition, card: dict[str, Any]) -> None:
    """Bring a card where the row leads, and its certificates with it."""
    target = row.to or CardState(card["was"])
    card["was"] = card["state"] if target is CardState.LOST else None
    card["state"] = target.value
    case.put(f"card/{number}", card)
    reason = None
    if target is CardState.VOID:
        withdrawal = WITHDRAWALS[ground_of(case, row)]
        reason = None if withdrawal.reason is None else withdrawal.reason.label
    for serial in card["certificates"]:
        set_certificate(case, serial, CERTIFICATES[target], reason)


def set_certificate(case: Case, serial: str, status: CertificateStatus, reason: str | None = None) -> None:
    """Bring a certificate to a status; one that is revoked stays so."""
    certificate = case.require(f"certificate/{serial}")
    if certificate["status"] not in {CertificateStatus.REVOKED.value, status.value}:
        certificate["status"], certificate["reason"] = status.value, reason
        case.put(f"certificate/{serial}", certificate)
