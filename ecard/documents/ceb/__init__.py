"""Customs messages of cross-border e-commerce (CEB), signed as the China Electronic Port demands it.

Sign a message with a card, verify one, or look into one that is refused and learn which mistake was made.
"""

from __future__ import annotations

from ecard.documents.ceb.batch import Batch, BatchResult, Failure
from ecard.documents.ceb.declarant import Comparison, compare_declarant
from ecard.documents.ceb.insertion import remove_signature
from ecard.documents.ceb.message_types import MESSAGE_TYPES, Direction, MessageType, Signing, message_type_of
from ecard.documents.ceb.profiles import Profile
from ecard.documents.ceb.reasons import Reason
from ecard.documents.ceb.report import MessageReport, Step
from ecard.documents.ceb.schema import Schemas
from ecard.documents.ceb.signature_text import signed_info
from ecard.documents.ceb.signing import sign
from ecard.documents.ceb.suitability import SIGNING_ROLES
from ecard.documents.ceb.verifying import inspect, verify
from ecard.documents.mistakes import Mistake
from ecard.documents.steps import Check, Outcome

__all__ = [
    "MESSAGE_TYPES",
    "SIGNING_ROLES",
    "Batch",
    "BatchResult",
    "Check",
    "Comparison",
    "Direction",
    "Failure",
    "MessageReport",
    "MessageType",
    "Mistake",
    "Outcome",
    "Profile",
    "Reason",
    "Schemas",
    "Signing",
    "Step",
    "compare_declarant",
    "inspect",
    "message_type_of",
    "remove_signature",
    "sign",
    "signed_info",
    "verify",
]
