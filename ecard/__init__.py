"""Smart cards of the China Electronic Port, and any PIV card, as signers of documents.

The names below are the public interface; each is documented where it is defined. A first signature::

    with ecard.connect() as session:
        operator = ecard.OperatorCard(session, pin=ecard.pin.prompt)
        signature = ecard.cms.sign(Path("contract.txt"), operator)
"""

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

__version__ = "0.1.0"
