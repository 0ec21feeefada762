"""Judging a signed message, step by step. Every step that can still be done is done: a reader sees all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from lxml import etree

from ecard.certificate import Certificate
from ecard.documents.ceb.canonical import canonical, canonical_signed_info, take_out
from ecard.documents.ceb.declarant import compare_declarant
from ecard.documents.ceb.digest_diagnosis import diagnose_digest
from ecard.documents.ceb.kinds import Kind
from ecard.documents.ceb.message_types import MessageType
from ecard.documents.ceb.placement import find_signature
from ecard.documents.ceb.profiles import Profile
from ecard.documents.ceb.refusal import Refused
from ecard.documents.ceb.report import MessageReport, Step
from ecard.documents.ceb.signature_diagnosis import decode_value, diagnose_signature
from ecard.documents.ceb.signature_shape import SignatureParts, read_signature
from ecard.documents.ceb.suitability import read_identity
from ecard.documents.conditions import Conditions
from ecard.documents.signers import SignerPolicy
from ecard.documents.steps import Ledger
from ecard.documents.xml_guard import parse_xml
from ecard.errors import (
    EcardError,
    EncodingError,
    InvalidSignatureError,
    UnsupportedAlgorithmError,
    XmlError,
)
from ecard.findings import FindingCode
from ecard.keys import PublicKey
from ecard.lines import one_line
from ecard.pki.evidence import Evidence
from ecard.pki.policy import EPORT_2021_ALGORITHMS, ValidationPolicy
from ecard.pki.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Under what a message is judged. ``at`` is in UTC. Without ``trust`` or ``signer`` no message is accepted."""

    at: datetime
    trust: Trust | None = None
    signer: SignerPolicy | None = None
    evidence: Evidence | None = None
    policy: ValidationPolicy | None = None
    kind: Kind = Kind.CUSTOMS
    profiles: frozenset[Profile] | None = None
    enterprise_codes: Collection[str] = ()
    certificate: Certificate | None = None
    """The signer's, where the signature carries none."""

    def conditions(self, profile: Profile | None) -> Conditions | None:
        """Those for the signer's certificate; under the legacy profile with what the cards of 2021 need.

        None where it was not said whom to trust or who may sign.
        """
        if self.trust is None or self.signer is None:
            return None
        policy = self.policy
        if policy is None and profile is Profile.RSA_SHA1:
            policy = _LEGACY_POLICY
        return Conditions(trust=self.trust, signer=self.signer, at=self.at, evidence=self.evidence, policy=policy)


def judge(data: bytes | XmlError, expectations: Expectations) -> MessageReport:
    """The report on ``data``, which came through ``read_xml``, or on why it did not."""
    judgement = _Judgement(expectations)
    judgement.run(data)
    return judgement.report()


