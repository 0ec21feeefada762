"""What a message is refused for."""

from __future__ import annotations

from ecard.algorithms import KeyKind
from ecard.findings import FindingCode as Code
from tests.documents.world import (
    DOCUMENT,
    Parts,
    codes,
    inspected,
)

P256 = KeyKind.P256


def reasons(message: Parts, kind: KeyKind = P256, **changes: object) -> list[Code]:
    return codes(inspected(DOCUMENT, message.encoded(), kind, **changes))


def words(message: Parts, kind: KeyKind = P256, **changes: object) -> str:
    return "; ".join(map(str, inspected(DOCUMENT, message.encoded(), kind, **changes).reasons))
