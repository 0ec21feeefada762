"""The rules of doing business: filing with competent departments, their approval, and the access channel (7 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecard.roles.acts import DEPARTMENTS, Act, CardKind, Channel, Office, Refusal
from ecard.roles.papers import Paper
from ecard.roles.rules_case import Case, refuse

_BEFORE: Final[Mapping[Act, frozenset[str | None]]] = {
    Act.FILE_BUSINESS: frozenset({None, "refused", "withdrawn"}),
    Act.APPROVE_BUSINESS: frozenset({"filed"}),
    Act.REFUSE_BUSINESS: frozenset({"filed"}),
    Act.WITHDRAW_BUSINESS: frozenset({"approved"}),
}
_AFTER: Final[Mapping[Act, str]] = {
    Act.FILE_BUSINESS: "filed",
    Act.APPROVE_BUSINESS: "approved",
    Act.REFUSE_BUSINESS: "refused",
    Act.WITHDRAW_BUSINESS: "withdrawn",
}


def change(case: Case) -> None:
    """Step 7: the legal-person card files, the department's own officer approves, refuses or withdraws."""
    act = case.order.act
    code, department = _parts(case)
    if act is Act.FILE_BUSINESS:
        _require_seal_of(case, code)
        papers = [paper.value for paper in case.words("papers", Paper)]
    else:
        case.require_office(department)
        papers = []
    before = case.fact(case.order.subject)
    if (before["state"] if before else None) not in _BEFORE[act]:
        refuse(Refusal.STATE, f"this business is {before['state'] if before else 'not filed'}")
    reason = case.text("reason") if act in {Act.REFUSE_BUSINESS, Act.WITHDRAW_BUSINESS} else None
    papers = papers or (before["papers"] if before else [])
    case.put(case.order.subject, {"state": _AFTER[act], "papers": papers, "reason": reason})


def register_channel(case: Case) -> None:
    """Step 9: the enterprise registers its security access channel, after a department approved its business."""
    kind, _, code = case.order.subject.partition("/")
    if kind != "enterprise":
        refuse(Refusal.DETAILS, "this order must be about an enterprise")
    _require_seal_of(case, code)
    enterprise = case.require(f"enterprise/{code}")
    states = [case.fact(f"business/{code}/{department.value}") for department in DEPARTMENTS]
    if not any(state is not None and state["state"] == "approved" for state in states):
        refuse(Refusal.STATE, "no competent department has approved the enterprise's business")
    enterprise["channel"] = True
    case.put(f"enterprise/{code}", enterprise)


def _parts(case: Case) -> tuple[str, Office]:
    kind, _, rest = case.order.subject.partition("/")
    code, _, name = rest.partition("/")
    found = {department.value: department for department in DEPARTMENTS}.get(name)
    if kind != "business" or found is None:
        refuse(Refusal.DETAILS, "this order must be about business/enterprise/department")
    case.require(f"enterprise/{code}")
    return code, found


def _require_seal_of(case: Case, code: str) -> None:
    if case.actor.kind is not CardKind.LEGAL_PERSON:
        refuse(Refusal.NOT_ALLOWED, "only a legal-person card does this")
    case.require_channel(Channel.ONLINE)
    if code != case.actor.enterprise:
        refuse(Refusal.OTHER_ENTERPRISE, "a legal-person card acts for its own enterprise")
