"""Made-up private keys: the same seed and name give the same key, so a process makes each one once.

They are drawn from a seed that everybody knows. Nothing made with them protects anything.
"""

from __future__ import annotations

from functools import lru_cache

from ecard.algorithms import KeyFamily, KeyKind, Signature, SignatureAlgorithm
from ecard.keys import PublicKey, pkcs1_block
from ecard.pki.issuing import DelegatedKey
from ecard.simulator import slots
from ecard.simulator.card_key import CardKey
from ecard.simulator.randomness import SeededRandomness


@lru_cache(maxsize=1024)
def made_up_key(kind: KeyKind, seed: bytes) -> CardKey:
    """The private key of ``kind`` that ``seed`` leads to. A new RSA key takes some tenths of a second, once."""
    return slots.generate(kind, SeededRandomness(seed))


def public_half(key: CardKey) -> PublicKey:
    """The public key that belongs to a made-up key."""
    return PublicKey.from_spki(key.spki)


def signing_key(key: CardKey) -> DelegatedKey:
    """A made-up key as one that an authority signs with; RSA and ECDSA give the same signature every time."""

    def sign(digest: bytes, algorithm: SignatureAlgorithm) -> Signature:
        is_rsa = key.kind.family is KeyFamily.RSA
        return Signature(algorithm, key.respond(pkcs1_block(digest, algorithm, key.kind.size) if is_rsa else digest))

    return DelegatedKey(public_half(key), sign)
