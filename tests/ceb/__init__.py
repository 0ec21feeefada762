"""Customs messages, payment texts, envelopes and receipts of the E-Port."""
