"""Certificate extensions: read by object identifier within bounds, and written one function each."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, NamedTuple

from ecard import der
from ecard.certificate import Certificate
from ecard.errors import EncodingError
from ecard.keys import PublicKey
from ecard.moments import in_utc
from ecard.pki import profile_oids as oids

MAX_EXTENSIONS: Final = 64
"""The most extensions of a certificate that are read."""


class Extension(NamedTuple):
    """One extension: whether it is critical, and the element inside its OCTET STRING as bytes."""

    critical: bool
    value: bytes


def read_extensions(certificate: Certificate) -> dict[str, Extension]:
    """The extensions of a certificate by object identifier; empty where it has none.

    EncodingError where one is malformed or comes twice (RFC 5280, section 4.2), or there are more than
    ``MAX_EXTENSIONS``. The work is bounded by these limits and the size of a certificate; values are not parsed.
    """
    fields = der.parse(certificate.tbs, "tbsCertificate").children()
    last = fields[-1]
    if last.tag != der.context(3):
        return {}
    wrapped = last.children()
    if len(wrapped) != 1:
        raise EncodingError("certificate: the extensions are not one list")
    return read_extension_list(wrapped[0], "certificate")


def read_extension_list(node: der.Node, what: str) -> dict[str, Extension]:
    """The extensions in a SEQUENCE OF Extension, under the rules of ``read_extensions``. Raises EncodingError."""
    found: dict[str, Extension] = {}
    for item in node.expect(der.SEQUENCE, f"{what}: the list of extensions"):
        if len(found) == MAX_EXTENSIONS:
            raise EncodingError(f"{what}: more than {MAX_EXTENSIONS} extensions")
        oid, extension = _read_extension(item, what)
        if oid in found:
            raise EncodingError(f"{what}: extension {oid} comes twice")
        found[oid] = extension
    return found


def _read_extension(item: der.Node, what: str) -> tuple[str, Extension]:
    parts = item.expect(der.SEQUENCE, f"{what}: an extension").children()
    if len(parts) not in {2, 3}:
        raise EncodingError(f"{what}: an extension of {len(parts)} parts")
    critical = len(parts) == 3
    if critical and parts[1].expect(der.BOOLEAN, "the critical flag").content not in {b"\xff", b"\0"}:
        raise EncodingError(f"{what}: the critical flag of an extension is not DER")
    value = parts[-1].expect(der.OCTET_STRING, "the value of an extension").content
    return der.read_oid(parts[0]), Extension(critical and parts[1].content == b"\xff", value)


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """One Extension around ``value``, which is DER already."""
    return der.sequence(der.oid(oid), der.boolean(True) if critical else b"", der.octet_string(value))


def named_bits(*positions: int) -> bytes:
    """A BIT STRING of named bits without trailing zero bits (X.690, section 11.2.2)."""
    last = max(positions)
    size = last // 8 + 1
    bits = sum(1 << (8 * size - 1 - position) for position in positions)
    return der.element(der.BIT_STRING, bytes((8 * size - 1 - last,)), bits.to_bytes(size, "big"))


def key_usage(*bits: int) -> bytes:
    """The critical keyUsage extension with the bits of RFC 5280, section 4.2.1.3, numbered from 0."""
    return extension(oids.KEY_USAGE, named_bits(*bits), critical=True)


def extended_key_usage(*usages: str, critical: bool = False) -> bytes:
    """The extendedKeyUsage extension."""
    return extension(oids.EXTENDED_KEY_USAGE, der.sequence(*map(der.oid, usages)), critical=critical)


def end_entity_constraints() -> bytes:
    """basicConstraints that say: no authority. Empty and not critical, as the cards have it."""
    return extension(oids.BASIC_CONSTRAINTS, der.sequence())


def authority_constraints(path_length: int | None) -> bytes:
    """Critical basicConstraints that say: an authority, with at most ``path_length`` authorities below it."""
    limit = b"" if path_length is None else der.integer(path_length)
    return extension(oids.BASIC_CONSTRAINTS, der.sequence(der.boolean(True), limit), critical=True)


def key_identifier(key: PublicKey) -> bytes:
    """SHA-1 over the bits of the public key (RFC 5280, section 4.2.1.2, method 1): a name, not a protection."""
    return hashlib.sha1(key.key_bits, usedforsecurity=False).digest()


def subject_key_identifier(key: PublicKey) -> bytes:
    """The subjectKeyIdentifier extension."""
    return extension(oids.SUBJECT_KEY_IDENTIFIER, der.octet_string(key_identifier(key)))


def authority_key_identifier(issuer: PublicKey) -> bytes:
    """The authorityKeyIdentifier extension with the key identifier alone."""
    identifier = der.element(der.context(0, constructed=False), key_identifier(issuer))
    return extension(oids.AUTHORITY_KEY_IDENTIFIER, der.sequence(identifier))


def certificate_policies(cps: str | None) -> bytes:
    """certificatePolicies with anyPolicy and, if given, the address of the certification practice statement."""
    address = der.element(der.IA5_STRING, cps.encode("ascii")) if cps else b""
    qualifiers = der.sequence(der.sequence(der.oid(oids.CPS_QUALIFIER), address)) if cps else b""
    return extension(oids.CERTIFICATE_POLICIES, der.sequence(der.sequence(der.oid(oids.ANY_POLICY), qualifiers)))


def uri(address: str) -> bytes:
    """A GeneralName that is an address."""
    return der.element(der.context(6, constructed=False), address.encode("ascii"))


def distribution_point_name(address: str) -> bytes:
    """A DistributionPointName that is one address (RFC 5280, section 4.2.1.13), in its [0] wrapping."""
    return der.element(der.context(0), der.element(der.context(0), uri(address)))


def distribution_points(oid: str, address: str) -> bytes:
    """cRLDistributionPoints or freshestCRL with one point that is one address."""
    return extension(oid, der.sequence(der.sequence(distribution_point_name(address))))


def information_access(*, ocsp: str | None, issuers: str | None) -> bytes:
    """authorityInfoAccess with the addresses that are given; at least one must be."""
    methods = ((oids.ACCESS_OCSP, ocsp), (oids.ACCESS_ISSUERS, issuers))
    accesses = (der.sequence(der.oid(method), uri(address)) for method, address in methods if address)
    return extension(oids.AUTHORITY_INFORMATION_ACCESS, der.sequence(*accesses))


def read_oids(value: bytes, what: str) -> list[str]:
    """The object identifiers in a SEQUENCE OF them, such as extendedKeyUsage. EncodingError where it is none."""
    return [der.read_oid(node) for node in der.parse(value, what).expect(der.SEQUENCE, what)]


def generalized_time(moment: datetime) -> bytes:
    """A GeneralizedTime in UTC in whole seconds, where a format wants no UTCTime."""
    moment = in_utc(moment)
    return der.element(der.GENERALIZED_TIME, f"{moment.year:04d}{moment:%m%d%H%M%S}Z".encode())


def text(oid: str, value: str) -> bytes:
    """A private extension of the E-Port: one UTF8String."""
    return extension(oid, der.utf8_string(value))
