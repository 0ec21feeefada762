"""What an authority gives to everybody who asks, at any moment: its CRLs, answers to OCSP requests, time stamps.

Nothing here knows HTTP, and nothing reads the clock.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Protocol

from ecard.algorithms import KeyFamily, KeyKind
from ecard.certificate import Certificate
from ecard.errors import EncodingError, InvalidInputError
from ecard.keyholder import KeyHolder
from ecard.pki.authority import CertificateAuthority
from ecard.pki.issuing import whole_second
from ecard.pki.ocsp import OcspResponder, StatusSource
from ecard.pki.ocsp_request import read_ocsp_request
from ecard.pki.profile import PublicationPoints
from ecard.pki.timestamp import TimeStamper, check_policy

_BEHIND: Final = timedelta(minutes=1)
"""A request may be so much older than the last CRL: others had theirs made while it waited, or a clock was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """For how long what is published may be used: the time from its thisUpdate to its nextUpdate.

    CRLs are made anew when half of it is over, or as soon as something was withdrawn.
    """

    crl: timedelta = timedelta(days=1)
    delta_crl: timedelta = timedelta(hours=2)
    ocsp: timedelta = timedelta(hours=1)


class AuthorityKeeper(StatusSource, Protocol):
    """Where an authority is kept, for many threads at once: an ``AuthorityStore``, or a data centre's register."""

    @property
    def certificate(self) -> Certificate:
        """The authority's own certificate."""

    @property
    def has_delta_crls(self) -> bool:
        """Whether delta CRLs are made here."""

    def reading(self) -> AbstractContextManager[CertificateAuthority]:
        """The authority as it is now, not to be changed in the ``with`` block."""

    def changing(self) -> AbstractContextManager[CertificateAuthority]:
        """The authority for this thread alone; what the block does to it lasts, unless it raises."""

    def make_crl(
        self, authority: CertificateAuthority, partition: str, *, at: datetime, next_update: datetime, is_delta: bool
    ) -> bytes:
        """The next CRL, inside ``changing``."""


@dataclass(frozen=True)
class Document:
    """Something published, and the time for which it is good. ``until`` is None for an answer to one request alone."""

    content: bytes
    made: datetime
    until: datetime | None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class _Crl:
    document: Document
    number: int
    recorded: int
    """How many acts the journal had."""
    changes_at: datetime | None
    """When the first act that was recorded in advance takes effect."""


