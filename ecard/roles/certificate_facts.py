"""What the register keeps of a certificate: enough to know it again, nothing of the person in it."""

from __future__ import annotations

from typing import Any

from ecard.certificate import Certificate
from ecard.pki.authority_record import key_fingerprint
from ecard.pki.identity import CardType, certificate_number
from ecard.pki.profile import Usage
from ecard.roles import moments
from ecard.roles.lifecycle import CertificateStatus


def serial_of(certificate: Certificate) -> str:
    """The serial number as the register writes it. Raises EncodingError for one that is none."""
    return certificate_number(certificate.serial_number)


def describe(
    certificate: Certificate, usage: Usage, *, card: str, card_type: CardType, organisation_code: str
) -> dict[str, Any]:
    """The fact that stands under ``certificate/`` and the serial number."""
    return {
        "card": card,
        "card_type": card_type.value,
        "organisation_code": organisation_code,
        "usage": usage.value,
        "sha256": certificate.sha256.hex(),
        "key": key_fingerprint(certificate.public_key),
        "not_after": moments.write(certificate.not_after),
        "status": CertificateStatus.GOOD.value,
        "reason": None,
    }
