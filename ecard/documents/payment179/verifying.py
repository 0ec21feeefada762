"""Verifying posted payment data. It carries no certificate: the verifier brings the one that certNo names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from ecard.algorithms import KeyFamily, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents.conditions import Conditions
from ecard.documents.mistakes import Mistake
from ecard.documents.payment179.diagnosis import diagnose
from ecard.documents.payment179.fields import data_of
from ecard.documents.payment179.reading import parse
from ecard.documents.payment179.signing import algorithm_for
from ecard.documents.payment179.text import SignedPayment
from ecard.documents.signers import SignerPolicy
from ecard.documents.source import Document
from ecard.documents.steps import Ledger, SteppedReport
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, MessageError, UnsupportedAlgorithmError
from ecard.findings import FindingCode
from ecard.keys import PublicKey
from ecard.lines import one_line
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardIdentity
from ecard.pki.policy import EPORT_2021_ALGORITHMS, ValidationPolicy
from ecard.pki.trust import Trust

_LEGACY_POLICY: Final = ValidationPolicy(algorithms=EPORT_2021_ALGORITHMS)
_LEGACY_NOTE: Final = "legacy signature RSA-SHA1: SHA-1 is broken, and accepted only because customs accept it"


class PaymentStep(Enum):
    """What is looked at, in this order: (name for programs, what is so where it passes)."""

    READING = ("reading", "the payload is posted payment data")
    FIELDS = ("fields", "the fields keep the rules of notice 179")
    CERTIFICATE = ("certificate", "the certificate can be read")
    ALGORITHMS = ("algorithms", "the key is of a kind that signs payment data")
    SIGNATURE = ("signature", "the signature value holds")
    NUMBER = ("number", "certNo is the certificate number")
    VALIDITY = ("validity", "the certificate was good at the moment")
    SIGNER = ("signer", "the signer is one whom the caller allows")

    def __init__(self, label: str, words: str) -> None:
        self.label = label
        self.words = words


_STEPS: Final = tuple(PaymentStep)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PaymentReport(SteppedReport):
    """What was found out about posted payment data. ``verified`` is the signed text."""

    payment: SignedPayment | None = None
    """The data as posted, where it could be read; good only where the report says accepted."""


def verify(
    payload: Document | SignedPayment,
    *,
    certificate: Certificate,
    trust: Trust,
    signer: SignerPolicy,
    at: datetime,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
) -> PaymentReport:
    """The report on posted payment data that is accepted; VerificationError with the report on any other.

    ``certificate`` is the signer's; the other arguments are those of ``ecard.documents.ceb.verify``. A field that
    breaks a rule of the notice is noted and does not speak against the signature.
    """
    report = inspect(
        payload, certificate=certificate, trust=trust, signer=signer, at=at, evidence=evidence, policy=policy
    )
    report.require_accepted()
    return report


def inspect(
    payload: Document | SignedPayment,
    *,
    certificate: Certificate,
    at: datetime,
    trust: Trust | None = None,
    signer: SignerPolicy | None = None,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
) -> PaymentReport:
    """The report that ``verify`` works from, whatever it says; without ``trust`` or ``signer`` never accepted."""
    ledger, moment = Ledger(_STEPS), in_utc(at)
    payment = _read(payload, ledger)
    algorithm = _read_certificate(certificate, ledger)
    if payment is not None:
        if algorithm is not None:
            _check_signature(payment, algorithm, certificate.public_key, ledger)
        _check_number(payment, ledger)
    legacy = algorithm is SignatureAlgorithm.RSA_SHA1
    conditions = None
    if trust is not None and signer is not None:
        in_force = _LEGACY_POLICY if policy is None and legacy else policy
        conditions = Conditions(trust=trust, signer=signer, at=moment, evidence=evidence, policy=in_force)
        if algorithm is not None and policy is not None:
            ledger.add(PaymentStep.ALGORITHMS, conditions.weakness(algorithm))
    ledger.judge_signer(certificate, conditions, PaymentStep.VALIDITY, PaymentStep.SIGNER)
    accepted = not ledger.findings and payment is not None
    return PaymentReport(
        at=moment,
        reasons=ledger.findings,
        certificate=certificate,
        signer=ledger.identity,
        algorithm=algorithm.label if algorithm is not None else None,
        validated=ledger.validated,
        notes=(*((_LEGACY_NOTE,) if legacy else ()), *ledger.notes),
        verified=payment.text.signed_bytes() if payment is not None and accepted else None,
        certificate_number=payment.certificate_number if payment is not None else None,
        mistakes=ledger.mistakes,
        checks=ledger.checks,
        payment=payment,
    )


def _read(payload: Document | SignedPayment, ledger: Ledger) -> SignedPayment | None:
    try:
        payment = payload if isinstance(payload, SignedPayment) else parse(payload)
    except MessageError as error:
        ledger.fail(PaymentStep.READING, FindingCode.MALFORMED, str(error))
        return None
    ledger.passed(PaymentStep.READING)
    try:
        data_of(payment.text)
    except MessageError as error:
        ledger.open(PaymentStep.FIELDS, f"a field breaks a rule of notice 179: {error}")
    else:
        ledger.passed(PaymentStep.FIELDS)
    return payment


def _read_certificate(certificate: Certificate, ledger: Ledger) -> SignatureAlgorithm | None:
    """What the certificate's key signs with; None where it cannot sign payment data."""
    try:
        ledger.identity = CardIdentity.from_certificate(certificate)
        ledger.passed(PaymentStep.CERTIFICATE)
        algorithm = algorithm_for(certificate.public_key)
    except UnsupportedAlgorithmError as error:
        ledger.fail(PaymentStep.ALGORITHMS, FindingCode.ALGORITHM_NOT_ALLOWED, str(error))
    except EcardError as error:
        ledger.fail(PaymentStep.CERTIFICATE, FindingCode.CERTIFICATE_MALFORMED, str(error))
    else:
        ledger.passed(PaymentStep.ALGORITHMS)
        return algorithm
    return None


def _check_signature(payment: SignedPayment, algorithm: SignatureAlgorithm, key: PublicKey, ledger: Ledger) -> None:
    size = key.kind.size * (1 if algorithm.family is KeyFamily.RSA else 2)
    mistakes: frozenset[Mistake] = frozenset()
    value = payment.signature
    if len(value) == size:
        signature, detail = Signature.from_raw(algorithm, value), "the signature value is not that of the posted text"
    else:
        detail = f"signValue has {len(value)} bytes instead of {size}"
        signature = Signature(algorithm, value)
        mistakes = frozenset({Mistake.VALUE_IN_DER})
    try:
        key.verify(signature, payment.text.signed_bytes())
        if not mistakes:
            ledger.passed(PaymentStep.SIGNATURE)
            return
    except (InvalidSignatureError, EncodingError) as error:
        detail += f" ({error.remedy})" if error.remedy else ""
        found = diagnose(payment.text, signature, key)
        mistakes = mistakes | found if found else frozenset()
    ledger.explain(PaymentStep.SIGNATURE, FindingCode.SIGNATURE_INVALID, detail, mistakes)


def _check_number(payment: SignedPayment, ledger: Ledger) -> None:
    if ledger.identity is None:
        return
    number = ledger.identity.certificate_number
    if payment.certificate_number == number:
        ledger.passed(PaymentStep.NUMBER)
    else:
        ledger.fail(
            PaymentStep.NUMBER,
            FindingCode.KEY_NAME_WRONG,
            f"certNo is {one_line(payment.certificate_number, 60)!r}, the certificate's number is {number}",
        )
