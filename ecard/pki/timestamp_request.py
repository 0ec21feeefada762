"""Reading time-stamp requests (RFC 3161, section 2.4.1): bounded, each way of being wrong with its failure code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ecard import der
from ecard.algorithms import Digest
from ecard.errors import EncodingError, UnsupportedAlgorithmError

MAX_SIZE: Final = 4 * 1024
"""The largest request that is read, in bytes."""
_MAX_NONCE: Final = 32


class FailureInfo(IntEnum):
    """Why no time stamp is given (RFC 3161, section 2.4.2): the number of the bit."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16


class RefusedRequest(Exception):  # noqa: N818 - an outcome on its way to a response, never an error for the caller
    """A request that gets a refusal as its response."""

    def __init__(self, failure: FailureInfo, text: str) -> None:
        super().__init__(text)
        self.failure = failure
        self.text = text


@dataclass(frozen=True, slots=True)
class TimeStampRequest:
    """What a client wants stamped."""

    imprint: bytes
    """The MessageImprint in DER, to be given back as it is."""
    policy: str | None
    nonce: bytes | None
    """The INTEGER in DER; None where there is none."""
    wants_certificates: bool


def read_time_stamp_request(encoded: bytes) -> TimeStampRequest:
    """Read a request in DER, or raise RefusedRequest."""
    if len(encoded) > MAX_SIZE:
        raise RefusedRequest(FailureInfo.BAD_REQUEST, f"more than {MAX_SIZE} bytes")
    try:
        return _read(encoded)
    except UnsupportedAlgorithmError:
        raise RefusedRequest(FailureInfo.BAD_ALGORITHM, "unknown digest algorithm") from None
    except EncodingError:
        raise RefusedRequest(FailureInfo.BAD_DATA_FORMAT, "not a time-stamp request") from None


def _read(encoded: bytes) -> TimeStampRequest:
    fields = der.parse(encoded, "time-stamp request").expect(der.SEQUENCE, "a time-stamp request").children()
    if len(fields) < 2 or der.read_integer(fields[0]) != 1:
        raise EncodingError("time-stamp request: not version 1 with an imprint")
    _check_imprint(fields[1])
    rest = {node.tag: node for node in fields[2:]}
    if not der.are_in_order(fields[2:], _OPTIONAL):
        raise EncodingError("time-stamp request: fields that are unknown, doubled or out of order")
    if der.context(0) in rest:
        raise RefusedRequest(FailureInfo.UNACCEPTED_EXTENSION, "extensions are not known here")
    policy = der.read_oid(rest[der.OID]) if der.OID in rest else None
    wants = _flag(rest.get(der.BOOLEAN))
    return TimeStampRequest(fields[1].encoded, policy, _nonce(rest.get(der.INTEGER)), wants)


_OPTIONAL: Final = (der.OID, der.INTEGER, der.BOOLEAN, der.context(0))


def _check_imprint(node: der.Node) -> None:
    parts = node.expect(der.SEQUENCE, "a message imprint").children()
    if len(parts) != 2:
        raise EncodingError("time-stamp request: the imprint is not an algorithm and a digest")
    algorithm = parts[0].expect(der.SEQUENCE, "a digest algorithm").children()
    if not algorithm or len(algorithm) > 2 or (len(algorithm) == 2 and algorithm[1].encoded != der.null()):
        raise EncodingError("time-stamp request: the digest algorithm has parameters")
    digest = Digest.by_oid(der.read_oid(algorithm[0]))
    if digest is Digest.SHA1:
        raise RefusedRequest(FailureInfo.BAD_ALGORITHM, "SHA-1 is not stamped any more")
    size = len(parts[1].expect(der.OCTET_STRING, "a digest").content)
    if size != digest.size:
        raise EncodingError(f"time-stamp request: a digest of {size} bytes")


def _flag(node: der.Node | None) -> bool:
    if node is None:
        return False
    if node.content not in {b"\xff", b"\0"}:
        raise EncodingError("time-stamp request: whether certificates are wanted is not said in DER")
    return node.content == b"\xff"


def _nonce(node: der.Node | None) -> bytes | None:
    if node is None:
        return None
    der.read_integer(node)
    if len(node.content) > _MAX_NONCE:
        raise EncodingError("time-stamp request: the nonce is too long")
    return node.encoded
