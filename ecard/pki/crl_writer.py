"""Writing CRLs (RFC 5280, section 5), from none to millions of entries, in one pass over the entries.

What repeats from entry to entry (days, reasons) is encoded once. The lengths that stand before the entries are known
only after them, so the entries wait in a temporary file; memory holds blocks of a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final, NamedTuple

from ecard import der
from ecard.algorithms import Signature
from ecard.errors import InvalidInputError
from ecard.keyholder import KeyHolder
from ecard.moments import in_utc
from ecard.pki import profile_extensions as ext
from ecard.pki import profile_oids as oids
from ecard.pki.withdrawal import RevocationReason, Status

_BLOCK: Final = 4096
_CLOCK: Final = len("hhmmssZ")
_DIGITS: Final = tuple(b"%02d" % number for number in range(60))
_SECONDS: Final = tuple(digits + b"Z" for digits in _DIGITS)
_SERIAL_BITS: Final = 160
_CHUNK: Final = 1 << 20
_IN_MEMORY: Final = 1 << 20
"""Up to this size the temporary file is in memory."""


class Entry(NamedTuple):
    """One certificate on a CRL. ``since`` is the revocation date; moments are aware, and written in whole seconds."""

    serial: int
    """Not negative, and of at most 160 bits."""
    since: datetime
    reason: RevocationReason = RevocationReason.UNSPECIFIED
    invalidity_date: datetime | None = None

    @staticmethod
    def of(serial: int, status: Status, at: datetime) -> Entry:
        """The entry that shows ``status``. A good certificate is one to be removed from the CRL, ``at`` this moment."""
        if status.since is None or status.reason is None:
            return Entry(serial, at, RevocationReason.REMOVE_FROM_CRL)
        return Entry(serial, status.since, status.reason, status.invalidity_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlHeader:
    """All of a CRL but its entries and its issuer. ``next_update`` must lie after ``this_update``.

    Raises InvalidInputError for an update before this one, a moment without a time zone, or a negative number.
    """

    number: int
    this_update: datetime
    next_update: datetime
    base: int | None = None
    """For a delta CRL: the number of the CRL that it completes."""
    distribution_point: str | None = None
    """The address of the partition; None for the CRL of all of an authority's certificates."""
    freshest: str | None = None
    """Where the delta CRLs to this CRL are."""
    expired_since: datetime | None = None
    """Entries of certificates that expired after this moment are kept."""

    def __post_init__(self) -> None:
        if self.number < 0 or (self.base is not None and self.base < 0):
            raise InvalidInputError("the number of a CRL is not negative (RFC 5280, section 5.2.3)")
        this_update = in_utc(self.this_update, "moment of the CRL")
        if in_utc(self.next_update, "next update of the CRL") <= this_update:
            raise InvalidInputError("the next update of a CRL must come after this update")


def crl(header: CrlHeader, entries: Iterable[Entry], issuer: KeyHolder) -> bytes:
    """A CRL in DER, signed by ``issuer``. Raises what ``write_crl`` raises."""
    made = BytesIO()
    write_crl(made, header, entries, issuer)
    return made.getvalue()


def write_crl(destination: BinaryIO, header: CrlHeader, entries: Iterable[Entry], issuer: KeyHolder) -> int:
    """Write a CRL in DER to a binary file; returns its size in bytes. Nothing is written before it is signed.

    Needs the same memory for any number of entries, and a temporary file of the CRL's size; the whole CRL in memory
    only where the issuer's ``signs_digests`` is false. Raises what the key holder and the files raise, and
    InvalidInputError for an entry with a serial number or a moment that is none.
    """
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        size = sum(spool.write(block) for block in _blocks(entries))
        body = _Body(spool, *_frame(header, issuer, size))
        end = issuer.algorithm.identifier + der.bit_string(_sign(issuer, body).der)
        head = _head(der.SEQUENCE, body.size + size + len(end))
        return sum(destination.write(part) for part in chain((head,), body, (end,)))


@dataclass(frozen=True, slots=True)
class _Body:
    """What is signed, to be read as often as needed: its entries are in a file, what surrounds them is here."""

    entries: IO[bytes]
    before: bytes
    after: bytes

    @property
    def size(self) -> int:
        """The octets without the entries."""
        return len(self.before) + len(self.after)

    def __iter__(self) -> Iterator[bytes]:
        yield self.before
        self.entries.seek(0)
        while block := self.entries.read(_CHUNK):
            yield block
        yield self.after


