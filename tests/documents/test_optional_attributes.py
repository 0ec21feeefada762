"""Signed attributes that need not be there: where they are there, they have to say what the message says."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from ecard import der
from ecard.algorithms import Digest, KeyKind, SignatureAlgorithm
from ecard.certificate import Certificate
from ecard.findings import FindingCode as Code
from tests.documents.world import (
    DOCUMENT,
    KINDS,
    Parts,
    attribute,
    codes,
    inspected,
    parts,
    world,
    write_pem,
)

P256 = KeyKind.P256
OLD_SIGNING_CERTIFICATE, ALGORITHM_PROTECTION = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.52"


def with_more(kind: KeyKind, *attributes: bytes) -> Parts:
    """A message, rightly signed, that has these attributes besides the four."""
    made = parts(kind)
    made.attributes += attributes
    return made


def named(*certificates: Certificate) -> bytes:
    """SigningCertificate (RFC 2634, section 5.4), by the hashes alone."""
    hashes = [der.sequence(der.octet_string(hashlib.sha1(one.der).digest())) for one in certificates]
    return der.sequence(der.sequence(*hashes))


def old(*values: bytes) -> bytes:
    return attribute(OLD_SIGNING_CERTIFICATE, *values)


def protection(digest: Digest, algorithm: SignatureAlgorithm, *more: bytes) -> bytes:
    """CMSAlgorithmProtection (RFC 6211, section 2)."""
    signature = der.element(der.context(1), der.parse(algorithm.identifier).content)
    value = der.sequence(der.sequence(der.oid(digest.oid), *more), signature)
    return attribute(ALGORITHM_PROTECTION, value)


def reasons(message: Parts, kind: KeyKind = P256) -> list[Code]:
    return codes(inspected(DOCUMENT, message.encoded(), kind))


def accepted_by_openssl(message: bytes, directory: Path) -> bool:
    root = write_pem(directory / "root.pem", world(P256).root.certificate)
    (directory / "document").write_bytes(DOCUMENT)
    (directory / "signature").write_bytes(message)
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any", "-no_check_time"]
    command += ["-in", str(directory / "signature"), "-content", str(directory / "document"), "-CAfile", str(root)]
    return subprocess.run([*command, "-out", "/dev/null"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_says_the_same_is_no_reason(kind: KeyKind) -> None:
    holder = world(kind).operator
    algorithm = holder.algorithm
    assert reasons(with_more(kind, old(named(holder.certificate))), kind) == []
    assert reasons(with_more(kind, protection(algorithm.digest, algorithm)), kind) == []
    assert reasons(with_more(kind, protection(algorithm.digest, algorithm, der.null())), kind) == []


def test_signing_certificate_of_both_versions_has_to_name_the_signer_as_openssl_says(tmp_path: Path) -> None:
    signer, other = world(P256).operator.certificate, world(P256).legal_person.certificate
    agreeing, disagreeing = with_more(P256, old(named(signer))), with_more(P256, old(named(other)))
    assert accepted_by_openssl(agreeing.encoded(), tmp_path)
    assert not accepted_by_openssl(disagreeing.encoded(), tmp_path)
    assert reasons(agreeing) == []
    assert reasons(disagreeing) == [Code.SIGNER_CERTIFICATE_WRONG]
    assert reasons(with_more(P256, old(named(other, signer)))) == [
        Code.SIGNER_CERTIFICATE_WRONG,
        Code.CONSTRAINT_BROKEN,
    ]


def test_signing_certificate_limits_the_issuers_too() -> None:
    signer, issuer = world(P256).operator.certificate, world(P256).issuing.certificate
    other = world(P256).legal_person.certificate
    assert reasons(with_more(P256, old(named(signer, issuer)))) == []
    assert reasons(with_more(P256, old(named(signer, other)))) == [Code.CONSTRAINT_BROKEN]


def test_signing_certificate_alone_is_not_enough() -> None:
    made = with_more(P256, old(named(world(P256).operator.certificate)))
    made.attributes.pop(3)
    assert reasons(made) == [Code.SIGNER_CERTIFICATE_WRONG]


@pytest.mark.parametrize(
    "values",
    [
        [],
        [der.null()],
        [der.sequence(der.sequence())],
        [der.sequence(der.sequence(der.sequence(der.sequence(der.oid(Digest.SHA1.oid)), der.octet_string(bytes(20)))))],
        [named(world(P256).operator.certificate)] * 2,
    ],
)
def test_signing_certificate_that_is_none(values: list[bytes]) -> None:
    assert reasons(with_more(P256, old(*values))) == [Code.SIGNER_CERTIFICATE_WRONG]


@pytest.mark.parametrize(
    "wrong",
    [
        protection(Digest.SHA512, SignatureAlgorithm.ECDSA_SHA256),
        protection(Digest.SHA256, SignatureAlgorithm.ECDSA_SHA512),
        protection(Digest.SHA256, SignatureAlgorithm.ECDSA_SHA256, der.octet_string(b"parameters")),
        protection(Digest.SHA256, SignatureAlgorithm.ECDSA_SHA256)
        + protection(Digest.SHA256, SignatureAlgorithm.ECDSA_SHA256),
        attribute(ALGORITHM_PROTECTION, der.sequence(der.sequence(der.oid(Digest.SHA256.oid)))),
        attribute(ALGORITHM_PROTECTION, der.null()),
        attribute(ALGORITHM_PROTECTION),
    ],
)
def test_other_algorithms_than_those_that_were_signed_for(wrong: bytes) -> None:
    made = parts(P256)
    node = der.parse(der.sequence(wrong))
    made.attributes += [child.encoded for child in node]
    assert reasons(made) == [Code.ALGORITHM_NOT_ALLOWED]
