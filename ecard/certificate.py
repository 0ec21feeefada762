"""An X.509 certificate as bytes with the few fields that signing and verifying need, read once.

The fields are sliced from the encoding, so that what is hashed and verified is exactly what was received.
Everything else is read through ``cryptography``, when it is asked for.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from datetime import datetime
from functools import cached_property
from typing import Final

from cryptography import x509

from ecard import der
from ecard.algorithms import Signature, SignatureAlgorithm
from ecard.errors import EncodingError, InvalidSignatureError, UnsupportedAlgorithmError
from ecard.keys import PublicKey

MAX_SIZE: Final = 64 * 1024
"""The largest certificate that is read, in bytes of DER."""
_MAX_DIGITS: Final = 48
# more than a certificate has: what is full of small elements is not read to its end
_MAX_FIELDS: Final = 16
_LAST_FIELDS: Final = (der.context(1, constructed=False), der.context(2, constructed=False), der.context(3))
"""The tags of the fields that may be absent: the two unique identifiers, and the extensions."""


class Certificate:
    """A certificate (RFC 5280, section 4.1). Equal to another when the bytes are equal.

    Raises EncodingError where the bytes are no certificate.
    """

    def __init__(self, encoded: bytes) -> None:
        if len(encoded) > MAX_SIZE:
            raise EncodingError(f"the certificate has {len(encoded)} bytes, more than {MAX_SIZE}")
        self.der: Final = bytes(encoded)
        """The whole certificate."""
        outer = der.parse(self.der, "certificate").expect(der.SEQUENCE, "a certificate").children(_MAX_FIELDS)
        if len(outer) != 3:
            raise EncodingError("certificate: not exactly a body, an algorithm and a signature")
        self.tbs: Final = outer[0].encoded
        """The bytes that the issuer signed (tbsCertificate)."""
        self._outer_algorithm = outer[1]
        self._signature = der.read_bits(outer[2])
        self._read_body(outer[0])

    def _read_body(self, body: der.Node) -> None:
        fields = body.expect(der.SEQUENCE, "tbsCertificate").children(_MAX_FIELDS)
        first = 1 if fields and fields[0].tag == der.context(0) else 0
        if len(fields) < first + 6:
            raise EncodingError("certificate: fields are missing in tbsCertificate")
        if not der.are_in_order(fields[first + 6 :], _LAST_FIELDS):
            # whatever stood after the extensions would hide them
            raise EncodingError("certificate: a field of tbsCertificate that is unknown, doubled or out of order")
        serial, algorithm, issuer, validity, subject, spki = fields[first : first + 6]
        if algorithm.encoded != self._outer_algorithm.encoded:
            raise EncodingError("certificate: the two algorithm identifiers differ (RFC 5280, section 4.1.1.2)")
        self.serial_number = der.read_integer(serial)
        self.issuer = issuer.expect(der.SEQUENCE, "the issuer's name").encoded
        """The issuer's name in DER."""
        self.subject = subject.expect(der.SEQUENCE, "the subject's name").encoded
        """The subject's name in DER."""
        self.spki = spki.expect(der.SEQUENCE, "subjectPublicKeyInfo").encoded
        """SubjectPublicKeyInfo in DER."""
        times = validity.expect(der.SEQUENCE, "validity").children()
        if len(times) != 2:
            raise EncodingError("certificate: validity is not two times")
        self.validity = validity.encoded
        """The field validity in DER: two times, each in one of two forms."""
        self.not_before: datetime = der.read_time(times[0])
        self.not_after: datetime = der.read_time(times[1])

    @staticmethod
    def from_pem(pem: bytes | str) -> Certificate:
        """The one certificate in a PEM text (RFC 7468); EncodingError where there is none or more than one."""
        found = load_pem_certificates(pem)
        if len(found) != 1:
            raise EncodingError(f"{len(found)} certificates in the PEM text instead of one")
        return found[0]

    def pem(self) -> str:
        """The certificate as PEM (RFC 7468, section 5)."""
        text = b64encode(self.der).decode()
        lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"

    @cached_property
    def sha256(self) -> bytes:
        """SHA-256 of the whole certificate."""
        return hashlib.sha256(self.der).digest()

    @cached_property
    def public_key(self) -> PublicKey:
        """The subject's public key. Raises InvalidKeyError or UnsupportedAlgorithmError."""
        return PublicKey.from_spki(self.spki)

    @cached_property
    def signature(self) -> Signature:
        """The issuer's signature. UnsupportedAlgorithmError where its algorithm is not one of ecard's.

        Absent and NULL parameters are both accepted: E-Port cards of the SM2 generation write NULL.
        """
        parts = self._outer_algorithm.expect(der.SEQUENCE, "an algorithm identifier").children()
        if not parts or len(parts) > 2 or (len(parts) == 2 and parts[1].encoded != der.null()):
            raise UnsupportedAlgorithmError(
                "certificate: the signature algorithm has parameters that ecard does not know"
            )
        return Signature(SignatureAlgorithm.by_oid(der.read_oid(parts[0])), self._signature)

    @cached_property
    def x509(self) -> x509.Certificate:
        """The certificate as ``cryptography`` reads it, for its names and extensions. Raises EncodingError."""
        try:
            return x509.load_der_x509_certificate(self.der)
        except (ValueError, x509.InvalidVersion) as error:
            raise EncodingError(f"the certificate cannot be read: {error}") from None

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same name."""
        return self.subject == self.issuer

    def verify_issued_by(self, issuer: Certificate) -> None:
        """Raise InvalidSignatureError unless ``issuer`` has this certificate's issuer name and its key signed it."""
        if issuer.subject != self.issuer:
            raise InvalidSignatureError("the certificate names another issuer")
        issuer.public_key.verify(self.signature, self.tbs)

    def is_issued_by(self, issuer: Certificate) -> bool:
        """Whether ``issuer`` has this certificate's issuer name and its key signed it.

        Raises InvalidKeyError or UnsupportedAlgorithmError where ecard cannot tell.
        """
        try:
            self.verify_issued_by(issuer)
        except InvalidSignatureError:
            return False
        return True

    @property
    def serial_digits(self) -> str:
        """The serial number for people (see the function of this name)."""
        return serial_digits(self.serial_number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __reduce__(self) -> tuple[type[Certificate], tuple[bytes]]:
        return Certificate, (self.der,)

    def __repr__(self) -> str:
        # the subject's name can be a person's: the serial number tells certificates apart as well
        return f"<Certificate {self.serial_digits}>"


def serial_digits(serial_number: int) -> str:
    """A serial number as E-Port programs write it: lower-case hexadecimal, two digits per octet, 8, 16 or more of them.

    One that no certificate may have is written too, and cut where it is longer than any.

    >>> serial_digits(0x0300000000012345)
    '0300000000012345'
    """
    octets = (abs(serial_number).bit_length() + 7) // 8
    width = 4 if octets <= 4 else max(8, octets)
    digits = f"{'-' if serial_number < 0 else ''}{abs(serial_number).to_bytes(width, 'big').hex()}"
    return digits if len(digits) <= _MAX_DIGITS else f"{digits[: _MAX_DIGITS - 1]}…"


def load_pem_certificates(pem: bytes | str) -> list[Certificate]:
    """All certificates in a PEM text, in their order; EncodingError where one cannot be read."""
    return [Certificate(encoded) for encoded in pem_blocks(pem, "CERTIFICATE")]


def pem_blocks(pem: bytes | str, label: str) -> list[bytes]:
    """What is in the blocks with this label of a PEM text (RFC 7468), in their order; other text is passed over.

    EncodingError where a block is cut off or is not Base64: it might be the one that matters.
    """
    # half a character, which has no encoding, may stand between blocks as any text may
    data = pem.encode(errors="replace") if isinstance(pem, str) else pem
    first, last = (f"-----{word} {label}-----".encode() for word in ("BEGIN", "END"))
    blocks = re.findall(re.escape(first) + rb"([A-Za-z0-9+/=\s]*)" + re.escape(last), data)
    if not len(blocks) == data.count(first) == data.count(last):
        raise EncodingError(
            f"the PEM text has a {label} that is cut off, or has something in it that is not Base64",
            remedy="compare the text with where it is from",
        )
    return [_decode(block) for block in blocks]


def load_certificates(data: bytes) -> list[Certificate]:
    """The certificates in a file's bytes: one in DER, or any number in PEM. EncodingError where there is none."""
    if der.is_binary(data):
        return [Certificate(data)]
    found = load_pem_certificates(data)
    if not found:
        raise EncodingError("no certificate found, neither PEM nor DER")
    return found


def _decode(text: bytes) -> bytes:
    try:
        return b64decode(b"".join(text.split()), validate=True)
    except ValueError:
        raise EncodingError("the PEM text is not Base64") from None
