"""Extensions of certificates and CRLs (RFC 5280, sections 4.2 and 5.2), read leanly and strictly from their DER.

Only what path validation and revocation ask for is decoded; the rest stays bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Final

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError

SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
ISSUER_ALT_NAME: Final = "2.5.29.18"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_NUMBER: Final = "2.5.29.20"
DELTA_CRL_INDICATOR: Final = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT: Final = "2.5.29.28"
NAME_CONSTRAINTS: Final = "2.5.29.30"
CRL_DISTRIBUTION_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
POLICY_MAPPINGS: Final = "2.5.29.33"
AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
POLICY_CONSTRAINTS: Final = "2.5.29.36"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
FRESHEST_CRL: Final = "2.5.29.46"
INHIBIT_ANY_POLICY: Final = "2.5.29.54"
EXPIRED_CERTS_ON_CRL: Final = "2.5.29.60"
AUTHORITY_INFORMATION_ACCESS: Final = "1.3.6.1.5.5.7.1.1"
OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"

OCSP_ACCESS: Final = "1.3.6.1.5.5.7.48.1"
"""The access method of an OCSP responder."""
ISSUER_ACCESS: Final = "1.3.6.1.5.5.7.48.2"
"""The access method of the issuers' certificates."""
_URI: Final = 0x86
_KEY_FIELDS: Final = (0x80, 0xA1, 0x82)
"""The tags of authorityKeyIdentifier: the key's identifier, the issuer, the serial number."""
MAX_EXTENSIONS: Final = 64
"""More extensions than any certificate needs; a longer list is refused before it is read."""
MAX_NAMES: Final = 1000
"""The most names of one distribution point."""


class KeyUsage(IntFlag):
    """The bits of the keyUsage extension (RFC 5280, section 4.2.1.3)."""

    DIGITAL_SIGNATURE = 1 << 0
    NON_REPUDIATION = 1 << 1
    KEY_ENCIPHERMENT = 1 << 2
    DATA_ENCIPHERMENT = 1 << 3
    KEY_AGREEMENT = 1 << 4
    KEY_CERT_SIGN = 1 << 5
    CRL_SIGN = 1 << 6
    ENCIPHER_ONLY = 1 << 7
    DECIPHER_ONLY = 1 << 8

    @property
    def labels(self) -> list[str]:
        """The names of the bits that are set, in the spelling of the standard."""
        return [_USAGE_LABELS[bit] for bit in KeyUsage if bit in self]


NO_USAGE: Final = KeyUsage(0)
"""No bit at all."""
_USAGE_LABELS: Final = {
    KeyUsage.DIGITAL_SIGNATURE: "digitalSignature",
    KeyUsage.NON_REPUDIATION: "nonRepudiation",
    KeyUsage.KEY_ENCIPHERMENT: "keyEncipherment",
    KeyUsage.DATA_ENCIPHERMENT: "dataEncipherment",
    KeyUsage.KEY_AGREEMENT: "keyAgreement",
    KeyUsage.KEY_CERT_SIGN: "keyCertSign",
    KeyUsage.CRL_SIGN: "cRLSign",
    KeyUsage.ENCIPHER_ONLY: "encipherOnly",
    KeyUsage.DECIPHER_ONLY: "decipherOnly",
}


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: whether it is critical, and the octets of its value."""

    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """Whether the subject is a CA, and how many CAs may follow below it (None: no limit)."""

    ca: bool
    path_length: int | None = None


@dataclass(frozen=True, slots=True)
class AuthorityKeyIdentifier:
    """What a certificate or CRL says of its issuer's key (RFC 5280, section 4.2.1.1)."""

    key_id: bytes | None = None
    issuer: bytes | None = None
    """The directory name of the issuer's issuer in DER."""
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """One point of the cRLDistributionPoints extension (RFC 5280, section 4.2.1.13).

    ``names`` holds each GeneralName as its encoding, or a bare RelativeDistinguishedName under context tag 1.
    """

    names: frozenset[bytes] = frozenset()
    reasons: int | None = None
    """Bit mask of the reasons covered, bit n for ReasonFlags n; None for all."""
    crl_issuer: frozenset[bytes] = frozenset()


def read_extensions(node: der.Node) -> Mapping[str, Extension]:
    """The extensions of a SEQUENCE OF Extension by object identifier. EncodingError where one appears twice."""
    found: dict[str, Extension] = {}
    for item in node.expect(der.SEQUENCE, "extensions").children(MAX_EXTENSIONS):
        parts = item.expect(der.SEQUENCE, "an extension").children(4)
        if not 2 <= len(parts) <= 3:
            raise EncodingError(f"extension at byte {item.start}: not an identifier and a value")
        oid = der.read_oid(parts[0])
        if oid in found:
            raise EncodingError(f"extension {oid} appears twice (RFC 5280, section 4.2)")
        critical = len(parts) == 3 and read_boolean(parts[1])
        found[oid] = Extension(critical, parts[-1].expect(der.OCTET_STRING, "the extension's value").content)
    if not found:
        raise EncodingError("an empty list of extensions (RFC 5280, section 4.1.2.9)")
    return MappingProxyType(found)


