"""Logging in with a card: a challenge of the server, signed with the card's login key (PIV slot 9A).

What is signed names the server, so that it is good for no other; a challenge is good once, and for a short time. It
begins with words that stand in no document, and the login key's certificate is not for signing documents.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, NoReturn

from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EcardError, InvalidInputError, LoginError, ValidationError
from ecard.keyholder import KeyHolder
from ecard.pki.policy import ValidationPolicy
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from ecard.pki.validation_extensions import KeyUsage
from ecard.roles import certificate_facts, moments
from ecard.roles.acts import DEPARTMENTS, CardKind, CardState, Office
from ecard.roles.orders import REGISTER_JUDGES
from ecard.roles.register import Register

CHALLENGE_LIFE: Final = timedelta(minutes=2)
_CONTEXT: Final = b"ecard login 1\x00"
_MAX_NAME: Final = 200
_MAX_OPEN: Final = 10_000


class LoginRefusal(Enum):
    """Why a login is not accepted."""

    CHALLENGE = "challenge"
    """The challenge is not this server's, or was answered before."""
    EXPIRED = "expired"
    SIGNATURE = "signature"
    CERTIFICATE = "certificate"
    """Not a login certificate of this register."""
    STATE = "state"
    """The card is not active."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who logged in, as the register knows it at that moment."""

    card: str
    kind: CardKind
    enterprise: str
    office: Office | None
    departments: tuple[Office, ...]
    """The competent departments that have approved the enterprise's business."""

    @property
    def permissions(self) -> frozenset[str]:
        """What this one may do: ``manage-operators``, ``sign-for-enterprise``, ``sign:customs`` and the like."""
        if self.kind is CardKind.LEGAL_PERSON:
            return frozenset({"manage-operators", "sign-for-enterprise"})
        if self.kind is CardKind.OPERATOR:
            return frozenset(f"sign:{department.value}" for department in self.departments)
        return frozenset({f"decide:{self.office.value}"} if self.office else ())


@dataclass(slots=True)
class LoginServer:
    """One server's side. Keeps the challenges that are open, in memory; for any number of threads of one process.

    ``name`` is what the card's holder believes to log in to: a host name. Raises InvalidInputError for one that is
    empty or long.
    """

    name: str
    register: Register
    trust: Trust
    life: timedelta = CHALLENGE_LIFE
    _open: dict[bytes, datetime] = field(default_factory=dict, repr=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        _require_name(self.name)

    def challenge(self, *, at: datetime) -> bytes:
        """A new challenge of 32 octets."""
        moment, value = moments.whole(at), secrets.token_bytes(32)
        with self._opening:
            while self._open:
                oldest = next(iter(self._open))
                # whoever asks for thousands pushes out only the oldest
                if moment - self._open[oldest] <= self.life and len(self._open) < _MAX_OPEN:
                    break
                del self._open[oldest]
            self._open[value] = moment
        return value

    def finish(self, challenge: bytes, certificate: Certificate, signature: bytes, *, at: datetime) -> LoggedIn:
        """Whoever answered. The challenge is spent, also by a wrong answer. Raises LoginError with the reason."""
        with self._opening:
            since = self._open.pop(challenge, None)
        if since is None:
            _refuse(LoginRefusal.CHALLENGE, "the challenge is unknown, or was answered before")
        if not timedelta(0) <= moments.whole(at) - since <= self.life:
            _refuse(LoginRefusal.EXPIRED, "the challenge was answered too late")
        self._require_signature(challenge, certificate, signature)
        self._require_certificate(certificate, at)
        return self._who(certificate)

    def _require_signature(self, challenge: bytes, certificate: Certificate, signature: bytes) -> None:
        try:
            algorithm = SignatureAlgorithm.default_for(certificate.public_key.kind)
            certificate.public_key.verify(Signature(algorithm, signature), to_sign(self.name, challenge))
        except EcardError:
            _refuse(LoginRefusal.SIGNATURE, "the answer is not signed by the key of the certificate for this server")

    def _require_certificate(self, certificate: Certificate, at: datetime) -> None:
        policy = ValidationPolicy(required_usage=KeyUsage.DIGITAL_SIGNATURE, revocation=REGISTER_JUDGES.revocation)
        try:
            validate(certificate, at=at, trust=self.trust, policy=policy)
        except ValidationError as error:
            _refuse(LoginRefusal.CERTIFICATE, str(error))

    def _who(self, certificate: Certificate) -> LoggedIn:
        known = self.register.get(f"certificate/{certificate_facts.serial_of(certificate)}")
        if known is None or known.value["sha256"] != certificate.sha256.hex() or known.value["usage"] != "login":
            _refuse(LoginRefusal.CERTIFICATE, "this is not a login certificate of the register")
        card = self.register.get(f"card/{known.value['card']}")
        if card is None or card.value["state"] != CardState.ACTIVE.value or known.value["status"] != "good":
            _refuse(LoginRefusal.STATE, "the card is not active")
        office = card.value["office"]
        return LoggedIn(
            card=known.value["card"],
            kind=CardKind(card.value["kind"]),
            enterprise=card.value["enterprise"],
            office=None if office is None else Office(office),
            departments=self._departments(card.value["enterprise"]),
        )

    def _departments(self, enterprise: str) -> tuple[Office, ...]:
        states = {office: self.register.get(f"business/{enterprise}/{office.value}") for office in DEPARTMENTS}
        return tuple(office for office, fact in states.items() if fact and fact.value["state"] == "approved")


def answer(challenge: bytes, server: str, holder: KeyHolder) -> bytes:
    """The signature, in DER, that answers ``challenge``; ``holder`` has the login key, ``server`` is whom it is for.

    Raises InvalidInputError for a challenge that has not 32 octets, and what the holder raises.
    """
    if len(challenge) != 32:
        raise InvalidInputError("a login challenge has 32 octets")
    _require_name(server)
    return holder.sign(to_sign(server, challenge)).der


def to_sign(server: str, challenge: bytes) -> bytes:
    """What is signed: fixed words, the server's name with its length, and the challenge."""
    name = server.encode()
    return _CONTEXT + len(name).to_bytes(2, "big") + name + challenge


def _require_name(name: str) -> None:
    if not 1 <= len(name) <= _MAX_NAME or not name.isascii() or not name.isprintable():
        raise InvalidInputError(f"a server's name has 1 to {_MAX_NAME} characters of ASCII")


def _refuse(reason: LoginRefusal, what: str) -> NoReturn:
    raise LoginError(what, reason=reason)
