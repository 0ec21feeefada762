"""The data centre: it judges orders by the rules, carries them out in the register, and signs receipts for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, OrderRefusedError
from ecard.keyholder import KeyHolder
from ecard.pki.authority import CertificateAuthority
from ecard.pki.evidence import Evidence
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.trust import Trust
from ecard.roles import certificate_facts
from ecard.roles.acts import Act, CardKind, Channel, Refusal
from ecard.roles.authority_mirror import AuthorityMirror
from ecard.roles.canonical import Json
from ecard.roles.centre_checks import (
    actor_of,
    read_order,
    require_base,
    require_enclosed,
    require_new,
    require_seal,
    require_timely,
)
from ecard.roles.orders import Order, Receipt, Signed
from ecard.roles.people import Enclosure, Person
from ecard.roles.register import Register
from ecard.roles.register_database import forget_deleted
from ecard.roles.register_entry import Entry
from ecard.roles.register_history import RegisterHistory
from ecard.roles.register_writer import RegisterWriter
from ecard.roles.rules import RULES
from ecard.roles.rules_case import Actor, Case, Issue
from ecard.roles.vault import Vault, digest_of

Requests = Mapping[Usage, bytes]
"""Certificate requests (PKCS#10) for the keys of one card, by what each key is for."""
ORDER_LIFE: Final = timedelta(hours=1)
"""How long after it was written an order is taken, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An order that was carried out."""

    receipt: Signed
    certificates: Mapping[Usage, Certificate] = field(default_factory=dict)
    """What was issued because of it."""

    @property
    def moment(self) -> datetime:
        """From when it is in effect."""
        return Receipt.decode(self.receipt.body).moment

    @property
    def sequence(self) -> int:
        """Its place in the log."""
        return Receipt.decode(self.receipt.body).sequence


class Centre:
    """A data centre on a register, with the authority that issues its cards. For one thread at a time.

    ``authority`` is nobody else's: its record follows the register. Raises RegisterStateError for a register that was
    founded with another seal.
    """

    def __init__(
        self,
        register: Register,
        authority: CertificateAuthority,
        *,
        seal: KeyHolder,
        vault: Vault,
        order_life: timedelta = ORDER_LIFE,
    ) -> None:
        self.register: Final = register
        self.authority: Final = authority
        self.mirror: Final = AuthorityMirror(register, authority)
        """The states of certificates as the register tells them: the source for an OCSP responder."""
        self.seal: Final = seal
        self.vault: Final = vault
        self.order_life: Final = order_life
        self.trust: Final = Trust([authority.certificate])

    def found(self, name: str, organisation_code: str, card: str, *, at: datetime) -> Accepted:
        """Begin an empty register. The seal's certificate was issued by this authority for the centre's ``card``."""
        certificate = certificate_facts.describe(
            self.seal.certificate,
            Usage.SIGNING,
            card=card,
            card_type=CardKind.CENTRE.card_type,
            organisation_code=organisation_code,
        )
        details: dict[str, Json] = {
            "name": name,
            "organisation_code": organisation_code,
            "card": card,
            "certificate": certificate,
        }
        return self.order(Act.FOUND_CENTRE, "centre", self.seal, at=at, details=details)

    def order(
        self,
        act: Act,
        subject: str,
        holder: KeyHolder,
        *,
        at: datetime,
        channel: Channel = Channel.COUNTER,
        details: Mapping[str, Json] | None = None,
        enclosures: Sequence[Enclosure] = (),
        requests: Requests | None = None,
    ) -> Accepted:
        """Write an order on what the register says now, sign it with ``holder``, and give it: for who sits here."""
        order = Order(
            act=act, subject=subject, base=self.base(subject), moment=at, channel=channel, details=details or {}
        )
        return self.give(order.sign(holder), at=at, enclosures=enclosures, requests=requests)

    def base(self, subject: str) -> int:
        """The number of the entry that changed a subject last, which an order on it has to name; 0 for none."""
        fact = self.register.get(subject)
        return 0 if fact is None else fact.sequence

    def give(
        self,
        signed: Signed,
        *,
        at: datetime,
        enclosures: Sequence[Enclosure] = (),
        requests: Requests | Callable[[], Requests] | None = None,
    ) -> Accepted:
        """Carry out an order that is received at ``at``. The receipt says from when it is in effect.

        ``enclosures`` are the data of the people whom the order names, ``requests`` come with orders that make or
        renew a card; they may be a function, which is called after everything else was found in order.

        Raises OrderRefusedError with the reason, and nothing was changed; RegisterStateError where the database
        failed or the seal's certificate has ended, and what the holder of the centre's seal raises.
        """
        order, certificate = read_order(signed, self.trust, at)
        require_enclosed(enclosures)
        with self.register.writing() as writer:
            moment, actor = self._admit(writer, signed, order, certificate, at)
            issuing = _Issuing(self, writer, moment, enclosures, requests)
            case = Case(
                order=order,
                actor=actor,
                moment=moment,
                known=writer.get,
                enclosed={enclosure.ref: enclosure.commitment for enclosure in enclosures},
                issue=issuing,
            )
            RULES[order.act](case)
            self._keep_people(writer, case, enclosures)
            accepted = Accepted(self._append(writer, signed, actor, case), issuing.certificates)
        if order.act is Act.ERASE_PERSON:
            forget_deleted(self.register.engine)  # what the vault erased
        return accepted

    def _admit(
        self, writer: RegisterWriter, signed: Signed, order: Order, certificate: Certificate, at: datetime
    ) -> tuple[datetime, Actor]:
        """From when an order is in effect, and who gives it; refused where it lacks what every order must have."""
        moment = writer.effective(at)
        if moment > at:  # another centre's clock is ahead: the certificate may have ended by then
            read_order(signed, self.trust, moment)
        require_seal(self.seal.certificate, max(moment, order.moment))
        require_new(writer, order)
        require_timely(order, moment, self.order_life)
        actor = actor_of(writer, order, certificate, self.seal.certificate)
        require_base(writer, order, actor)
        return moment, actor

    def _keep_people(self, writer: RegisterWriter, case: Case, enclosures: Sequence[Enclosure]) -> None:
        """Seal the data of those whom the order named; forget those whom it erases."""
        for enclosure in enclosures:
            person = case.changes.get(f"person/{enclosure.ref}")
            if person is not None and "sealed" not in person:
                row = self.vault.seal(enclosure)
                person["sealed"] = digest_of(row)
                writer.session.add(row)
        if case.order.act is Act.ERASE_PERSON:
            self.vault.erase(writer.session, case.order.subject.partition("/")[2])

    def _append(self, writer: RegisterWriter, signed: Signed, actor: Actor, case: Case) -> Signed:
        receipt = Receipt(
            number=case.order.number,
            order=signed.sha256,
            sequence=writer.sequence + 1,
            moment=case.moment,
            previous=writer.hash.hex(),
        )
        answer = Signed.make(receipt.encode(), self.seal, at=case.moment)
        entry = Entry.made(receipt, signer=actor.serial, order=signed, changes=case.changes, answer=answer)
        writer.append(entry)
        return answer

    def person(self, ref: str) -> Person:
        """The data of a person. Raises VaultError where he was erased, or the vault's key is wrong."""
        with self.register.reading() as session:
            return self.vault.open(session, ref)

    def crl(self, *, at: datetime, next_update: datetime) -> bytes:
        """The CRL of the moment, in DER, with the next number over all processes; it is noted in the log.

        Raises InvalidInputError as ``CertificateAuthority.crl`` does, RegisterStateError once the seal's certificate
        ended.
        """
        (partition, *more) = self.authority.partition_names()
        if more:
            raise InvalidInputError("a data centre's authority has one CRL", remedy="make it with one partition")
        with self.register.writing() as writer:
            self.mirror.follow(writer.session)
            moment = writer.effective(at)
            before = writer.get(f"crl/{partition}")
            record = self.authority.record
            record.crl_number = 0 if before is None else before.value["number"]
            encoded = self.authority.crl(at=moment, next_update=next_update)
            self._note_crl(writer, f"crl/{partition}", record.crl_number, encoded, moment)
        return encoded

    def _note_crl(self, writer: RegisterWriter, subject: str, number: int, crl: bytes, moment: datetime) -> None:
        fact = writer.get(subject)
        last = writer.last_signed(certificate_facts.serial_of(self.seal.certificate))
        order = Order(
            act=Act.PUBLISH_CRL,
            subject=subject,
            base=0 if fact is None else fact.sequence,
            # the seal's last order may be of a clock that was a little ahead
            moment=moment if last is None else max(moment, last),
            details={"number": number, "sha256": hashlib.sha256(crl).hexdigest()},
        )
        require_seal(self.seal.certificate, order.moment)
        actor = actor_of(writer, order, self.seal.certificate, self.seal.certificate)
        case = Case(order=order, actor=actor, moment=moment, known=writer.get, enclosed={}, issue=_no_issue)
        RULES[order.act](case)
        self._append(writer, order.sign(self.seal), actor, case)

    def evidence(self) -> Evidence:
        """The register's history as evidence: a signature made while a card was on hold is refused for ever."""
        return Evidence(history=RegisterHistory(self.register, self.authority.certificate.subject))


class _Issuing:
    """Issues the certificates of one order, inside its transaction."""

    def __init__(
        self,
        centre: Centre,
        writer: RegisterWriter,
        moment: datetime,
        enclosures: Sequence[Enclosure],
        requests: Requests | Callable[[], Requests] | None,
    ) -> None:
        self._centre = centre
        self._writer = writer
        self._moment = moment
        self._enclosed = {enclosure.ref: enclosure.person for enclosure in enclosures}
        self._requests = requests
        self.certificates: dict[Usage, Certificate] = {}

    def __call__(self, issue: Issue) -> Mapping[str, Mapping[str, Any]]:
        requests = self._requests() if callable(self._requests) else self._requests
        if not requests or Usage.SIGNING not in requests:
            raise OrderRefusedError("this order needs a certificate request of the card", reason=Refusal.DETAILS)
        centre = self._centre
        centre.mirror.follow(self._writer.session)
        subject = CertificateSubject(
            holder_name=self._holder(issue.person).name,
            enterprise_name=issue.enterprise_name,
            organisation_code=issue.enterprise,
            card_number=issue.card,
            card_type=issue.kind.card_type,
        )
        found = {}
        for usage, request in requests.items():
            certificate = centre.authority.issue(request, subject, at=self._moment, usage=usage)
            self.certificates[usage] = certificate
            found[certificate_facts.serial_of(certificate)] = certificate_facts.describe(
                certificate,
                usage,
                card=issue.card,
                card_type=subject.card_type,
                organisation_code=subject.organisation_code,
            )
        return found

    def _holder(self, ref: str) -> Person:
        return self._enclosed[ref] if ref in self._enclosed else self._centre.vault.open(self._writer.session, ref)


def _no_issue(_: Issue) -> Mapping[str, Mapping[str, Any]]:
    raise OrderRefusedError("this order issues nothing", reason=Refusal.DETAILS)
