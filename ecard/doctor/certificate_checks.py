"""Are the certificates on the card good, and for how long?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from ecard.apdu.info import SlotInfo
from ecard.certificate import Certificate
from ecard.doctor.card_checks import CardSeen
from ecard.doctor.states import Line, State
from ecard.errors import EcardError, ValidationError
from ecard.findings import Finding, FindingCode
from ecard.pki.evidence import Evidence
from ecard.pki.trust import Trust
from ecard.pki.validation import validate

ENDS_SOON: Final = timedelta(days=30)
"""From this time before its end on, a certificate gets a warning."""
_REFUSALS: Final = (
    (FindingCode.REVOKED, State.CERTIFICATE_REVOKED),
    (FindingCode.ON_HOLD, State.CERTIFICATE_ON_HOLD),
    (FindingCode.PATH_NOT_FOUND, State.CERTIFICATE_UNTRUSTED),
    (FindingCode.CERTIFICATE_SIGNATURE_INVALID, State.CERTIFICATE_UNTRUSTED),
)
"""Which finding decides where there are several; revocation that is not known decides only alone."""


def check_certificates(
    seen: CardSeen, *, now: datetime, trust: Trust | None, evidence: Evidence | None
) -> Iterator[Line]:
    """One line for every slot that holds something. Under ``trust`` and with evidence revocation is judged too."""
    for slot in seen.info.slots:
        subject = f"certificate {slot.slot:02X}"
        if slot.certificate is None:
            state = State.CERTIFICATE_DAMAGED if slot.damaged else State.CERTIFICATE_MISSING
            words = "it is damaged" if slot.damaged else "there is a key without a certificate"
            yield Line(subject, state, words)
        elif _is_of_other_key(slot):
            yield Line(subject, State.CERTIFICATE_OF_OTHER_KEY, "it does not belong to the key in the slot")
        else:
            judged = _judge(slot.certificate, seen, now, trust, evidence)
            state, words = judged or judge_validity(slot.certificate, now)
            yield Line(subject, state, words)


def judge_validity(certificate: Certificate, now: datetime) -> tuple[State, str]:
    """What the clock says of a card's certificate, in words too."""
    begin, end = certificate.not_before, certificate.not_after
    if now < begin:
        return State.CERTIFICATE_NOT_YET_VALID, f"it begins only on {begin:%Y-%m-%d}"
    if now > end:
        return State.CERTIFICATE_EXPIRED, f"it ended on {end:%Y-%m-%d}"
    soon = end - now <= ENDS_SOON
    words = f"good until {end:%Y-%m-%d}, {in_days(end - now)}"
    return State.CERTIFICATE_ENDS_SOON if soon else State.CERTIFICATE_GOOD, words


def in_days(time: timedelta) -> str:
    """A time that is left, in words."""
    return f"{time.days} {'day' if time.days == 1 else 'days'} left"


def _judge(
    certificate: Certificate, seen: CardSeen, now: datetime, trust: Trust | None, evidence: Evidence | None
) -> tuple[State, str] | None:
    """What validation has against a certificate that is inside its validity; None where nothing."""
    if trust is None or not certificate.not_before <= now <= certificate.not_after:
        return None
    try:
        validate(certificate, at=now, trust=trust, evidence=evidence, untrusted=seen.issuers)
    except ValidationError as error:
        findings = [found for found in error.findings if isinstance(found, Finding)]
        codes = {finding.code for finding in findings}
        state = next((state for code, state in _REFUSALS if code in codes), State.CERTIFICATE_REFUSED)
        if codes <= {FindingCode.REVOCATION_UNKNOWN}:
            state = State.CERTIFICATE_UNCERTAIN
        return state, "; ".join(dict.fromkeys(finding.message for finding in findings))
    return None


def _is_of_other_key(slot: SlotInfo) -> bool:
    if slot.certificate is None or slot.key is None or slot.key.public_key is None:
        return False
    with suppress(EcardError):
        return slot.certificate.public_key.key_bits != slot.key.public_key.key_bits
    return False
