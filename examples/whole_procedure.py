"""The whole procedure of the handbook, from an application to a signature that a freeze does not undo."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import ecard
from ecard.pki.profile import Usage
from ecard.pki.requests import build_request
from ecard.roles.acts import BUREAUS, Act, CardKind, Office
from ecard.roles.canonical import Json
from ecard.roles.centre import Accepted, Centre
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, Paper, required_papers
from ecard.roles.people import Enclosure, Person
from ecard.roles.personalising import personalise
from ecard.roles.register import Register
from ecard.roles.register_audit import require_whole
from ecard.roles.vault import Vault
from ecard.simulator import InProcess, SimulatedCard

CODE = "M000100Y4"
CENTRE = "E00000002"
SEAL, OPERATOR = "03-JJ0A900000101", "03-JJ0A900000201"


class Story:
    """A data centre with its officers, and a clock that goes on by a minute with every act."""

    def __init__(self, place: str) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        self.root = ecard.CertificateAuthority.create_root("示例根", at=self.now)
        self.authority = self.root.create_subordinate("示例签发", at=self.now)
        seal = self._software_card("03-JJ0A900000001", ecard.CardType.LEGAL_PERSON)
        self.centre = Centre(Register.create(place), self.authority, seal=seal, vault=Vault(Vault.new_key()))
        self.centre.found("示例数据分中心", CENTRE, "03-JJ0A900000001", at=self.now)
        self.officers = {office: self._appoint(office, place) for place, office in enumerate(Office, start=2)}

    def _software_card(self, number: str, card_type: ecard.CardType) -> ecard.KeyHolder:
        key = ecard.SoftwareKey.generate(ecard.KeyKind.P256)
        subject = ecard.CertificateSubject(
            holder_name="示例数据分中心",
            enterprise_name="示例数据分中心",
            organisation_code=CENTRE,
            card_number=number,
            card_type=card_type,
        )
        request = build_request(key.public_key, key.sign, number)
        return ecard.SoftwareKeyHolder(key, self.authority.issue(request, subject, at=self.now))

    def _appoint(self, office: Office, place: int) -> ecard.KeyHolder:
        key, person = ecard.SoftwareKey.generate(ecard.KeyKind.P256), Enclosure(Person("官某", "110101199003070070"))
        number = f"03-JJ0A9{place:08d}"
        made = self.centre.order(
            Act.APPOINT,
            f"card/{number}",
            self.centre.seal,
            at=self.later(),
            details={
                "office": office.value,
                "organisation": "示例机关",
                "organisation_code": CENTRE,
                "person": person.reference,
            },
            enclosures=[person],
            requests={Usage.SIGNING: build_request(key.public_key, key.sign, number)},
        )
        return ecard.SoftwareKeyHolder(key, made.certificates[Usage.SIGNING])

    def later(self) -> datetime:
        """The next minute."""
        self.now += timedelta(minutes=1)
        return self.now

    def at_counter(self, act: Act, subject: str, office: Office, **details: Json | Enclosure) -> Accepted:
        """An officer's order; the people named in it are enclosed."""
        people = [value for value in details.values() if isinstance(value, Enclosure)]
        plain: dict[str, Json] = {
            name: value.reference if isinstance(value, Enclosure) else value for name, value in details.items()
        }
        return self.centre.order(act, subject, self.officers[office], at=self.later(), details=plain, enclosures=people)

    def make(self, number: str, secrets_: ecard.CardSecrets, **details: Json) -> InProcess:
        """Make a card from a blank one, with a key to sign and a key to log in."""
        card = InProcess(SimulatedCard.new())

        def issue(requests: Mapping[Usage, bytes]) -> Mapping[Usage, ecard.Certificate]:
            officer, at = self.officers[Office.CENTRE], self.later()
            subject = f"card/{number}"
            made = self.centre.order(Act.MAKE, subject, officer, at=at, details=details, requests=requests)
            return made.certificates

        with ecard.Session(card) as session:
            personalise(
                session,
                name=number,
                kind=ecard.KeyKind.P256,
                secrets=secrets_,
                issue=issue,
                issuers=[self.authority.certificate],
            )
        return card

    def collect(self, number: str, by: str, collector: Person, card: InProcess, old: ecard.Pin) -> ecard.Pin:
        """Hand a card over: its holder changes the transport PIN at the counter."""
        new = ecard.PinPolicy.default().generate()
        with ecard.Session(card) as session:
            ecard.PivSession(session).change_pin(old, new)
        self.at_counter(
            Act.COLLECT,
            f"card/{number}",
            Office.CENTRE,
            letter=True,
            identity_document=True,
            fee_paid=True,
            pin_changed=True,
            collected_by=by,
            collector=Enclosure(collector),
        )
        return new


