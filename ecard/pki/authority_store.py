"""An authority in a directory used by several threads and processes: a server, and those who withdraw cards."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from ecard.certificate import Certificate
from ecard.errors import AuthorityStateError
from ecard.keyholder import KeyHolder
from ecard.pki import authority_answers, authority_files
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_lock import locked
from ecard.pki.issuing import whole_second
from ecard.pki.withdrawal import State, Status


class AuthorityStore:
    """The authority that ``CertificateAuthority.save`` put into ``directory``, always as it was saved last.

    ``changing`` is for one at a time, ``reading`` for many; who waits longer than ``wait`` seconds gets
    AuthorityStateError. The key is read once. It is also the StatusSource of an OCSP responder, inside ``reading``,
    and an AuthorityKeeper.

    Raises what ``CertificateAuthority.load`` raises.
    """

    def __init__(
        self, directory: Path, *, password: bytes | None = None, holder: KeyHolder | None = None, wait: float = 10.0
    ) -> None:
        self.directory: Final = directory
        self._wait: Final = wait
        self._loading = threading.Lock()
        self._seen: tuple[int, ...] | None = authority_files.version(directory)
        with locked(directory, shared=True, wait=wait):
            self._seen = authority_files.version(directory)
            self._authority = CertificateAuthority.load(directory, password=password, holder=holder)
        self._holder: Final = self._authority.holder

    @property
    def certificate(self) -> Certificate:
        """The authority's own certificate."""
        return self._holder.certificate

    @contextmanager
    def changing(self) -> Iterator[CertificateAuthority]:
        """The authority, for this thread alone, and saved at the end of the ``with`` block.

        Nothing is changed where the block ends with an error, or saving does, which raises AuthorityStateError.
        """
        with locked(self.directory, wait=self._wait):
            authority = self._newest(with_answers=True)
            try:
                yield authority
                authority_files.save_state(authority, self.directory)
                self._seen = authority_files.version(self.directory)
            except BaseException:
                self._seen = None
                raise

    @contextmanager
    def reading(self) -> Iterator[CertificateAuthority]:
        """The authority as it is, together with others who read. It must not be changed, nor the block nested."""
        if authority_answers.are_many(self.directory):
            # strangers who ask often must not fill the disk, nor keep a withdrawal waiting; what hinders shows below
            with suppress(AuthorityStateError), self.changing():
                pass
        with locked(self.directory, shared=True, wait=self._wait):
            with self._loading:
                authority = self._newest(with_answers=False)
            yield authority

    @property
    def has_delta_crls(self) -> bool:
        """True: they are made here."""
        return True

    def make_crl(
        self, authority: CertificateAuthority, partition: str, *, at: datetime, next_update: datetime, is_delta: bool
    ) -> bytes:
        """The next full or delta CRL of a partition, inside ``changing``. Raises what ``CertificateAuthority`` does."""
        make = authority.delta_crl if is_delta else authority.crl
        return make(at=at, next_update=next_update, partition=partition)

    def status(self, serial: int, *, at: datetime) -> Status | None:
        """The state of a certificate at a moment, inside ``reading``."""
        return self._authority.status(serial, at=at)

    def answered(self, serials: Iterable[int], *, at: datetime) -> None:
        """Make it known to all processes that an answer tells the state of certificates at a moment.

        A revoked certificate stays so, and needs no note; nor does what was noted for that moment or a later one.
        Raises AuthorityStateError where it cannot be written down.
        """
        moment, record = whole_second(at, "moment"), self._authority.record
        states = {serial: self.status(serial, at=moment) for serial in serials if record.is_news(serial, moment)}
        open_ = [serial for serial, status in states.items() if status and status.state is not State.REVOKED]
        if open_:
            authority_answers.append(self.directory, open_, moment)
            record.tell(open_, moment)

    def _newest(self, *, with_answers: bool) -> CertificateAuthority:
        found = authority_files.version(self.directory)
        if found != self._seen:
            self._authority = CertificateAuthority.load(self.directory, holder=self._holder)
            self._seen = found
        elif with_answers:
            for serial, moment in authority_answers.read(self.directory):
                self._authority.record.tell((serial,), moment)
        return self._authority
