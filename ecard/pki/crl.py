"""A certificate revocation list (RFC 5280, section 5) as bytes with its fields, read once.

The entries are indexed when the first certificate is looked up. The signature is checked over the bytes as received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

from ecard import der
from ecard.algorithms import Signature
from ecard.certificate import pem_blocks
from ecard.errors import EncodingError, InvalidInputError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keys import PublicKey
from ecard.pki import validation_extensions as ext
from ecard.pki.crl_index import CrlEntry, CrlIndex
from ecard.pki.validation_names import display_name
from ecard.pki.validation_signatures import read_signature

MAX_SIZE: Final = 256 * 1024 * 1024
"""The largest CRL that is read, in bytes of DER: about five million entries."""
_LARGE: Final = 1024 * 1024
# more than a CRL has in any place but its entries: what is full of small elements is not read to its end
_MAX_FIELDS: Final = 16
_KNOWN: Final = frozenset(
    {
        ext.ISSUER_ALT_NAME,
        ext.CRL_NUMBER,
        ext.DELTA_CRL_INDICATOR,
        ext.ISSUING_DISTRIBUTION_POINT,
        ext.AUTHORITY_KEY_IDENTIFIER,
        ext.FRESHEST_CRL,
        ext.EXPIRED_CERTS_ON_CRL,
        ext.AUTHORITY_INFORMATION_ACCESS,
    }
)
_CRITICAL: Final = {
    ext.AUTHORITY_KEY_IDENTIFIER: False,
    ext.CRL_NUMBER: False,
    ext.DELTA_CRL_INDICATOR: True,
    ext.ISSUING_DISTRIBUTION_POINT: True,
    ext.FRESHEST_CRL: False,
}
_SCOPE_FIELDS: Final = (0xA0, 0x81, 0x82, 0x83, 0x84, 0x85)
"""The tags of issuingDistributionPoint: names, onlySomeReasons (83), and four flags."""
_SCOPE_KINDS: Final = frozenset({1, 2, 5})


@dataclass(frozen=True, slots=True)
class IssuingDistributionPoint:
    """What part of its issuer's certificates a CRL speaks of (RFC 5280, section 5.2.5)."""

    names: frozenset[bytes] = frozenset()
    """The names of the distribution point, each GeneralName in DER; empty for any."""
    only_users: bool = False
    only_authorities: bool = False
    only_attributes: bool = False
    reasons: int | None = None
    """Bit mask of ReasonFlags that the CRL covers; None for all."""
    indirect: bool = False


