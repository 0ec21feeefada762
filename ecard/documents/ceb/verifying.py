"""Verifying and looking into a signed customs message."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ecard.certificate import Certificate
from ecard.documents.ceb.judging import Expectations, judge
from ecard.documents.ceb.kinds import Kind
from ecard.documents.ceb.profiles import Profile
from ecard.documents.ceb.report import MessageReport
from ecard.documents.signers import SignerPolicy
from ecard.documents.source import Document
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, read_xml
from ecard.errors import XmlError
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust


def verify(
    message: Document,
    *,
    trust: Trust,
    signer: SignerPolicy,
    at: datetime,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    profiles: Collection[Profile] | None = None,
    enterprise_codes: Collection[str] = (),
    certificate: Certificate | None = None,
    other_xml: bool = False,
    limits: XmlLimits = DEFAULT_LIMITS,
) -> MessageReport:
    """The report on a signed message that is accepted, with the verified bytes in it; VerificationError on any other.

    ``trust`` says under whose authority certificates are good, ``signer`` who may have signed (see
    ``ecard.documents.signers``), ``at`` for which moment is judged, ``evidence`` what is known of revocation beside
    what is in ``trust``. ``policy`` is the caller's own; where there is none, it is strict, and under the legacy
    profile rsa-sha1 it allows what the RSA cards of 2021 need. ``profiles`` narrows the profiles that are allowed;
    ``enterprise_codes`` are customs codes known to be of the certificate's enterprise; ``certificate`` is the signer's
    where the signature carries none; ``other_xml`` expects XML that is no customs message.

    Raises VerificationError with the report; InvalidInputError where the message cannot be read, or ``at`` is naive.

    Source: customs' message specification of May 2022, section 6; XML Signature, section 3.2.
    """
    report = inspect(
        message,
        at=at,
        trust=trust,
        signer=signer,
        evidence=evidence,
        policy=policy,
        profiles=profiles,
        enterprise_codes=enterprise_codes,
        certificate=certificate,
        other_xml=other_xml,
        limits=limits,
    )
    report.require_accepted()
    return report


def inspect(
    message: Document,
    *,
    at: datetime,
    trust: Trust | None = None,
    signer: SignerPolicy | None = None,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    profiles: Collection[Profile] | None = None,
    enterprise_codes: Collection[str] = (),
    certificate: Certificate | None = None,
    other_xml: bool = False,
    limits: XmlLimits = DEFAULT_LIMITS,
) -> MessageReport:
    """The report that ``verify`` works from, whatever it says; without ``trust`` or ``signer`` it never says accepted.

    To act on a message, use ``verify``. Raises InvalidInputError where it cannot be read, or ``at`` is naive.
    """
    expectations = Expectations(
        at=in_utc(at),
        trust=trust,
        signer=signer,
        evidence=evidence,
        policy=policy,
        kind=Kind.OTHER_XML if other_xml else Kind.CUSTOMS,
        profiles=None if profiles is None else frozenset(profiles),
        enterprise_codes=frozenset(enterprise_codes),
        certificate=certificate,
    )
    return judge(read_or_error(message, limits), expectations)


def read_or_error(message: Document, limits: XmlLimits) -> bytes | XmlError:
    """What ``read_xml`` returns, or the XmlError that it raises, for a report on it."""
    try:
        return read_xml(message, limits)
    except XmlError as error:
        return error
