"""Certificate requests (PKCS#10, RFC 2986): built for a key that may sit on a card, read with proof of possession."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import EcardError, EncodingError, InvalidSignatureError, RequestError
from ecard.keys import PublicKey
from ecard.pki import profile_oids as oids
from ecard.pki.names import build_name, common_name

MAX_SIZE: Final = 16 * 1024
"""The largest request that is read, in bytes."""
_LONGEST_NAME: Final = 64
_PEM: Final = re.compile(
    rb"-----BEGIN ((?:NEW )?CERTIFICATE REQUEST)-----([A-Za-z0-9+/=\s]*)-----END \1-----", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature was checked: the sender has the private key. Everything else in it is a wish."""

    public_key: PublicKey
    common_name: str | None = field(repr=False)
    """The common name asked for. A personal datum; an authority takes names from its own records instead."""
    der: bytes = field(repr=False)
    """The whole request."""


def build_request(public_key: PublicKey, sign: Callable[[bytes], Signature], subject_common_name: str) -> bytes:
    """A request in DER for ``public_key``, signed through ``sign``, which may be a card's.

    Raises what ``sign`` raises, and RequestError where what it made is not the signature of ``public_key``, or where
    the name is not one of 1 to 64 characters that print (RFC 5280, appendix A.1: ub-common-name).
    """
    if not 0 < len(subject_common_name) <= _LONGEST_NAME or not subject_common_name.isprintable():
        raise RequestError(
            "the name asked for cannot stand in a certificate",
            remedy=f"give 1 to {_LONGEST_NAME} characters, and none that do not print",
        )
    info = der.sequence(
        der.integer(0),
        build_name((oids.COUNTRY, "CN"), (oids.COMMON_NAME, subject_common_name)),
        public_key.spki,
        der.element(der.context(0)),
    )
    signature = sign(info)
    _require_possession(public_key, signature, info)
    return der.sequence(info, signature.algorithm.identifier, der.bit_string(signature.der))


def read_request(encoded: bytes) -> Request:
    """Read a request in DER or PEM and check its proof of possession.

    Raises RequestError where it is larger than ``MAX_SIZE``, malformed, of an unknown algorithm, or not signed by the
    key that it is for.
    """
    if len(encoded) > MAX_SIZE:
        raise RequestError(f"the certificate request has {len(encoded)} bytes, more than {MAX_SIZE}")
    try:
        return _read(_binary(encoded))
    except RequestError:
        raise
    except EcardError as error:
        raise RequestError(f"the certificate request cannot be used: {error}") from None


def _binary(encoded: bytes) -> bytes:
    # text may stand around it (RFC 7468, section 2): openssl and Windows write some
    found = () if der.is_binary(encoded) else tuple(_PEM.finditer(encoded))
    if not found:
        return bytes(encoded)
    if len(found) > 1:
        raise EncodingError(f"{len(found)} requests in the PEM text instead of one")
    try:
        return b64decode(b"".join(found[0][2].split()), validate=True)
    except ValueError:
        raise EncodingError("the PEM text is not Base64") from None


def _read(encoded: bytes) -> Request:
    outer = der.parse(encoded, "certificate request").expect(der.SEQUENCE, "a certificate request").children()
    if len(outer) != 3:
        raise EncodingError("not exactly a body, an algorithm and a signature")
    info, identifier, value = outer
    fields = info.expect(der.SEQUENCE, "CertificationRequestInfo").children()
    if len(fields) not in {3, 4} or der.read_integer(fields[0]) != 0:
        raise EncodingError("not version 1 with a name, a key and attributes")
    for attributes in fields[3:]:
        _check_attributes(attributes)
    public_key = PublicKey.from_spki(fields[2].expect(der.SEQUENCE, "subjectPublicKeyInfo").encoded)
    signature = Signature(_algorithm(identifier), der.read_bits(value))
    _require_possession(public_key, signature, info.encoded)
    return Request(public_key, common_name(fields[1].encoded, "name in the request"), encoded)


def _check_attributes(node: der.Node) -> None:
    """What a request wishes besides (RFC 2986, section 4.1) is not heeded, but it has to be of its form."""
    for attribute in node.expect(der.context(0), "attributes"):
        parts = attribute.expect(der.SEQUENCE, "an attribute").children(2)
        if len(parts) != 2:
            raise EncodingError("an attribute is not a type and values")
        der.read_oid(parts[0])
        parts[1].expect(der.SET, "an attribute's values")


def _algorithm(identifier: der.Node) -> SignatureAlgorithm:
    parts = identifier.expect(der.SEQUENCE, "an algorithm identifier").children()
    if not parts or len(parts) > 2 or (len(parts) == 2 and parts[1].encoded != der.null()):
        raise EncodingError("the signature algorithm has parameters that ecard does not know")
    algorithm = SignatureAlgorithm.by_oid(der.read_oid(parts[0]))
    if algorithm is SignatureAlgorithm.RSA_SHA1:
        raise RequestError("a certificate request signed with SHA-1 proves nothing", remedy="sign it with SHA-256")
    return algorithm


def _require_possession(public_key: PublicKey, signature: Signature, info: bytes) -> None:
    try:
        public_key.verify(signature, info)
    except InvalidSignatureError as error:
        raise RequestError(
            "the certificate request is not signed by the key that it is for",
            remedy=error.remedy or "sign it with the private key whose public key it names",
        ) from None
