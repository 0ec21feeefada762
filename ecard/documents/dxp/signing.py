"""Signing and verifying an envelope. Its signature carries KeyName alone: the verifier brings the certificate."""

from __future__ import annotations

from datetime import datetime

from ecard.certificate import Certificate
from ecard.documents.ceb.insertion import fill_placeholder, insert_placeholder
from ecard.documents.ceb.judging import Expectations, judge
from ecard.documents.ceb.kinds import Kind
from ecard.documents.ceb.profiles import CUSTOMS_SIGNING, Profile
from ecard.documents.ceb.report import MessageReport
from ecard.documents.ceb.spans import SIGNATURE
from ecard.documents.ceb.suitability import read_identity, require_suitable
from ecard.documents.ceb.verifying import read_or_error
from ecard.documents.dxp.envelope import Envelope
from ecard.documents.signers import SignerPolicy
from ecard.documents.source import Document
from ecard.documents.xml_guard import DEFAULT_LIMITS, XmlLimits, parse_xml
from ecard.errors import UnsupportedAlgorithmError
from ecard.keyholder import KeyHolder
from ecard.moments import in_utc
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust


def sign(
    envelope: Envelope, holder: KeyHolder, *, profile: Profile | None = None, with_certificate: bool = False
) -> bytes:
    """The envelope as XML with a signature of ``holder`` at its end.

    The profile follows from the certificate, as for customs messages. ``with_certificate`` adds the certificate,
    which the platform does not ask for. Raises WrongCardError for a certificate that does not suit,
    UnsupportedAlgorithmError for a profile that does not fit the key, and what ``holder`` raises.
    """
    identity = read_identity(holder.certificate)
    chosen = profile or Profile.for_certificate(holder.certificate)
    if chosen not in CUSTOMS_SIGNING:
        raise UnsupportedAlgorithmError(f"an envelope is not signed with profile {chosen.label}")
    chosen.require_fit(holder.certificate.public_key.kind)
    require_suitable(holder.certificate, identity)
    data, offset = insert_placeholder(envelope.build(), frozenset())
    signature = next(parse_xml(data).iterchildren(SIGNATURE))
    return fill_placeholder(
        data,
        offset,
        signature,
        holder,
        chosen,
        identity.certificate_number,
        namespaces={},
        with_certificate=with_certificate,
    )


def verify(
    source: Document,
    *,
    certificate: Certificate | None,
    trust: Trust,
    signer: SignerPolicy,
    at: datetime,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    limits: XmlLimits = DEFAULT_LIMITS,
) -> MessageReport:
    """The report on a signed envelope that is accepted; VerificationError on any other.

    ``certificate`` is the signer's, which KeyName must name; None where the signature is known to carry it. The other
    arguments are those of ``ecard.documents.ceb.verify``. The verified bytes can be given to ``parse``.
    """
    report = inspect(
        source,
        certificate=certificate,
        trust=trust,
        signer=signer,
        at=at,
        evidence=evidence,
        policy=policy,
        limits=limits,
    )
    report.require_accepted()
    return report


def inspect(
    source: Document,
    *,
    at: datetime,
    certificate: Certificate | None = None,
    trust: Trust | None = None,
    signer: SignerPolicy | None = None,
    evidence: Evidence | None = None,
    policy: ValidationPolicy | None = None,
    limits: XmlLimits = DEFAULT_LIMITS,
) -> MessageReport:
    """The report that ``verify`` works from, whatever it says; without ``trust`` or ``signer`` never accepted."""
    expectations = Expectations(
        at=in_utc(at),
        trust=trust,
        signer=signer,
        evidence=evidence,
        policy=policy,
        kind=Kind.ENVELOPE,
        certificate=certificate,
    )
    return judge(read_or_error(source, limits), expectations)
