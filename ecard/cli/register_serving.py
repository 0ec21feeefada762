"""A data centre's issuing authority as the server of ``ecard centre serve`` wants it: kept by the register."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from ecard.certificate import Certificate
from ecard.errors import InvalidInputError
from ecard.pki.authority import CertificateAuthority
from ecard.pki.withdrawal import Status
from ecard.roles.centre import Centre


class RegisterKeeper:
    """An AuthorityKeeper: what was issued and withdrawn follows from the register, CRLs are noted in it.

    One thread at a time: a centre is for one. The certificates of the server's own keys are not in the register.
    """

    def __init__(self, centre: Centre) -> None:
        self._centre: Final = centre
        self._alone = threading.RLock()

    @property
    def certificate(self) -> Certificate:
        """The issuing authority's certificate."""
        return self._centre.authority.certificate

    @property
    def has_delta_crls(self) -> bool:
        """False: the register notes full CRLs."""
        return False

    @contextmanager
    def reading(self) -> Iterator[CertificateAuthority]:
        """The authority, as the register tells it now."""
        with self._alone:
            self._centre.mirror.follow()
            yield self._centre.authority

    changing = reading

    def make_crl(
        self, authority: CertificateAuthority, partition: str, *, at: datetime, next_update: datetime, is_delta: bool
    ) -> bytes:
        """The next CRL, noted in the register. InvalidInputError for a delta CRL, or where the centre raises it."""
        if is_delta:
            raise InvalidInputError("a data centre's register has no delta CRLs", remedy="fetch the full one")
        return self._centre.crl(at=at, next_update=next_update)

    def status(self, serial: int, *, at: datetime) -> Status | None:
        """The state of a certificate at a moment, as the register tells it now."""
        with self._alone:
            return self._centre.mirror.status(serial, at=at)

    def answered(self, serials: Iterable[int], *, at: datetime) -> None:
        """Tell the register that an answer leaves."""
        with self._alone:
            self._centre.mirror.answered(serials, at=at)
