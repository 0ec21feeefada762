"""The rules of making a card, of replacing one and of renewing its certificates."""

from __future__ import annotations

from typing import Any

from ecard.codes import check_card_number, organisation_code_of
from ecard.errors import InvalidCodeError
from ecard.pki.withdrawal import WITHDRAWALS
from ecard.roles.acts import CardKind, CardState, Channel, Office, Refusal
from ecard.roles.lifecycle import CertificateStatus
from ecard.roles.rules_cards import allowed, card_number, ground_of, move, set_certificate
from ecard.roles.rules_case import Case, Issue, refuse
from ecard.roles.rules_entry import APPROVED


def make(case: Case) -> None:
    """Make a legal-person card after three bureaus approved (T1), or an operator card after the centre did (T3)."""
    kind, number = case.word("kind", CardKind), card_number(case)
    allowed(case, case.fact(f"card/{number}"), kind)
    if kind is CardKind.LEGAL_PERSON:
        _make_seal(case, new_number(case))
    else:
        _make_operator(case, new_number(case))


def _make_seal(case: Case, number: str) -> None:
    code = case.text("enterprise")
    enterprise = case.require(f"enterprise/{code}")
    if enterprise["stage"] != APPROVED:
        refuse(Refusal.STATE, "the three bureaus have not all approved the enterprise")
    if enterprise["seal"] is not None and case.require(f"card/{enterprise['seal']}")["state"] != CardState.VOID.value:
        refuse(Refusal.EXISTS, "the enterprise has a legal-person card", "replace it, or void it first")
    enterprise["seal"] = number
    case.put(f"enterprise/{code}", enterprise)
    add_card(case, number, CardKind.LEGAL_PERSON, code, enterprise["name"], enterprise["legal_person"])


def _make_operator(case: Case, number: str) -> None:
    key = f"operator/{case.text('application')}"
    application = case.require(key)
    if application["state"] != "approved":
        refuse(Refusal.STATE, f"the application for this operator is {application['state']}, not approved")
    application["state"], application["card"] = "made", number
    case.put(key, application)
    code = application["enterprise"]
    name = case.require(f"enterprise/{code}")["name"]
    add_card(case, number, CardKind.OPERATOR, code, name, application["person"])


def replace(case: Case) -> None:
    """Void a card and make another one for the same holder, in one act (D3)."""
    old_number, old = card_number(case), case.require(case.order.subject)
    kind = CardKind(old["kind"])
    row = allowed(case, old, kind)
    number = case.text("card")
    _require_number(number)
    if case.fact(f"card/{number}") is not None:
        refuse(Refusal.EXISTS, "there is a card with the new number already")
    move(case, old_number, row, old)
    enterprise = case.require(f"enterprise/{old['enterprise']}")
    if kind is CardKind.LEGAL_PERSON:
        enterprise["seal"] = number
        case.put(f"enterprise/{old['enterprise']}", enterprise)
    add_card(case, number, kind, old["enterprise"], enterprise["name"], old["person"], replaces=old_number)


def renew(case: Case) -> None:
    """Give a card new certificates on new keys; the old ones are superseded (D9)."""
    number, card = card_number(case), case.require(case.order.subject)
    row = allowed(case, card, CardKind(card["kind"]))
    reason = WITHDRAWALS[ground_of(case, row)].reason
    for serial in card["certificates"]:
        set_certificate(case, serial, CertificateStatus.REVOKED, None if reason is None else reason.label)
    name = case.require(f"enterprise/{card['enterprise']}")["name"]
    _certify(case, number, card, name)


def appoint(case: Case) -> None:
    """Make the card of an officer of the centre, a bureau or a department (D13); the centre appoints the first one."""
    allowed(case, case.fact(f"card/{card_number(case)}"), CardKind.OFFICER)
    number, office = new_number(case), case.word("office", Office)
    code, name = _organisation_code(case), case.text("organisation")
    person = case.person("person")
    add_card(case, number, CardKind.OFFICER, code, name, person, office=office, state=CardState.ACTIVE)


def add_card(
    case: Case,
    number: str,
    kind: CardKind,
    enterprise: str,
    name: str,
    person: str,
    *,
    office: Office | None = None,
    state: CardState = CardState.TRANSPORT,
    replaces: str | None = None,
) -> None:
    """A new card of the register, with its certificates."""
    holder = case.require(f"person/{person}")
    holder["cards"] = [*holder["cards"], number]
    case.put(f"person/{person}", holder)
    card: dict[str, Any] = {
        "kind": kind.value,
        "enterprise": enterprise,
        "person": person,
        "office": None if office is None else office.value,
        "state": state.value,
        "was": None,
        "collected": state is CardState.ACTIVE,
        "replaces": replaces,
        "certificates": [],
    }
    _certify(case, number, card, name)


def _certify(case: Case, number: str, card: dict[str, Any], enterprise_name: str) -> None:
    issue = Issue(
        card=number,
        kind=CardKind(card["kind"]),
        enterprise=card["enterprise"],
        enterprise_name=enterprise_name,
        person=card["person"],
    )
    issued = case.issue(issue)
    for serial, certificate in issued.items():
        case.put(f"certificate/{serial}", dict(certificate))
    card["certificates"] = list(issued)
    case.put(f"card/{number}", card)


def new_number(case: Case) -> str:
    """The number of the card that the order would make."""
    number = card_number(case)
    _require_number(number)
    case.require_channel(Channel.COUNTER)
    return number


def _organisation_code(case: Case) -> str:
    """The code of an officer's organisation as his certificate will have it, whichever of its two codes was given."""
    try:
        return organisation_code_of(case.text("organisation_code"))
    except InvalidCodeError as error:
        refuse(Refusal.DETAILS, str(error))


def _require_number(number: str) -> None:
    try:
        check_card_number(number)
    except InvalidCodeError as error:
        refuse(Refusal.DETAILS, str(error))
