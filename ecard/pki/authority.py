"""A certificate authority: it issues to those whom the profile allows, withdraws, and publishes what it withdrew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError, ProfileError, WithdrawalError
from ecard.keyholder import KeyHolder
from ecard.keys import SoftwareKey
from ecard.pki import authority_files, crl_writer, profile
from ecard.pki.authority_history import AuthorityHistory
from ecard.pki.authority_issuer import Issuer, authority_name, signing_key
from ecard.pki.authority_record import Published
from ecard.pki.crl_writer import CrlHeader, Entry
from ecard.pki.issuing import (
    CertificateBody,
    CertifiedKey,
    SigningKey,
    add_years,
    new_serial,
    partition_index,
    partition_name,
    self_signed,
    whole_second,
)
from ecard.pki.profile import PublicationPoints
from ecard.pki.withdrawal import ALLOWED, WITHDRAWALS, Act, Event, Ground, RevocationReason, Status, nothing_to_do


class CertificateAuthority(Issuer):
    """An authority as a whole.

    All moments are arguments, aware, and used in whole seconds. An authority is for one thread and one process at a
    time; ``save`` refuses to overwrite what another process saved.
    """

    @classmethod
    def create_root(
        cls,
        name: str,
        *,
        at: datetime,
        key: KeyKind | SigningKey = KeyKind.P256,
        years: int = 30,
        organisation: str | None = None,
        points: PublicationPoints | None = None,
    ) -> CertificateAuthority:
        """A root: a new software key of a kind, or a key that exists already, certified by itself for ``years``.

        ``points`` are what it writes into the certificates that it issues. Raises ProfileError for a kind of key, a
        name or a validity that the profile does not allow.
        """
        signing = signing_key(key)
        profile.require_key_kind(signing.public_key.kind)
        begin = whole_second(at, "moment")
        body = CertificateBody(
            serial=new_serial(()),
            not_before=begin,
            not_after=add_years(begin, years),
            subject=authority_name(name, organisation),
            public_key=signing.public_key,
            extensions=profile.root_extensions(signing.public_key),
        )
        if body.not_after <= body.not_before:
            raise ProfileError("the certificate would end before it begins")
        return cls(CertifiedKey(signing, self_signed(body, signing)), points=points)

    def create_subordinate(
        self,
        name: str,
        *,
        at: datetime,
        key: KeyKind | SigningKey = KeyKind.P256,
        years: int = 20,
        organisation: str | None = None,
        points: PublicationPoints | None = None,
        partitions: int = 1,
    ) -> CertificateAuthority:
        """An authority below this one, which issues to cards and certifies no further authority.

        ``points`` are what the new authority writes into certificates; its own certificate carries those of this
        one. Raises ProfileError as ``create_root`` does, and where the validity is not inside this authority's.
        """
        signing = signing_key(key)
        self.record.require_new_use(signing.public_key, None, "authority")
        serial = self._new_serial()
        extensions = profile.subordinate_extensions(signing.public_key, self._placement(serial))
        validity = (at, add_years(whole_second(at, "moment"), years))
        certificate = self._certify(
            signing.public_key, serial, authority_name(name, organisation), validity, extensions
        )
        self._remember(certificate, "authority")
        chain = (self.certificate, *self.chain)
        holder = CertifiedKey(signing, certificate, chain)
        return CertificateAuthority(holder, chain=chain, points=points, partitions=partitions)

    def revoke(
        self,
        certificate: Certificate,
        reason: RevocationReason,
        *,
        at: datetime,
        invalidity_date: datetime | None = None,
    ) -> None:
        """Revoke a certificate for good, with effect from ``at``, for a final reason.

        ``invalidity_date`` is from when the key is thought to have been unsafe, at the latest ``at``. Raises
        WithdrawalError where the certificate is not this authority's or is revoked already, or where ``at`` lies
        before a CRL, or an OCSP answer about this certificate, that said otherwise.
        """
        self._record_act(certificate, Act.REVOKE, at, reason, invalidity_date)

    def hold(self, certificate: Certificate, *, at: datetime) -> None:
        """Suspend a certificate from ``at`` until it is released. Raises WithdrawalError as ``revoke`` does."""
        self._record_act(certificate, Act.HOLD, at)

    def release(self, certificate: Certificate, *, at: datetime) -> None:
        """End a hold at ``at``; what was signed during it stays bad. Raises WithdrawalError as ``revoke`` does."""
        self._record_act(certificate, Act.RELEASE, at)

    def withdraw(
        self, certificate: Certificate, ground: Ground, *, at: datetime, invalidity_date: datetime | None = None
    ) -> None:
        """Do what ``WITHDRAWALS`` says for a ground. Raises WithdrawalError as ``revoke`` does."""
        withdrawal = WITHDRAWALS[ground]
        self._record_act(certificate, withdrawal.act, at, withdrawal.reason, invalidity_date)

    def withdraw_card(
        self, card_number: str, ground: Ground, *, at: datetime, invalidity_date: datetime | None = None
    ) -> list[int]:
        """Do what ``WITHDRAWALS`` says for a ground to all certificates of a card; returns their serial numbers.

        Certificates in another state than the act is for, such as those revoked earlier, are passed over. All or
        nothing is done. Raises WithdrawalError where there is no certificate to do it to, and as ``revoke`` does.
        """
        withdrawal, moment = WITHDRAWALS[ground], whole_second(at, "moment")
        unsafe_since = _unsafe_since(invalidity_date, moment)
        states = {s: self.record.journal.status(s, moment).state for s in self.record.serials_of(card_number)}
        found = [
            Event(serial, withdrawal.act, moment, withdrawal.reason, unsafe_since)
            for serial, state in states.items()
            if state in ALLOWED[withdrawal.act]
        ]
        if not found:
            raise nothing_to_do(card_number, withdrawal.act, set(states.values()))
        for event in found:
            self.record.require_untold(event.serial, moment)
            self.record.journal.check(event)
        for event in found:
            self.record.journal.record(event)
        return [event.serial for event in found]

    def _record_act(
        self,
        certificate: Certificate,
        act: Act,
        at: datetime,
        reason: RevocationReason | None = None,
        invalidity_date: datetime | None = None,
    ) -> None:
        self._require_own(certificate)
        moment = whole_second(at, "moment")
        self.record.require_untold(certificate.serial_number, moment)
        unsafe_since = _unsafe_since(invalidity_date, moment)
        self.record.journal.record(Event(certificate.serial_number, act, moment, reason, unsafe_since))

    def _require_own(self, certificate: Certificate) -> None:
        if certificate.issuer != self.certificate.subject or certificate.serial_number not in self.record.issued:
            raise WithdrawalError(
                f"certificate {certificate.serial_digits} was not issued by this authority",
                remedy="ask the authority that the certificate names as its issuer",
            )

    def status(self, serial: int, *, at: datetime) -> Status | None:
        """The state of a certificate at a moment; None where this authority issued none with that serial number."""
        if serial not in self.record.issued:
            return None
        return self.record.journal.status(serial, whole_second(at, "moment"))

    def answered(self, serials: Iterable[int], *, at: datetime) -> None:
        """Remember that the state of certificates at a moment is told: nothing is withdrawn from before it."""
        self.record.tell(serials, whole_second(at, "moment"))

    @property
    def history(self) -> AuthorityHistory:
        """The withdrawals of this authority as evidence, with the holds that no CRL lists any more."""
        return AuthorityHistory((self,))

    def crl(self, *, at: datetime, next_update: datetime, partition: str | None = None) -> bytes:
        """The full CRL of this authority, or of one of its partitions, in DER, with the next number.

        Entries stay after their certificates expire, and the CRL says so, so that it tells of the past too. Raises
        InvalidInputError where ``at`` lies before an earlier CRL, ``next_update`` is not after ``at``, or the
        partition is not one of this authority's.
        """
        made = BytesIO()
        self.write_crl(made, at=at, next_update=next_update, partition=partition)
        return made.getvalue()

    def write_crl(
        self, destination: BinaryIO, *, at: datetime, next_update: datetime, partition: str | None = None
    ) -> int:
        """As ``crl``, to a binary file: the memory needed does not grow with the CRL. Returns its size in bytes.

        Raises what the file raises too; what was written until then is no CRL.
        """
        name = self._partition_name(partition)
        header = self._header(at, next_update, name, freshest=self.points.delta_crl_at(name))
        entries = self._entries(self.record.journal.withdrawn(header.this_update), name, header.this_update)
        size = crl_writer.write_crl(destination, header, entries, self.holder)
        self._published(header)
        recorded = len(self.record.journal)
        self.record.published[name] = Published(header.number, header.this_update, recorded)
        return size

    def delta_crl(self, *, at: datetime, next_update: datetime, partition: str | None = None) -> bytes:
        """What changed since the last full CRL of this authority or partition, as a delta CRL (RFC 5280, 5.2.4).

        Raises InvalidInputError as ``crl`` does, and where there is no full CRL yet.
        """
        name = self._partition_name(partition)
        base = self.record.published.get(name)
        if base is None:
            raise InvalidInputError(
                "there is no full CRL yet that a delta could complete", remedy="make one with crl()"
            )
        header = self._header(at, next_update, name, base=base.number)
        changed = self.record.journal.changed(header.this_update, base=base.this_update, recorded=base.recorded)
        encoded = crl_writer.crl(header, self._entries(changed, name, header.this_update), self.holder)
        self._published(header)
        return encoded

    def _header(
        self,
        at: datetime,
        next_update: datetime,
        partition: str,
        *,
        base: int | None = None,
        freshest: str | None = None,
    ) -> CrlHeader:
        this_update, last = whole_second(at, "moment"), self.record.last_evidence
        if last is not None and this_update < last:
            raise InvalidInputError(f"there is a later CRL already, of {last:%Y-%m-%dT%H:%M:%SZ}")
        return CrlHeader(
            number=self.record.crl_number + 1,
            this_update=this_update,
            next_update=whole_second(next_update, "next update"),
            base=base,
            distribution_point=self.points.crl_at(partition) if self.partitions > 1 else None,
            freshest=freshest,
            expired_since=self.certificate.not_before,
        )

    def _entries(self, found: Iterable[tuple[int, Status]], partition: str, at: datetime) -> Iterator[Entry]:
        index, partitions = self.partition_names().index(partition), self.partitions
        mine = found if partitions == 1 else (one for one in found if partition_index(one[0], partitions) == index)
        return (Entry.of(serial, status, at) for serial, status in mine)

    def _published(self, header: CrlHeader) -> None:
        self.record.crl_number = header.number
        self.record.last_evidence = header.this_update

    def _partition_name(self, name: str | None) -> str:
        if name is None and self.partitions > 1:
            raise InvalidInputError("this authority has partitioned CRLs", remedy="name one of partition_names()")
        name = name or partition_name(0)
        if name not in self.partition_names():
            raise InvalidInputError("this authority has no CRL partition of that name")
        return name

    def partition_names(self) -> list[str]:
        """The names of all CRL partitions."""
        return [partition_name(index) for index in range(self.partitions)]

    def save(self, directory: Path, *, password: bytes | None = None) -> None:
        """Keep the authority in ``directory``: its state, atomically replaced, and its key as encrypted PKCS#8.

        The password is needed for a software key, and only where the key is not in the directory yet. Raises
        AuthorityStateError where another process saved in between, the directory holds another authority or its key,
        or cannot be written, and InvalidInputError where the password is missing.
        """
        key = self.holder.key if isinstance(self.holder, CertifiedKey) else None
        software = key if isinstance(key, SoftwareKey) else None
        authority_files.save(self, directory, software, password)

    @classmethod
    def load(
        cls, directory: Path, *, password: bytes | None = None, holder: KeyHolder | None = None
    ) -> CertificateAuthority:
        """The authority that was kept in ``directory``. Its key comes from the file, or is with ``holder``.

        Raises AuthorityStateError where there is none or its files are damaged, InvalidKeyError for a wrong password,
        and WrongCardError for a holder of another key.
        """
        saved = authority_files.load(directory)
        found = holder or CertifiedKey(authority_files.load_key(directory, password), saved.certificate, saved.chain)
        authority_files.require_same_key(found, saved)
        return cls(found, chain=saved.chain, points=saved.points, partitions=saved.partitions, record=saved.record)


def _unsafe_since(invalidity_date: datetime | None, moment: datetime) -> datetime | None:
    if invalidity_date is None:
        return None
    unsafe_since = whole_second(invalidity_date, "invalidity date")
    if unsafe_since > moment:
        raise WithdrawalError("the invalidity date lies after the withdrawal")
    return unsafe_since