class AuthorityService:
    """One authority, as it is kept somewhere, at the service of many threads.

    The OCSP responder's and the time stamper's keys are made when they are first needed, certified by the authority,
    live in memory alone, and are replaced when two thirds of their certificates' time are over. ``policy`` is the
    object identifier under which time stamps are made; without it there are none. Raises InvalidInputError where it is
    none.
    """

    def __init__(self, keeper: AuthorityKeeper, *, schedule: Schedule | None = None, policy: str | None = None) -> None:
        if policy is not None:
            check_policy(policy)
        self.policy: Final = policy
        """Under which time stamps are made; None where none are."""
        self._keeper: Final = keeper
        self._schedule: Final = schedule or Schedule()
        self._making = threading.Lock()
        self._crls: dict[tuple[str, bool], _Crl] = {}
        self._responder: OcspResponder | None = None
        self._stamper: TimeStamper | None = None

    @property
    def certificate(self) -> Certificate:
        """The authority's certificate."""
        return self._keeper.certificate

    @property
    def points(self) -> PublicationPoints:
        """Where the authority's certificates say that all this is."""
        with self._keeper.reading() as authority:
            return authority.points

    @property
    def has_delta_crls(self) -> bool:
        """Whether there are delta CRLs."""
        return self._keeper.has_delta_crls

    @property
    def partitions(self) -> list[str]:
        """The names of the CRL's partitions; of a CRL in one piece too."""
        with self._keeper.reading() as authority:
            return authority.partition_names()

    def crl(self, partition: str, *, at: datetime) -> Document:
        """The full CRL of a partition. Raises what ``CertificateAuthority.crl`` and the keeper raise."""
        with self._making:
            return self._full(partition, whole_second(at, "moment")).document

    def delta_crl(self, partition: str, *, at: datetime) -> Document:
        """The delta CRL that completes what ``crl`` gives. Raises what ``crl`` raises."""
        moment = whole_second(at, "moment")
        with self._making:
            base = self._full(partition, moment)
            found = self._current(partition, moment, is_delta=True)
            if found is None or found.number <= base.number:
                found = self._make(partition, moment, is_delta=True)
            return found.document

    def _full(self, partition: str, moment: datetime) -> _Crl:
        return self._current(partition, moment, is_delta=False) or self._make(partition, moment, is_delta=False)

    def _current(self, partition: str, moment: datetime, *, is_delta: bool) -> _Crl | None:
        """The CRL that was made last if it still says all that there is to say."""
        found = self._crls.get((partition, is_delta))
        if found is None or found.document.until is None:
            return None
        moment = _caught_up(moment, found.document.made)
        middle = found.document.made + (found.document.until - found.document.made) / 2
        if not found.document.made <= moment < min(middle, found.changes_at or middle):
            return None
        with self._keeper.reading() as authority:
            published = authority.record.published.get(partition)
            if not is_delta and (published is None or published.number != found.number):
                return None  # someone else made a later one, on which delta CRLs are based now
            news = (event for event in authority.record.journal.since(found.recorded) if event.at <= moment)
            return None if any(authority.partition(event.serial) == partition for event in news) else found

    def _make(self, partition: str, moment: datetime, *, is_delta: bool) -> _Crl:
        with self._keeper.changing() as authority:
            moment = _caught_up(moment, authority.record.last_evidence)
            until = moment + (self._schedule.delta_crl if is_delta else self._schedule.crl)
            content = self._keeper.make_crl(authority, partition, at=moment, next_update=until, is_delta=is_delta)
            record = authority.record
            later = (event.at for event in record.journal if event.at > moment)
            document = Document(content, moment, until)
            made = _Crl(document, record.crl_number, len(record.journal), min(later, default=None))
        # only now: what could not be saved must not be given out
        self._crls[partition, is_delta] = made
        return made

    def ocsp(self, request: bytes, *, at: datetime) -> Document:
        """The answer to an OCSP request in DER. Raises what ``OcspResponder.respond`` and the keeper raise."""
        moment = whole_second(at, "moment")
        responder = self._ocsp_responder(moment)
        with self._keeper.reading():
            content = responder.respond(request, at=moment)
        try:
            is_for_all = read_ocsp_request(request).nonce is None
        except EncodingError:
            is_for_all = False
        return Document(content, moment, moment + self._schedule.ocsp if is_for_all else None)

    def time_stamp(self, request: bytes, *, at: datetime) -> bytes:
        """The answer to a time-stamp request in DER.

        Raises InvalidInputError without a ``policy``, and what ``TimeStamper.respond`` and the keeper raise.
        """
        if self.policy is None:
            raise InvalidInputError("this service makes no time stamps", remedy="give it a policy")
        moment = whole_second(at, "moment")
        return self._time_stamper(self.policy, moment).respond(request, at=moment)

    def _ocsp_responder(self, moment: datetime) -> OcspResponder:
        with self._making:
            if self._responder is None or _is_old(self._responder.holder, moment):
                holder = self._new_holder(
                    lambda a, kind: a.create_ocsp_responder("OCSP responder", at=moment, key=kind)
                )
                self._responder = OcspResponder(
                    holder=holder, issuer=self.certificate, source=self._keeper, validity=self._schedule.ocsp
                )
            return self._responder

    def _time_stamper(self, policy: str, moment: datetime) -> TimeStamper:
        with self._making:
            if self._stamper is None or _is_old(self._stamper.holder, moment):
                holder = self._new_holder(lambda a, kind: a.create_time_stamper("Time stamper", at=moment, key=kind))
                self._stamper = TimeStamper(holder=holder, policy=policy)
            return self._stamper

    def _new_holder(self, create: Callable[[CertificateAuthority, KeyKind], KeyHolder]) -> KeyHolder:
        kind = self.certificate.public_key.kind
        kind = KeyKind.RSA2048 if kind.family is KeyFamily.RSA else kind
        with self._keeper.changing() as authority:
            return create(authority, kind)


def _caught_up(moment: datetime, last: datetime | None) -> datetime:
    return last if last is not None and moment < last <= moment + _BEHIND else moment


def _is_old(holder: KeyHolder, moment: datetime) -> bool:
    certificate = holder.certificate
    return (
        not certificate.not_before
        <= moment
        < certificate.not_after - (certificate.not_after - certificate.not_before) / 3
    )


def points_at(address: str, name: str) -> PublicationPoints:
    """The addresses that a server at ``address`` (``http://host:port``) has for the authority called ``name``.

    Raises InvalidInputError for what is no address, or has a query.
    """
    if "?" in address:
        raise InvalidInputError(
            "the address of a server has no query, as paths follow it", remedy="give http://host or http://host:port"
        )
    base = f"{address.rstrip('/')}/{name}"
    points = PublicationPoints(ocsp=f"{base}/ocsp", issuers=f"{base}/issuer.crt")
    return replace(points, crl=f"{base}/{{partition}}.crl", delta_crl=f"{base}/{{partition}}-delta.crl")