def _sign(issuer: KeyHolder, body: Iterable[bytes]) -> Signature:
    if not issuer.signs_digests:
        return issuer.sign(b"".join(body))
    running = issuer.certificate.public_key.begin_digest(issuer.algorithm)
    for part in body:
        running.update(part)
    return issuer.sign_digest(running.digest())


def _frame(header: CrlHeader, issuer: KeyHolder, size: int) -> tuple[bytes, bytes]:
    """What stands before and after ``size`` octets of entries in the signed part."""
    fields = b"".join(
        (
            der.integer(1),
            issuer.algorithm.identifier,
            issuer.certificate.subject,
            der.time(header.this_update),
            der.time(header.next_update),
        )
    )
    head = _head(der.SEQUENCE, size) if size else b""
    extensions = der.element(der.context(0), der.sequence(*_extensions(header, issuer)))
    total = len(fields) + len(head) + size + len(extensions)
    return b"".join((_head(der.SEQUENCE, total), fields, head)), extensions


def _head(tag: int, length: int) -> bytes:
    if length < 0x80:
        return bytes((tag, length))
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big")


def _extensions(header: CrlHeader, issuer: KeyHolder) -> Iterator[bytes]:
    yield ext.authority_key_identifier(issuer.certificate.public_key)
    yield ext.extension(oids.CRL_NUMBER, der.integer(header.number))
    if header.base is not None:
        yield ext.extension(oids.DELTA_CRL_INDICATOR, der.integer(header.base), critical=True)
    if header.distribution_point is not None:
        scope = der.sequence(ext.distribution_point_name(header.distribution_point))
        yield ext.extension(oids.ISSUING_DISTRIBUTION_POINT, scope, critical=True)
    if header.freshest is not None:
        yield ext.distribution_points(oids.FRESHEST_CRL, header.freshest)
    if header.expired_since is not None:
        yield ext.extension(oids.EXPIRED_CERTIFICATES_ON_CRL, ext.generalized_time(header.expired_since))


def _blocks(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The encoded entries, joined by thousands: a million small objects would cost more than the CRL itself."""
    encoded = _encoded(entries)
    while block := b"".join(islice(encoded, _BLOCK)):
        yield block


def _encoded(entries: Iterable[Entry]) -> Iterator[bytes]:
    # a million entries have few days and few reasons: what these encode to is kept
    plain = {reason.code: _entry_extensions(reason, None) for reason in RevocationReason}
    days: dict[int, bytes] = {}
    join = b"".join
    for serial, moment, reason, invalidity_date in entries:
        since = moment if moment.tzinfo is UTC else in_utc(moment, "revocation date of an entry")
        day = since.toordinal()
        begin = days.get(day) or days.setdefault(day, _begin_of_day(since))
        end = plain[reason.code] if invalidity_date is None else _entry_extensions(reason, invalidity_date)
        if serial >> _SERIAL_BITS:
            raise InvalidInputError(f"the serial number of an entry is negative or has over {_SERIAL_BITS} bits")
        size = serial.bit_length() // 8 + 1
        length = 2 + size + len(begin) + _CLOCK + len(end)  # always less than 128: every length is one byte
        head = bytes((der.SEQUENCE, length, der.INTEGER, size))
        hour, minute, second = _DIGITS[since.hour], _DIGITS[since.minute], _SECONDS[since.second]
        yield join((head, serial.to_bytes(size, "big"), begin, hour, minute, second, end))


def _begin_of_day(moment: datetime) -> bytes:
    """What ``der.time`` gives for every moment of this day, up to its hour."""
    return der.time(moment.replace(hour=0, minute=0, second=0))[:-_CLOCK]


def _entry_extensions(reason: RevocationReason, invalidity_date: datetime | None) -> bytes:
    extensions = b""
    if reason is not RevocationReason.UNSPECIFIED:  # RFC 5280, section 5.3.1: absent rather than unspecified
        extensions += ext.extension(oids.REASON_CODE, der.element(der.ENUMERATED, bytes((reason.code,))))
    if invalidity_date is not None:
        extensions += ext.extension(oids.INVALIDITY_DATE, ext.generalized_time(invalidity_date))
    return der.sequence(extensions) if extensions else b""
