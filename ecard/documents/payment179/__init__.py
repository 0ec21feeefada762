"""The payment data of the customs' notice 2018-179: checked, signed, posted, read and verified.

One object holds the data; what is signed and what is posted are made of the same pieces of text.
"""

from __future__ import annotations

from ecard.documents.payment179.answers import Answer, explain, parse_answer
from ecard.documents.payment179.data import Goods, Order, PaymentData, PaymentHead
from ecard.documents.payment179.fields import data_of
from ecard.documents.payment179.reading import parse, parse_unsigned
from ecard.documents.payment179.signing import sign
from ecard.documents.payment179.text import PaymentText, SignedPayment
from ecard.documents.payment179.verifying import PaymentReport, PaymentStep, inspect, verify

__all__ = [
    "Answer",
    "Goods",
    "Order",
    "PaymentData",
    "PaymentHead",
    "PaymentReport",
    "PaymentStep",
    "PaymentText",
    "SignedPayment",
    "data_of",
    "explain",
    "inspect",
    "parse",
    "parse_answer",
    "parse_unsigned",
    "sign",
    "verify",
]
