"""The rules of the centre itself: its founding, its CRLs, and the erasure of a person."""

from __future__ import annotations

from ecard.roles.acts import CardKind, CardState, Office, Refusal
from ecard.roles.rules_case import Case, refuse


def found(case: Case) -> None:
    """The first entry of every register: the centre, and the seal that signs its receipts."""
    if case.order.subject != "centre" or case.actor.kind is not CardKind.CENTRE:
        refuse(Refusal.NOT_ALLOWED, "a register begins with the founding of its centre")
    card, serial = case.text("card"), case.actor.serial
    case.put(
        f"card/{card}",
        {
            "kind": CardKind.CENTRE.value,
            "enterprise": case.text("organisation_code"),
            "person": None,
            "office": None,
            "state": CardState.ACTIVE.value,
            "was": None,
            "collected": True,
            "replaces": None,
            "certificates": [serial],
        },
    )
    certificate = case.order.details.get("certificate")
    if not isinstance(certificate, dict):
        refuse(Refusal.DETAILS, "the centre's certificate is not described")
    case.put(f"certificate/{serial}", certificate)
    case.put("centre", {"name": case.text("name"), "card": card})


def erase_person(case: Case) -> None:
    """Erase the data of a person who holds no card any more."""
    case.require_office(Office.CENTRE)
    if not case.order.subject.startswith("person/"):
        refuse(Refusal.DETAILS, "this order must be about a person")
    person = case.require(case.order.subject)
    if person["erased"]:
        refuse(Refusal.STATE, "the person is erased already")
    for card in person["cards"]:
        if case.require(f"card/{card}")["state"] != CardState.VOID.value:
            refuse(Refusal.STATE, "the person holds a card that is not void")
    case.put(case.order.subject, {**person, "erased": True, "sealed": None})


def publish_crl(case: Case) -> None:
    """The centre notes the CRL that it published."""
    if case.actor.kind is not CardKind.CENTRE or not case.order.subject.startswith("crl/"):
        refuse(Refusal.NOT_ALLOWED, "only the centre publishes CRLs")
    number = case.order.details.get("number")
    if not isinstance(number, int):
        refuse(Refusal.DETAILS, "a CRL has a number")
    case.put(case.order.subject, {"number": number, "sha256": case.text("sha256")})
