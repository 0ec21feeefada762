"""Judging a message that could be read: every check, in order, each leaving a finding where it fails.

    1  the signer's certificate is in the message, by issuer and serial number or key identifier
    2  digest and signature algorithm are known, allowed, and fit the certificate's key
    3  there are signed attributes, and each of CAdES's four is there once with one value
    4  content-type is that of plain data, and the message says the same
    5  message-digest is the digest of the document
    6  signing-certificate-v2 names the signer's certificate
    7  the signature value is that of the certificate's key over the signed attributes
    8  signing-time is not after the moment of judgement, and within the certificate's validity
    9  the certificate is good at the moment of judgement: path, usage, revocation
   10  the signer is one whom the caller allows

No check stops another that can still be done: the reader of a report sees every reason at once.
(ETSI EN 319 102-1, sections 5.2 and 5.3; RFC 5652, sections 5.4, 5.6 and 11; RFC 5035, section 5.4.)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from ecard.algorithms import Digest, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.documents.attributes import (
    Attribute,
    SignedAttributes,
    read_algorithm,
    read_digest_algorithm,
    to_be_signed,
)
from ecard.documents.cms_attribute_checks import (
    Misfit,
    absences,
    check_content_type,
    check_message_digest,
    check_signing_certificate,
    check_signing_time,
    limiting_certificate_ids,
    read_signing_time,
)
from ecard.documents.cms_diagnosis import explain
from ecard.documents.cms_reader import Message
from ecard.documents.conditions import Conditions, SignerVerdict, judge_signer
from ecard.documents.report import Report
from ecard.documents.source import Document, digest_of
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.findings import Finding, FindingCode
from ecard.keys import PublicKey


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
        if self._signer.attributes is None:
            self._add(FindingCode.MALFORMED, "the signature has no signed attributes, so it is no CAdES signature")
        else:
            misfits = self._compare_attributes(self._signer.attributes, document)
            self._check_value(self._signer.attributes, misfits)
            self._check_signing_time(self._signer.attributes.values)
        verdict = self._judge_signer()
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
        values = self._signer.attributes.values if self._signer.attributes else {}
        return Attribute.SIGNING_CERTIFICATE in values and check_signing_certificate(values, certificate) is None

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
        except UnsupportedAlgorithmError as error:
            self._add(FindingCode.ALGORITHM_NOT_ALLOWED, str(error))
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
    def _compare_attributes(self, attributes: SignedAttributes, document: Document) -> dict[Attribute, Misfit]:
        values, shape = attributes.values, self._message.shape
        misfits = absences(attributes) if len(values) < len(Attribute) else {}
        compared: dict[Attribute, Misfit | None] = {}
        if Attribute.CONTENT_TYPE in values:
            content_type = self._message.content_type
            compared[Attribute.CONTENT_TYPE] = check_content_type(values, content_type, shape.data)
        if Attribute.MESSAGE_DIGEST in values and self._digest is not None:
            of_document = digest_of(document, self._digest)
            compared[Attribute.MESSAGE_DIGEST] = check_message_digest(values, self._digest, of_document)
        if Attribute.SIGNING_CERTIFICATE in values and self._certificate is not None:
            compared[Attribute.SIGNING_CERTIFICATE] = check_signing_certificate(values, self._certificate)
        misfits.update({attribute: misfit for attribute, misfit in compared.items() if misfit is not None})
        return misfits

    # 7
    def _check_value(self, attributes: SignedAttributes, misfits: dict[Attribute, Misfit]) -> None:
        explanation = None
        if self._key is not None and self._algorithm is not None:
            signature = Signature(self._algorithm, self._signer.value)
            try:
                self._key.verify(signature, to_be_signed(attributes.encoded))
            except InvalidSignatureError:
                expected = {a: misfit.expected for a, misfit in misfits.items() if misfit.expected is not None}
                explanation, changed = explain(self._key, signature, attributes, expected)
                misfits = {a: misfit for a, misfit in misfits.items() if a not in changed}
        self._findings.extend(misfit.finding for misfit in misfits.values())
        if explanation is not None:
            self._findings.append(explanation)

    # 8
    def _check_signing_time(self, values: Mapping[Attribute, bytes]) -> None:
        if Attribute.SIGNING_TIME not in values:
            return
        try:
            self._signing_time = read_signing_time(values)
        except EncodingError as error:
            self._add(FindingCode.SIGNING_TIME_WRONG, f"signing-time is no time: {error}")
        else:
            self._findings += check_signing_time(self._signing_time, self._certificate, self._conditions.at)

    # 9 and 10
    def _judge_signer(self) -> SignerVerdict:
        if self._certificate is None:
            return SignerVerdict()
        verdict = judge_signer(self._certificate, self._conditions, untrusted=self._message.certificates)
        self._findings += verdict.findings
        if verdict.validated is not None and self._signer.attributes is not None:
            self._require_named(verdict.validated.path, self._signer.attributes.values)
        return verdict

    def _require_named(self, path: tuple[Certificate, ...], values: Mapping[Attribute, bytes]) -> None:
        """Where signing-certificate-v2 names issuers too, no others vouch for the signer (RFC 5035, section 5.4)."""
        named = limiting_certificate_ids(values, path[0])
        if named and not all(any(one.names(issuer) for one in named) for issuer in path[1:-1]):
            self._add(
                FindingCode.CONSTRAINT_BROKEN,
                "the path to the root leads over an issuer that signing-certificate-v2 does not name",
            )


@lru_cache(maxsize=64)
def _signature_algorithm(identifier: bytes, digest_identifier: bytes) -> SignatureAlgorithm:
    return SignatureAlgorithm.for_cms(read_algorithm(identifier), read_digest_algorithm(digest_identifier))
