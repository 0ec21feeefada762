"""What a user writes, with every type spelt out: type checkers must agree with each annotation. It is never run."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import ecard
from ecard.apdu.transport import Connector, Transport
from ecard.doctor import Examination, Level, examine
from ecard.errors import (
    CardError,
    CardRemovedError,
    MessageError,
    NoCardError,
    NoCardReason,
    OrderRefusedError,
    ValidationError,
    WeakPinError,
    WrongPinError,
)
from ecard.keys import SoftwareKey
from ecard.pin import PinRequest, PinSupplier
from ecard.roles.register import Register
from ecard.simulator import CardFile, Fault, InProcess, Rule, SimulatedCard
from ecard.testing import Centre, Clock, Faults, ReadyCard, VirtualReader

ENTERPRISE = "91350211M000100Y43"


@dataclass(frozen=True)
class Filed:
    """A document with its signature and who signed it."""

    document: Path
    signature: bytes
    enterprise: str | None
    signed_until: datetime


class KeyInACloud(ecard.KeyHolder):
    """A key holder of the user's own."""

    def __init__(self, key: SoftwareKey, certificate: ecard.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @property
    def certificate(self) -> ecard.Certificate:
        return self._certificate

    @property
    def chain(self) -> Sequence[ecard.Certificate]:
        return ()

    def _sign(self, message: bytes, algorithm: ecard.SignatureAlgorithm) -> ecard.Signature:
        return self._key.sign(message, algorithm)


class Network:
    """A transport and a connector of the user's own: no base class is needed."""

    name = "the card at the other end"
    atr = b""

    @contextmanager
    def open(self) -> Generator[Network]:
        yield self

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        return b"", 0x6D00


connector: Connector = Network()
transport: Transport = Network()


def ask_a_colleague(request: PinRequest) -> ecard.Pin:
    """A supplier of PINs of the user's own."""
    question: str = request.question()
    left: int | None = request.tries_left
    return ecard.Pin(f"{len(question)}{left}")


supplier: PinSupplier = ask_a_colleague


def sign(document: Path, address: str = "pcsc") -> Filed:
    with ecard.connect(address, wait=3.0) as session:
        operator = ecard.OperatorCard(session, pin=ask_a_colleague)
        signature: bytes = ecard.cms.sign(document, operator, at=datetime.now(UTC))
        certificate: ecard.Certificate = operator.certificate
        identity: ecard.CardIdentity = operator.identity
    return Filed(document, signature, identity.enterprise_name, certificate.not_after)


def verify(filed: Filed, trust: ecard.Trust) -> ecard.Report:
    who: ecard.SignerPolicy = ecard.OneOf((ecard.AnyOperator(of=ENTERPRISE), ecard.AnyLegalPerson(of=ENTERPRISE)))
    try:
        return ecard.cms.verify(filed.document, filed.signature, trust=trust, signer=who, at=datetime.now(UTC))
    except ecard.VerificationError as error:
        refused: ecard.Report = error.report
        accepted: bool = refused.accepted
        as_json: Mapping[str, object] = refused.as_dict()
        print(accepted, as_json)
        raise


def look(address: str) -> tuple[int | None, Sequence[ecard.Certificate]]:
    with ecard.connect(address) as session:
        card = ecard.PivSession(session)
        tries: int | None = card.pin_tries()
        certificate: ecard.Certificate = card.read_certificate(ecard.Slot.SIGNATURE)
        kind: ecard.KeyKind = certificate.public_key.kind
        holder: ecard.KeyHolder = ecard.CardKeyHolder(card, pin=ecard.Pin("481527"))
        made: ecard.Signature = holder.sign(kind.value.encode())
        value: bytes = made.der
        assert value
        return tries, [certificate, *card.read_issuers()]


def explain(error: ecard.EcardError) -> str:
    what: str = error.what
    remedy: str | None = error.remedy
    if isinstance(error, WrongPinError):
        left: int | None = error.tries_left
        return f"{what} {left}"
    if isinstance(error, NoCardError):
        reason: NoCardReason = error.reason
        return reason.value
    if isinstance(error, (WeakPinError, ValidationError)):
        return what
    if isinstance(error, (MessageError, OrderRefusedError)):
        return str(error.reason.value)
    return f"{what}: {remedy}" if isinstance(error, (CardError, CardRemovedError)) else what


def authority(now: datetime) -> ecard.CertificateAuthority:
    root = ecard.CertificateAuthority.create_root("示例根", at=now)
    crl = ecard.Crl(root.crl(at=now, next_update=now + timedelta(days=1)))
    trust = ecard.Trust([root.certificate], evidence=ecard.Evidence(crls=[crl]))
    assert trust.roots[0].subject
    return root.create_subordinate("示例签发", at=now)


def choose_a_pin() -> ecard.Pin:
    policy: ecard.PinPolicy = ecard.PinPolicy.default()
    return policy.generate()


def in_parallel(executor: Executor, documents: Sequence[Path]) -> list[Future[Filed]]:
    return [executor.submit(sign, document, "pcsc") for document in documents]


def keep_a_register(place: Path) -> str:
    with Register.create(place) as register:
        return register.engine.name


def examine_all() -> list[str]:
    found: Examination = examine("pcsc", now=datetime.now(UTC), trust=[Path("trust")])
    return [line.remedy or "" for line in found.lines if line.level is not Level.GOOD]


def simulate(path: Path) -> None:
    card: SimulatedCard = SimulatedCard.new("yubikey", serial=7)
    file: CardFile = CardFile.create(path, card)
    for source in (InProcess(card), file):
        with ecard.Session(source) as session:
            print(ecard.PivSession(session).pin_tries())


@pytest.fixture
def frozen(ecard_centre: Centre, ecard_operator_card: ReadyCard) -> ReadyCard:
    ecard_centre.freeze(ecard_operator_card)
    return ecard_operator_card


def test_of_a_user(frozen: ReadyCard, ecard_trust: ecard.Trust, ecard_clock: Clock, ecard_faults: Faults) -> None:
    ecard_faults.inject(Fault.REMOVAL, Rule(Fault.NO_ANSWER, at=3))
    moment: datetime = ecard_clock.advance(days=1)
    with frozen.signing() as holder:
        signature: bytes = ecard.cms.sign(b"a note", holder, at=moment)
    ecard.cms.verify(b"a note", signature, trust=ecard_trust, signer=ecard.UnsafeAnyone(), at=moment)


def test_with_a_reader(ecard_reader: VirtualReader, ecard_legal_person_card: ReadyCard) -> None:
    with ecard_reader.inserted(ecard_legal_person_card) as insertion, ecard.connect(ecard_reader.address) as session:
        seal = ecard.LegalPersonCard(session, pin=ecard_legal_person_card.pin)
        insertion.take_out()
        assert seal.identity.card_type is ecard.CardType.LEGAL_PERSON
