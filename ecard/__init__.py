"""Smart cards of the China Electronic Port, and any PIV card, as signers of documents.

The names below are the public interface; each is documented where it is defined, and loaded when it is first used:
pytest finds the plugin in this package for suites that have nothing to do with cards. A first signature::

    with ecard.connect() as session:
        operator = ecard.OperatorCard(session, pin=ecard.pin.prompt)
        signature = ecard.cms.sign(Path("contract.txt"), operator)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ecard import algorithms, errors, pin, simulator, sm2
    from ecard.algorithms import KeyKind, Signature, SignatureAlgorithm
    from ecard.apdu.cardholder import CardKeyHolder
    from ecard.apdu.piv import PivSession
    from ecard.apdu.session import Session
    from ecard.apdu.words import Slot
    from ecard.certificate import Certificate
    from ecard.connection import connect
    from ecard.documents import cms
    from ecard.documents.report import Report
    from ecard.documents.signers import (
        ANY_ENTERPRISE,
        AnyCard,
        AnyLegalPerson,
        AnyOperator,
        OneOf,
        SignerPolicy,
        UnsafeAnyone,
    )
    from ecard.errors import EcardError, VerificationError
    from ecard.keyholder import KeyHolder, SoftwareKeyHolder
    from ecard.keys import PublicKey, SoftwareKey
    from ecard.pin import Pin, PinPolicy
    from ecard.pki.authority import CertificateAuthority
    from ecard.pki.crl import Crl
    from ecard.pki.evidence import Evidence
    from ecard.pki.identity import CardIdentity, CardType
    from ecard.pki.policy import ValidationPolicy
    from ecard.pki.profile import CertificateSubject
    from ecard.pki.trust import Trust
    from ecard.pki.validation import validate
    from ecard.roles.cards import LegalPersonCard, OperatorCard
    from ecard.roles.making import CardSecrets, make_card

__all__ = [
    "ANY_ENTERPRISE",
    "AnyCard",
    "AnyLegalPerson",
    "AnyOperator",
    "CardIdentity",
    "CardKeyHolder",
    "CardSecrets",
    "CardType",
    "Certificate",
    "CertificateAuthority",
    "CertificateSubject",
    "Crl",
    "EcardError",
    "Evidence",
    "KeyHolder",
    "KeyKind",
    "LegalPersonCard",
    "OneOf",
    "OperatorCard",
    "Pin",
    "PinPolicy",
    "PivSession",
    "PublicKey",
    "Report",
    "Session",
    "Signature",
    "SignatureAlgorithm",
    "SignerPolicy",
    "Slot",
    "SoftwareKey",
    "SoftwareKeyHolder",
    "Trust",
    "UnsafeAnyone",
    "ValidationPolicy",
    "VerificationError",
    "algorithms",
    "cms",
    "connect",
    "errors",
    "make_card",
    "pin",
    "simulator",
    "sm2",
    "validate",
]

_HOMES: Final = {
    "ANY_ENTERPRISE": "ecard.documents.signers",
    "AnyCard": "ecard.documents.signers",
    "AnyLegalPerson": "ecard.documents.signers",
    "AnyOperator": "ecard.documents.signers",
    "CardIdentity": "ecard.pki.identity",
    "CardKeyHolder": "ecard.apdu.cardholder",
    "CardSecrets": "ecard.roles.making",
    "CardType": "ecard.pki.identity",
    "Certificate": "ecard.certificate",
    "CertificateAuthority": "ecard.pki.authority",
    "CertificateSubject": "ecard.pki.profile",
    "Crl": "ecard.pki.crl",
    "EcardError": "ecard.errors",
    "Evidence": "ecard.pki.evidence",
    "KeyHolder": "ecard.keyholder",
    "KeyKind": "ecard.algorithms",
    "LegalPersonCard": "ecard.roles.cards",
    "OneOf": "ecard.documents.signers",
    "OperatorCard": "ecard.roles.cards",
    "Pin": "ecard.pin",
    "PinPolicy": "ecard.pin",
    "PivSession": "ecard.apdu.piv",
    "PublicKey": "ecard.keys",
    "Report": "ecard.documents.report",
    "Session": "ecard.apdu.session",
    "Signature": "ecard.algorithms",
    "SignatureAlgorithm": "ecard.algorithms",
    "SignerPolicy": "ecard.documents.signers",
    "Slot": "ecard.apdu.words",
    "SoftwareKey": "ecard.keys",
    "SoftwareKeyHolder": "ecard.keyholder",
    "Trust": "ecard.pki.trust",
    "UnsafeAnyone": "ecard.documents.signers",
    "ValidationPolicy": "ecard.pki.policy",
    "VerificationError": "ecard.errors",
    "connect": "ecard.connection",
    "make_card": "ecard.roles.making",
    "validate": "ecard.pki.validation",
}
"""In which module each public name is defined."""
_MODULES: Final = {
    "algorithms": "ecard.algorithms",
    "cms": "ecard.documents.cms",
    "errors": "ecard.errors",
    "pin": "ecard.pin",
    "simulator": "ecard.simulator",
    "sm2": "ecard.sm2",
}
"""The public names that are modules."""

__version__ = "0.1.0"

if not TYPE_CHECKING:  # to type checkers a name that is not imported above does not exist

    def __getattr__(name: str) -> Any:
        """Load the public name ``name`` when it is first asked for (PEP 562)."""
        if name in _MODULES:
            found: Any = import_module(_MODULES[name])
        elif name in _HOMES:
            found = getattr(import_module(_HOMES[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """The public names, also those that nobody asked for yet."""
    return sorted({*globals(), *__all__})
