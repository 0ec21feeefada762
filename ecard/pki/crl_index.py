"""The entries of a CRL, indexed once so that one in a million is found in about a microsecond.

A regular expression recognises runs of entries of the plain shapes at the speed of C, and proves in the same
pass that each is exact; every other entry is read one by one. The index maps a serial number's octets to the run it
is in, not to its place: the numbers of the runs are shared, so a million entries cost about 100 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from ecard import der
from ecard.errors import EncodingError
from ecard.pki.validation_extensions import MAX_NAMES, Extension, read_extensions
from ecard.pki.validation_names import same_name

REASONS: Final = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
"""CRLReason (RFC 5280, section 5.3.1) in its ASN.1 spelling."""
HOLD: Final = "certificateHold"
REMOVED: Final = "removeFromCRL"

_REASON: Final = "2.5.29.21"
_INVALIDITY: Final = "2.5.29.24"
_CERTIFICATE_ISSUER: Final = "2.5.29.29"
_REASON_ALONE: Final = bytes.fromhex("300c300a0603551d1504030a01")
_SHORT: Final = 1 << 1000
"""Below this a number's length is one octet."""
_RUN: Final = 16
_MAX_RUN: Final = _RUN * 80
"""No run of plain entries is longer than this, in bytes."""


def _plain_shapes() -> str:
    """One alternative per length of serial number and set of extensions, so that every length octet is proved."""
    reason = r"0\n\x06\x03U\x1d\x15\x04\x03\n\x01[\0-\x0a]"
    invalidity = r"0\x18\x06\x03U\x1d\x18\x04\x11\x18\x0f[0-9]{14}Z"
    tails = [(0, "")]
    for size, shape in ((12, reason), (26, invalidity), (38, reason + invalidity)):
        tails.append((size + 2, f"0\\x{size:02x}{shape}"))
    minimal = r"(?!\0[\0-\x7f]|\xff[\x80-\xff])"
    return "|".join(
        f"\\x{17 + serial + size:02x}\\x02\\x{serial:02x}{minimal}.{{{serial}}}\\x17\r[0-9]{{12}}Z{tail}"
        for serial in range(20, 0, -1)
        for size, tail in tails
    )


# not possessive, which CPython before 3.11.5 gets wrong around alternatives; at the end it would change nothing
_RUN_OF_PLAIN: Final = re.compile(f"(?s:(?:0(?:{_plain_shapes()})){{1,{_RUN}}})".encode("latin-1"))
# within a run of plain entries: what begins with two SEQUENCEs is the tail of an entry, and not the next one
_SERIALS: Final = re.compile(
    (
        r"(?s)0.\x02("
        + "|".join(f"\\x{n:02x}.{{{n}}}" for n in range(20, 0, -1))
        + r")\x17.{14}(?:0\x0c0.{11}|0\x1a0.{25}|0\x260.{37})?"
    ).encode("latin-1")
)


class CrlEntry(NamedTuple):
    """What a CRL says of one certificate."""

    serial: int
    revoked_at: datetime
    reason: str = "unspecified"
    """One of ``REASONS``."""
    invalid_since: datetime | None = None
    """The invalidity date: since when the key is known or suspected to be compromised (RFC 5280, section 5.3.2)."""

    @property
    def effective(self) -> datetime:
        """The earlier of the revocation date and the invalidity date."""
        return self.revoked_at if self.invalid_since is None else min(self.revoked_at, self.invalid_since)


