"""Reading time stamps (RFC 3161, section 2.4.2), a response or a bare token: plain values that nobody believes yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ecard import der
from ecard.algorithms import Digest, KeyFamily, Signature, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.errors import EncodingError, UnsupportedAlgorithmError
from ecard.pki.validation_extensions import only
from ecard.pki.validation_signatures import read_signature

MAX_SIZE: Final = 256 * 1024
"""The largest time stamp that is read, in bytes."""
MAX_CERTIFICATES: Final = 16
"""The most certificates that may come with one."""
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_RSA: Final = "1.2.840.113549.1.1.1"
_TIME: Final = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,8}[1-9]))?Z")
_GRANTED: Final = frozenset({0, 1})


@dataclass(frozen=True, slots=True)
class TimeStampInfo:
    """What a time stamp says (TSTInfo)."""

    encoded: bytes
    """TSTInfo in DER, as it was signed."""
    policy: str
    digest: Digest
    imprint: bytes
    """The digest of what was stamped."""
    serial: int
    time: datetime
    accuracy: timedelta | None
    """How far the clock may have been wrong; None where nothing is said."""
    nonce: int | None


@dataclass(frozen=True, slots=True)
class TimeStampToken:
    """A time stamp: what it says, and who says so."""

    info: TimeStampInfo
    certificates: tuple[Certificate, ...]
    """Those that came with it."""
    signer_issuer: bytes
    """The issuer's name in DER of the signer's certificate."""
    signer_serial: int
    digest: Digest
    attributes: dict[str, der.Node]
    """The signed attributes by object identifier, each with its one value."""
    signed: bytes
    """What was signed: the attributes as a SET OF in DER."""
    signature: Signature

    def is_signer(self, certificate: Certificate) -> bool:
        """Whether ``certificate`` is the one that the signer names."""
        return certificate.issuer == self.signer_issuer and certificate.serial_number == self.signer_serial


def read_time_stamp(encoded: bytes) -> TimeStampToken:
    """Read a TimeStampResp or a token alone, in DER.

    Raises EncodingError where it is neither or the response refuses, UnsupportedAlgorithmError for an algorithm that is
    not one of ecard's.
    """
    if len(encoded) > MAX_SIZE:
        raise EncodingError(f"the time stamp has {len(encoded)} bytes, more than {MAX_SIZE}")
    outer = der.parse(encoded, "time stamp").expect(der.SEQUENCE, "a time stamp").children(2)
    if outer and outer[0].tag == der.SEQUENCE:
        outer = _granted(outer)
    if len(outer) != 2 or der.read_oid(outer[0]) != SIGNED_DATA:
        raise EncodingError("time stamp: no signed message")
    return _read_signed(only(outer[1].expect(der.context(0), "the message")))


def _granted(response: list[der.Node]) -> list[der.Node]:
    status = response[0].children()
    code = der.read_integer(status[0]) if status else -1
    if code not in _GRANTED or len(response) != 2:
        raise EncodingError(f"the time-stamping authority gave no time stamp (status {code})")
    return response[1].expect(der.SEQUENCE, "a token").children(2)


def _read_signed(message: der.Node) -> TimeStampToken:
    fields = message.expect(der.SEQUENCE, "signed data").children(6)
    if len(fields) < 4:
        raise EncodingError("time stamp: fields are missing in the signed message")
    content = fields[2].expect(der.SEQUENCE, "the content").children(2)
    if len(content) != 2 or der.read_oid(content[0]) != TST_INFO:
        raise EncodingError("time stamp: the signed message is no time stamp")
    octets = only(content[1].expect(der.context(0), "the content")).expect(der.OCTET_STRING, "the content").content
    certificates: tuple[Certificate, ...] = ()
    if fields[3].tag == der.context(0):
        certificates = tuple(Certificate(node.encoded) for node in fields[3].children(MAX_CERTIFICATES))
    signers = fields[-1].expect(der.SET, "signers").children(2)
    if len(signers) != 1:
        raise EncodingError("time stamp: not exactly one signer")
    return _read_signer(read_info(octets), certificates, signers[0].expect(der.SEQUENCE, "a signer").children(7))


def _read_signer(info: TimeStampInfo, certificates: tuple[Certificate, ...], fields: list[der.Node]) -> TimeStampToken:
    if len(fields) < 6:
        raise EncodingError("time stamp: a signer without signed attributes, or with missing fields")
    named = fields[1].expect(der.SEQUENCE, "the signer's certificate").children(2)
    if len(named) != 2:
        raise EncodingError("time stamp: the signer's certificate is not an issuer and a serial number")
    digest = read_digest(fields[2])
    attributes: dict[str, der.Node] = {}
    for item in fields[3].expect(der.context(0), "signed attributes").children(64):
        pair = item.expect(der.SEQUENCE, "an attribute").children(2)
        if len(pair) != 2 or (oid := der.read_oid(pair[0])) in attributes:
            raise EncodingError("time stamp: an attribute twice, or not a type and values")
        attributes[oid] = only(pair[1].expect(der.SET, "an attribute's values"))
    return TimeStampToken(
        info,
        certificates,
        named[0].expect(der.SEQUENCE, "an issuer").encoded,
        der.read_integer(named[1]),
        digest,
        attributes,
        der.element(der.SET, fields[3].content),
        _signature(fields[4], digest, fields[5].expect(der.OCTET_STRING, "a signature").content),
    )


def _signature(algorithm: der.Node, digest: Digest, value: bytes) -> Signature:
    """The signature; rsaEncryption names the key alone, and the digest is the signer's (RFC 3370, section 3.2)."""
    parts = algorithm.expect(der.SEQUENCE, "a signature algorithm").children(2)
    if parts and der.read_oid(parts[0]) == _RSA:
        found = [a for a in SignatureAlgorithm if a.family is KeyFamily.RSA and a.digest is digest]
        if not found:
            raise UnsupportedAlgorithmError(f"RSA with {digest.name} is not one of ecard's algorithms")
        return Signature(found[0], value)
    return read_signature(algorithm, value)


