"""Cards with keys and certificates, for tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ecard import der
from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.apdu.transport import Connector
from ecard.apdu.words import FACTORY_MANAGEMENT_KEY, ManagementAlgorithm, PinUse, Slot
from ecard.certificate import Certificate
from ecard.errors import NotSupportedByCardError, ObjectNotFoundError
from ecard.keys import PublicKey, SoftwareKey
from ecard.pin import Pin, PinRequest

PIN, PUK = "123456", "12345678"
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2044, 1, 1, tzinfo=UTC)
ISSUER_KEY = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(public_key: PublicKey, *, extra: bytes = b"") -> Certificate:
    """A certificate of the tests' issuer for ``public_key``, with ``extra`` bytes in an extension."""
    if public_key.kind is KeyKind.SM2:
        return sm2_certificate(public_key)
    builder = x509.CertificateBuilder().subject_name(name("Test Holder")).issuer_name(name("Test Issuer"))
    builder = builder.public_key(public_key.native).serial_number(77)  # type: ignore[arg-type]
    builder = builder.not_valid_before(BEGIN).not_valid_after(END)
    if extra:
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, extra), critical=False)
    made = builder.sign(ISSUER_KEY, hashes.SHA256())
    return Certificate(made.public_bytes(serialization.Encoding.DER))


def sm2_certificate(public_key: PublicKey) -> Certificate:
    """A certificate around an SM2 key, which ``cryptography`` cannot build."""
    issuer = SoftwareKey.generate(KeyKind.SM2)
    algorithm = SignatureAlgorithm.SM2_SM3.identifier
    validity = der.sequence(der.time(BEGIN), der.time(END))
    subject, issued_by = name("Test Holder").public_bytes(), name("Test Issuer").public_bytes()
    version = der.element(der.context(0), der.integer(2))
    body = der.sequence(version, der.integer(78), algorithm, issued_by, validity, subject, public_key.spki)
    return Certificate(der.sequence(body, algorithm, der.bit_string(issuer.sign(body).der)))


@cache
def issuer_certificate() -> Certificate:
    """The self-signed certificate of the tests' issuer."""
    builder = x509.CertificateBuilder().subject_name(name("Test Issuer")).issuer_name(name("Test Issuer"))
    builder = builder.public_key(ISSUER_KEY.public_key()).serial_number(1)
    made = builder.not_valid_before(BEGIN).not_valid_after(END).sign(ISSUER_KEY, hashes.SHA256())
    return Certificate(made.public_bytes(serialization.Encoding.DER))


@contextmanager
def administered(connector: Connector) -> Iterator[PivSession]:
    """A session in which the factory's management key was presented."""
    with Session(connector) as session:
        piv = PivSession(session)
        authenticate(piv)
        yield piv


def authenticate(piv: PivSession) -> None:
    algorithm = ManagementAlgorithm.TDES
    with suppress(NotSupportedByCardError, ObjectNotFoundError):
        algorithm = piv.management_key_metadata().algorithm or algorithm
    piv.authenticate_management_key(FACTORY_MANAGEMENT_KEY[: algorithm.key_size], algorithm=algorithm)


def with_key(
    connector: Connector, slot: Slot = Slot.SIGNATURE, kind: KeyKind = KeyKind.P256, *, pin_use: PinUse = PinUse.DEFAULT
) -> Certificate:
    """Generate a key on the card and store a certificate for it."""
    with administered(connector) as piv:
        made = certificate(piv.generate_key(slot, kind, pin_use=pin_use))
        piv.write_certificate(slot, made)
    return made


class Asked:
    """A supplier that gives one PIN and notes every request."""

    def __init__(self, pin: str = PIN) -> None:
        self._pin = pin
        self.requests: list[PinRequest] = []

    def __call__(self, request: PinRequest) -> Pin:
        self.requests.append(request)
        return Pin(self._pin)
