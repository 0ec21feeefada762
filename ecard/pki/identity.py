"""What a card's certificate says of its holder: read from both generations of E-Port certificates as they are.

The identity number is a personal datum. It is not kept: one function reads it, and its name says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ecard import der
from ecard.certificate import Certificate, serial_digits
from ecard.errors import EncodingError
from ecard.pki import profile_oids as oids
from ecard.pki.names import common_name, read_text
from ecard.pki.profile_extensions import Extension, read_extensions

_MAX_SERIAL_OCTETS: Final = 20


class CardType(Enum):
    """What a certificate is for; the value is what extension 1.3.6.1.4.1.5315.100.2.1 holds."""

    LEGAL_PERSON = "10"
    """A legal-person card (法人卡), the company seal."""
    OPERATOR = "12"
    """An operator card (操作员卡), the holder's personal seal."""
    SERVER = "19"
    """A server of an enterprise; no card at all."""

    @property
    def role(self) -> str | None:
        """``legal-person`` or ``operator``, the name that options and reports use; None for a server."""
        return _ROLES.get(self)


_ROLES: Final = {CardType.LEGAL_PERSON: "legal-person", CardType.OPERATOR: "operator"}
_CARD_TYPES: Final = {card_type.value: card_type for card_type in CardType}


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """Who a certificate names. Every field but the certificate number is None where the certificate does not say.

    A certificate without extensions of the E-Port gives the common name and the certificate number alone, and no
    role. The texts are what the certificate says: they are true as far as its issuer is trusted.
    """

    certificate_number: str
    """The serial number in lower-case hexadecimal, leading zeros kept: 8 digits (RSA cards) or 16 (SM2 cards)."""
    holder_name: str | None = field(default=None, repr=False)
    """The subject's common name. A personal datum: not in ``repr``."""
    enterprise_name: str | None = None
    organisation_code: str | None = None
    """Nine characters (GB 11714), as written; the check character is not judged here."""
    card_number: str | None = None
    card_type: CardType | str | None = None
    """A value that is none of ``CardType`` is kept as text."""
    acceptance_point: str | None = None
    enterprise_category: str | None = None
    id_document_type: str | None = None
    has_identity_number: bool = False
    """Whether the certificate shows the holder's identity number in clear."""

    @property
    def role(self) -> str | None:
        """``legal-person``, ``operator``, or None for anything else."""
        return self.card_type.role if isinstance(self.card_type, CardType) else None

    @staticmethod
    def from_certificate(certificate: Certificate) -> CardIdentity:
        """Read a certificate of either generation, by object identifier, never by position.

        Raises EncodingError where a name or an extension is malformed, too long, too many, or comes twice, or the
        serial number is negative or longer than 20 octets.
        """
        extensions = read_extensions(certificate)
        card_type = _text(extensions, oids.CARD_TYPE, "card type")
        return CardIdentity(
            certificate_number=certificate_number(certificate.serial_number),
            holder_name=common_name(certificate.subject, "subject's name"),
            enterprise_name=_text(extensions, oids.ENTERPRISE_NAME, "enterprise name"),
            organisation_code=_text(extensions, oids.ORGANISATION_CODE, "organisation code"),
            card_number=_text(extensions, oids.CARD_NUMBER, "card number"),
            card_type=card_type and _CARD_TYPES.get(card_type, card_type),
            acceptance_point=_text(extensions, oids.ACCEPTANCE_POINT, "acceptance point"),
            enterprise_category=_text(extensions, oids.ENTERPRISE_CATEGORY, "enterprise category"),
            id_document_type=_text(extensions, oids.ID_DOCUMENT_TYPE, "identity document's type"),
            has_identity_number=oids.IDENTITY_NUMBER in extensions,
        )

    @staticmethod
    def disclose_identity_number(certificate: Certificate) -> str | None:
        """The holder's identity number, a personal datum, if the certificate shows it in clear; None otherwise.

        Never log the result or put it into an error. Raises EncodingError as ``from_certificate`` does.
        """
        return _text(read_extensions(certificate), oids.IDENTITY_NUMBER, "identity number")


def certificate_number(serial_number: int) -> str:
    """The number of the certificate with a serial number (``ecard.certificate.serial_digits``).

    Raises EncodingError where it is negative or longer than 20 octets (RFC 5280, section 4.1.2.2).

    >>> certificate_number(0x0300000000012345)
    '0300000000012345'
    """
    if serial_number < 0:
        raise EncodingError("the certificate's serial number is negative")
    octets = (serial_number.bit_length() + 7) // 8
    if octets > _MAX_SERIAL_OCTETS:
        raise EncodingError(f"the certificate's serial number has {octets} octets, more than {_MAX_SERIAL_OCTETS}")
    return serial_digits(serial_number)


def _text(extensions: dict[str, Extension], oid: str, what: str) -> str | None:
    if oid not in extensions:
        return None
    return read_text(der.parse(extensions[oid].value, what), what)
