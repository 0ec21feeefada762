"""Judging a time stamp: it is for these bytes, a time-stamping authority made it, and that authority is trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidSignatureError, UnsupportedAlgorithmError, ValidationError
from ecard.findings import Finding, FindingCode
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.policy import Allowed, ValidationPolicy
from ecard.pki.timestamp_token import TST_INFO, TimeStampInfo, TimeStampToken, read_digest, read_time_stamp
from ecard.pki.trust import Trust
from ecard.pki.validation import ValidatedCertificate, validate
from ecard.pki.validation_extensions import EXTENDED_KEY_USAGE, extensions_of

TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"
"""The extended key usage of a time-stamping authority (RFC 3161, section 2.3)."""
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
_DOUBTFUL: Final = frozenset({"unspecified", "keyCompromise", "cACompromise", "aACompromise"})
"""Reasons of a revocation after which earlier stamps do not count; an entry without a reason is "unspecified" too."""


@dataclass(frozen=True, slots=True)
class VerifiedTimeStamp:
    """A time stamp that is good: the bytes existed at its time, says an authority that is trusted."""

    info: TimeStampInfo
    authority: ValidatedCertificate

    @property
    def time(self) -> datetime:
        """When the bytes existed."""
        return self.info.time


def verify_time_stamp(
    stamp: bytes,
    data: bytes,
    *,
    trust: Trust,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    nonce: int | None = None,
    at: datetime | None = None,
    untrusted: Iterable[Certificate] = (),
) -> VerifiedTimeStamp:
    """Verify a TimeStampResp or token in DER over ``data`` (RFC 3161, section 2.4.2; RFC 5816).

    The authority's certificate is judged at the stamp's own time, or ``at`` another moment; ``policy`` is for that
    certificate, and its extended usage is always time stamping. ``nonce`` is that of the request, where it had one;
    ``untrusted`` may hold the certificate where the stamp has none. Where the evidence tells that a key of the path was
    compromised later, or gives no reason, no stamp counts: a thief writes what time he likes (RFC 3161, section 4).

    Raises EncodingError where it cannot be read, UnsupportedAlgorithmError, InvalidSignatureError where it is for other
    data, for another request, or not signed by the certificate that it names, and ValidationError with its findings
    where that certificate may not stamp or is not good.
    """
    token = read_time_stamp(stamp)
    _require_data(token.info, data, nonce)
    helpers = (*token.certificates, *untrusted)
    signer = _signer(token, helpers)
    _require_signature(token, signer)
    policy = replace(policy or ValidationPolicy(), extended_usage=TIME_STAMPING)
    moment = token.info.time if at is None else in_utc(at, "moment of validation")
    if not policy.allows(token.signature.algorithm, moment):
        raise UnsupportedAlgorithmError(f"the time stamp is signed with {token.signature.algorithm.label}")
    _require_purpose(signer)
    judged = validate(signer, at=moment, trust=trust, evidence=evidence, policy=policy, untrusted=helpers)
    _require_no_doubt(judged, trust, evidence, policy, helpers)
    return VerifiedTimeStamp(token.info, judged)


def _end_of_evidence(evidence: Evidence, judged: ValidatedCertificate) -> datetime:
    """The last moment that the evidence tells of."""
    told = [judged.at, *(c.this_update for c in evidence.crls)]
    told += [said.this_update for response in evidence.ocsp for said in response.statements]
    if evidence.history is not None:
        for each in judged.path:
            intervals = evidence.history.intervals(each.issuer, each.serial_number)
            told += [interval.since for interval in intervals or ()]
    return max(told)


def _require_no_doubt(
    judged: ValidatedCertificate,
    trust: Trust,
    evidence: Evidence | None,
    policy: ValidationPolicy,
    helpers: tuple[Certificate, ...],
) -> None:
    """ValidationError where what the evidence tells of a later time throws doubt on earlier stamps."""
    end = _end_of_evidence(trust.evidence if evidence is None else trust.evidence + evidence, judged)
    if end <= judged.at:
        return
    # what is believed at the moment is believed of later too: anybody's list, of any time, may set the end
    lasting = frozenset(Allowed(a.what) for a in policy.algorithms if policy.allows(a.what, judged.at))
    policy = replace(policy, algorithms=lasting)
    try:
        validate(judged.certificate, at=end, trust=trust, evidence=evidence, policy=policy, untrusted=helpers)
    except ValidationError as error:
        revoked = (f for f in error.findings if isinstance(f, Finding) and f.code is FindingCode.REVOKED)
        if doubts := tuple(f for f in revoked if f.reason in _DOUBTFUL):
            told = "; ".join(finding.message for finding in doubts)
            message = f"the time stamp may be a thief's, whatever its time (RFC 3161, section 4): {told}"
            raise ValidationError(message, findings=doubts) from None


def _require_data(info: TimeStampInfo, data: bytes, nonce: int | None) -> None:
    if info.digest is Digest.SHA1:
        raise UnsupportedAlgorithmError("the time stamp names what it is for with SHA-1")
    if info.digest.hash(data) != info.imprint:
        raise InvalidSignatureError("the time stamp is for other data")
    if nonce is not None and info.nonce != nonce:
        raise InvalidSignatureError("the time stamp is not for this request: its nonce differs")


def _signer(token: TimeStampToken, known: Iterable[Certificate]) -> Certificate:
    found = next(filter(token.is_signer, known), None)
    if found is None:
        raise InvalidSignatureError(
            "the time stamp comes without its authority's certificate", remedy="ask for it, or give it separately"
        )
    return found


def _require_signature(token: TimeStampToken, signer: Certificate) -> None:
    content_type, digest = (token.attributes.get(oid) for oid in (_CONTENT_TYPE, _MESSAGE_DIGEST))
    if content_type is None or der.read_oid(content_type) != TST_INFO:
        raise InvalidSignatureError("the time stamp's signature is of another type of content")
    if digest is None or digest.content != token.digest.hash(token.info.encoded):
        raise InvalidSignatureError("the time stamp was changed: its digest differs from the one signed")
    if signer.sha256 != _named_certificate(token, signer):
        raise InvalidSignatureError("the time stamp's signature names another certificate")
    signer.public_key.verify(token.signature, token.signed)


def _named_certificate(token: TimeStampToken, signer: Certificate) -> bytes | None:
    """SHA-256 of the certificate, if it is the one that the signed attributes name by whatever digest; else None."""
    newer, older = (token.attributes.get(oid) for oid in (_SIGNING_CERTIFICATE_V2, _SIGNING_CERTIFICATE))
    attribute = older if newer is None else newer
    if attribute is None:
        return None
    lists = attribute.expect(der.SEQUENCE, "a signing certificate").children(2)
    first = next(iter(lists[0]), None) if lists else None
    fields = [] if first is None else first.children(3)
    if not fields:
        raise EncodingError("time stamp: the attribute of the signing certificate names none")
    if newer is None:
        # RFC 2634: a name beside a signature, and no protection
        digest = hashlib.sha1(signer.der, usedforsecurity=False).digest()
    elif fields[0].tag == der.SEQUENCE:
        digest = read_digest(fields[0]).hash(signer.der)
        fields = fields[1:]
    else:
        digest = signer.sha256
    return signer.sha256 if fields and fields[0].content == digest else None


def _require_purpose(signer: Certificate) -> None:
    """The certificate must be for time stamping alone, critically (RFC 3161, section 2.3)."""
    extensions = extensions_of(signer)
    if extensions.extended_key_usage != frozenset({TIME_STAMPING}) or EXTENDED_KEY_USAGE not in extensions.critical:
        message = "the certificate that signed the time stamp is not for time stamping alone (RFC 3161, section 2.3)"
        raise ValidationError(message, findings=(Finding(FindingCode.USAGE_WRONG, message),))