def read_info(encoded: bytes) -> TimeStampInfo:
    """Read a TSTInfo in DER. Raises EncodingError, or UnsupportedAlgorithmError for its digest."""
    fields = der.parse(encoded, "TSTInfo").expect(der.SEQUENCE, "TSTInfo").children(10)
    if len(fields) < 5 or der.read_integer(fields[0]) != 1:
        raise EncodingError("TSTInfo: not of version 1, or fields are missing")
    imprint = fields[2].expect(der.SEQUENCE, "an imprint").children(2)
    if len(imprint) != 2:
        raise EncodingError("TSTInfo: an imprint that is not an algorithm and a digest")
    rest = {node.tag: node for node in fields[5:]}
    if der.context(1) in rest:
        raise EncodingError("TSTInfo: it has extensions, and ecard knows none")
    accuracy, nonce = rest.get(der.SEQUENCE), rest.get(der.INTEGER)
    return TimeStampInfo(
        encoded,
        der.read_oid(fields[1]),
        read_digest(imprint[0]),
        imprint[1].expect(der.OCTET_STRING, "a digest").content,
        der.read_integer(fields[3]),
        _time(fields[4].expect(der.GENERALIZED_TIME, "a time").content),
        None if accuracy is None else _accuracy(accuracy),
        None if nonce is None else der.read_integer(nonce),
    )


def read_digest(algorithm: der.Node) -> Digest:
    """The digest that an AlgorithmIdentifier names. Raises EncodingError or UnsupportedAlgorithmError."""
    parts = algorithm.expect(der.SEQUENCE, "a digest algorithm").children(2)
    if not parts:
        raise EncodingError("time stamp: a digest algorithm without a name")
    return Digest.by_oid(der.read_oid(parts[0]))


def _time(content: bytes) -> datetime:
    """GeneralizedTime, which may have a fraction of a second here (RFC 3161, section 2.4.2)."""
    found = _TIME.fullmatch(content)
    if found is None:
        raise EncodingError("TSTInfo: a time of another form than YYYYMMDDhhmmss[.s]Z")
    moment = der.read_time(der.parse(der.element(der.GENERALIZED_TIME, found[1] + b"Z")))
    microseconds = int((found[2] or b"").ljust(6, b"0")[:6])
    return moment.astimezone(UTC).replace(microsecond=microseconds)


def _accuracy(node: der.Node) -> timedelta:
    parts = {der.INTEGER: 0, 0x80: 0, 0x81: 0}
    fields = node.children(3)
    if not der.are_in_order(fields, tuple(parts)):
        raise EncodingError("TSTInfo: an accuracy with a field that does not belong there, or not in its place")
    try:
        parts |= {f.tag: der.read_integer(der.implicit(f, der.INTEGER)) for f in fields}
    except EncodingError as error:
        raise EncodingError(f"TSTInfo: an accuracy that is none: {error}") from None
    if not (0 <= parts[der.INTEGER] <= 10**9 and 0 <= parts[0x80] <= 999 and 0 <= parts[0x81] <= 999):
        raise EncodingError("TSTInfo: an accuracy that is none")
    return timedelta(seconds=parts[der.INTEGER], milliseconds=parts[0x80], microseconds=parts[0x81])