def read_boolean(node: der.Node) -> bool:
    """A BOOLEAN in DER; an encoded FALSE is let pass although DER leaves out a default. Raises EncodingError."""
    content = node.expect(der.BOOLEAN, "a BOOLEAN").content
    if content not in (b"\0", b"\xff"):
        raise EncodingError(f"BOOLEAN at byte {node.start} is neither 00 nor FF")
    return content == b"\xff"


def read_flags(content: bytes, what: str) -> int:
    """The named bits of a BIT STRING's content octets as a mask, bit 0 of the standard lowest. Raises EncodingError."""
    if len(content) < 1 or content[0] > 7 or (len(content) == 1 and content[0]) or len(content) > 9:
        raise EncodingError(f"{what} is no BIT STRING of named bits")
    bits = "".join(f"{byte:08b}" for byte in content[1:])
    used = bits[: len(bits) - content[0]]
    return sum(1 << index for index, bit in enumerate(used) if bit == "1")


def read_authority_key_identifier(value: bytes) -> AuthorityKeyIdentifier:
    """The fields of an authorityKeyIdentifier extension. Raises EncodingError."""
    key_id, issuer, serial = None, None, None
    fields = der.parse(value, "authorityKeyIdentifier").expect(der.SEQUENCE, "an identifier").children(4)
    if not der.are_in_order(fields, _KEY_FIELDS):
        raise EncodingError("authorityKeyIdentifier has a field that is unknown, doubled or out of order")
    for node in fields:
        if node.tag == der.context(0, constructed=False):
            key_id = node.content
        elif node.tag == der.context(1):
            names = [name for name in node.children() if name.tag == der.context(4)]
            issuer = names[0].content if names else None
        elif node.tag == der.context(2, constructed=False):
            serial = int.from_bytes(node.content, "big", signed=True)
    return AuthorityKeyIdentifier(key_id, issuer, serial)


def read_point_name(node: der.Node) -> frozenset[bytes]:
    """The names of a DistributionPointName, whichever of its two forms it has. EncodingError where there is none."""
    choice = only(node)
    if choice.tag == der.context(1):
        return frozenset({choice.encoded})
    listed = choice.expect(der.context(0), "a distribution point's names").children(MAX_NAMES)
    names = frozenset(name.encoded for name in listed)
    if not names:
        raise EncodingError("a distribution point with an empty list of names")
    return names


def _read_point(node: der.Node) -> DistributionPoint:
    names: frozenset[bytes] = frozenset()
    reasons: int | None = None
    issuer: frozenset[bytes] = frozenset()
    for field in node.expect(der.SEQUENCE, "a distribution point").children():
        if field.tag == der.context(0):
            names = read_point_name(field)
        elif field.tag == der.context(1, constructed=False):
            reasons = read_flags(field.content, "the reasons of a distribution point")
        elif field.tag == der.context(2):
            issuer = frozenset(name.encoded for name in field.children())
    if not names and not issuer:
        raise EncodingError("a distribution point without a name and an issuer (RFC 5280, section 4.2.1.13)")
    return DistributionPoint(names, reasons, issuer)


