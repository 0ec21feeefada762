"""Authorities whose keys, serial numbers and dates follow from a seed and a clock: the same certificates every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.keyholder import KeyHolder
from ecard.pki import profile
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_issuer import authority_name
from ecard.pki.issuing import CertificateBody, CertifiedKey, add_years, self_signed
from ecard.simulator.randomness import SeededRandomness
from ecard.testing.keys import made_up_key, signing_key

ROOT_NAME: Final = "ecard 测试根证书中心 (test root)"
ISSUING_NAME: Final = "ecard 测试签发中心 (test issuing)"
_YEARS: Final = 30
_ROOT_SERIAL: Final = 0x0300000000000001


class SeededAuthority(CertificateAuthority):
    """A certificate authority that draws its serial numbers from a seed: for tests, never for real certificates."""

    def __init__(self, holder: KeyHolder, *, seed: bytes, chain: Sequence[Certificate] = ()) -> None:
        super().__init__(holder, chain=chain)
        self._serials = SeededRandomness(seed + b" serials")

    def copy(self) -> SeededAuthority:
        """Another authority that has issued the same and goes on in the same way. Withdrawals are not copied."""
        twin = SeededAuthority(self.holder, seed=b"", chain=self.chain)
        twin._serials = replace(self._serials)
        for issued in self.record.issued.values():
            twin.record.add(issued)
        return twin

    def _new_serial(self) -> int:
        """03, as on SM2 cards, then seven octets."""
        while (serial := int.from_bytes(b"\x03" + self._serials.take(7), "big")) in self.record.issued:
            continue
        return serial


def found_authorities(kind: KeyKind, seed: bytes, *, at: datetime) -> tuple[SeededAuthority, SeededAuthority]:
    """A root and the issuing authority below it, founded ``at`` a moment in whole seconds."""
    root, issuing = _founded(kind, seed, at)
    return root.copy(), issuing.copy()


@lru_cache(maxsize=64)
def _founded(kind: KeyKind, seed: bytes, at: datetime) -> tuple[SeededAuthority, SeededAuthority]:
    """The same, made once for all tests that begin alike. Nobody may have them do anything."""
    root_key, issuing_key = (signing_key(made_up_key(kind, seed + name)) for name in (b" root", b" issuing"))
    body = CertificateBody(
        serial=_ROOT_SERIAL,
        not_before=at,
        not_after=add_years(at, _YEARS),
        subject=authority_name(ROOT_NAME, None),
        public_key=root_key.public_key,
        extensions=profile.root_extensions(root_key.public_key),
    )
    root = SeededAuthority(CertifiedKey(root_key, self_signed(body, root_key)), seed=seed + b" root")
    issuing = root.create_subordinate(ISSUING_NAME, key=issuing_key, at=at)
    return root, SeededAuthority(issuing.holder, seed=seed + b" issuing", chain=issuing.chain)
