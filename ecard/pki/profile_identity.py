"""The two ways in which a certificate may carry the holder's identity number, where its owner wants it to.

A plain hash of an identity number is none: there are so few numbers that all can be tried. The subject
identification method of RFC 4683 hashes it with a password and a salt, and only who knows the password can compare.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from ecard import der
from ecard.algorithms import Digest
from ecard.certificate import Certificate
from ecard.codes import check_identity_number
from ecard.errors import EncodingError, InvalidInputError
from ecard.pki import profile_extensions as ext
from ecard.pki import profile_oids as oids

MIN_PASSWORD: Final = 8
"""The fewest characters of the password (RFC 4683, section 4.2)."""
_SALT: Final = 32
_DIGEST: Final = Digest.SHA256


@dataclass(frozen=True, slots=True)
class UnsafeClearIdentityNumber:
    """The identity number in clear, as real E-Port cards have it: everybody who sees a signature sees the number.

    Raises InvalidCodeError for a number that is wrong.
    """

    number: str = field(repr=False)

    def __post_init__(self) -> None:
        check_identity_number(self.number)

    def extension(self) -> bytes:
        """The private extension of the E-Port."""
        return ext.text(oids.IDENTITY_NUMBER, self.number)


@dataclass(frozen=True, slots=True)
class HashedIdentityNumber:
    """The identity number as a salted hash under a password: the subject identification method of RFC 4683.

    Raises InvalidCodeError for a number that is wrong, InvalidInputError for a password of fewer than 8 characters.
    """

    number: str = field(repr=False)
    password: str = field(repr=False)
    """Known to the data centre, or to the holder: without it the number cannot be looked for."""

    def __post_init__(self) -> None:
        check_identity_number(self.number)
        if len(self.password) < MIN_PASSWORD:
            raise InvalidInputError(f"the password of a hashed identity number needs {MIN_PASSWORD} characters")
        _utf8(self.password, "password of a hashed identity number")

    def extension(self) -> bytes:
        """A subjectAltName with the hash, its salt new each time."""
        salt = secrets.token_bytes(_SALT)
        digest = _hash(self.number, self.password, salt, _DIGEST)
        method = der.sequence(der.sequence(der.oid(_DIGEST.oid)), der.octet_string(salt), der.octet_string(digest))
        other_name = der.element(
            der.context(0), der.oid(oids.SUBJECT_IDENTIFICATION_METHOD), der.element(der.context(0), method)
        )
        return ext.extension(oids.SUBJECT_ALTERNATIVE_NAME, der.sequence(other_name))


def require_identity_number(certificate: Certificate, number: str, *, password: str) -> None:
    """Raise InvalidInputError unless the certificate holds the hash of this identity number under this password.

    EncodingError where the certificate is malformed. Errors never show the number.
    """
    for digest, salt, expected in _methods(certificate):
        if hmac.compare_digest(_hash(number, password, salt, digest), expected):
            return
    raise InvalidInputError("the certificate does not hold the hash of this identity number under this password")


def _hash(number: str, password: str, salt: bytes, digest: Digest) -> bytes:
    content = der.sequence(
        der.element(der.UTF8_STRING, _utf8(password, "password of a hashed identity number")),
        der.octet_string(salt),
        der.oid(oids.IDENTITY_NUMBER),
        der.element(der.UTF8_STRING, _utf8(number, "identity number")),
    )
    return digest.hash(digest.hash(content))


def _utf8(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # what Python makes of an environment variable or an argument that is no UTF-8
        raise InvalidInputError(f"the {what} cannot be written as UTF-8", remedy="give it in UTF-8") from None


def _methods(certificate: Certificate) -> list[tuple[Digest, bytes, bytes]]:
    found = ext.read_extensions(certificate).get(oids.SUBJECT_ALTERNATIVE_NAME)
    if found is None:
        return []
    names = der.parse(found.value, "subjectAltName").expect(der.SEQUENCE, "subjectAltName")
    others = (_parts(name, 2) for name in names if name.tag == der.context(0))
    return [_read(value) for kind, value in others if der.read_oid(kind) == oids.SUBJECT_IDENTIFICATION_METHOD]


def _read(value: der.Node) -> tuple[Digest, bytes, bytes]:
    algorithm, salt, digest = _parts(_parts(value, 1)[0], 3)
    return Digest.by_oid(der.read_oid(_parts(algorithm, 1)[0])), salt.content, digest.content


def _parts(node: der.Node, count: int) -> list[der.Node]:
    parts = node.children()
    if len(parts) != count:
        raise EncodingError(f"a name in subjectAltName has {len(parts)} parts instead of {count}")
    return parts
