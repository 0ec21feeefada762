"""RSA inside the simulated card: one raw operation, which signs padded blocks and decrypts."""

from __future__ import annotations

import secrets
from functools import cached_property
from math import gcd
from typing import Final

from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from ecard.algorithms import KeyKind
from ecard.apdu import tlv
from ecard.apdu.status import Status
from ecard.errors import MissingDependencyError
from ecard.simulator.card_key import CardKey
from ecard.simulator.native import read_pkcs8, write_pkcs8, write_spki
from ecard.simulator.randomness import Randomness, SystemRandomness
from ecard.simulator.refusal import Refusal, require

_EXPONENT: Final = 65537


class RsaKey(CardKey):
    """An RSA key of 1024 to 4096 bits."""

    def __init__(self, native: rsa.RSAPrivateKey) -> None:
        self._native = native
        self.kind = KeyKind(f"rsa{native.key_size}")

    @staticmethod
    def generate(kind: KeyKind, source: Randomness) -> RsaKey:
        """A new key; from a seeded ``source`` the same one again.

        Raises MissingDependencyError for a seeded one where pycryptodome is missing: cryptography takes no seed.
        """
        bits = kind.size * 8
        if isinstance(source, SystemRandomness):
            return RsaKey(rsa.generate_private_key(_EXPONENT, bits))
        try:
            from Crypto.PublicKey import RSA
        except ImportError:
            raise MissingDependencyError(
                "an RSA key from a seed needs pycryptodome", remedy='install "pycryptodome>=4.4,<5"'
            ) from None
        made = RSA.generate(bits, randfunc=source.take, e=_EXPONENT)
        return RsaKey.from_primes(int(made.p), int(made.q))

    @staticmethod
    def from_primes(p: int, q: int, exponent: int = _EXPONENT) -> RsaKey:
        """The key with these primes. Refused with 6A80 where they make none that the card can take."""
        try:
            d = pow(exponent, -1, (p - 1) * (q - 1))
            dmp1, dmq1, iqmp = d % (p - 1), d % (q - 1), pow(q, -1, p)
            numbers = rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, rsa.RSAPublicNumbers(exponent, p * q))
            return RsaKey(numbers.private_key())
        except ValueError:
            raise Refusal(Status.WRONG_DATA) from None

    @staticmethod
    def load(pkcs8: bytes) -> RsaKey:
        """A key that was written by ``pkcs8``; ValueError for anything else."""
        native = read_pkcs8(pkcs8)
        if not isinstance(native, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")
        return RsaKey(native)

    @property
    def pkcs8(self) -> bytes:
        """The key as PKCS#8 in DER, unprotected."""
        return write_pkcs8(self._native)

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return write_spki(self._native.public_key())

    @property
    def public_template(self) -> bytes:
        """81 modulus, 82 exponent."""
        public = self._numbers.public_numbers
        exponent = public.e.to_bytes((public.e.bit_length() + 7) // 8, "big")
        return tlv.encode(0x81, public.n.to_bytes(self.kind.size, "big")) + tlv.encode(0x82, exponent)

    def respond(self, challenge: bytes) -> bytes:
        """The private operation on a block as long as the modulus and smaller than it."""
        require(len(challenge) == self.kind.size, Status.WRONG_DATA)
        content = _signature_content(challenge)
        if content is not None:
            return self._native.sign(content, padding.PKCS1v15(), utils.NoDigestInfo())
        return self._raw(int.from_bytes(challenge, "big")).to_bytes(self.kind.size, "big")

    def _raw(self, block: int) -> int:
        # cryptography offers no unpadded operation, so this is the textbook's: by the Chinese remainder theorem,
        # blinded against timing, and checked so that a fault gives away no prime
        private, public = self._numbers, self._numbers.public_numbers
        require(block < public.n, Status.WRONG_DATA)
        blind = _invertible_below(public.n)
        blinded = block * pow(blind, public.e, public.n) % public.n
        of_p, of_q = pow(blinded, private.dmp1, private.p), pow(blinded, private.dmq1, private.q)
        whole = of_q + private.q * ((of_p - of_q) * private.iqmp % private.p)
        require(pow(whole, public.e, public.n) == blinded, Status.NO_PRECISE_DIAGNOSIS)
        return whole * pow(blind, -1, public.n) % public.n

    @cached_property
    def _numbers(self) -> rsa.RSAPrivateNumbers:
        return self._native.private_numbers()


def _signature_content(block: bytes) -> bytes | None:
    """What a block padded for a PKCS #1 v1.5 signature carries (RFC 8017, section 9.2); None for any other block."""
    head, separator, content = block[2:].partition(b"\0")
    if block[:2] == b"\0\x01" and separator and len(head) >= 8 and not head.strip(b"\xff") and content:
        return content
    return None


def _invertible_below(n: int) -> int:
    while True:
        candidate = secrets.randbelow(n - 2) + 2
        if gcd(candidate, n) == 1:
            return candidate
