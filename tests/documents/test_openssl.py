"""The openssl program as judge and as author: it accepts what ecard signs, and ecard judges what it signs."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from ecard import der
from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.report import Report
from ecard.documents.signers import AnyOperator
from ecard.findings import FindingCode as Code
from ecard.keyholder import SoftwareKeyHolder
from ecard.pki.evidence import Evidence
from ecard.pki.trust import Trust
from tests.documents.roughly import Roughly
from tests.documents.world import (
    CODE,
    DOCUMENT,
    NOW,
    OPENSSL_KINDS,
    SIGNED,
    World,
    codes,
    inspected,
    key_of,
    signed,
    world,
    write_pem,
)

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")


def openssl(directory: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "cms", *map(str, arguments)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


# --- openssl judges what ecard signed ----------------------------------------------------------------------------


def judged(directory: Path, kind: KeyKind, signature: bytes, document: bytes, *more: str) -> bool:
    (directory / "signature").write_bytes(signature)
    (directory / "document").write_bytes(document)
    write_pem(directory / "root.pem", world(kind).root.certificate)
    arguments = [
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "signature",
        "-content",
        "document",
        "-CAfile",
        "root.pem",
    ]
    arguments += ["-purpose", "any", "-attime", str(int(NOW.timestamp())), "-out", "content", *more]
    return openssl(directory, *arguments).returncode == 0


@pytest.mark.parametrize("kind", OPENSSL_KINDS)
@pytest.mark.parametrize("more", [(), ("-cades",)])
def test_openssl_accepts_what_ecard_signs(kind: KeyKind, more: tuple[str, ...], tmp_path: Path) -> None:
    assert judged(tmp_path, kind, signed(kind), DOCUMENT, *more)
    assert (tmp_path / "content").read_bytes() == DOCUMENT
    assert not judged(tmp_path, kind, signed(kind), DOCUMENT + b"!", *more)


@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_checks_the_crls_too(kind: KeyKind, tmp_path: Path) -> None:
    crls = tmp_path / "crls.pem"
    converted = [
        subprocess.run(["openssl", "crl", "-inform", "DER"], input=crl.der, capture_output=True, check=True).stdout
        for crl in world(kind).evidence.crls
    ]
    crls.write_bytes(world(kind).root.certificate.pem().encode() + b"".join(converted))
    assert judged(tmp_path, kind, signed(kind), DOCUMENT, "-cades", "-crl_check_all", "-CAfile", str(crls))


@pytest.mark.parametrize("size", [0, 1, 4096])
def test_openssl_accepts_documents_of_every_size(size: int, tmp_path: Path) -> None:
    document = bytes(size)
    signature = cms.sign(document, world(KeyKind.P256).operator, at=SIGNED)
    assert judged(tmp_path, KeyKind.P256, signature, document, "-cades")


@pytest.mark.parametrize("kind", OPENSSL_KINDS)
def test_openssl_and_ecard_agree_on_ber(kind: KeyKind, tmp_path: Path) -> None:
    for seed in range(5):
        # certificates and attributes stay DER: openssl hashes them as they come
        rough = Roughly(seed, levels=4).again(der.parse(signed(kind)))
        assert rough != signed(kind)
        assert judged(tmp_path, kind, rough, DOCUMENT, "-cades")
        assert inspected(DOCUMENT, rough, kind).accepted


# --- ecard judges what openssl signed ----------------------------------------------------------------------------


@lru_cache
def fresh(kind: KeyKind) -> tuple[SoftwareKeyHolder, Trust]:
    """A signer and the trust under which it is good today: openssl signs with today's date."""
    centre, now = World(kind), datetime.now(UTC)
    key, operator = key_of(kind, "card 2"), centre.operator
    crls = [
        ca.crl(at=now - timedelta(hours=1), next_update=now + timedelta(days=7)) for ca in (centre.root, centre.issuing)
    ]
    holder = SoftwareKeyHolder(key, operator.certificate, operator.chain)
    return holder, Trust([centre.root.certificate], evidence=Evidence(crls))


def signed_by_openssl(directory: Path, kind: KeyKind, *more: str, form: str = "DER") -> bytes:
    holder, _ = fresh(kind)
    (directory / "document").write_bytes(DOCUMENT)
    (directory / "key").write_bytes(key_of(kind, "card 2").pkcs8())
    write_pem(directory / "signer.pem", holder.certificate)
    write_pem(directory / "chain.pem", *holder.chain)
    arguments = ["-sign", "-binary", "-in", "document", "-signer", "signer.pem", "-inkey", "key", "-keyform", "DER"]
    arguments += ["-certfile", "chain.pem", "-outform", form, "-out", "signature", *more]
    done = openssl(directory, *arguments)
    assert done.returncode == 0, done.stderr
    return (directory / "signature").read_bytes()


