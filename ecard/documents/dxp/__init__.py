"""The transport envelope of the E-Port's exchange platform (DxpMsg): built, read, signed and verified."""

from __future__ import annotations

from ecard.documents.dxp.envelope import CHINA, RECEIVERS, Envelope
from ecard.documents.dxp.reading import parse
from ecard.documents.dxp.signing import inspect, sign, verify

__all__ = ["CHINA", "RECEIVERS", "Envelope", "inspect", "parse", "sign", "verify"]
