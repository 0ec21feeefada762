"""An invented data centre with its officers and enterprises, on any register; cards are software keys."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ecard.algorithms import KeyKind
from ecard.codes import organisation_check_character
from ecard.keyholder import KeyHolder, SoftwareKeyHolder
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.requests import build_request
from ecard.roles.acts import Act, Channel, Office
from ecard.roles.centre import Accepted, Centre
from ecard.roles.orders import Order, Signed
from ecard.roles.papers import BUREAU_PAPERS, EnterpriseKind, required_papers
from ecard.roles.people import Enclosure, Person
from ecard.roles.register import Register
from ecard.roles.vault import Vault

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CENTRE = "E00000001"[:8] + organisation_check_character("E0000000")
CODE = "M000100Y4"
OTHER = "M000200Y" + organisation_check_character("M000200Y")
LEGAL_PERSON = Person("甲某", "11010119900307889X", "010-12345678")
OPERATOR = Person("乙某", "110101199003070070", "13800000000")
COUNTER, ONLINE = Channel.COUNTER, Channel.ONLINE


@functools.lru_cache(maxsize=1)
def authorities() -> tuple[CertificateAuthority, CertificateAuthority]:
    root = CertificateAuthority.create_root("示例根", at=START)
    return root, root.create_subordinate("示例签发", at=START)


def copy_of(authority: CertificateAuthority) -> CertificateAuthority:
    """The same authority without a memory, as another process would have it."""
    return CertificateAuthority(authority.holder, chain=authority.chain)


def number(place: int) -> str:
    return f"03-JJ0A9{place:08d}"


class World:
    """A centre, and shortcuts for what people do there. ``now`` goes on by a minute with every order."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.now = START
        root, issuing = authorities()
        self.root = copy_of(root)
        self.register = Register.create(place)
        self.authority = copy_of(issuing)
        self.seal = self._seal()
        self.vault_key = Vault.new_key()
        self.centre = self.another_centre()
        self.holders: dict[str, KeyHolder] = {}
        self.centre.found("示例数据分中心", CENTRE, number(1), at=self.now)
        self.officers = {office: self.appoint(office, 10 + place) for place, office in enumerate(Office)}

    def another_centre(self, register: Register | None = None) -> Centre:
        return Centre(register or self.register, copy_of(authorities()[1]), seal=self.seal, vault=Vault(self.vault_key))

    def _seal(self) -> KeyHolder:
        key = SoftwareKey.generate(KeyKind.P256)
        subject = CertificateSubject(
            holder_name="示例数据分中心",
            enterprise_name="示例数据分中心",
            organisation_code=CENTRE,
            card_number=number(1),
            card_type=CardType.LEGAL_PERSON,
        )
        return SoftwareKeyHolder(key, self.authority.issue(request_of(key), subject, at=START))

    def close(self) -> None:
        self.register.close()

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**(time or {"minutes": 1}))
        return self.now

    def give(
        self,
        act: Act,
        subject: str,
        by: KeyHolder | Office,
        *,
        channel: Channel = COUNTER,
        people: Mapping[str, Person] | None = None,
        makes: bool = False,
        **details: Any,
    ) -> Accepted:
        """An order on the register's present state; for one that makes a card, the new key is kept in ``holders``."""
        enclosed = {name: Enclosure(person) for name, person in (people or {}).items()}
        details |= {name: enclosure.reference for name, enclosure in enclosed.items()}
        key = SoftwareKey.generate(KeyKind.P256) if makes else None
        accepted = self.centre.order(
            act,
            subject,
            self.officers[by] if isinstance(by, Office) else by,
            at=self.later(),
            channel=channel,
            details=details,
            enclosures=tuple(enclosed.values()),
            requests=None if key is None else {Usage.SIGNING: request_of(key)},
        )
        if key is not None:
            card = details.get("card") or subject.partition("/")[2]
            self.holders[card] = SoftwareKeyHolder(key, accepted.certificates[Usage.SIGNING])
        return accepted

    def appoint(self, office: Office, place: int) -> KeyHolder:
        card = number(place)
        self.give(
            Act.APPOINT,
            f"card/{card}",
            self.seal,
            people={"person": Person(f"官{place}", OPERATOR.identity_number)},
            makes=True,
            office=office.value,
            organisation_code=CENTRE,
            organisation="示例数据分中心",
        )
        return self.holders[card]

    def apply(self, code: str = CODE, **changes: Any) -> Accepted:
        details: dict[str, Any] = {
            "name": "示例进出口有限公司",
            "kind": EnterpriseKind.IMPORT_EXPORT.value,
            "card_forms": ["legal-person", "operator"],
            "signed": True,
            "sealed": True,
        }
        people = {"legal_person": LEGAL_PERSON, "custodian": Person("丙某", OPERATOR.identity_number)}
        return self.give(Act.APPLY, f"enterprise/{code}", Office.CENTRE, people=people, **(details | changes))

    def file(self, code: str = CODE, **changes: Any) -> Accepted:
        papers = [next(iter(group)).value for group in required_papers(EnterpriseKind.IMPORT_EXPORT)]
        details: dict[str, Any] = {"papers": papers, "originals_and_copies": True}
        return self.give(Act.FILE, f"enterprise/{code}", Office.CENTRE, **(details | changes))

    def approve_entry(self, *offices: Office, code: str = CODE) -> None:
        for office in offices or tuple(BUREAU_PAPERS):
            self.give(Act.APPROVE_ENTRY, f"enterprise/{code}", office, paper=BUREAU_PAPERS[office].value)

    def make_seal(self, place: int = 101, code: str = CODE) -> KeyHolder:
        card = number(place)
        self.give(Act.MAKE, f"card/{card}", Office.CENTRE, makes=True, kind="legal-person", enterprise=code)
        return self.holders[card]

    def collect(self, place: int, by: str, **changes: Any) -> Accepted:
        details: dict[str, Any] = {
            "letter": True,
            "identity_document": True,
            "fee_paid": True,
            "pin_changed": True,
            "collected_by": by,
        }
        return self.give(
            Act.COLLECT,
            f"card/{number(place)}",
            Office.CENTRE,
            people={"collector": Person("丁某", OPERATOR.identity_number)},
            **(details | changes),
        )

    def enterprise(self, code: str = CODE, place: int = 101) -> KeyHolder:
        """An enterprise whose legal-person card is active."""
        self.apply(code)
        self.file(code)
        self.approve_entry(code=code)
        seal = self.make_seal(place, code)
        self.collect(place, "legal-person")
        return seal

    def register_operator(self, seal: KeyHolder, name: str = "1", code: str = CODE) -> Accepted:
        return self.give(
            Act.REGISTER_OPERATOR, f"operator/{code}/{name}", seal, channel=ONLINE, people={"person": OPERATOR}
        )

    def operator(self, seal: KeyHolder, place: int = 201, code: str = CODE, *, collected: bool = True) -> KeyHolder:
        """An operator whose card is made and, unless said otherwise, collected."""
        name = str(place)
        self.register_operator(seal, name, code)
        self.give(Act.APPROVE_OPERATOR, f"operator/{code}/{name}", Office.CENTRE)
        card = number(place)
        self.give(Act.MAKE, f"card/{card}", Office.CENTRE, makes=True, kind="operator", application=f"{code}/{name}")
        if collected:
            self.collect(place, "holder")
        return self.holders[card]

    def on_card(self, act: Act, place: int, by: KeyHolder | Office, ground: str | None = None, **more: Any) -> Accepted:
        details: dict[str, Any] = {} if ground is None else {"ground": ground}
        return self.give(act, f"card/{number(place)}", by, **(details | more))

    def state(self, place: int, at: datetime | None = None) -> str | None:
        found = self.register.status(number(place), at or self.now)
        return None if found is None else found.value

    def signed(self, act: Act, place: int, by: KeyHolder, **changes: Any) -> Signed:
        """An order on a card, not given yet."""
        subject = f"card/{number(place)}"
        fields: dict[str, Any] = {
            "act": act,
            "subject": subject,
            "base": self.centre.base(subject),
            "moment": self.now,
            "channel": ONLINE,
        }
        return Order(**(fields | changes)).sign(by)


def request_of(key: SoftwareKey) -> bytes:
    return build_request(key.public_key, key.sign, "anything")