class _Judgement:
    """The facts that one step leaves for the next, and the ledger of their outcomes."""

    def __init__(self, expectations: Expectations) -> None:
        self._expected = expectations
        self._ledger = Ledger(_STEPS)
        self._message_type: str | None = None
        self._certificate: Certificate | None = None
        self._profile: Profile | None = None
        self._parts: SignatureParts | None = None
        self._canonical: bytes | None = None
        self._fits = False

    def run(self, data: bytes | XmlError) -> None:
        """All steps; one that is needed by the others and fails ends them."""
        step = Step.READING
        try:
            if isinstance(data, XmlError):
                raise data
            root = parse_xml(data)
            self._ledger.passed(step)
            step = Step.TYPE
            self._message_type = root.tag.rpartition("}")[2][:60]
            message_type = self._expected.kind.recognise(root)
            self._ledger.passed(step)
            step = Step.PLACE
            signature = find_signature(root, message_type.before if message_type is not None else frozenset())
            self._ledger.passed(step)
            step = Step.SHAPE
            parts = self._parts = read_signature(signature)
            self._ledger.passed(step)
        except XmlError as error:
            self._ledger.fail(step, FindingCode.MALFORMED, str(error))
        except Refused as refusal:
            self._ledger.add(step, (refusal.finding,))
        else:
            self._judge(data, signature, parts, message_type)

    def _judge(
        self, data: bytes, signature: etree._Element, parts: SignatureParts, message_type: MessageType | None
    ) -> None:
        self._read_certificate(parts)
        self._read_algorithms(parts)
        self._check_enterprise(signature.getparent(), message_type)
        self._check_signature_and_digest(data, signature, parts)
        self._check_key_name(parts)
        if self._certificate is not None:
            conditions = self._expected.conditions(self._profile)
            if conditions is not None and self._profile is not None and self._expected.policy is not None:
                self._ledger.add(Step.ALGORITHMS, conditions.weakness(self._profile.algorithm))
            self._ledger.judge_signer(self._certificate, conditions, Step.VALIDITY, Step.SIGNER)

    def report(self) -> MessageReport:
        """What was found."""
        ledger = self._ledger
        weakness = self._profile.weakness if self._profile is not None else None
        return MessageReport(
            at=self._expected.at,
            reasons=ledger.findings,
            certificate=self._certificate,
            signer=ledger.identity,
            algorithm=self._profile.algorithm.label if self._profile is not None else None,
            validated=ledger.validated,
            notes=(*((weakness,) if weakness else ()), *ledger.notes),
            verified=self._canonical if not ledger.findings else None,
            message_type=self._message_type,
            profile=self._profile,
            certificate_number=self._parts.key_name if self._parts is not None else None,
            mistakes=ledger.mistakes,
            checks=ledger.checks,
        )

    def _read_certificate(self, parts: SignatureParts) -> None:
        given, step = self._expected.certificate, Step.CERTIFICATE
        try:
            certificate = given if parts.certificate is None else _read_certificate(parts.certificate)
            if certificate is None:
                self._ledger.fail(step, FindingCode.SIGNER_CERTIFICATE_MISSING, "the signature carries no certificate")
                return
            self._ledger.identity = read_identity(certificate)
            self._certificate = certificate
            if given is not None and certificate != given:
                self._ledger.fail(
                    step,
                    FindingCode.SIGNER_CERTIFICATE_WRONG,
                    "the signature carries another certificate than was given",
                )
                return
        except UnsupportedAlgorithmError as error:
            self._ledger.fail(step, FindingCode.ALGORITHM_NOT_ALLOWED, f"the certificate's key: {error}")
        except EcardError as error:
            self._ledger.fail(step, FindingCode.CERTIFICATE_MALFORMED, str(error))
        else:
            self._ledger.passed(step)

    def _read_algorithms(self, parts: SignatureParts) -> None:
        try:
            profile = Profile.by_methods(parts.signature_method, parts.digest_method)
            self._profile = profile
            allowed = self._expected.profiles
            if profile not in self._expected.kind.profiles or (allowed is not None and profile not in allowed):
                raise UnsupportedAlgorithmError(f"profile {profile.label} is not allowed here")
            if self._certificate is not None:
                profile.require_fit(self._certificate.public_key.kind)
                self._fits = True
        except UnsupportedAlgorithmError as error:
            self._ledger.fail(Step.ALGORITHMS, FindingCode.ALGORITHM_NOT_ALLOWED, str(error))
        else:
            self._ledger.passed(Step.ALGORITHMS)

    def _check_enterprise(self, root: etree._Element, message_type: MessageType | None) -> None:
        identity, step = self._ledger.identity, Step.ENTERPRISE
        if message_type is None:
            self._ledger.open(step, "only customs messages name a declarant")
        elif identity is not None:
            comparison = compare_declarant(root, message_type, identity, self._expected.enterprise_codes)
            if comparison.same is None:
                self._ledger.open(step, comparison.message)
            elif comparison.same:
                self._ledger.passed(step)
            else:
                self._ledger.fail(step, FindingCode.DECLARANT_DIFFERS, comparison.message)

    def _check_signature_and_digest(self, data: bytes, signature: etree._Element, parts: SignatureParts) -> None:
        """SignedInfo is canonicalised where it stands, before the signature is taken out of the message."""
        if self._profile is None:
            return
        try:
            text = canonical_signed_info(parts.signed_info)
            if len(text) > _MAX_SIGNED_INFO:
                raise XmlError(f"SignedInfo has more than {_MAX_SIGNED_INFO} bytes")
            if self._certificate is not None and self._fits:
                self._check_value(text, parts, self._profile, self._certificate.public_key)
            self._check_digest(data, signature, parts, self._profile)
        except XmlError as error:
            self._ledger.fail(Step.DIGEST, FindingCode.MALFORMED, str(error))

    def _check_value(self, text: bytes, parts: SignatureParts, profile: Profile, key: PublicKey) -> None:
        try:
            key.verify(decode_value(parts.value, profile, key), text)
        except (InvalidSignatureError, EncodingError) as error:
            mistakes = diagnose_signature(text, parts.value, profile, key)
            detail = f"the signature value is not SignedInfo's ({error})"
            self._ledger.explain(Step.SIGNATURE, FindingCode.SIGNATURE_INVALID, detail, mistakes)
        else:
            self._ledger.passed(Step.SIGNATURE)

    def _check_digest(self, data: bytes, signature: etree._Element, parts: SignatureParts, profile: Profile) -> None:
        tree = signature.getroottree()
        take_out(signature)
        text = canonical(tree)
        if profile.digest.hash(text) == parts.digest:
            self._canonical = text
            self._ledger.passed(Step.DIGEST)
            return
        self._ledger.explain(
            Step.DIGEST,
            FindingCode.DOCUMENT_CHANGED,
            "the digest is not the message's: the message was changed after signing, or digested wrongly",
            diagnose_digest(data, parts.digest, profile.digest),
        )

    def _check_key_name(self, parts: SignatureParts) -> None:
        if self._ledger.identity is None:
            return
        number = self._ledger.identity.certificate_number
        if parts.key_name == number:
            self._ledger.passed(Step.KEY_NAME)
            return
        detail = ", only spelled otherwise" if _is_spelling_of(parts.key_name, number) else ""
        self._ledger.fail(
            Step.KEY_NAME,
            FindingCode.KEY_NAME_WRONG,
            f"KeyName is {one_line(parts.key_name, 60)!r}, the certificate's number is {number}{detail}",
        )


def _is_spelling_of(name: str, number: str) -> bool:
    """Whether a KeyName is the number in capitals, with other zeros or signs before and in it, or in decimal."""
    digits = name.lower().removeprefix("0x").replace(":", "").replace(" ", "").lstrip("0")
    return digits == number.lstrip("0") or digits == str(int(number, 16))


@lru_cache(maxsize=256)
def _read_certificate(encoded: bytes) -> Certificate:
    certificate = Certificate(encoded)
    certificate.public_key  # noqa: B018 - a key that cannot be read is refused here and not later
    return certificate


_STEPS: Final = tuple(Step)
_MAX_SIGNED_INFO: Final = 16 * 1024
_LEGACY_POLICY: Final = ValidationPolicy(algorithms=EPORT_2021_ALGORITHMS)
