"""What an authority remembers: the certificates that it issued, what it withdrew, and the CRLs that it published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ecard.errors import ProfileError, RequestError, WithdrawalError
from ecard.keys import PublicKey
from ecard.pki.profile import CertificateSubject
from ecard.pki.withdrawal import Journal


@dataclass(frozen=True, slots=True)
class Issued:
    """One issued certificate, without anything personal; not of a card: without the card's fields too."""

    serial: int
    not_after: datetime
    usage: str
    """A value of ``Usage``, or ``authority``, ``ocsp``, ``time-stamping``."""
    key: str
    """SHA-256 of the public key's bits, in hexadecimal."""
    card_number: str | None = None
    card_type: str | None = None
    organisation_code: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """The last full CRL of a partition: its number, its moment, and how many acts the journal had."""

    number: int
    this_update: datetime
    recorded: int


@dataclass(slots=True)
class AuthorityRecord:
    """All that changes in an authority. ``revision`` counts how often it was saved."""

    issued: dict[int, Issued] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    crl_number: int = 0
    published: dict[str, Published] = field(default_factory=dict)
    last_evidence: datetime | None = None
    """The moment of the latest CRL; nothing is withdrawn with effect before it."""
    told: dict[int, datetime] = field(default_factory=dict)
    """By serial number, the latest moment whose state an OCSP answer told; no withdrawal takes effect before it."""
    revision: int = 0
    _by_key: dict[str, Issued] = field(default_factory=dict, init=False, repr=False)
    _by_card: dict[str, list[Issued]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for issued in self.issued.values():
            self._index(issued)

    def add(self, issued: Issued) -> None:
        """Remember a certificate that was issued."""
        self.issued[issued.serial] = issued
        self._index(issued)

    def _index(self, issued: Issued) -> None:
        self._by_key[issued.key] = issued
        if issued.card_number is not None:
            self._by_card.setdefault(issued.card_number, []).append(issued)

    def tell(self, serials: Iterable[int], moment: datetime) -> None:
        """Remember that OCSP answers tell the state of these certificates at a moment; others' are passed over."""
        for serial in serials:
            if serial in self.issued:
                self.told[serial] = max(moment, self.told.get(serial, moment))

    def is_news(self, serial: int, moment: datetime) -> bool:
        """Whether no OCSP answer told the state of a certificate at ``moment`` or later yet."""
        return (told := self.told.get(serial)) is None or told < moment

    def require_untold(self, serial: int, moment: datetime) -> None:
        """WithdrawalError where a CRL or an OCSP answer said already how the certificate is after ``moment``."""
        remedy = "withdraw from a later moment, and give the earlier one as the invalidity date"
        for said, what in ((self.last_evidence, "a CRL"), (self.told.get(serial), "an OCSP answer")):
            if said is not None and moment < said:
                raise WithdrawalError(f"{what} of {said:%Y-%m-%dT%H:%M:%SZ} says otherwise already", remedy=remedy)

    def serials_of(self, card_number: str) -> list[int]:
        """The serial numbers of all certificates that a card has had."""
        return [issued.serial for issued in self._by_card.get(card_number, ())]

    def require_new_use(self, key: PublicKey, card_number: str | None, usage: str) -> None:
        """RequestError where the key was certified for another card, or for another usage.

        A signature must point to one card, and a key that signs must not decrypt.
        """
        before = self._by_key.get(key_fingerprint(key))
        if before is not None and (before.card_number, before.usage) != (card_number, usage):
            raise RequestError(
                "this key was certified before, for another card or another usage", remedy="generate a new key"
            )

    def require_one_role(self, subject: CertificateSubject) -> None:
        """ProfileError where the card was issued in another role or to another enterprise."""
        now = (subject.card_type.value, subject.organisation_code)
        before = self._by_card.get(subject.card_number, ())
        if any((issued.card_type, issued.organisation_code) != now for issued in before):
            raise ProfileError(
                f"card {subject.card_number} was issued in another role or to another enterprise",
                remedy="a card has one role in one enterprise: make a new card",
            )


def key_fingerprint(key: PublicKey) -> str:
    """SHA-256 of a public key's bits, in hexadecimal."""
    return hashlib.sha256(key.canonical).hexdigest()
