"""Certificates by which a card attests, in Yubico's form, that it made a key itself; and the authority behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ecard import der
from ecard.algorithms import KeyFamily, KeyKind, SignatureAlgorithm
from ecard.apdu.words import PinUse, Slot, TouchUse
from ecard.certificate import Certificate
from ecard.keys import PublicKey, pkcs1_block
from ecard.moments import after
from ecard.simulator.card_key import CardKey
from ecard.simulator.curve_key import CurveKey
from ecard.simulator.randomness import Randomness, SystemRandomness

_LIFE: Final = timedelta(days=365 * 40)
_COMMON_NAME: Final = "2.5.4.3"
_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_KEY_USAGE: Final = "2.5.29.15"
_CERTIFICATE_SIGNING: Final = b"\x03\x02\x02\x04"
"""keyCertSign alone, as a BIT STRING (RFC 5280, section 4.2.1.3)."""
_YUBICO: Final = "1.3.6.1.4.1.41482.3"
"""Yubico's arc for PIV attestation: 3 firmware version, 7 serial number, 8 PIN and touch policy."""


@dataclass(frozen=True, slots=True)
class AttestationAuthority:
    """A maker of simulated cards: it certifies the attestation key of each card that it makes."""

    root: Certificate
    """Self-signed: what to trust for keys made on these cards."""
    _key: CardKey

    @staticmethod
    def new(*, at: datetime, source: Randomness | None = None) -> AttestationAuthority:
        """An authority from the moment ``at`` on; from a seeded ``source`` with the same key again."""
        source = source or SystemRandomness()
        key = CurveKey.generate(KeyKind.P256, source)
        return AttestationAuthority(self_signed(key, "ecard simulated card maker", at=at, source=source), key)

    def certify(self, key: CardKey, name: str, *, at: datetime, source: Randomness) -> Certificate:
        """The certificate of a card's attestation key."""
        subject = _name(name)
        return _issue(self._key, self.root.subject, _validity(at), subject, key.spki, _of_authority(0), source)


def self_signed(key: CardKey, name: str, *, at: datetime, source: Randomness) -> Certificate:
    """A certificate of an authority that nobody stands behind."""
    return _issue(key, _name(name), _validity(at), _name(name), key.spki, _of_authority(None), source)


def attest(
    signer: CardKey,
    issuer: Certificate,
    key: CardKey,
    *,
    slot: Slot,
    policies: tuple[PinUse, TouchUse],
    version: tuple[int, int, int],
    serial: int,
    source: Randomness,
) -> Certificate:
    """The statement that ``key`` was made in ``slot`` of the card with ``serial``, signed by its attestation key."""
    extensions = (
        _extension(f"{_YUBICO}.3", bytes(version)),
        _extension(f"{_YUBICO}.7", der.integer(serial)),
        _extension(f"{_YUBICO}.8", bytes(policies)),
    )
    validity = der.sequence(der.time(issuer.not_before), der.time(issuer.not_after))
    subject = _name(f"ecard simulated card attestation {slot:02x}")
    return _issue(signer, issuer.subject, validity, subject, key.spki, extensions, source)


def _issue(
    signer: CardKey,
    issuer: bytes,
    validity: bytes,
    subject: bytes,
    spki: bytes,
    extensions: tuple[bytes, ...],
    source: Randomness,
) -> Certificate:
    """An X.509 certificate, version 3 (RFC 5280, section 4.1)."""
    algorithm = SignatureAlgorithm.default_for(signer.kind)
    # positive, 127 bits of chance
    number = der.integer(int.from_bytes(source.take(16), "big") >> 1 | 1)
    version = der.element(der.context(0), der.integer(2))
    extended = der.element(der.context(3), der.sequence(*extensions))
    body = der.sequence(version, number, algorithm.identifier, issuer, validity, subject, spki, extended)
    return Certificate(der.sequence(body, algorithm.identifier, der.bit_string(_sign(signer, body, algorithm))))


def _sign(signer: CardKey, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
    digest = PublicKey.from_spki(signer.spki).digest(message, algorithm)
    if signer.kind.family is KeyFamily.RSA:
        digest = pkcs1_block(digest, algorithm, signer.kind.size)
    return signer.respond(digest)


def _name(text: str) -> bytes:
    return der.sequence(der.set_of(der.sequence(der.oid(_COMMON_NAME), der.utf8_string(text))))


def _validity(at: datetime) -> bytes:
    return der.sequence(der.time(at), der.time(after(at, _LIFE)))


def _extension(oid: str, content: bytes, *, critical: bool = False) -> bytes:
    mark = der.boolean(True) if critical else b""
    return der.sequence(der.oid(oid), mark, der.octet_string(content))


def _of_authority(path_length: int | None) -> tuple[bytes, ...]:
    length = b"" if path_length is None else der.integer(path_length)
    constraints = der.sequence(der.boolean(True), length)
    return (
        _extension(_BASIC_CONSTRAINTS, constraints, critical=True),
        _extension(_KEY_USAGE, _CERTIFICATE_SIGNING, critical=True),
    )