def transport() -> ecard.CardSecrets:
    """What protects a card on its way: the centre keeps the PUK and the management key."""
    generate = ecard.PinPolicy.default().generate
    return ecard.CardSecrets(pin=generate(), puk=ecard.Pin("73519468"), management_key=secrets.token_bytes(24))


def enter_the_network(story: Story, legal_person: Person) -> None:
    """Steps 1 to 3: application, filing, the approval of three bureaus."""
    enterprise = f"enterprise/{CODE}"
    story.at_counter(
        Act.APPLY,
        enterprise,
        Office.CENTRE,
        name="示例进出口有限公司",
        kind=EnterpriseKind.IMPORT_EXPORT.value,
        card_forms=["legal-person", "operator"],
        signed=True,
        sealed=True,
        legal_person=Enclosure(legal_person),
        custodian=Enclosure(Person("丙某", "110101199003070070")),
    )
    papers = [min(group, key=lambda p: p.value).value for group in required_papers(EnterpriseKind.IMPORT_EXPORT)]
    story.at_counter(Act.FILE, enterprise, Office.CENTRE, papers=papers, originals_and_copies=True)
    for bureau in BUREAUS:
        story.at_counter(Act.APPROVE_ENTRY, enterprise, bureau, paper=BUREAU_PAPERS[bureau].value)


def main() -> None:
    """Tell the story, in the order of the handbook."""
    legal_person, holder = Person("甲某", "11010119900307889X"), Person("乙某", "110101199003070070", "13800000000")
    with tempfile.TemporaryDirectory() as place:
        story = Story(place)
        enter_the_network(story, legal_person)

        first = transport()  # step 4, and its collection by the legal person himself
        seal_card = story.make(SEAL, first, kind=CardKind.LEGAL_PERSON.value, enterprise=CODE)
        seal_pin = story.collect(SEAL, "legal-person", legal_person, seal_card, first.pin)

        with ecard.Session(seal_card) as session:  # step 5
            seal = ecard.LegalPersonCard(session, pin=seal_pin)
            seal.register_operator(story.centre, "1", holder, at=story.later())

        story.at_counter(Act.APPROVE_OPERATOR, f"operator/{CODE}/1", Office.CENTRE)  # step 6
        second = transport()
        card = story.make(OPERATOR, second, kind=CardKind.OPERATOR.value, application=f"{CODE}/1")

        with ecard.Session(seal_card) as session:  # step 7
            seal = ecard.LegalPersonCard(session, pin=seal_pin)
            seal.file_business(story.centre, Office.CUSTOMS, [Paper.CUSTOMS_REGISTRATION], at=story.later())
        story.at_counter(Act.APPROVE_BUSINESS, f"business/{CODE}/customs", Office.CUSTOMS)

        pin = story.collect(OPERATOR, "holder", holder, card, second.pin)  # step 8
        with ecard.Session(seal_card) as session:  # step 9
            ecard.LegalPersonCard(session, pin=seal_pin).register_channel(story.centre, at=story.later())

        sign_and_freeze(story, card, pin, seal_card, seal_pin)
        print("the register is whole:", require_whole(story.centre.register, trust=story.centre.trust), "entries")
        story.centre.register.close()


def sign_and_freeze(story: Story, card: InProcess, pin: ecard.Pin, seal_card: InProcess, seal_pin: ecard.Pin) -> None:
    """What was signed before a freeze stays good; what is signed while frozen never is, also after unfreezing."""
    authorities = (story.root, story.centre)
    until = story.now + timedelta(days=1)
    evidence = ecard.Evidence(crls=[authority.crl(at=story.now, next_update=until) for authority in authorities])
    signatures = {}
    for moment in ("before", "frozen", "after"):
        if moment != "before":
            with ecard.Session(seal_card) as session:
                seal = ecard.LegalPersonCard(session, pin=seal_pin)
                (seal.freeze if moment == "frozen" else seal.unfreeze)(story.centre, OPERATOR, at=story.later())
        at = story.later()
        with ecard.Session(card) as session:
            signatures[moment] = (at, ecard.cms.sign(b"tea", ecard.OperatorCard(session, pin=pin), at=at))
    trust = ecard.Trust([story.root.certificate], [story.authority.certificate])
    for moment, (at, signature) in signatures.items():
        report = ecard.cms.inspect(
            b"tea",
            signature,
            trust=trust,
            signer=ecard.AnyOperator(of=CODE),
            at=at,
            evidence=evidence + story.centre.evidence(),
        )
        print(f"signed {moment}:", "accepted" if report.accepted else report.reasons[0].message)


if __name__ == "__main__":
    main()
