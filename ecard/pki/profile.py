"""The certificate profile of the E-Port's SM2 generation, for every algorithm: its rules and extensions.

``docs/certificate-profile.md`` shows it field by field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from ecard import der
from ecard.algorithms import KeyFamily, KeyKind
from ecard.certificate import Certificate
from ecard.codes import check_card_number, organisation_code_of
from ecard.errors import InvalidInputError, ProfileError
from ecard.keys import PublicKey
from ecard.pki import profile_extensions as ext
from ecard.pki import profile_oids as oids
from ecard.pki.identity import CardType
from ecard.pki.names import build_name
from ecard.pki.profile_identity import HashedIdentityNumber, UnsafeClearIdentityNumber

MAX_NAME: Final = 64
"""The most characters of a name in a certificate (RFC 5280, appendix A.1, ub-common-name)."""
_SHORT: Final = re.compile(r"[0-9A-Za-z]{1,16}", re.ASCII)
_DIGITAL_SIGNATURE, _NON_REPUDIATION, _KEY_ENCIPHERMENT, _DATA_ENCIPHERMENT, _KEY_AGREEMENT = range(5)
_KEY_CERT_SIGN, _CRL_SIGN = 5, 6
_SSL_CLIENT, _EMAIL = 0, 2
_ENCRYPTION_BITS: Final = {
    KeyFamily.RSA: (_KEY_ENCIPHERMENT, _DATA_ENCIPHERMENT),
    KeyFamily.EC: (_KEY_AGREEMENT,),
    KeyFamily.SM2: (_KEY_ENCIPHERMENT, _DATA_ENCIPHERMENT, _KEY_AGREEMENT),
}


class Usage(Enum):
    """What the key of a card's certificate is for. A key is for one of them only."""

    SIGNING = "signing"
    """Signing documents (PIV slot 9C)."""
    ENCRYPTION = "encryption"
    """Receiving what was encrypted for the holder; the key comes from the key-management centre (PIV slot 9D)."""
    LOGIN = "login"
    """Logging in (PIV slot 9A). Signs no documents: the certificate lacks nonRepudiation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSubject:
    """Whom a card's certificates name. Checked when it is made.

    Raises InvalidCodeError for a wrong organisation code or card number and ProfileError for what the profile does
    not allow. ``organisation_code`` may be given as the unified social credit code that contains it.
    """

    holder_name: str = field(repr=False)
    """A personal datum: not in ``repr``."""
    enterprise_name: str
    organisation_code: str
    card_number: str
    card_type: CardType
    acceptance_point: str = "14"
    enterprise_category: str = "00"
    id_document_type: str = "01"
    identity_number: HashedIdentityNumber | UnsafeClearIdentityNumber | None = field(default=None, repr=False)
    """Absent by default: a certificate is shown to everybody."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "organisation_code", organisation_code_of(self.organisation_code))
        check_card_number(self.card_number)
        if not isinstance(self.card_type, CardType) or self.card_type.role is None:
            raise ProfileError("a card is a legal person's or an operator's: no other card type is issued")
        for name, what in ((self.holder_name, "holder's name"), (self.enterprise_name, "enterprise's name")):
            if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
                raise ProfileError(
                    f"the {what} must have 1 to {MAX_NAME} characters that print, none blank at its ends"
                )
        for value in (self.acceptance_point, self.enterprise_category, self.id_document_type):
            if not _SHORT.fullmatch(value):
                raise ProfileError("acceptance point, category and document type are 1 to 16 letters or digits")
        if not isinstance(self.identity_number, HashedIdentityNumber | UnsafeClearIdentityNumber | None):
            raise ProfileError(
                "an identity number does not go into a certificate as it is",
                remedy="leave it out, or give a HashedIdentityNumber (or an UnsafeClearIdentityNumber)",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationPoints:
    """The addresses that an authority writes into certificates; what is None is left out.

    ``{partition}`` in ``crl`` and ``delta_crl`` stands for the name of the CRL's partition, ``crl030000`` and the
    like, and must be there when the authority has more than one. Raises InvalidInputError for what is no address.
    """

    crl: str | None = None
    delta_crl: str | None = None
    ocsp: str | None = None
    issuers: str | None = None
    """Where the certificate of the issuer is."""
    cps: str | None = None
    """The certification practice statement."""

    def __post_init__(self) -> None:
        for address in (self.crl, self.delta_crl, self.ocsp, self.issuers, self.cps):
            if address is not None and not _is_address(address):
                raise InvalidInputError(
                    "a publication point must be an http, https or ldap address in ASCII with a host and no fragment",
                    remedy="give one such as http://crl.example.com/card.crl",
                )

    def crl_at(self, partition: str) -> str | None:
        """The address of the CRL of ``partition``."""
        return self.crl and self.crl.replace("{partition}", partition)

    def delta_crl_at(self, partition: str) -> str | None:
        """The address of the delta CRL of ``partition``."""
        return self.delta_crl and self.delta_crl.replace("{partition}", partition)


def _is_address(text: str) -> bool:
    if not re.fullmatch(r"(?:https?|ldap)://[!-~]{1,500}", text, re.ASCII):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return False
    # an LDAP address may leave the server to who asks (RFC 5280, section 4.2.1.13)
    return bool(parts.hostname or parts.scheme == "ldap") and not parts.fragment


def card_subject_name(subject: CertificateSubject) -> bytes:
    """The subject's name of a card's certificate in DER: C=CN, OU the enterprise, CN the holder."""
    return build_name(
        (oids.COUNTRY, "CN"),
        (oids.ORGANISATIONAL_UNIT, subject.enterprise_name),
        (oids.COMMON_NAME, subject.holder_name),
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a certificate stands: its issuer's key, the issuer's addresses, and the CRL partition it belongs to."""

    issuer: PublicKey
    points: PublicationPoints
    partition: str

    def identifiers(self, key: PublicKey) -> tuple[bytes, bytes]:
        """The extensions that name the subject's key and the issuer's."""
        return ext.subject_key_identifier(key), ext.authority_key_identifier(self.issuer)

    def publications(self) -> tuple[bytes, ...]:
        """The extensions that say where CRLs, OCSP and issuers are, for the addresses that there are."""
        points, found = self.points, []
        if crl := points.crl_at(self.partition):
            found.append(ext.distribution_points(oids.CRL_DISTRIBUTION_POINTS, crl))
        if delta := points.delta_crl_at(self.partition):
            found.append(ext.distribution_points(oids.FRESHEST_CRL, delta))
        if points.ocsp or points.issuers:
            found.append(ext.information_access(ocsp=points.ocsp, issuers=points.issuers))
        return tuple(found)


def card_extensions(
    subject: CertificateSubject, usage: Usage, *, key: PublicKey, placement: Placement
) -> tuple[bytes, ...]:
    """The extensions of a card's certificate."""
    return (
        ext.end_entity_constraints(),
        *_usage_extensions(usage, key.kind.family),
        *placement.identifiers(key),
        ext.certificate_policies(placement.points.cps),
        *placement.publications(),
        *_private_extensions(subject),
    )


def _usage_extensions(usage: Usage, family: KeyFamily) -> tuple[bytes, bytes, bytes]:
    if usage is Usage.SIGNING:
        bits: tuple[int, ...] = (_DIGITAL_SIGNATURE, _NON_REPUDIATION)
        purposes: tuple[str, ...] = (oids.CLIENT_AUTHENTICATION, oids.EMAIL_PROTECTION, oids.SMART_CARD_LOGON)
        netscape: tuple[int, ...] = (_SSL_CLIENT, _EMAIL)
    elif usage is Usage.LOGIN:
        bits, purposes = (_DIGITAL_SIGNATURE,), (oids.CLIENT_AUTHENTICATION, oids.SMART_CARD_LOGON)
        netscape = (_SSL_CLIENT,)
    else:
        bits, purposes, netscape = _ENCRYPTION_BITS[family], (oids.EMAIL_PROTECTION,), (_EMAIL,)
    certificate_type = ext.extension(oids.NETSCAPE_CERTIFICATE_TYPE, ext.named_bits(*netscape))
    return ext.key_usage(*bits), ext.extended_key_usage(*purposes), certificate_type


def _private_extensions(subject: CertificateSubject) -> tuple[bytes, ...]:
    texts = (
        (oids.CARD_TYPE, subject.card_type.value),
        (oids.ACCEPTANCE_POINT, subject.acceptance_point),
        (oids.ENTERPRISE_NAME, subject.enterprise_name),
        (oids.ID_DOCUMENT_TYPE, subject.id_document_type),
        (oids.CARD_NUMBER, subject.card_number),
        (oids.ORGANISATION_CODE, subject.organisation_code),
        (oids.ENTERPRISE_CATEGORY, subject.enterprise_category),
    )
    identity = () if subject.identity_number is None else (subject.identity_number.extension(),)
    return (*(ext.text(oid, value) for oid, value in texts), *identity)


def root_extensions(key: PublicKey) -> tuple[bytes, ...]:
    """The extensions of a root's certificate."""
    return (
        ext.authority_constraints(None),
        ext.key_usage(_KEY_CERT_SIGN, _CRL_SIGN),
        ext.subject_key_identifier(key),
    )


def subordinate_extensions(key: PublicKey, placement: Placement) -> tuple[bytes, ...]:
    """The extensions of an authority that issues to cards: no authority below it."""
    return (
        ext.authority_constraints(0),
        ext.key_usage(_KEY_CERT_SIGN, _CRL_SIGN),
        *placement.identifiers(key),
        ext.certificate_policies(placement.points.cps),
        *placement.publications(),
    )


def ocsp_responder_extensions(key: PublicKey, placement: Placement) -> tuple[bytes, ...]:
    """The extensions of a delegated OCSP responder, whose own status is not asked (RFC 6960, section 4.2.2.2)."""
    return (
        ext.end_entity_constraints(),
        ext.key_usage(_DIGITAL_SIGNATURE),
        ext.extended_key_usage(oids.OCSP_SIGNING),
        *placement.identifiers(key),
        ext.extension(oids.OCSP_NO_CHECK, der.null()),
    )


def time_stamper_extensions(key: PublicKey, placement: Placement) -> tuple[bytes, ...]:
    """The extensions of a time-stamping authority; its extended key usage is critical (RFC 3161, section 2.3)."""
    return (
        ext.end_entity_constraints(),
        ext.key_usage(_DIGITAL_SIGNATURE, _NON_REPUDIATION),
        ext.extended_key_usage(oids.TIME_STAMPING, critical=True),
        *placement.identifiers(key),
        *placement.publications(),
    )


def require_key_kind(kind: KeyKind) -> None:
    """ProfileError unless certificates are issued for keys of this kind today."""
    if kind is KeyKind.RSA1024:
        raise ProfileError(
            "RSA keys of 1024 bits get no certificate any more", remedy="use sm2, p256, p384 or rsa2048 and more"
        )


def require_validity(issuer: Certificate, not_before: datetime, not_after: datetime) -> None:
    """ProfileError unless the validity is a time, and inside the issuer's."""
    if not_after <= not_before:
        raise ProfileError("the certificate would end before it begins")
    if not_before < issuer.not_before or not_after > issuer.not_after:
        raise ProfileError(
            f"the certificate would not lie inside the validity of its issuer, "
            f"{issuer.not_before:%Y-%m-%dT%H:%M:%SZ} to {issuer.not_after:%Y-%m-%dT%H:%M:%SZ}"
        )
