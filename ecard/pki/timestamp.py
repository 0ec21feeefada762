"""Making time stamps (RFC 3161 with RFC 5816): a function from bytes to bytes."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidInputError, ProfileError
from ecard.keyholder import KeyHolder
from ecard.pki import profile_extensions as ext
from ecard.pki import profile_oids as oids
from ecard.pki.issuing import whole_second
from ecard.pki.timestamp_request import (
    FailureInfo,
    RefusedRequest,
    TimeStampRequest,
    read_time_stamp_request,
)

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_GRANTED, _REJECTION = 0, 2


def check_policy(policy: str) -> None:
    """InvalidInputError where the policy of time stamps is no object identifier, or one too long to be read again."""
    if not re.fullmatch(r"[012](?:\.(?:0|[1-9][0-9]{0,38})){1,30}", policy, re.ASCII) or not _reads_back(policy):
        raise InvalidInputError("the policy of a time stamp must be an object identifier, such as 1.3.6.1.4.1.x")


def _reads_back(oid: str) -> bool:
    """Whether an object identifier is itself again after its encoding: 0.40 and 1.0 have the same (X.690, 8.19.4)."""
    try:
        return der.read_oid(der.parse(der.oid(oid))) == oid
    except EncodingError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamper:
    """A time-stamping authority.

    Raises ProfileError where ``holder`` may not stamp: its certificate is not for time stamping alone, critically
    (RFC 3161, section 2.3); InvalidInputError where ``policy`` is no object identifier.
    """

    holder: KeyHolder
    policy: str
    """The object identifier of the policy under which it stamps."""
    accuracy_seconds: int = 1
    """How far its clock may be wrong."""

    def __post_init__(self) -> None:
        check_policy(self.policy)
        if not 0 <= self.accuracy_seconds <= 3600:
            raise InvalidInputError("the accuracy must be 0 to 3600 seconds")
        usage = ext.read_extensions(self.holder.certificate).get(oids.EXTENDED_KEY_USAGE)
        if usage is None or not usage.critical or usage.value != der.sequence(der.oid(oids.TIME_STAMPING)):
            raise ProfileError(
                "this certificate may not make time stamps", remedy="create one with create_time_stamper()"
            )

    def respond(self, request: bytes, *, at: datetime) -> bytes:
        """The TimeStampResp in DER to a TimeStampReq in DER: a token for ``at``, or a refusal with its reason.

        Raises what the key holder raises, and ProfileError where its certificate is not valid at ``at``.
        """
        moment, certificate = whole_second(at, "moment"), self.holder.certificate
        if not certificate.not_before <= moment <= certificate.not_after:
            raise ProfileError("the time stamper's certificate is not valid at that moment", remedy="renew it")
        try:
            asked = read_time_stamp_request(request)
            if asked.policy not in {None, self.policy}:
                raise RefusedRequest(FailureInfo.UNACCEPTED_POLICY, "stamped under another policy only")
        except RefusedRequest as refused:
            text = der.sequence(der.utf8_string(refused.text))
            return der.sequence(der.sequence(der.integer(_REJECTION), text, ext.named_bits(refused.failure)))
        return der.sequence(der.sequence(der.integer(_GRANTED)), self._token(asked, moment))

    def _token(self, asked: TimeStampRequest, moment: datetime) -> bytes:
        content = self._content(asked, moment)
        digest = self.holder.algorithm.digest
        attributes = self._attributes(digest.hash(content), moment)
        signature = self.holder.sign(der.element(der.SET, attributes))
        digest_algorithm = der.sequence(der.oid(digest.oid))
        signer = der.sequence(
            der.integer(1),
            _issuer_and_serial(self.holder.certificate),
            digest_algorithm,
            der.element(der.context(0), attributes),
            signature.algorithm.identifier,
            der.octet_string(signature.der),
        )
        signed = der.sequence(
            der.integer(3),
            der.set_of(digest_algorithm),
            der.sequence(der.oid(_TST_INFO), der.element(der.context(0), der.octet_string(content))),
            self._certificates() if asked.wants_certificates else b"",
            der.set_of(signer),
        )
        return der.sequence(der.oid(_SIGNED_DATA), der.element(der.context(0), signed))

    def _content(self, asked: TimeStampRequest, moment: datetime) -> bytes:
        """TSTInfo. The serial number is random and so long that no number has to be remembered to be unique."""
        return der.sequence(
            der.integer(1),
            der.oid(self.policy),
            asked.imprint,
            der.integer(secrets.randbits(127) | 1 << 127),
            ext.generalized_time(moment),
            der.sequence(der.integer(self.accuracy_seconds)),
            asked.nonce or b"",
        )

    def _attributes(self, digest: bytes, moment: datetime) -> bytes:
        """The content of the signed attributes, sorted as a SET OF is."""
        certificate_hash = der.sequence(der.octet_string(hashlib.sha256(self.holder.certificate.der).digest()))
        attributes = (
            (_CONTENT_TYPE, der.oid(_TST_INFO)),
            (_SIGNING_TIME, der.time(moment)),
            (_MESSAGE_DIGEST, der.octet_string(digest)),
            (_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(certificate_hash))),
        )
        return b"".join(sorted(der.sequence(der.oid(kind), der.element(der.SET, value)) for kind, value in attributes))

    def _certificates(self) -> bytes:
        found = sorted(certificate.der for certificate in (self.holder.certificate, *self.holder.chain))
        return der.element(der.context(0), *found)


def _issuer_and_serial(certificate: Certificate) -> bytes:
    return der.sequence(certificate.issuer, der.integer(certificate.serial_number))