class CrlIndex:
    """Finds entries by serial number in the content of a revokedCertificates field.

    Raises EncodingError where an entry is malformed or two entries have one serial number.
    """

    def __init__(self, data: bytes, body: int, end: int, issuer: bytes) -> None:
        self._data, self._end, self._issuer = data, end, issuer
        self._runs: dict[bytes, int] = {}
        self._foreign: dict[tuple[bytes, bytes], int] = {}
        self.unusable: str | None = None
        """Why no entry may be relied on, or None: an unknown critical extension of an entry (RFC 5280, section 5.3)."""
        self.count = 0
        """How many entries there are."""
        self._build(body)
        if len(self._runs) + len(self._foreign) != self.count:
            raise EncodingError("the CRL lists a serial number more than once")

    def _build(self, position: int) -> None:
        data, end, runs = self._data, self._end, self._runs
        run, serials = _RUN_OF_PLAIN.match, _SERIALS.findall
        issuer = self._issuer
        while position < end:
            found = run(data, position, end) if issuer is self._issuer else None
            if found is None:
                position, issuer = self._add_other(position, issuer)
                continue
            keys = serials(data, position, found.end())
            for key in keys:
                runs[key] = position
            self.count += len(keys)
            position = found.end()

    def _add_other(self, position: int, issuer: bytes) -> tuple[int, bytes]:
        """Add one entry of no plain shape; the place after it, and the issuer that holds from here on."""
        item = next(self._items(position))
        entry, extensions = read_entry(item)
        issuer = self._certificate_issuer(extensions) or issuer
        if same_name(issuer, self._issuer):
            issuer = self._issuer
        unknown = [
            o for o, e in extensions.items() if e.critical and o not in (_REASON, _INVALIDITY, _CERTIFICATE_ISSUER)
        ]
        if unknown:
            self.unusable = f"an entry has the unknown critical extension {unknown[0]}"
        key = _key(entry.serial)
        if issuer == self._issuer:
            self._runs[key] = position
        else:
            self._foreign[issuer, key] = position
        self.count += 1
        return item.end, issuer

    @staticmethod
    def _certificate_issuer(extensions: dict[str, Extension]) -> bytes | None:
        """The directory name of an indirect CRL's entry (RFC 5280, section 5.3.3)."""
        found = extensions.get(_CERTIFICATE_ISSUER)
        if found is None:
            return None
        names = [n for n in der.parse(found.value, "certificateIssuer").children(MAX_NAMES) if n.tag == der.context(4)]
        if len(names) != 1:
            raise EncodingError("an entry of the CRL has a certificateIssuer without exactly one directory name")
        return names[0].content

    def find(self, serial: int, issuer: bytes | None = None) -> CrlEntry | None:
        """The entry of the certificate with ``serial``; ``issuer`` (DER) where it is not the CRL's."""
        key = _key(serial)
        start = self._runs.get(key) if issuer is None or issuer == self._issuer else self._foreign.get((issuer, key))
        return None if start is None else self._in_run(start, key, serial)

    def _in_run(self, start: int, key: bytes, serial: int) -> CrlEntry:
        """The entry, which is known to be in the run at ``start``: found where its serial number stands only once."""
        data, limit = self._data, start + _MAX_RUN
        wanted = b"\x02" + key
        place = data.find(wanted, start, limit)
        if data[place - 2] == der.SEQUENCE and data.find(wanted, place + 1, limit) < 0:
            date = place + len(wanted)
            rest = data[place - 1] - len(wanted) - 15
            if rest == 0 and data[date] == der.UTC_TIME:
                return CrlEntry(serial, _utc_time(data[date : date + 15]))
            if rest == 14 and data[date] == der.UTC_TIME and data.startswith(_REASON_ALONE, date + 15):
                return CrlEntry(serial, _utc_time(data[date : date + 15]), REASONS.get(data[date + 28], "unspecified"))
        for item in self._items(start):
            if data.startswith(wanted, item.body):
                return read_entry(item)[0]
        raise EncodingError("the CRL's index does not fit its entries")  # pragma: no cover - the index came from them

    def _items(self, position: int) -> Iterator[der.Node]:
        return iter(der.Node(self._data, der.SEQUENCE, position, position, self._end))

    @cached_property
    def issuers(self) -> frozenset[bytes]:
        """The other issuers that an indirect CRL speaks of, as names in DER."""
        return frozenset(issuer for issuer, _ in self._foreign)


@lru_cache(maxsize=1024)
def _utc_time(encoded: bytes) -> datetime:
    return der.read_time(der.parse(encoded, "a revocation date"))


def _key(serial: int) -> bytes:
    """The length and content octets of the INTEGER, as they stand in the CRL."""
    if not 0 <= serial < _SHORT:
        return der.integer(serial)[1:]
    size = serial.bit_length() // 8 + 1  # the same as above for the numbers that there are, in half the time
    return bytes((size,)) + serial.to_bytes(size, "big")


def read_entry(item: der.Node) -> tuple[CrlEntry, dict[str, Extension]]:
    """One element of revokedCertificates and its extensions. EncodingError where it is malformed."""
    parts = item.expect(der.SEQUENCE, "an entry of the CRL").children(4)
    if not 2 <= len(parts) <= 3:
        raise EncodingError(f"entry of the CRL at byte {item.start}: not a serial number and a date")
    extensions = dict(read_extensions(parts[2])) if len(parts) == 3 else {}
    reason, since = "unspecified", None
    if _REASON in extensions:
        reason = _read_reason(extensions[_REASON].value)
    if _INVALIDITY in extensions:
        since = der.read_time(der.parse(extensions[_INVALIDITY].value, "invalidityDate"))
    return CrlEntry(der.read_integer(parts[0]), der.read_time(parts[1]), reason, since), extensions


def _read_reason(value: bytes) -> str:
    content = der.parse(value, "reasonCode").expect(der.ENUMERATED, "a reason code").content
    # a reason that this edition of the standard does not know still is a revocation
    return REASONS.get(int.from_bytes(content, "big"), "unspecified")
