"""An OCSP response (RFC 6960, section 4.2) read as evidence: who says what of which certificate, and since when.

Reading believes nothing: the signature and the signer's authority are judged where the response is used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from itertools import islice
from typing import Final

from ecard import der
from ecard.algorithms import Digest, Signature
from ecard.certificate import Certificate
from ecard.errors import EncodingError, UnsupportedAlgorithmError
from ecard.keys import PublicKey
from ecard.pki.crl_index import REASONS, REMOVED
from ecard.pki.validation_extensions import Extension, only, read_extensions
from ecard.pki.validation_signatures import read_signature

MAX_SIZE: Final = 1024 * 1024
"""The largest OCSP response that is read, in bytes."""
MAX_STATEMENTS: Final = 1000
"""The most certificates that one response may speak of."""
MAX_CERTIFICATES: Final = 16
"""How many of the certificates that come with a response are read."""
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
"""The extended key usage of a delegated responder (RFC 6960, section 4.2.2.2)."""

# more than an answer has in any place but its lists: what is full of small elements is not read to its end
_MAX_FIELDS: Final = 16
_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"
_NONCE: Final = "1.3.6.1.5.5.7.48.1.2"
_STATUS: Final = {1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}


class OcspStatus(Enum):
    """What a responder says of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OcspStatement:
    """What a response says of one certificate (SingleResponse)."""

    digest: Digest
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    status: OcspStatus
    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str = "unspecified"

    def concerns(self, issuer_name: bytes, issuer_key: PublicKey, serial: int) -> bool:
        """Whether this speaks of the certificate with ``serial`` of the issuer with that name (DER) and key."""
        return (
            serial == self.serial
            and self.digest.hash(issuer_name) == self.issuer_name_hash
            and self.digest.hash(issuer_key.key_bits) == self.issuer_key_hash
        )


class OcspResponse:
    """A successful basic OCSP response in DER. Equal to another when the bytes are equal.

    Raises EncodingError where the bytes are none, or where the responder refused to answer.
    """

    def __init__(self, encoded: bytes) -> None:
        if len(encoded) > MAX_SIZE:
            raise EncodingError(f"the OCSP response has {len(encoded)} bytes, more than {MAX_SIZE}")
        self.der: Final = bytes(encoded)
        """The whole response."""
        parts = _basic_response(self.der).expect(der.SEQUENCE, "a basic OCSP response").children(_MAX_FIELDS)
        if not 3 <= len(parts) <= 4:
            raise EncodingError("OCSP response: not a body, an algorithm, a signature and certificates")
        self._tbs, self._algorithm = parts[0], parts[1]
        self._signature = der.read_bits(parts[2])
        self._certificates = parts[3] if len(parts) == 4 else None
        self._read_body(self._tbs.expect(der.SEQUENCE, "the OCSP response's body").children(_MAX_FIELDS))

    def _read_body(self, fields: list[der.Node]) -> None:
        if fields and fields[0].tag == der.context(0):
            fields.pop(0)
        if not 3 <= len(fields) <= 4:
            raise EncodingError("OCSP response: missing or surplus fields")
        responder = only(fields[0])
        if fields[0].tag not in (der.context(1), der.context(2)):
            raise EncodingError("OCSP response: no responder is named")
        by_name = fields[0].tag == der.context(1)
        self.responder_name = responder.encoded if by_name else None
        """The responder's name in DER, where the response names it so."""
        self.responder_key_hash = None if by_name else responder.content
        """SHA-1 of the responder's key, where the response names it so."""
        self.produced_at = der.read_time(fields[1])
        """When the response was signed."""
        self.extensions = _extensions(fields[3:])
        """The response's extensions."""
        answers = fields[2].expect(der.SEQUENCE, "a list of answers").children(MAX_STATEMENTS)
        self.statements = tuple(s for s in map(_read_statement, answers) if s is not None)
        """What it says of each certificate; answers with an unknown digest or critical extension are left out."""

    @staticmethod
    def looks_like(data: bytes) -> bool:
        """Whether the bytes begin like an OCSP response, so that reading them as something else is no use."""
        try:
            first = next(iter(der.parse(data)), None)
        except EncodingError:
            return False
        return first is not None and first.tag == der.ENUMERATED

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the whole response."""
        return hashlib.sha256(self.der).digest()

    @property
    def unusable(self) -> str | None:
        """Why the response may not be used, or None."""
        for oid, extension in self.extensions.items():
            if extension.critical and oid != _NONCE:
                return f"it has the unknown critical extension {oid}"
        return None

    @property
    def nonce(self) -> bytes | None:
        """The nonce of the request that this answers (RFC 9654), or None."""
        found = self.extensions.get(_NONCE)
        return der.parse(found.value, "nonce").expect(der.OCTET_STRING, "a nonce").content if found else None

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates that come with the response. Raises EncodingError."""
        if self._certificates is None:
            return ()
        found = iter(only(self._certificates).expect(der.SEQUENCE, "certificates"))
        return tuple(Certificate(node.encoded) for node in islice(found, MAX_CERTIFICATES))

    @cached_property
    def signature(self) -> Signature:
        """The responder's signature. UnsupportedAlgorithmError where its algorithm is not one of ecard's."""
        return read_signature(self._algorithm, self._signature)

    def names(self, responder: Certificate) -> bool:
        """Whether ``responder`` is whom the response says that it comes from."""
        if self.responder_name is not None:
            return self.responder_name == responder.subject
        return self.responder_key_hash == Digest.SHA1.hash(responder.public_key.key_bits)

    def verify_signed_by(self, key: PublicKey) -> None:
        """Raise InvalidSignatureError unless ``key`` signed this response."""
        key.verify(self.signature, self._tbs.encoded)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OcspResponse) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[object, ...]:
        return OcspResponse, (self.der,)

    def __repr__(self) -> str:
        return f"<OcspResponse of {self.produced_at:%Y-%m-%d %H:%M:%S}Z about {len(self.statements)}>"


