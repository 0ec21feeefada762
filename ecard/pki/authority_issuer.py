"""The issuing half of an authority: who gets a certificate, and what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, ProfileError, RequestError
from ecard.keyholder import KeyHolder
from ecard.keys import PublicKey, SoftwareKey
from ecard.pki import profile
from ecard.pki import profile_oids as oids
from ecard.pki.authority_record import AuthorityRecord, Issued, key_fingerprint
from ecard.pki.issuing import (
    CertificateBody,
    CertifiedKey,
    SigningKey,
    add_years,
    new_serial,
    partition_index,
    partition_name,
    sign_certificate,
    whole_second,
)
from ecard.pki.names import build_name
from ecard.pki.profile import CertificateSubject, PublicationPoints, Usage
from ecard.pki.requests import Request, read_request

CARD_YEARS: Final = 10
"""How long a card's certificate is valid where nothing else is said, as on real cards."""
RESPONDER_LIFE: Final = timedelta(days=90)
"""How long an OCSP responder's certificate is valid where nothing else is said."""


class Issuer:
    """An authority as far as it issues; its key is with ``holder``: in software, on a card, in a security module.

    Raises InvalidInputError for partitions that have no address.
    """

    def __init__(
        self,
        holder: KeyHolder,
        *,
        chain: Sequence[Certificate] = (),
        points: PublicationPoints | None = None,
        partitions: int = 1,
        record: AuthorityRecord | None = None,
    ) -> None:
        points = points or PublicationPoints()
        if not 1 <= partitions <= 0x10000:
            raise InvalidInputError("an authority has 1 to 65536 CRL partitions")
        if partitions > 1 and "{partition}" not in (points.crl or ""):
            raise InvalidInputError("partitioned CRLs need a crl address with {partition} in it")
        if partitions > 1 and points.delta_crl and "{partition}" not in points.delta_crl:
            raise InvalidInputError("partitioned delta CRLs need an address with {partition} in it")
        self.holder: Final = holder
        """The holder of the authority's key."""
        self.chain: Final = tuple(chain)
        """The certificates of the authorities above, the nearest first, the root last."""
        self.points: Final = points
        self.partitions: Final = partitions
        self.record: Final = record or AuthorityRecord()
        """What was issued, withdrawn and published: to be read, not changed."""

    @property
    def certificate(self) -> Certificate:
        """The authority's own certificate."""
        return self.holder.certificate

    def partition(self, serial: int) -> str:
        """The name of the CRL partition in which the certificate with this serial number would be listed."""
        return partition_name(partition_index(serial, self.partitions))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.certificate.serial_digits}, {len(self.record.issued)} issued>"

    def issue(
        self,
        request: bytes | Request,
        subject: CertificateSubject,
        *,
        at: datetime,
        usage: Usage = Usage.SIGNING,
        until: datetime | None = None,
    ) -> Certificate:
        """A card's certificate for the key in ``request``, valid from ``at`` to ``until``.

        By default it is valid for ten years, or as long as the authority if that is shorter. The name comes from
        ``subject``; of the request only the key is used, after its proof of possession was checked.

        Raises RequestError for a request that is wrong, or a key that serves another card or usage; ProfileError for
        a kind of key, a validity or a role that the profile does not allow.
        """
        checked = request if isinstance(request, Request) else read_request(request)
        return self.issue_for_key(checked.public_key, subject, at=at, usage=usage, until=until)

    def issue_for_key(
        self,
        key: PublicKey,
        subject: CertificateSubject,
        *,
        at: datetime,
        usage: Usage,
        until: datetime | None = None,
    ) -> Certificate:
        """As ``issue``, for a key that was proved elsewhere, such as one that the key-management centre made."""
        profile.require_key_kind(key.kind)
        self.record.require_new_use(key, subject.card_number, usage.value)
        self.record.require_one_role(subject)
        serial = self._new_serial()
        extensions = profile.card_extensions(subject, usage, key=key, placement=self._placement(serial))
        end = until or min(add_years(whole_second(at, "moment"), CARD_YEARS), self.certificate.not_after)
        certificate = self._certify(key, serial, profile.card_subject_name(subject), (at, end), extensions)
        self._remember(certificate, usage.value, subject)
        return certificate

    def create_ocsp_responder(
        self, name: str, *, at: datetime, key: KeyKind | SigningKey = KeyKind.P256, until: datetime | None = None
    ) -> KeyHolder:
        """A key holder that may answer OCSP requests in this authority's name; by default for 90 days.

        Clients do not ask for the responder's own status (RFC 6960, section 4.2.2.2.1), so it should not live long.
        Raises ProfileError as ``issue`` does.
        """
        signing = signing_key(key)
        serial = self._new_serial()
        extensions = profile.ocsp_responder_extensions(signing.public_key, self._placement(serial))
        return self._certify_service(name, signing, serial, (at, until, RESPONDER_LIFE), extensions, "ocsp")

    def create_time_stamper(
        self, name: str, *, at: datetime, key: KeyKind | SigningKey = KeyKind.P256, until: datetime | None = None
    ) -> KeyHolder:
        """A key holder that may make time stamps (RFC 3161, section 2.3); by default for ten years."""
        signing = signing_key(key)
        serial = self._new_serial()
        extensions = profile.time_stamper_extensions(signing.public_key, self._placement(serial))
        life = timedelta(days=3652)
        return self._certify_service(name, signing, serial, (at, until, life), extensions, "time-stamping")

    def _certify_service(
        self,
        name: str,
        signing: SigningKey,
        serial: int,
        validity: tuple[datetime, datetime | None, timedelta],
        extensions: tuple[bytes, ...],
        usage: str,
    ) -> KeyHolder:
        self.record.require_new_use(signing.public_key, None, usage)
        at, until, life = validity
        end = until or min(whole_second(at, "moment") + life, self.certificate.not_after)
        certificate = self._certify(signing.public_key, serial, authority_name(name, None), (at, end), extensions)
        self._remember(certificate, usage)
        return CertifiedKey(signing, certificate, (self.certificate, *self.chain))

    def _certify(
        self,
        key: PublicKey,
        serial: int,
        subject: bytes,
        validity: tuple[datetime, datetime],
        extensions: tuple[bytes, ...],
    ) -> Certificate:
        profile.require_key_kind(key.kind)
        if key.canonical == self.certificate.public_key.canonical:
            raise RequestError("this is the key of the authority itself", remedy="generate a new key")
        not_before, not_after = whole_second(validity[0], "moment"), whole_second(validity[1], "end of the validity")
        profile.require_validity(self.certificate, not_before, not_after)
        body = CertificateBody(
            serial=serial,
            not_before=not_before,
            not_after=not_after,
            subject=subject,
            public_key=key,
            extensions=extensions,
        )
        holder = self.holder
        return sign_certificate(body, issuer=self.certificate.subject, algorithm=holder.algorithm, sign=holder.sign)

    def _new_serial(self) -> int:
        while (serial := new_serial(self.record.issued)) == self.certificate.serial_number:
            continue
        return serial

    def _placement(self, serial: int) -> profile.Placement:
        return profile.Placement(self.certificate.public_key, self.points, self.partition(serial))

    def _remember(self, certificate: Certificate, usage: str, subject: CertificateSubject | None = None) -> None:
        self.record.add(
            Issued(
                serial=certificate.serial_number,
                not_after=certificate.not_after,
                usage=usage,
                key=key_fingerprint(certificate.public_key),
                card_number=None if subject is None else subject.card_number,
                card_type=None if subject is None else subject.card_type.value,
                organisation_code=None if subject is None else subject.organisation_code,
            )
        )


def signing_key(key: KeyKind | SigningKey) -> SigningKey:
    """A new software key of a kind, or the key that is given."""
    if not isinstance(key, KeyKind):
        return key
    profile.require_key_kind(key)
    return SoftwareKey.generate(key)


def authority_name(name: str, organisation: str | None) -> bytes:
    """The name in DER of an authority or a service: C=CN, O the organisation if given, CN its name. Or ProfileError."""
    for text in (name, organisation):
        if text is not None and (not 1 <= len(text) <= profile.MAX_NAME or not text.isprintable()):
            raise ProfileError(f"a name must have 1 to {profile.MAX_NAME} characters that print")
    middle = () if organisation is None else ((oids.ORGANISATION, organisation),)
    return build_name((oids.COUNTRY, "CN"), *middle, (oids.COMMON_NAME, name))