class Extensions:
    """The extensions of one certificate. Each property raises EncodingError where its extension is malformed."""

    def __init__(self, certificate: Certificate) -> None:
        body = der.parse(certificate.tbs, "tbsCertificate").children()
        self.version: Final = _version(body[0])
        """1, 2 or 3."""
        last = body[-1]
        self.all: Final[Mapping[str, Extension]] = (
            read_extensions(only(last)) if last.tag == der.context(3) else MappingProxyType({})
        )
        """Every extension by object identifier."""

    def value(self, oid: str) -> bytes | None:
        """The value of one extension, or None."""
        found = self.all.get(oid)
        return None if found is None else found.value

    @cached_property
    def critical(self) -> frozenset[str]:
        """The object identifiers of the critical ones."""
        return frozenset(oid for oid, extension in self.all.items() if extension.critical)

    @cached_property
    def basic_constraints(self) -> BasicConstraints | None:
        """RFC 5280, section 4.2.1.9. Raises EncodingError."""
        value = self.value(BASIC_CONSTRAINTS)
        if value is None:
            return None
        fields = der.parse(value, "basicConstraints").expect(der.SEQUENCE, "basicConstraints").children()
        ca = bool(fields) and fields[0].tag == der.BOOLEAN and read_boolean(fields[0])
        rest = fields[1:] if fields and fields[0].tag == der.BOOLEAN else fields
        if len(rest) > 1:
            raise EncodingError("basicConstraints has too many fields")
        length = der.read_integer(rest[0]) if rest else None
        if length is not None and length < 0:
            raise EncodingError("basicConstraints has a negative path length")
        return BasicConstraints(ca, length)

    @cached_property
    def key_usage(self) -> KeyUsage | None:
        """RFC 5280, section 4.2.1.3."""
        value = self.value(KEY_USAGE)
        if value is None:
            return None
        bits = der.parse(value, "keyUsage").expect(der.BIT_STRING, "keyUsage")
        return KeyUsage(read_flags(bits.content, "keyUsage") & 0x1FF)

    @cached_property
    def extended_key_usage(self) -> frozenset[str] | None:
        """The purposes as object identifiers (RFC 5280, section 4.2.1.12). Raises EncodingError."""
        value = self.value(EXTENDED_KEY_USAGE)
        if value is None:
            return None
        nodes = der.parse(value, "extKeyUsage").expect(der.SEQUENCE, "extKeyUsage").children()
        if not nodes:
            raise EncodingError("extKeyUsage names no purpose")
        return frozenset(map(der.read_oid, nodes))

    @cached_property
    def subject_key_id(self) -> bytes | None:
        """RFC 5280, section 4.2.1.2."""
        value = self.value(SUBJECT_KEY_IDENTIFIER)
        if value is None:
            return None
        return der.parse(value, "subjectKeyIdentifier").expect(der.OCTET_STRING, "subjectKeyIdentifier").content

    @cached_property
    def authority_key_id(self) -> AuthorityKeyIdentifier:
        """RFC 5280, section 4.2.1.1; empty where the extension is absent."""
        value = self.value(AUTHORITY_KEY_IDENTIFIER)
        return AuthorityKeyIdentifier() if value is None else read_authority_key_identifier(value)

    @cached_property
    def crl_distribution_points(self) -> tuple[DistributionPoint, ...]:
        """RFC 5280, section 4.2.1.13."""
        value = self.value(CRL_DISTRIBUTION_POINTS)
        if value is None:
            return ()
        points = der.parse(value, "cRLDistributionPoints").expect(der.SEQUENCE, "a list of points").children()
        return tuple(map(_read_point, points))

    @cached_property
    def policy_counts(self) -> tuple[int, ...]:
        """How many certificates may follow until a rule of policyConstraints or inhibitAnyPolicy applies.

        RFC 5280, sections 4.2.1.11 and 4.2.1.14. Raises EncodingError.
        """
        constraints, inhibits = self.value(POLICY_CONSTRAINTS), self.value(INHIBIT_ANY_POLICY)
        counts = [] if inhibits is None else [der.read_integer(der.parse(inhibits, "inhibitAnyPolicy"))]
        if constraints is not None:
            fields = der.parse(constraints, "policyConstraints").expect(der.SEQUENCE, "policyConstraints").children()
            if not der.are_in_order(fields, (0x80, 0x81)):
                raise EncodingError("policyConstraints has a field that does not belong there")
            counts += [der.read_integer(der.implicit(field, der.INTEGER)) for field in fields]
        if any(count < 0 for count in counts):
            raise EncodingError("policyConstraints or inhibitAnyPolicy has a negative count")
        return tuple(counts)

    @cached_property
    def access_points(self) -> tuple[tuple[str, str], ...]:
        """Method and URI of each entry of authorityInfoAccess that has a URI (RFC 5280, section 4.2.2.1).

        Raises EncodingError.
        """
        value = self.value(AUTHORITY_INFORMATION_ACCESS)
        if value is None:
            return ()
        found = []
        for item in der.parse(value, "authorityInfoAccess").expect(der.SEQUENCE, "a list").children():
            parts = item.expect(der.SEQUENCE, "an access description").children()
            if len(parts) != 2:
                raise EncodingError("authorityInfoAccess: not a method and a place")
            if parts[1].tag == _URI:
                found.append((der.read_oid(parts[0]), parts[1].content.decode("ascii", "replace")))
        return tuple(found)

    @cached_property
    def crl_uris(self) -> tuple[str, ...]:
        """The URIs at which cRLDistributionPoints says that CRLs are."""
        names = (name for point in self.crl_distribution_points for name in sorted(point.names))
        nodes = (der.parse(name, "a distribution point's name") for name in names)
        return tuple(node.content.decode("ascii", "replace") for node in nodes if node.tag == _URI)


@lru_cache(maxsize=2048)
def extensions_of(certificate: Certificate) -> Extensions:
    """The extensions of ``certificate``, read once. Raises EncodingError."""
    return Extensions(certificate)


def _version(first: der.Node) -> int:
    if first.tag != der.context(0):
        return 1
    version = der.read_integer(only(first)) + 1
    if version not in (1, 2, 3):
        raise EncodingError(f"certificate of version {version}")
    return version


def only(node: der.Node) -> der.Node:
    """The one element inside ``node``. EncodingError where there are none or more."""
    children = node.children(2)
    if len(children) != 1:
        raise EncodingError(f"the element at byte {node.start} does not hold exactly one other")
    return children[0]