def _basic_response(encoded: bytes) -> der.Node:
    outer = der.parse(encoded, "OCSP response").expect(der.SEQUENCE, "an OCSP response").children(_MAX_FIELDS)
    if not outer:
        raise EncodingError("OCSP response: it is empty")
    status = int.from_bytes(outer[0].expect(der.ENUMERATED, "the response's status").content, "big")
    if status:
        raise EncodingError(f"the OCSP responder gave no answer: {_STATUS.get(status, f'status {status}')}")
    wrapper = outer[1].expect(der.context(0), "the answer").children(_MAX_FIELDS) if len(outer) == 2 else []
    inner = wrapper[0].expect(der.SEQUENCE, "the answer").children(_MAX_FIELDS) if len(wrapper) == 1 else []
    if len(inner) != 2 or der.read_oid(inner[0]) != _BASIC:
        raise EncodingError("OCSP response: its answer is not a basic one")
    return der.parse(inner[1].expect(der.OCTET_STRING, "the answer").content, "OCSP response")


def _extensions(nodes: list[der.Node]) -> dict[str, Extension]:
    if not nodes:
        return {}
    return dict(read_extensions(only(nodes[0].expect(der.context(1), "extensions"))))


def _read_statement(node: der.Node) -> OcspStatement | None:
    parts = node.expect(der.SEQUENCE, "an answer").children(_MAX_FIELDS)
    if not 3 <= len(parts) <= 5:
        raise EncodingError("OCSP response: an answer with missing or surplus fields")
    certificate = parts[0].expect(der.SEQUENCE, "a certificate's identity").children(_MAX_FIELDS)
    if len(certificate) != 4:
        raise EncodingError("OCSP response: a certificate's identity has not four fields")
    algorithm = certificate[0].children(_MAX_FIELDS)
    if not algorithm:
        raise EncodingError("OCSP response: a certificate's identity names no digest")
    following = {part.tag: part for part in parts[3:]}
    extensions = _extensions([following[der.context(1)]] if der.context(1) in following else [])
    if any(extension.critical for extension in extensions.values()):
        return None
    try:
        digest = Digest.by_oid(der.read_oid(algorithm[0]))
    except UnsupportedAlgorithmError:
        return None
    next_update = following.get(der.context(0))
    status, revoked_at, reason = _read_status(parts[1])
    return OcspStatement(
        digest,
        certificate[1].expect(der.OCTET_STRING, "the hash of a name").content,
        certificate[2].expect(der.OCTET_STRING, "the hash of a key").content,
        der.read_integer(certificate[3]),
        status,
        der.read_time(parts[2]),
        der.read_time(only(next_update)) if next_update else None,
        revoked_at,
        reason,
    )


def _read_status(node: der.Node) -> tuple[OcspStatus, datetime | None, str]:
    if node.tag == der.context(0, constructed=False):
        return OcspStatus.GOOD, None, ""
    if node.tag == der.context(2, constructed=False):
        return OcspStatus.UNKNOWN, None, ""
    fields = node.expect(der.context(1), "a certificate's status").children(_MAX_FIELDS)
    if not 1 <= len(fields) <= 2:
        raise EncodingError("OCSP response: a revocation without its date")
    code = 0
    if len(fields) == 2:
        code = int.from_bytes(only(fields[1]).expect(der.ENUMERATED, "a reason").content, "big")
    reason = REASONS.get(code, "unspecified")
    # whatever is removed from a CRL, this answer says that the certificate is revoked
    return OcspStatus.REVOKED, der.read_time(fields[0]), "unspecified" if reason == REMOVED else reason
