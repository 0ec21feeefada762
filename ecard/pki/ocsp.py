"""Answering OCSP requests (RFC 6960): a function from bytes to bytes, signed by the authority or by its delegate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, Protocol

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidInputError, ProfileError
from ecard.keyholder import KeyHolder
from ecard.pki import profile_extensions as ext
from ecard.pki import profile_oids as oids
from ecard.pki.issuing import whole_second
from ecard.pki.ocsp_request import CertificateId, certificate_id, read_ocsp_request
from ecard.pki.withdrawal import RevocationReason, State, Status

_ARCHIVE_CUTOFF: Final = "1.3.6.1.5.5.7.48.1.6"


class ResponseStatus(IntEnum):
    """The status of a whole response (RFC 6960, section 4.2.1)."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    """The responder cannot answer as it is now."""


def without_answer(status: ResponseStatus) -> bytes:
    """The response in DER that says only why there is no answer. Such responses are not signed."""
    return der.sequence(der.element(der.ENUMERATED, bytes((status,))))


class StatusSource(Protocol):
    """Who knows the state of certificates: a ``CertificateAuthority``, or a register."""

    def status(self, serial: int, *, at: datetime) -> Status | None:
        """The state of the certificate with this serial number at a moment; None where none was issued with it."""

    def answered(self, serials: Iterable[int], *, at: datetime) -> None:
        """Called before an answer leaves: the states of these certificates at a moment become known.

        From then on they must not be changed with effect before that moment. Serial numbers that were never issued may
        be among them.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspResponder:
    """Answers for the certificates of one authority.

    Raises ProfileError where ``holder`` may not answer: it is neither the authority itself nor a delegate, certified
    by it for OCSP signing (RFC 6960, section 4.2.2.2). InvalidInputError for a validity of no time.
    """

    holder: KeyHolder
    """Who signs the answers."""
    issuer: Certificate
    """The authority's certificate."""
    source: StatusSource
    validity: timedelta = timedelta(hours=12)
    """How long after it was made an answer may be used: the time from thisUpdate to nextUpdate."""

    def __post_init__(self) -> None:
        if self.validity <= timedelta(0):
            raise InvalidInputError("the validity of OCSP responses must be longer than no time")
        certificate = self.holder.certificate
        if certificate == self.issuer:
            return
        usage = ext.read_extensions(certificate).get(oids.EXTENDED_KEY_USAGE)
        purposes = ext.read_oids(usage.value, "extendedKeyUsage") if usage else []
        if oids.OCSP_SIGNING not in purposes or not certificate.is_issued_by(self.issuer):
            raise ProfileError(
                "this certificate may not answer OCSP requests for this authority",
                remedy="create one with the authority's create_ocsp_responder()",
            )

    def respond(self, request: bytes, *, at: datetime) -> bytes:
        """The answer in DER to a request in DER, of the state at ``at``; repeats the nonce of the request.

        A request that cannot be read is answered too, with malformedRequest. A certificate of another issuer, or that
        was never issued, is ``unknown``. Raises what the key holder raises, and ProfileError where its certificate is
        not valid at ``at``.
        """
        try:
            asked = read_ocsp_request(request)
        except EncodingError:
            return without_answer(ResponseStatus.MALFORMED_REQUEST)
        return self._answer(asked.certificates, asked.nonce, at)

    def produce(self, serials: Sequence[int], *, at: datetime, digest: Digest = Digest.SHA1) -> bytes:
        """An answer made before anyone asks, without a nonce, to be handed out until it ends (RFC 5019, section 2.2).

        ``digest`` names the issuer; SHA-1, what most clients ask with, is no protection here and needs none.
        """
        return self._answer([certificate_id(serial, self.issuer, digest) for serial in serials], None, at)

    def _answer(self, certificates: Sequence[CertificateId], nonce: bytes | None, at: datetime) -> bytes:
        moment, holder = whole_second(at, "moment"), self.holder
        if not holder.certificate.not_before <= moment <= holder.certificate.not_after:
            raise ProfileError("the OCSP responder's certificate is not valid at that moment", remedy="renew it")
        responder = der.element(der.context(2), der.octet_string(ext.key_identifier(holder.certificate.public_key)))
        extensions = der.sequence(ext.extension(oids.OCSP_NONCE, nonce)) if nonce is not None else b""
        statements = [self._statement(certificate, moment) for certificate in certificates]
        self.source.answered([c.serial for c in certificates if c.is_issued_by(self.issuer)], at=moment)
        data = der.sequence(
            responder,
            ext.generalized_time(moment),
            der.sequence(*statements),
            der.element(der.context(1), extensions) if extensions else b"",
        )
        signature = der.bit_string(holder.sign(data).der)
        delegate = holder.certificate.der if holder.certificate != self.issuer else b""
        chain = der.element(der.context(0), der.sequence(delegate)) if delegate else b""
        basic = der.sequence(data, holder.algorithm.identifier, signature, chain)
        content = der.sequence(der.oid(oids.OCSP_BASIC), der.octet_string(basic))
        status = der.element(der.ENUMERATED, bytes((ResponseStatus.SUCCESSFUL,)))
        return der.sequence(status, der.element(der.context(0), content))

    def _statement(self, certificate: CertificateId, moment: datetime) -> bytes:
        is_ours = certificate.is_issued_by(self.issuer)
        status = self.source.status(certificate.serial, at=moment) if is_ours else None
        # the state of expired certificates is told too, back to the beginning of the authority
        kept = ext.extension(_ARCHIVE_CUTOFF, ext.generalized_time(self.issuer.not_before))
        return der.sequence(
            certificate.encoded,
            _state(status),
            ext.generalized_time(moment),
            der.element(der.context(0), ext.generalized_time(moment + self.validity)),
            der.element(der.context(1), der.sequence(kept)),
        )


def _state(status: Status | None) -> bytes:
    if status is None:
        return der.element(der.context(2, constructed=False))
    if status.state is State.GOOD or status.since is None:
        return der.element(der.context(0, constructed=False))
    reason = b""
    if status.reason is not None and status.reason is not RevocationReason.UNSPECIFIED:
        reason = der.element(der.context(0), der.element(der.ENUMERATED, bytes((status.reason.code,))))
    return der.element(der.context(1), ext.generalized_time(status.since), reason)
