"""An invented data centre with one operator's card, of any mixture of algorithms, and what is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ecard import (
    AnyOperator,
    CardSecrets,
    CardType,
    Certificate,
    CertificateAuthority,
    CertificateSubject,
    Evidence,
    KeyKind,
    OperatorCard,
    Pin,
    PivSession,
    PublicKey,
    Report,
    Session,
    SignatureAlgorithm,
    Slot,
    Trust,
    cms,
    make_card,
)
from ecard.algorithms import Signature
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, FACTORY_PIN
from ecard.findings import FindingCode
from ecard.pin import as_supplier
from ecard.simulator import InProcess, Profile, SimulatedCard

SM2_SM3 = SignatureAlgorithm.SM2_SM3
FOUNDED = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SIGNED = FOUNDED + timedelta(hours=1)
NOW = FOUNDED + timedelta(days=1)
CODE = "M000100Y4"
DOCUMENT = "报关单 0001: 绿茶一百箱\n".encode()
SECRETS = CardSecrets(Pin("390571"), Pin("84620517"), b"management key, 24 bytes")
SUBJECT = CertificateSubject(
    holder_name="甲某",
    enterprise_name="示例进出口有限公司",
    organisation_code=CODE,
    card_number="03-JJ0A900000002",
    card_type=CardType.OPERATOR,
)
FACTORY = as_supplier(Pin(FACTORY_PIN))


@dataclass(frozen=True)
class Office:
    """A data centre and one operator's card, made on that card."""

    root: CertificateAuthority
    issuing: CertificateAuthority
    card: SimulatedCard
    certificate: Certificate

    @staticmethod
    def found(root: KeyKind, issuing: KeyKind, card: KeyKind, profile: str | Profile = "factory") -> Office:
        top = CertificateAuthority.create_root("示例根", at=FOUNDED, key=root)
        below = top.create_subordinate("示例签发", at=FOUNDED, key=issuing)
        return Office.with_card(top, below, card, SimulatedCard.new(profile))

    @staticmethod
    def with_card(
        root: CertificateAuthority, issuing: CertificateAuthority, kind: KeyKind, card: SimulatedCard
    ) -> Office:
        with Session(InProcess(card)) as session:
            certificate = make_card(session, authority=issuing, subject=SUBJECT, kind=kind, secrets=SECRETS, at=FOUNDED)
        return Office(root, issuing, card, certificate)

    def sign(self, shape: cms.Shape = cms.Shape.RFC5652) -> bytes:
        with Session(InProcess(self.card)) as session:
            return cms.sign(DOCUMENT, OperatorCard(session, pin=SECRETS.pin), at=SIGNED, shape=shape)

    def trust(self, *responses: bytes, at: datetime = NOW) -> Trust:
        until = at + timedelta(days=3)
        crls = [self.root.crl(at=at, next_update=until)]
        crls += [] if responses else [self.issuing.crl(at=at, next_update=until)]
        return Trust([self.root.certificate], evidence=Evidence(crls, responses))

    def report(self, signature: bytes, trust: Trust | None = None, *, at: datetime = NOW) -> Report:
        return cms.inspect(DOCUMENT, signature, trust=trust or self.trust(at=at), signer=AnyOperator(of=CODE), at=at)


def codes(report: Report) -> list[FindingCode]:
    return [finding.code for finding in report.reasons]


def administered(session: Session, **options: int) -> PivSession:
    piv = PivSession(session, **options)
    piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY)
    return piv


def sign(piv: PivSession, slot: Slot, key: PublicKey, message: bytes) -> Signature:
    signature = piv.sign_digest(slot, key.kind, key.digest(message, SM2_SM3), SM2_SM3, pin=FACTORY)
    key.verify(signature, message)
    return signature
