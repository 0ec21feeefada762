"""The rules of operators' applications: a legal-person card registers, an officer decides (steps 5 and 6)."""

from __future__ import annotations

from ecard.roles.acts import Act, CardKind, Channel, Office, Refusal
from ecard.roles.rules_case import Case, refuse


def register(case: Case) -> None:
    """Step 5, T2: the legal-person card declares an operator of its own enterprise; again after a refusal."""
    if case.actor.kind is not CardKind.LEGAL_PERSON:
        refuse(Refusal.NOT_ALLOWED, "only a legal-person card registers operators")
    case.require_channel(Channel.ONLINE)
    kind, _, rest = case.order.subject.partition("/")
    code, _, name = rest.partition("/")
    if kind != "operator" or not name:
        refuse(Refusal.DETAILS, "this order must be about operator/enterprise/number")
    if code != case.actor.enterprise:
        refuse(Refusal.OTHER_ENTERPRISE, "an enterprise registers its own operators")
    before = case.fact(case.order.subject)
    if before is not None and before["state"] != "refused":
        refuse(Refusal.EXISTS, f"this application is {before['state']} already")
    person = case.person("person")
    case.put(
        case.order.subject,
        {"enterprise": code, "person": person, "state": "submitted", "reason": None, "card": None},
    )


def decide(case: Case) -> None:
    """Step 6: the centre's officer approves, or refuses with a reason, online or at the counter."""
    case.require_office(Office.CENTRE)
    if not case.order.subject.startswith("operator/"):
        refuse(Refusal.DETAILS, "this order must be about an operator's application")
    application = case.require(case.order.subject)
    if application["state"] != "submitted":
        refuse(Refusal.STATE, f"the application is {application['state']} already")
    approves = case.order.act is Act.APPROVE_OPERATOR
    application["state"] = "approved" if approves else "refused"
    application["reason"] = None if approves else case.text("reason")
    case.put(case.order.subject, application)