class Crl:
    """A CRL in DER. Equal to another when the bytes are equal.

    Raises EncodingError where the bytes are no CRL. The entries are read later: ``find`` raises it too.
    """

    def __init__(self, encoded: bytes) -> None:
        if len(encoded) > MAX_SIZE:
            raise EncodingError(f"the CRL has {len(encoded)} bytes, more than {MAX_SIZE}")
        self.der: Final = bytes(encoded)
        """The whole CRL."""
        outer = der.parse(self.der, "CRL").expect(der.SEQUENCE, "a CRL").children(_MAX_FIELDS)
        if len(outer) != 3:
            raise EncodingError("CRL: not exactly a body, an algorithm and a signature")
        self._tbs, self._algorithm, signature = outer
        self._signature = der.read_bits(signature)
        self._entries: der.Node | None = None
        self._read_body(self._tbs.expect(der.SEQUENCE, "tbsCertList").children(_MAX_FIELDS))

    def _read_body(self, fields: list[der.Node]) -> None:
        self.version = der.read_integer(fields.pop(0)) + 1 if fields and fields[0].tag == der.INTEGER else 1
        """1 or 2."""
        if self.version not in (1, 2) or not 3 <= len(fields) <= 6:
            raise EncodingError("CRL: a version other than 1 or 2, or missing or surplus fields")
        if fields[0].encoded != self._algorithm.encoded:
            raise EncodingError("CRL: the two algorithm identifiers differ (RFC 5280, section 5.1.1.2)")
        self.issuer = fields[1].expect(der.SEQUENCE, "the issuer's name").encoded
        """The issuer's name in DER."""
        self.this_update = der.read_time(fields[2])
        """The moment of which the CRL speaks."""
        rest = fields[3:]
        has_next = bool(rest) and rest[0].tag in (der.UTC_TIME, der.GENERALIZED_TIME)
        self.next_update = der.read_time(rest.pop(0)) if has_next else None
        """The moment until which the next CRL is promised, or None."""
        self.has_early_generalized_time = any(map(der.is_early_generalized_time, fields[2 : 4 if has_next else 3]))
        """Whether one of these moments is before 2050 and no UTCTime (RFC 5280, section 5.1.2.4)."""
        if rest and rest[0].tag == der.SEQUENCE:
            self._entries = rest.pop(0)
        self._extensions = self._read_extensions(rest)

    def _read_extensions(self, rest: list[der.Node]) -> Mapping[str, ext.Extension]:
        if not rest:
            return {}
        if len(rest) > 1 or rest[0].tag != der.context(0) or self.version == 1:
            raise EncodingError("CRL: fields that do not belong there")
        inner = rest[0].children(_MAX_FIELDS)
        if len(inner) != 1:
            raise EncodingError("CRL: crlExtensions does not hold exactly one list")
        return ext.read_extensions(inner[0])

    @staticmethod
    def looks_like(data: bytes) -> bool:
        """Whether the bytes begin like a CRL in DER: a time stands where a certificate has its issuer or validity."""
        try:
            body = next(iter(der.parse(data)), None)
            tags = [] if body is None or body.tag != der.SEQUENCE else [node.tag for node in islice(iter(body), 4)]
        except EncodingError:
            return False
        return tags[3 if tags[:1] == [der.INTEGER] else 2 :][:1] in ([der.UTC_TIME], [der.GENERALIZED_TIME])

    @staticmethod
    def from_pem(pem: bytes | str) -> Crl:
        """The one CRL in a PEM text (RFC 7468, section 7). Raises EncodingError."""
        found = load_pem_crls(pem)
        if len(found) != 1:
            raise EncodingError(f"{len(found)} CRLs in the PEM text instead of one")
        return found[0]

    @staticmethod
    def load(path: str | Path) -> Crl:
        """The CRL in a file, in DER or PEM. Raises InvalidInputError where it cannot be read."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise InvalidInputError(f"the CRL {path} cannot be read: {error.strerror}") from None
        return Crl(data) if der.is_binary(data) else Crl.from_pem(data)

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the whole CRL."""
        return hashlib.sha256(self.der).digest()

    def _integer(self, oid: str) -> int | None:
        found = self._extensions.get(oid)
        return None if found is None else der.read_integer(der.parse(found.value, "a CRL number"))

    @cached_property
    def number(self) -> int | None:
        """The CRL number (RFC 5280, section 5.2.3)."""
        return self._integer(ext.CRL_NUMBER)

    @cached_property
    def base_number(self) -> int | None:
        """Of a delta CRL, the number of the CRL that it starts from (RFC 5280, section 5.2.4); otherwise None."""
        return self._integer(ext.DELTA_CRL_INDICATOR)

    @cached_property
    def authority_key_id(self) -> ext.AuthorityKeyIdentifier:
        """Which key signed (RFC 5280, section 5.2.1)."""
        found = self._extensions.get(ext.AUTHORITY_KEY_IDENTIFIER)
        return ext.read_authority_key_identifier(found.value) if found else ext.AuthorityKeyIdentifier()

    @cached_property
    def scope_encoded(self) -> bytes:
        """The issuingDistributionPoint as it stands; empty where there is none. A delta has its base's scope."""
        found = self._extensions.get(ext.ISSUING_DISTRIBUTION_POINT)
        return found.value if found else b""

    @cached_property
    def scope(self) -> IssuingDistributionPoint:
        """What the CRL speaks of; the default value where it has no issuingDistributionPoint."""
        return _read_scope(self.scope_encoded) if self.scope_encoded else IssuingDistributionPoint()

    @cached_property
    def expired_since(self) -> datetime | None:
        """Certificates that expired from this moment on stay listed (X.509, expiredCertsOnCRL); None: not said."""
        found = self._extensions.get(ext.EXPIRED_CERTS_ON_CRL)
        return der.read_time(der.parse(found.value, "expiredCertsOnCRL")) if found else None

    @property
    def unusable(self) -> str | None:
        """Why the CRL may not be used to decide anything, or None (RFC 5280, sections 5.2 and 5.3)."""
        for oid, extension in self._extensions.items():
            if extension.critical and oid not in _KNOWN:
                return f"it has the unknown critical extension {oid}"
            if extension.critical is not _CRITICAL.get(oid, extension.critical):
                return f"its extension {oid} is critical or not against RFC 5280, section 5.2"
        try:
            _ = self.scope, self.number, self.base_number, self.authority_key_id, self.expired_since
            if self._index.issuers and not self.scope.indirect:
                return "an entry names another issuer, and the list is not indirect (RFC 5280, section 5.3.3)"
            return self._index.unusable
        except EncodingError as error:
            return str(error)

    @cached_property
    def _index(self) -> CrlIndex:
        node = self._entries
        return CrlIndex(self.der, node.body if node else 0, node.end if node else 0, self.issuer)

    def __len__(self) -> int:
        """How many entries the CRL has. Raises EncodingError."""
        return self._index.count

    def find(self, serial: int, issuer: bytes | None = None) -> CrlEntry | None:
        """The entry of the certificate with ``serial``, or None. Takes about a microsecond once indexed.

        ``issuer`` is the name of the certificate's issuer in DER, needed only where it is not the CRL's.
        Raises EncodingError where the entries are malformed.
        """
        return self._index.find(serial, issuer)

    @property
    def foreign_issuers(self) -> frozenset[bytes]:
        """The other issuers, as names in DER, whose certificates an indirect CRL lists. Raises EncodingError."""
        return self._index.issuers

    @cached_property
    def signature(self) -> Signature:
        """The issuer's signature. UnsupportedAlgorithmError where its algorithm is not one of ecard's."""
        return read_signature(self._algorithm, self._signature)

    @cached_property
    def _signers(self) -> dict[bytes, InvalidSignatureError | None]:
        return {}

    def verify_signed_by(self, key: PublicKey) -> None:
        """Raise InvalidSignatureError unless ``key`` signed this CRL; the answer is remembered per key."""
        if key.spki not in self._signers:
            self._signers[key.spki] = self._refusal_by(key)
        refusal = self._signers[key.spki]
        if refusal is not None:
            raise InvalidSignatureError(refusal.what, remedy=refusal.remedy)

    def _refusal_by(self, key: PublicKey) -> InvalidSignatureError | None:
        what = "the CRL's signature does not verify"
        try:
            self._verify(key)
        except InvalidSignatureError as error:
            return InvalidSignatureError(what, remedy=error.remedy)
        except (UnsupportedAlgorithmError, EncodingError) as error:
            return InvalidSignatureError(what, remedy=str(error))
        return None

    def _verify(self, key: PublicKey) -> None:
        size = self._tbs.end - self._tbs.start
        if size < _LARGE:
            key.verify(self.signature, self._tbs.encoded)
            return
        # a large list is hashed where it lies, and not copied
        running = key.begin_digest(self.signature.algorithm)
        running.update(memoryview(self.der)[self._tbs.start : self._tbs.end])
        key.verify_digest(self.signature, running.digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crl) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[object, ...]:
        return Crl, (self.der,)

    def __repr__(self) -> str:
        return f"<Crl of {display_name(self.issuer)}, {self.this_update:%Y-%m-%d %H:%M:%S}Z>"


