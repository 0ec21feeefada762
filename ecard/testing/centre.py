"""A small data centre in memory: two authorities, the cards that they made, and what was withdrawn.

It has no register and asks no signed orders: a test says what happens, and it happens at the clock's moment.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import WithdrawalError
from ecard.keys import PublicKey
from ecard.pki.evidence import Evidence
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.trust import Trust
from ecard.pki.withdrawal import Ground
from ecard.simulator.card import SimulatedCard
from ecard.simulator.faults import FaultyReader
from ecard.simulator.inprocess import InProcess
from ecard.simulator.profile import Profile
from ecard.testing.authority import found_authorities
from ecard.testing.card import ReadyCard
from ecard.testing.clock import Clock
from ecard.testing.faults import Faults
from ecard.testing.making import made_up_secrets, make_card

ENTERPRISE: Final = "示例进出口有限公司"
"""The enterprise of every card for which no other is named. It is invented."""
ORGANISATION_CODE: Final = "123456788"
"""Its organisation code."""
CRL_LIFE: Final = timedelta(days=30)
_SURNAMES: Final = "甲乙丙丁戊己庚辛壬癸"


class Centre:
    """A root, an issuing authority, and the cards of some holders.

    With the same ``seed`` and the same steps everything is the same again, bytes included; only SM2 signatures
    differ. All moments are those of ``clock``; ``faults`` happen to the cards made here; ``kind`` is the kind of all
    keys.
    """

    organisation_code: Final = ORGANISATION_CODE
    enterprise_name: Final = ENTERPRISE

    def __init__(self, *, clock: Clock, faults: Faults, seed: int = 0, kind: KeyKind = KeyKind.P256) -> None:
        self._clock = clock
        self._faults = faults
        self._seed = str(seed).encode()
        self._made = 0
        self.kind: Final = kind
        self.root, self.issuing = found_authorities(kind, self._seed, at=clock.now)

    def blank_card(self, profile: str | Profile = "factory") -> ReadyCard:
        """A card as it leaves the factory. InvalidInputError for a profile that there is not."""
        return ReadyCard.factory(profile, seed=self._next_seed(), clock=self._clock, faults=self._faults)

    def make_card(
        self,
        card_type: CardType,
        *,
        holder_name: str | None = None,
        enterprise_name: str = ENTERPRISE,
        organisation_code: str = ORGANISATION_CODE,
        profile: str | Profile = "factory",
    ) -> ReadyCard:
        """A card of a holder of an enterprise, with keys and certificates for signing and for logging in.

        ``organisation_code`` has 9 or 18 characters. Raises InvalidCodeError for one that is none, ProfileError for a
        name that cannot be certified, InvalidInputError where the profile has no keys of the centre's kind.
        """
        seed, number = self._next_seed(), self._made
        subject = CertificateSubject(
            holder_name=holder_name or _holder(number),
            enterprise_name=enterprise_name,
            organisation_code=organisation_code,
            card_number=f"03-JJ0A9{number:08d}",
            card_type=card_type,
        )
        card = SimulatedCard.new(profile, seed=seed, clock=self._clock)
        secrets = made_up_secrets(seed)

        def issue(key: PublicKey, usage: Usage) -> Certificate:
            return self.issuing.issue_for_key(key, subject, at=self._clock.now, usage=usage)

        certificates = make_card(card, kind=self.kind, seed=seed, secrets=secrets, issue=issue, authority=self.issuing)
        return ReadyCard(
            card, FaultyReader(InProcess(card), self._faults, sleep=self._faults.sleep), secrets, certificates
        )

    def make_legal_person_card(self, *, holder_name: str | None = None) -> ReadyCard:
        """A legal-person card (法人卡) of the centre's enterprise."""
        return self.make_card(CardType.LEGAL_PERSON, holder_name=holder_name)

    def make_operator_card(self, *, holder_name: str | None = None) -> ReadyCard:
        """An operator card (操作员卡) of the centre's enterprise."""
        return self.make_card(CardType.OPERATOR, holder_name=holder_name)

    def withdraw(self, card: ReadyCard, ground: Ground) -> None:
        """Do to all certificates of a card what follows from a ground, now (``ecard.pki.withdrawal.WITHDRAWALS``).

        Verifiers notice with the next ``trust`` or ``publish``. Raises WithdrawalError where the state of the
        certificates does not allow it, and ObjectNotFoundError for a card from the factory.
        """
        for certificate in list(card.certificates.values()) or [card.certificate]:
            self.issuing.withdraw(certificate, ground, at=self._clock.now)

    def freeze(self, card: ReadyCard) -> None:
        """Freeze an operator card (冻结). Raises WithdrawalError for any other card, and as ``withdraw`` does."""
        if card.identity.card_type is not CardType.OPERATOR:
            raise WithdrawalError("only operator cards are frozen", remedy="report the loss, or void the card")
        self.withdraw(card, Ground.FREEZE)

    def unfreeze(self, card: ReadyCard) -> None:
        """End a freeze (解冻); what was signed meanwhile stays bad. Raises WithdrawalError as ``withdraw`` does."""
        self.withdraw(card, Ground.UNFREEZE)

    def report_loss(self, card: ReadyCard) -> None:
        """Report a card lost (挂失). Raises WithdrawalError as ``withdraw`` does."""
        self.withdraw(card, Ground.LOSS)

    def find(self, card: ReadyCard) -> None:
        """A lost card is found (解挂). Raises WithdrawalError as ``withdraw`` does."""
        self.withdraw(card, Ground.FOUND)

    def void(self, card: ReadyCard, ground: Ground = Ground.HOLDER_LEFT) -> None:
        """Void a card (作废), which is for good. Raises WithdrawalError as ``withdraw`` does."""
        self.withdraw(card, ground)

    def crls(self, *, life: timedelta = CRL_LIFE) -> tuple[bytes, bytes]:
        """New CRLs in DER, of the root and of the issuing authority, good from now for ``life``."""
        now = self._clock.now
        root, issuing = (authority.crl(at=now, next_update=now + life) for authority in (self.root, self.issuing))
        return root, issuing

    def trust(self, *, life: timedelta = CRL_LIFE) -> Trust:
        """Trust in the root, with the issuing authority's certificate and new CRLs: what a verifier knows now."""
        return Trust([self.root.certificate], [self.issuing.certificate], Evidence(self.crls(life=life)))

    def publish(self, directory: Path, *, life: timedelta = CRL_LIFE) -> Path:
        """Write what ``trust`` has as files, for ``Trust.load`` and ``--trust``; returns the directory.

        The files are root.pem, issuing.pem, root.crl and issuing.crl; they replace those that are there.
        """
        directory.mkdir(parents=True, exist_ok=True)
        authorities = {"root": self.root, "issuing": self.issuing}
        for (name, authority), crl in zip(authorities.items(), self.crls(life=life), strict=True):
            (directory / f"{name}.pem").write_text(authority.certificate.pem(), encoding="ascii")
            (directory / f"{name}.crl").write_bytes(crl)
        return directory

    def _next_seed(self) -> bytes:
        self._made += 1
        return self._seed + f" card {self._made}".encode()

    def __repr__(self) -> str:
        return f"<Centre of {self._made} {self.kind.value} cards>"


def _holder(number: int) -> str:
    """The invented name of the holder of the card of that number."""
    later, place = divmod(number - 1, len(_SURNAMES))
    return f"{_SURNAMES[place]}某{later or ''}"
