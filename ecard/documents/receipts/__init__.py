"""The receipts of the customs: what became of a message, with its codes in words."""

from __future__ import annotations

from ecard.documents.receipts.codes import CODES, TAX_STATES, Code, Progress, explain
from ecard.documents.receipts.reading import Receipt, ReceiptItem, parse

__all__ = ["CODES", "TAX_STATES", "Code", "Progress", "Receipt", "ReceiptItem", "explain", "parse"]