def inspected_today(kind: KeyKind, signature: bytes, document: bytes = DOCUMENT) -> Report:
    trust = fresh(kind)[1]
    return cms.inspect(document, signature, trust=trust, signer=AnyOperator(of=CODE), at=datetime.now(UTC))


@pytest.mark.parametrize("kind", OPENSSL_KINDS)
@pytest.mark.parametrize(
    "more",
    [
        (),
        ("-md", "sha384"),
        ("-md", "sha512"),
        ("-stream",),
        ("-nodetach",),
        ("-keyid",),
        ("-nosmimecap",),
        ("-receipt_request_all", "-receipt_request_to", "nobody@example.com"),
    ],
)
def test_ecard_accepts_what_openssl_signs(kind: KeyKind, more: tuple[str, ...], tmp_path: Path) -> None:
    signature = signed_by_openssl(tmp_path, kind, "-cades", *more)
    assert ("-stream" in more) == signature.startswith(b"\x30\x80"), "streams have indefinite lengths"
    report = inspected_today(kind, signature)
    assert report.accepted, str(report)
    changed = inspected_today(kind, signature, DOCUMENT + b"!")
    assert Code.DOCUMENT_CHANGED in codes(changed)


@pytest.mark.parametrize("more", [(), ("-stream",)])
def test_pem_of_openssl(more: tuple[str, ...], tmp_path: Path) -> None:
    signature = signed_by_openssl(tmp_path, KeyKind.P256, "-cades", *more, form="PEM")
    assert signature.startswith(b"-----BEGIN CMS-----")
    assert inspected_today(KeyKind.P256, signature).accepted
    assert inspected_today(KeyKind.P256, signature.replace(b"CMS", b"PKCS7").replace(b"\n", b"\r\n")).accepted


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ((), Code.SIGNER_CERTIFICATE_WRONG, "signing-certificate-v2 is missing"),
        (("-noattr",), Code.MALFORMED, "no signed attributes"),
        (("-cades", "-nocerts"), Code.SIGNER_CERTIFICATE_MISSING, "no certificate"),
        (("-cades", "-md", "sha1"), Code.ALGORITHM_NOT_ALLOWED, "RSA-SHA1 is too weak"),
        (("-cades", "-md", "md5"), Code.ALGORITHM_NOT_ALLOWED, "MD5 (1.2.840.113549.2.5)"),
        (("-cades", "-keyopt", "rsa_padding_mode:pss"), Code.ALGORITHM_NOT_ALLOWED, "RSASSA-PSS"),
    ],
)
def test_ecard_refuses_what_openssl_signs_otherwise(
    more: tuple[str, ...], code: Code, words: str, tmp_path: Path
) -> None:
    report = inspected_today(KeyKind.RSA2048, signed_by_openssl(tmp_path, KeyKind.RSA2048, *more))
    assert codes(report)[0] is code
    assert words in str(report)


def test_two_signers(tmp_path: Path) -> None:
    (tmp_path / "second").write_bytes(key_of(KeyKind.P256, "card 1").pkcs8())
    write_pem(tmp_path / "second.pem", world(KeyKind.P256).legal_person.certificate)
    second = ("-signer", "second.pem", "-inkey", "second")
    report = inspected_today(KeyKind.P256, signed_by_openssl(tmp_path, KeyKind.P256, "-cades", *second))
    assert codes(report) == [Code.MALFORMED]
    assert "2 signatures" in str(report)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-data_create",), "(data without a signature), not signed data"),
        (("-digest_create", "-md", "sha256"), "(a digest), not signed data"),
        (("-EncryptedData_encrypt", "-aes128", "-secretkey", "00" * 16), "(encrypted), not signed data"),
    ],
)
def test_other_messages_of_openssl(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    (tmp_path / "document").write_bytes(DOCUMENT)
    done = openssl(tmp_path, *arguments, "-in", "document", "-outform", "DER", "-out", "message")
    assert done.returncode == 0, done.stderr
    report = inspected_today(KeyKind.P256, (tmp_path / "message").read_bytes())
    assert codes(report) == [Code.MALFORMED]
    assert words in str(report)


def test_certificates_without_a_signature(tmp_path: Path) -> None:
    write_pem(tmp_path / "certificates", *fresh(KeyKind.P256)[0].chain)
    command = ["openssl", "crl2pkcs7", "-nocrl", "-certfile", "certificates", "-outform", "DER", "-out", "bundle"]
    subprocess.run(command, cwd=tmp_path, check=True)
    report = inspected_today(KeyKind.P256, (tmp_path / "bundle").read_bytes())
    assert codes(report) == [Code.MALFORMED]
    assert "no signature" in str(report)


def test_a_mail_is_no_signature_file(tmp_path: Path) -> None:
    report = inspected_today(KeyKind.P256, signed_by_openssl(tmp_path, KeyKind.P256, "-cades", form="SMIME"))
    assert codes(report) == [Code.MALFORMED]
    assert "S/MIME" in str(report)