def _read_scope(value: bytes) -> IssuingDistributionPoint:
    names: frozenset[bytes] = frozenset()
    reasons: int | None = None
    flags: set[int] = set()
    what = "issuingDistributionPoint"
    fields = der.parse(value, what).expect(der.SEQUENCE, what).children(_MAX_FIELDS)
    if any(field.tag not in _SCOPE_FIELDS for field in fields):
        raise EncodingError(f"{what} has a field that does not belong there")
    if not fields or not der.are_in_order(fields, _SCOPE_FIELDS):
        raise EncodingError(f"{what} is empty, or its fields are not each once and in order (RFC 5280, section 5.2.5)")
    for field in fields:
        if field.tag == der.context(0):
            names = ext.read_point_name(field)
        elif field.tag == der.context(3, constructed=False):
            reasons = ext.read_flags(field.content, "onlySomeReasons")
        elif ext.read_boolean(der.implicit(field, der.BOOLEAN)):
            flags.add(field.tag & 0x1F)
    if len(flags & _SCOPE_KINDS) > 1:
        raise EncodingError(f"{what} limits the list to two kinds of certificates at once (RFC 5280, section 5.2.5)")
    return IssuingDistributionPoint(names, 1 in flags, 2 in flags, 5 in flags, reasons, 4 in flags)


def load_pem_crls(pem: bytes | str) -> list[Crl]:
    """All CRLs in a PEM text, in their order; EncodingError where one cannot be read."""
    return [Crl(encoded) for encoded in pem_blocks(pem, "X509 CRL")]
