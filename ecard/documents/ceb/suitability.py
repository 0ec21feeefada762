"""Whether a certificate may sign for the customs: the kind of card, the use of its key, and its period of validity."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Final

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import WrongCardError
from ecard.moments import in_utc
from ecard.pki.identity import CardIdentity, CardType
from ecard.pki.profile_extensions import read_extensions
from ecard.pki.profile_oids import KEY_USAGE

SIGNING_ROLES: Final = frozenset(CardType)
"""Cards that may sign a customs message: the enterprise's, an operator's, and a server's certificate in their place."""
_SIGNING_USAGES: Final = 0xC0
"""digitalSignature and nonRepudiation, the first two bits of keyUsage (RFC 5280, section 4.2.1.3)."""


def require_suitable(
    certificate: Certificate,
    identity: CardIdentity,
    *,
    roles: Collection[CardType] = SIGNING_ROLES,
    at: datetime | None = None,
) -> None:
    """Raise WrongCardError unless the certificate suits, InvalidInputError for a moment without a time zone.

    A certificate that names no kind of card is let pass, one that names another kind than ``roles`` is not.
    """
    if identity.card_type is not None and identity.card_type not in roles:
        raise WrongCardError("a card of this kind may not sign here", remedy="use a card of one of the roles asked for")
    if not _is_for_signing(certificate):
        raise WrongCardError(
            "the certificate is not for signing", remedy="use the signing certificate, not the encryption certificate"
        )
    if at is not None and not certificate.not_before <= in_utc(at) <= certificate.not_after:
        raise WrongCardError("the certificate is not valid at that moment", remedy="renew the card at the counter")


@lru_cache(maxsize=64)
def read_identity(certificate: Certificate) -> CardIdentity:
    """What a certificate says of its holder, remembered. Raises EncodingError."""
    return CardIdentity.from_certificate(certificate)


@lru_cache(maxsize=64)
def _is_for_signing(certificate: Certificate) -> bool:
    usage = read_extensions(certificate).get(KEY_USAGE)
    if usage is None:
        return True
    bits = der.parse(usage.value, "keyUsage").expect(der.BIT_STRING, "keyUsage").content
    return len(bits) > 1 and bool(bits[1] & _SIGNING_USAGES)
