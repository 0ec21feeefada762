"""The story that ``ecard demo`` tells: a centre, three cards, a contract, and what is refused."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

from ecard.algorithms import KeyKind
from ecard.cli.chinese.demo import README as CHINESE_README
from ecard.cli.language import speaks_chinese, translate
from ecard.codes import organisation_check_character
from ecard.connection import connect
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyLegalPerson, AnyOperator, SignerPolicy
from ecard.files import write_atomically
from ecard.pin import Pin, PinPolicy
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject
from ecard.pki.trust import Trust
from ecard.pki.withdrawal import RevocationReason
from ecard.roles.cards import LegalPersonCard, OperatorCard
from ecard.roles.making import CardSecrets, make_card
from ecard.simulator import CardFile, SimulatedCard

README: Final = "README.txt"
_ENTERPRISE: Final = "示例进出口有限公司"
_CONTRACT: Final = """\
购销合同 / Contract of sale

甲方: 示例进出口有限公司
乙方: 示范贸易有限公司

甲方向乙方出售绿茶一百箱, 总价人民币五万元整。
Party A sells one hundred boxes of green tea to party B for 50,000 yuan.
"""
README_TEXT: Final = """\
What is here (everything and everybody in it is invented)

contract.txt                    the document
contract.txt.operator.p7s       signed by operator 1 in his own name
contract.txt.legal-person.p7s   sealed by the legal person in the name of {enterprise}
trust/root.pem                  the root certificate: what a verifier trusts
trust/issuing.pem               the issuing authority's certificate, for signatures that do not carry it
trust/root.crl                  what the root has revoked: nothing
trust/issuing.crl               what the issuing authority has revoked: operator 2
cards/*.card                    simulated cards, made to play with; each file holds its keys in clear

{cards}

Three wrong PINs block a card. The enterprise's organisation code is {code}.
The revocation lists are good for thirty days; after that nothing is accepted until they are made anew.
"""
_OTHER_ENTERPRISE: Final = "87654321" + organisation_check_character("87654321")


@dataclass(frozen=True)
class Actor:
    """A holder of one of the story's cards. The people do not exist."""

    name: str
    card_file: str
    card_number: str
    card_type: CardType


_LEGAL_PERSON: Final = Actor("甲某", "legal-person", "03-JJ0A900000001", CardType.LEGAL_PERSON)
_OPERATOR: Final = Actor("乙某", "operator-1", "03-JJ0A900000002", CardType.OPERATOR)
_LEAVING: Final = Actor("丙某", "operator-2", "03-JJ0A900000003", CardType.OPERATOR)


@dataclass(frozen=True)
class Attempt:
    """One verification of the story: what was tried, what should come out, and the report."""

    tried: str
    should_pass: bool
    report: Report

    @property
    def as_expected(self) -> bool:
        """Whether it came out as the story says."""
        return self.report.accepted is self.should_pass

    def as_dict(self) -> dict[str, object]:
        """For programs: tried, as_expected, accepted, reasons (codes)."""
        return {
            "tried": self.tried,
            "as_expected": self.as_expected,
            "accepted": self.report.accepted,
            "reasons": [reason.code.label for reason in self.report.reasons],
        }


class Story:
    """The demonstration in a directory of its own. ``tell`` runs it once."""

    LENGTH: ClassVar[int] = 11
    organisation_code: Final = "12345678" + organisation_check_character("12345678")

    def __init__(self, place: Path, kind: KeyKind) -> None:
        self._place = place
        self._kind = kind
        self._secrets: dict[Actor, CardSecrets] = {}
        for directory in ("trust", "cards"):
            (place / directory).mkdir()

    def tell(self, begin: Callable[[str], None]) -> list[Attempt]:
        """Play the story; ``begin`` is told each step before it is taken. Returns the verifications, in order."""
        begin("founding the data centre: root and issuing authority")
        self._found_centre()
        for actor in (_LEGAL_PERSON, _OPERATOR, _LEAVING):
            words = "making {card}: key on the card, request, certificate"
            begin(translate(words, card=actor.card_file))
            self._make_card(actor)
        self._publish()
        begin("the operator signs the contract")
        contract = self._write("contract.txt", _CONTRACT.encode())
        by_operator = self._sign(contract, _OPERATOR)
        self._write("contract.txt.operator.p7s", by_operator)
        begin("the legal person seals the contract")
        by_legal_person = self._sign(contract, _LEGAL_PERSON)
        self._write("contract.txt.legal-person.p7s", by_legal_person)
        by_leaving = self._sign(contract, _LEAVING)
        begin("verifying both signatures")
        own_operator, own_seal = AnyOperator(of=self.organisation_code), AnyLegalPerson(of=self.organisation_code)
        attempts = [
            self._verify("the operator's signature", contract, by_operator, own_operator, should_pass=True),
            self._verify("the legal person's seal", contract, by_legal_person, own_seal, should_pass=True),
        ]
        begin("trying a changed document")
        changed = self._place / "contract.txt.changed"
        changed.write_bytes(_CONTRACT.replace("50,000", "90,000").encode())
        attempts.append(self._verify("a changed document", changed, by_operator, own_operator))
        changed.unlink()
        begin("trying a signature of the wrong role, and one of another enterprise")
        attempts.append(self._verify("an operator where the legal person is required", contract, by_operator, own_seal))
        elsewhere = AnyOperator(of=_OTHER_ENTERPRISE)
        attempts.append(self._verify("an operator of another enterprise", contract, by_operator, elsewhere))
        begin("revoking a card, and trying its signature")
        self._revoke(_LEAVING)
        attempts.append(self._verify("a revoked card", contract, by_leaving, own_operator))
        begin("writing down what is what")
        self._write(README, self._readme().encode())
        return attempts

    def _found_centre(self) -> None:
        now = datetime.now(UTC)
        self._root = CertificateAuthority.create_root("ecard 演示根证书中心 (demo root)", key=self._kind, at=now)
        self._issuing = self._root.create_subordinate("ecard 演示签发中心 (demo issuing)", key=self._kind, at=now)
        self._write("trust/root.pem", self._root.certificate.pem().encode())
        self._write("trust/issuing.pem", self._issuing.certificate.pem().encode())

    def _make_card(self, actor: Actor) -> None:
        policy = PinPolicy.default()
        self._secrets[actor] = CardSecrets(
            policy.generate(length=8), Pin(f"{secrets.randbelow(10**8):08}"), secrets.token_bytes(24)
        )
        CardFile.create(self._card_path(actor), SimulatedCard.new())
        subject = CertificateSubject(
            holder_name=actor.name,
            enterprise_name=_ENTERPRISE,
            organisation_code=self.organisation_code,
            card_number=actor.card_number,
            card_type=actor.card_type,
        )
        with connect(f"sim:{self._card_path(actor)}") as session:
            certificate = make_card(
                session,
                authority=self._issuing,
                subject=subject,
                kind=self._kind,
                secrets=self._secrets[actor],
                at=datetime.now(UTC),
            )
        self._issued = {**getattr(self, "_issued", {}), actor: certificate}

    def _publish(self) -> None:
        now = datetime.now(UTC)
        for name, authority in (("root", self._root), ("issuing", self._issuing)):
            self._write(f"trust/{name}.crl", authority.crl(at=now, next_update=now + timedelta(days=30)))

    def _sign(self, document: Path, actor: Actor) -> bytes:
        card = LegalPersonCard if actor.card_type is CardType.LEGAL_PERSON else OperatorCard
        with connect(f"sim:{self._card_path(actor)}") as session:
            holder = card(session, pin=self._secrets[actor].pin)
            return cms.sign(document, holder, at=datetime.now(UTC))

    def _verify(
        self, tried: str, document: Path, signature: bytes, signer: SignerPolicy, *, should_pass: bool = False
    ) -> Attempt:
        trust = Trust.load(self._place / "trust")
        report = cms.inspect(document, signature, trust=trust, signer=signer, at=datetime.now(UTC))
        return Attempt(tried, should_pass, report)

    def _revoke(self, actor: Actor) -> None:
        reason = RevocationReason.AFFILIATION_CHANGED
        self._issuing.revoke(self._issued[actor], reason, at=datetime.now(UTC))
        self._publish()

    def _card_path(self, actor: Actor) -> Path:
        return self._place / "cards" / f"{actor.card_file}.card"

    def _write(self, name: str, data: bytes) -> Path:
        path = self._place / name
        write_atomically(path, data)
        return path

    def _readme(self) -> str:
        rows = "\n".join(
            f"cards/{actor.card_file + '.card':20}  PIN {made.pin.reveal().decode()}   PUK {made.puk.reveal().decode()}"
            for actor, made in self._secrets.items()
        )
        text = CHINESE_README if speaks_chinese() else README_TEXT
        return text.format(cards=rows, enterprise=_ENTERPRISE, code=self.organisation_code)
