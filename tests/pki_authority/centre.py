"""Invented people, enterprises and authorities for the tests, and openssl as the judge."""

from __future__ import annotations

import functools
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.keys import SoftwareKey
from ecard.pki.authority import CertificateAuthority
from ecard.pki.identity import CardType
from ecard.pki.profile import CertificateSubject, Usage
from ecard.pki.requests import build_request

AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY
ENTERPRISE = "示例进出口有限公司"
ORGANISATION_CODE = "M000100Y4"
IDENTITY_NUMBER = "11010119900307889X"

KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384, KeyKind.SM2]
OPENSSL_KINDS = [kind for kind in KINDS if kind is not KeyKind.SM2]
"""openssl 3.0 verifies no chain of three SM2 certificates: it applies the user id to the leaf alone."""

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")


@functools.lru_cache(maxsize=64)
def key_of(kind: KeyKind, number: int = 0) -> SoftwareKey:
    """A key that all tests share: making RSA keys is slow."""
    return SoftwareKey.generate(kind)


def subject(**changes: object) -> CertificateSubject:
    fields: dict[str, object] = {
        "holder_name": "甲某",
        "enterprise_name": ENTERPRISE,
        "organisation_code": ORGANISATION_CODE,
        "card_number": "03-JJ0A900000002",
        "card_type": CardType.OPERATOR,
    }
    return CertificateSubject(**(fields | changes))  # type: ignore[arg-type]


def request_of(key: SoftwareKey, name: str = "anything") -> bytes:
    return build_request(key.public_key, key.sign, name)


def root(kind: KeyKind = KeyKind.P256, **options: object) -> CertificateAuthority:
    return CertificateAuthority.create_root("示例根", at=AT, key=key_of(kind, 1), **options)  # type: ignore[arg-type]


def chain_of(kind: KeyKind, **options: object) -> tuple[CertificateAuthority, CertificateAuthority, Certificate]:
    """A root, an issuing authority and an operator's signing certificate, all with keys of one kind."""
    top = root(kind)
    issuing = top.create_subordinate("示例签发", at=AT, key=key_of(kind, 2), **options)  # type: ignore[arg-type]
    return top, issuing, issuing.issue(request_of(key_of(kind, 3)), subject(), at=AT)


def operator(authority: CertificateAuthority, number: int, *, usage: Usage = Usage.SIGNING) -> Certificate:
    """One more operator's certificate, on a new key."""
    key = SoftwareKey.generate(KeyKind.P256)
    return authority.issue(request_of(key), subject(card_number=f"03-JJ0A9{number:08d}"), at=AT, usage=usage)


def pem(*certificates: Certificate) -> str:
    return "".join(certificate.pem() for certificate in certificates)


def openssl(*arguments: str | Path, data: bytes | None = None, ok: bool = True) -> str:
    """What openssl prints; asserts that it succeeds, or, with ``ok=False``, that it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace")
    assert (done.returncode == 0) is ok, output
    return output
