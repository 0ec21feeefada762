"""The rules of network entry: application, filing with papers, and the approval of three bureaus (steps 1 to 3)."""

from __future__ import annotations

from typing import Any, Final

from ecard.codes import organisation_code_of
from ecard.errors import InvalidCodeError
from ecard.pki.profile import MAX_NAME
from ecard.roles.acts import BUREAUS, Act, Channel, Office, Refusal
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, Paper, missing_papers, required_papers
from ecard.roles.rules_case import Case, refuse

APPLIED, FILED, REFUSED, APPROVED = "applied", "filed", "refused", "approved"
_LEGAL_PERSON_BLOCK: Final = "legal-person"
_OPERATOR_BLOCK: Final = "operator"


def apply(case: Case) -> None:
    """Step 1: an enterprise applies, with the enterprise's form and one IC-card form for every card."""
    case.require_office(Office.CENTRE)
    case.require_channel(Channel.COUNTER)
    code = _enterprise_code(case)
    if case.fact(f"enterprise/{code}") is not None:
        refuse(Refusal.EXISTS, "the enterprise has applied already")
    if case.order.details.get("signed") is not True or case.order.details.get("sealed") is not True:
        refuse(Refusal.PAPERS, "the forms must be signed by the legal representative and sealed")
    enterprise: dict[str, Any] = {
        "name": _name(case),
        "kind": case.word("kind", EnterpriseKind).value,
        "stage": APPLIED,
        "operators_named": _operators_named(case),
        "legal_person": case.person("legal_person"),
        "custodian": case.person("custodian"),
        "papers": [],
        "record": None,
        "bureaus": {},
        "seal": None,
        "channel": False,
    }
    case.put(f"enterprise/{code}", enterprise)


def _name(case: Case) -> str:
    """The enterprise's name, which will stand in its cards' certificates: one that cannot is refused here."""
    name = case.text("name")
    if len(name) > MAX_NAME or name != name.strip():
        refuse(Refusal.DETAILS, f"the enterprise's name has 1 to {MAX_NAME} characters, none blank at its ends")
    return name


def _enterprise_code(case: Case) -> str:
    kind, _, code = case.order.subject.partition("/")
    try:
        found = organisation_code_of(code)
    except InvalidCodeError as error:
        refuse(Refusal.DETAILS, str(error))
    if kind != "enterprise" or found != code:
        refuse(Refusal.DETAILS, "this order must be about an enterprise, named by its organisation code")
    return found


def _operators_named(case: Case) -> int:
    """Rule 1a: one form with the legal-person block alone, and one with the operator block for every operator."""
    forms = case.order.details.get("card_forms")
    if not isinstance(forms, list) or forms.count(_LEGAL_PERSON_BLOCK) != 1:
        refuse(Refusal.PAPERS, "the legal-person card needs one IC-card form, with the block of the legal person alone")
    if any(form not in (_LEGAL_PERSON_BLOCK, _OPERATOR_BLOCK) for form in forms):
        refuse(Refusal.PAPERS, "an IC-card form has the block of the legal person or that of one operator")
    return len(forms) - 1


def file(case: Case) -> None:
    """Step 2: the enterprise files its papers, originals and copies; the review record is opened."""
    case.require_office(Office.CENTRE)
    case.require_channel(Channel.COUNTER)
    code = _enterprise_code(case)
    enterprise = case.require(f"enterprise/{code}")
    if enterprise["stage"] not in {APPLIED, REFUSED}:
        refuse(Refusal.STATE, f"the enterprise has {enterprise['stage']} already")
    if case.order.details.get("originals_and_copies") is not True:
        refuse(Refusal.PAPERS, "every paper is brought as original and copy")
    brought, deals_with = case.words("papers", Paper), case.words("deals_with", Office)
    declarants = case.order.details.get("has_declarants") is True
    required = required_papers(EnterpriseKind(enterprise["kind"]), deals_with=deals_with, has_declarants=declarants)
    missing = missing_papers(required, brought)
    if missing:
        refuse(Refusal.PAPERS, f"missing: {', '.join(missing)}")
    enterprise |= {"stage": FILED, "papers": sorted(p.value for p in set(brought)), "bureaus": {}}
    enterprise["record"] = case.order.number
    case.put(f"enterprise/{code}", enterprise)


def decide(case: Case) -> None:
    """Step 3: a bureau approves against its document, or refuses with a reason. The third approval is the last."""
    office, code = case.require_office(*BUREAUS), _enterprise_code(case)
    enterprise = case.require(f"enterprise/{code}")
    if enterprise["stage"] != FILED or office.value in enterprise["bureaus"]:
        refuse(Refusal.STATE, f"there is nothing to decide here for {office.value}")
    paper = BUREAU_PAPERS[office]
    if case.word("paper", Paper) is not paper:
        refuse(Refusal.PAPERS, f"{office.value} decides on the {paper.value}")
    approves = case.order.act is Act.APPROVE_ENTRY
    reason = None if approves else case.text("reason")
    bureaus = enterprise["bureaus"] | {office.value: {"approved": approves, "reason": reason}}
    enterprise["bureaus"] = bureaus
    if not approves:
        enterprise["stage"] = REFUSED
    elif len(bureaus) == len(BUREAUS):
        enterprise["stage"] = APPROVED
    case.put(f"enterprise/{code}", enterprise)
