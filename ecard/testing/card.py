"""A simulated card in the hand of a test: with its PIN, its certificates, and a way to sign with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ecard.apdu.session import Session
from ecard.certificate import Certificate
from ecard.errors import ObjectNotFoundError
from ecard.pin import Pin
from ecard.pki.identity import CardIdentity, CardType
from ecard.pki.profile import Usage
from ecard.roles.cards import LegalPersonCard, OperatorCard
from ecard.roles.secrets import CardSecrets
from ecard.simulator.card import SimulatedCard
from ecard.simulator.cardfile import CardFile
from ecard.simulator.faults import FaultyReader
from ecard.simulator.inprocess import InProcess
from ecard.simulator.profile import Profile
from ecard.testing.clock import Clock
from ecard.testing.faults import Faults

_KINDS: Final[Mapping[CardType, type[LegalPersonCard] | type[OperatorCard]]] = {
    CardType.LEGAL_PERSON: LegalPersonCard,
    CardType.OPERATOR: OperatorCard,
}


@dataclass(frozen=True, eq=False)
class ReadyCard:
    """A simulated card with everything that a test needs to use it. The centre's fixtures and methods make them."""

    simulated: SimulatedCard
    """The chip: its memory can be looked at and changed."""
    reader: FaultyReader
    """A Connector to it, through the test's faults."""
    secrets: CardSecrets = field(repr=False)
    certificates: Mapping[Usage, Certificate] = field(default_factory=dict, repr=False)
    """What was written to it; empty for a card from the factory."""

    @staticmethod
    def factory(profile: str | Profile, *, seed: bytes, clock: Clock, faults: Faults) -> ReadyCard:
        """A card as it leaves the factory, with the secrets that everybody knows.

        InvalidInputError for a profile that there is not.
        """
        card = SimulatedCard.new(profile, seed=seed, clock=clock)
        return ReadyCard(card, FaultyReader(InProcess(card), faults, sleep=faults.sleep), CardSecrets.factory())

    @property
    def serial(self) -> int:
        """The chip's serial number."""
        return self.simulated.memory.serial

    @property
    def pin(self) -> Pin:
        """The holder's PIN."""
        return self.secrets.pin

    @property
    def puk(self) -> Pin:
        """The PUK that the centre keeps."""
        return self.secrets.puk

    @property
    def certificate(self) -> Certificate:
        """The certificate for signing. ObjectNotFoundError for a card from the factory."""
        if Usage.SIGNING not in self.certificates:
            raise ObjectNotFoundError(
                "a card from the factory has no certificate", remedy="have the centre make a card"
            )
        return self.certificates[Usage.SIGNING]

    @property
    def identity(self) -> CardIdentity:
        """Whom the certificate for signing names. ObjectNotFoundError for a card from the factory."""
        return CardIdentity.from_certificate(self.certificate)

    def connect(self) -> Session:
        """A session with the card, to be used in a ``with`` block, as ``ecard.connect`` gives one."""
        return Session(self.reader)

    @contextmanager
    def signing(self) -> Iterator[LegalPersonCard | OperatorCard]:
        """The card as a key holder that knows its PIN, for the length of a ``with`` block.

        Raises ObjectNotFoundError for a card from the factory, and what a session raises where a fault strikes.
        """
        kind = self.identity.card_type
        with self.connect() as session:
            yield _KINDS[CardType(kind)](session, pin=self.pin)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Put the card into a new file, and return the address under which ``ecard.connect`` and ``--card`` find it.

        What happens to the file afterwards does not happen to this card. Raises CardFileError where the file exists.
        """
        CardFile.create(path, self.simulated)
        return f"sim:{os.fspath(path)}"
