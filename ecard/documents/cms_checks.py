"""Judging a message that could be read: every check, in order, each leaving a finding where it fails.

No check stops another that can still be done: the reader of a report sees every reason at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from ecard.algorithms import Digest, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents.attributes import (
    Attribute,
    read_algorithm,
    read_attributes,
    read_digest_algorithm,
    to_be_signed,
)
from ecard.documents.cms_attribute_checks import (
    Facts,
    Reading,
    check_signing_time,
    oid_words,
    read_and_compare,
    read_signing_time,
    wrong_certificate,
)
from ecard.documents.cms_diagnosis import explain
from ecard.documents.cms_reader import Message
from ecard.documents.conditions import Conditions, SignerVerdict, judge_signer
from ecard.documents.report import Report
from ecard.documents.source import Document, digest_of
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey

# The plan. (ETSI EN 319 102-1, sections 5.2 and 5.3; RFC 5652, sections 5.4, 5.6 and 11; RFC 5035, section 5.4.)
#
#  1  the signer's certificate is in the message, by issuer and serial number or key identifier
#  2  digest and signature algorithm are known, allowed, and fit the certificate's key
#  3  there are signed attributes, and each of CAdES's four is there once with one value
#  4  content-type is that of plain data, and the message says the same
#  5  message-digest is the digest of the document; a copy inside the message, if there is one, is the same document
#  6  signing-certificate-v2 names the signer's certificate; signing-certificate and cms-algorithm-protection, where
#     they are there, say the same as the message
#  7  the signature value is that of the certificate's key over the signed attributes
#  8  signing-time is not after the moment of judgement, and within the certificate's validity
#  9  the certificate is good at the moment of judgement: path, usage, revocation
# 10  the signer is one whom the caller allows


def judge(message: Message, document: Document, conditions: Conditions) -> Report:
    """Do every check and report. Raises InvalidInputError where the document cannot be read."""
    return _Judgement(message, conditions).run(document)


class _Judgement:
    """The findings so far, and the facts that one check leaves for the next."""

    def __init__(self, message: Message, conditions: Conditions) -> None:
        self._message = message
        self._signer = message.signer
        self._conditions = conditions
        self._findings: list[Finding] = []
        self._certificate: Certificate | None = None
        self._key: PublicKey | None = None
        self._digest: Digest | None = None
        self._algorithm: SignatureAlgorithm | None = None
        self._signing_time: datetime | None = None

    def run(self, document: Document) -> Report:
        self._find_certificate()
        self._read_algorithms()
        reading = self._judge_attributes(document)
        verdict = self._judge_signer(reading)
        return Report(
            at=self._conditions.at,
            reasons=tuple(dict.fromkeys(self._findings)),
            certificate=self._certificate,
            signer=verdict.identity,
            signing_time=self._signing_time,
            algorithm=self._algorithm and self._algorithm.label,
            validated=verdict.validated,
            notes=self._conditions.notes,
        )

    def _add(self, code: FindingCode, message: str) -> None:
        self._findings.append(Finding(code, message))

    # 1
    def _find_certificate(self) -> None:
        fitting = [certificate for certificate in self._message.certificates if self._signer.names(certificate)]
        if fitting:
            # several of one issuer and serial number: signing-certificate-v2 says which one is meant
            self._certificate = fitting[0] if len(fitting) == 1 else next(filter(self._is_named, fitting), fitting[0])
            self._read_key(self._certificate)
        elif self._message.unreadable:
            self._add(
                FindingCode.CERTIFICATE_MALFORMED,
                "the signer's certificate is not among those in the message that can be read; of another it is "
                f"known that {self._message.unreadable[0]}",
            )
        else:
            self._add(
                FindingCode.SIGNER_CERTIFICATE_MISSING,
                "the message has no certificate with the issuer and serial number, or key, that the signer names",
            )

    def _is_named(self, certificate: Certificate) -> bool:
        try:
            values = read_attributes(self._signer.attributes or ()).values
        except EncodingError:
            return False
        value = values.get(Attribute.SIGNING_CERTIFICATE)
        return value is not None and wrong_certificate(value, certificate) is None

    def _read_key(self, certificate: Certificate) -> None:
        try:
            self._key = certificate.public_key
        except UnsupportedAlgorithmError as error:
            self._add(FindingCode.ALGORITHM_NOT_ALLOWED, f"the signer's key: {error}")
        except EcardError as error:
            self._add(FindingCode.CERTIFICATE_MALFORMED, f"the signer's key: {error}")

    # 2
    def _read_algorithms(self) -> None:
        try:
            self._digest = read_digest_algorithm(self._signer.digest_identifier)
            algorithm = _signature_algorithm(self._signer.signature_identifier, self._signer.digest_identifier)
            self._message.shape.signature_identifier(algorithm)
        except UnsupportedAlgorithmError as error:
            self._add(FindingCode.ALGORITHM_NOT_ALLOWED, error.what)
            return
        except EncodingError as error:
            self._add(FindingCode.MALFORMED, str(error))
            return
        self._findings += self._conditions.weakness(algorithm)
        if self._key is not None:
            self._findings += self._conditions.weakness(self._key.kind)
            if algorithm.family is not self._key.kind.family:
                message = f"{algorithm.label} does not fit the certificate's key, of kind {self._key.kind.value}"
                self._add(FindingCode.ALGORITHM_NOT_ALLOWED, message)
                return
        self._algorithm = algorithm

    # 3 to 6
    def _judge_attributes(self, document: Document) -> Reading | None:
        data, content_type = self._message.shape.data, self._message.content_type
        if content_type != data:
            message = f"the message is about content of type {oid_words(content_type)}, not about plain data"
            self._add(FindingCode.CONTENT_TYPE_WRONG, message)
        encoded = self._signer.attributes
        if encoded is None:
            self._add(FindingCode.MALFORMED, "the signature has no signed attributes, so it is no CAdES signature")
            return None
        of_document = None if self._digest is None else digest_of(document, self._digest)
        self._check_inside(of_document)
        try:
            algorithms = (self._signer.digest_identifier, self._signer.signature_identifier)
            reading = read_and_compare(encoded, Facts(data, self._digest, of_document, self._certificate, algorithms))
        except EncodingError as error:
            self._add(FindingCode.MALFORMED, f"the signed attributes: {error}")
            return None
        self._check_value(encoded, reading)
        if reading.signing_time is not None:
            self._check_signing_time(reading.signing_time)
        return reading

    def _check_inside(self, of_document: bytes | None) -> None:
        inside = self._message.inside
        if inside is not None and self._digest is not None and self._digest.hash(inside) != of_document:
            # whoever opens the message shows another text than the one that was verified
            self._add(FindingCode.DOCUMENT_CHANGED, "the document inside the message is not the document given")

    # 7
    def _check_value(self, encoded: tuple[bytes, ...], reading: Reading) -> None:
        wrong, explanation = reading.wrong, None
        if self._key is not None and self._algorithm is not None:
            signature = Signature(self._algorithm, self._signer.value)
            try:
                self._key.verify(signature, to_be_signed(encoded))
            except InvalidSignatureError as error:
                explanation, changed = explain(self._key, signature, encoded, reading.repairs, error)
                wrong = {attribute: finding for attribute, finding in wrong.items() if attribute not in changed}
        self._findings += wrong.values()
        if explanation is not None:
            self._findings.append(explanation)

    # 8
    def _check_signing_time(self, value: bytes) -> None:
        try:
            self._signing_time = read_signing_time(value)
        except EncodingError as error:
            self._add(FindingCode.SIGNING_TIME_WRONG, f"signing-time is no time: {error}")
        else:
            self._findings += check_signing_time(self._signing_time, self._certificate, self._conditions.at)

    # 9 and 10
    def _judge_signer(self, reading: Reading | None) -> SignerVerdict:
        if self._certificate is None:
            return SignerVerdict()
        verdict = judge_signer(self._certificate, self._conditions, untrusted=self._message.certificates)
        self._findings += verdict.findings
        if verdict.validated is not None and reading is not None:
            self._require_named(verdict.validated.path[1:-1], reading)
        return verdict

    def _require_named(self, issuers: Sequence[Certificate], reading: Reading) -> None:
        """Where an attribute names issuers too, no others vouch for the signer (RFC 5035, section 5.4)."""
        for named in filter(None, reading.issuers):
            if not all(any(one.names(issuer) for one in named) for issuer in issuers):
                message = "the path to the root leads over an issuer that the signed attributes do not name"
                self._add(FindingCode.CONSTRAINT_BROKEN, message)


@lru_cache(maxsize=64)
def _signature_algorithm(identifier: bytes, digest_identifier: bytes) -> SignatureAlgorithm:
    return SignatureAlgorithm.for_cms(read_algorithm(identifier), read_digest_algorithm(digest_identifier))
