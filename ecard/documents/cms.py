"""Detached CMS signatures of documents, CAdES-BES (ETSI EN 319 122-1): make them, verify them, look into them."""

from __future__ import annotations

from datetime import UTC, datetime

from ecard.documents import attributes
from ecard.documents.bounds import MAX_CERTIFICATES, MAX_SIGNATURE_SIZE
from ecard.documents.cms_checks import judge
from ecard.documents.cms_reader import read_message
from ecard.documents.cms_shape import Shape
from ecard.documents.cms_writer import write_message
from ecard.documents.conditions import Conditions
from ecard.documents.report import Report
from ecard.documents.signers import SignerPolicy
from ecard.documents.source import Document, digest_of, read_up_to
from ecard.errors import EncodingError, InvalidInputError
from ecard.findings import Finding, FindingCode
from ecard.keyholder import KeyHolder
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust

__all__ = ["Shape", "inspect", "sign", "verify"]


def sign(document: Document, holder: KeyHolder, *, at: datetime | None = None, shape: Shape = Shape.RFC5652) -> bytes:
    """A detached signature of ``document`` by ``holder``, in DER, with the certificates that the holder carries.

    ``document`` is bytes, a ``pathlib.Path`` or a binary stream, and may be of any size. ``at`` is the signing time
    that goes into the signature, an aware datetime. It is nothing but the signer's own claim: where it is left out,
    the clock is read here, and nowhere below. ``shape`` is the standard whose object identifiers are written. The
    value was verified against the holder's certificate before it is returned.

    Raises InvalidInputError where the document cannot be read, ``at`` is naive or the holder carries more than 32
    certificates, UnsupportedAlgorithmError where the shape is not for the holder's algorithm, and what the holder's
    ``sign`` raises.

    Source: ETSI EN 319 122-1, sections 5 and 6; RFC 5652, section 5; RFC 5035, section 3.
    """
    algorithm = holder.algorithm
    shape.signature_identifier(algorithm)  # a shape that does not fit is refused before a card is asked to sign
    moment = datetime.now(UTC) if at is None else in_utc(at)
    certificate, chain = holder.certificate, tuple(holder.chain)
    if len({certificate, *chain}) > MAX_CERTIFICATES:
        raise InvalidInputError(
            f"the holder carries more than {MAX_CERTIFICATES} certificates, which no reader of ecard's takes",
            remedy="let it carry the certificates of its issuers alone",
        )
    digest = digest_of(document, algorithm.digest)
    signed = attributes.to_be_signed(attributes.encode_all(shape.data, digest, moment, certificate))
    signature = holder.sign(signed, algorithm)
    return write_message(shape, signature, signed, (certificate, *chain))


def verify(
    document: Document,
    signature: Document,
    *,
    trust: Trust,
    signer: SignerPolicy,
    at: datetime,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
) -> Report:
    """The report on a detached signature that is accepted; VerificationError with the report on any other.

    ``signature`` is the signature file, as bytes, a path or a stream: DER, BER or PEM, in the shape of RFC 5652 or of
    GM/T 0010, with one signer. ``trust`` says under whose authority certificates are good, ``signer`` who may
    have signed (see ``ecard.documents.signers``), ``at`` for which moment is judged, ``evidence`` what is known of
    revocation beside what is in ``trust``. A file that is no such signature at all leads to a report too, with the
    reason MALFORMED alone.

    Raises VerificationError; InvalidInputError where document or signature cannot be read, or ``at`` is naive.

    Source: ETSI EN 319 102-1, section 5.3; RFC 5652, section 5.6.
    """
    report = inspect(document, signature, trust=trust, signer=signer, at=at, evidence=evidence, policy=policy)
    return report.require_accepted()


def inspect(
    document: Document,
    signature: Document,
    *,
    trust: Trust,
    signer: SignerPolicy,
    at: datetime,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
) -> Report:
    """The report that ``verify`` works from, whatever it says. To act on a signature, use ``verify``.

    Raises InvalidInputError where document or signature cannot be read, or ``at`` is naive.
    """
    conditions = Conditions(trust=trust, signer=signer, at=at, evidence=evidence, policy=policy)
    encoded = read_up_to(signature, MAX_SIGNATURE_SIZE)
    try:
        message = read_message(encoded)
    except EncodingError as error:
        return Report(at=conditions.at, reasons=(Finding(FindingCode.MALFORMED, str(error)),))
    return judge(message, document, conditions)
