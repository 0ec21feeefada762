"""Authorities whose keys are on tokens: what they issue and publish is accepted by openssl."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import cms
from ecard.documents.signers import AnyOperator
from ecard.errors import WrongCardError
from ecard.pkcs11 import Pkcs11KeyHolder, Pkcs11Token
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.evidence import Evidence
from ecard.pki.ocsp import OcspResponder
from ecard.pki.profile import PublicationPoints, Usage
from ecard.pki.trust import Trust
from ecard.pki.withdrawal import RevocationReason
from tests.pkcs11.softhsm import KINDS, MODULE, PIN, generate, open_token, store
from tests.pki_authority.centre import (
    AT,
    DAY,
    WEEK,
    key_of,
    needs_openssl,
    openssl,
    operator,
    pem,
    request_of,
    subject,
)

POINTS = PublicationPoints(crl="http://crl.example.invalid/{partition}.crl")


@pytest.fixture(scope="module")
def keys(hsm: None) -> None:
    for number, kind in enumerate(KINDS):
        generate("centre", kind, f"root {kind.value}", bytes((1, number)))
        generate("centre", kind, f"issuing {kind.value}", bytes((2, number)))


def founded(token: Pkcs11Token, kind: KeyKind) -> tuple[CertificateAuthority, CertificateAuthority]:
    """A root and an issuing authority, both keys on the token."""
    root = CertificateAuthority.create_root("示例根", at=AT, key=token.key(label=f"root {kind.value}"))
    issuing = root.create_subordinate(
        "示例签发", at=AT, key=token.key(label=f"issuing {kind.value}"), points=POINTS, partitions=2
    )
    return root, issuing


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_accepts_certificates_and_crls(keys: None, kind: KeyKind, tmp_path: Path) -> None:
    with open_token("centre") as token:
        root, issuing = founded(token, kind)
        assert issuing.holder.signs_digests
        good, bad = (issuing.issue(request_of(key_of(kind, n)), subject(), at=AT) for n in (3, 4))
        issuing.revoke(bad, RevocationReason.KEY_COMPROMISE, at=AT)
        of_root = root.crl(at=AT, next_update=AT + WEEK)
        crls = [issuing.crl(at=AT, next_update=AT + WEEK, partition=name) for name in issuing.partition_names()]
        responder = OcspResponder(holder=issuing.holder, issuer=issuing.certificate, source=issuing)
        answer = responder.produce([good.serial_number, bad.serial_number], at=AT)
    for name, certificate in (("root", root.certificate), ("sub", issuing.certificate), ("good", good), ("bad", bad)):
        (tmp_path / f"{name}.pem").write_text(pem(certificate))
    text = ""
    for number, crl in enumerate((of_root, *crls)):
        path = tmp_path / f"{number}.crl"
        path.write_bytes(crl)
        signer = tmp_path / ("sub.pem" if number else "root.pem")
        text += openssl("crl", "-inform", "DER", "-in", path, "-CAfile", signer)
    assert text.count("verify OK") == 3
    (tmp_path / "crls.pem").write_text(text.replace("verify OK", ""))
    options = ("-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "sub.pem", "-CRLfile", tmp_path / "crls.pem")
    moment = ("-attime", str(int((AT + DAY).timestamp())))
    checked = ("verify", *options, *moment, "-crl_check_all", "-extended_crl", "-x509_strict")
    assert "good.pem: OK" in openssl(*checked, tmp_path / "good.pem")
    assert "certificate revoked" in openssl(*checked, tmp_path / "bad.pem", ok=False)
    (tmp_path / "answer").write_bytes(answer)
    certificates = ("-issuer", tmp_path / "sub.pem", "-cert", tmp_path / "good.pem", "-cert", tmp_path / "bad.pem")
    trusted = ("-CAfile", tmp_path / "root.pem", "-verify_other", tmp_path / "sub.pem", *moment)
    told = openssl("ocsp", "-respin", tmp_path / "answer", *certificates, *trusted, "-validity_period", "2000000000")
    assert "Response verify OK" in told
    assert "good.pem: good" in told
    assert "bad.pem: revoked" in told


def test_an_authority_on_a_token_is_kept_and_loaded_again(hsm: None, tmp_path: Path) -> None:
    for number, name in enumerate(("one", "other")):
        generate("authority", KeyKind.P256, name, bytes((number + 1,)))
    with open_token("authority") as token:
        root = CertificateAuthority.create_root("示例根", at=AT, key=token.key(label="one"))
        card = operator(root, 1)
        root.save(tmp_path)
        made = root.certificate
    assert not (tmp_path / "authority.key").exists()
    store("authority", made, "one", b"\x01")
    with open_token("authority") as token:
        holder = Pkcs11KeyHolder(token.key(label="one"))
        assert holder.certificate == made
        with AuthorityStore(tmp_path, holder=holder).changing() as authority:
            authority.hold(card, at=AT + DAY)
        again = CertificateAuthority.load(tmp_path, holder=holder)
        other = CertificateAuthority.create_root("x", at=AT, key=token.key(label="other"))
        with pytest.raises(WrongCardError):
            CertificateAuthority.load(tmp_path, holder=other.holder)
        again.crl(at=AT + DAY, next_update=AT + WEEK)
    assert len(again.record.journal) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_signed_on_a_token(keys: None, kind: KeyKind, tmp_path: Path) -> None:
    signed_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    document = "合同: ten tonnes of tea\n".encode()
    root = CertificateAuthority.create_root("示例根", at=AT)
    issuing = root.create_subordinate("示例签发", at=AT)
    generate("empty", kind, f"card {kind.value}", kind.value.encode())
    with open_token("empty", act="sign a contract") as token:
        key = token.key(label=f"card {kind.value}")
        certificate = issuing.issue_for_key(key.public_key, subject(), at=AT, usage=Usage.SIGNING)
        holder = Pkcs11KeyHolder(key, certificate, (issuing.certificate,))
        signature = cms.sign(document, holder, at=signed_at)
    crls = [authority.crl(at=signed_at, next_update=AT + WEEK) for authority in (root, issuing)]
    report = cms.verify(
        document,
        signature,
        trust=Trust([root.certificate]),
        signer=AnyOperator(of="M000100Y4"),
        at=signed_at,
        evidence=Evidence(crls),
    )
    assert report.accepted
    (tmp_path / "document").write_bytes(document)
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "root.pem").write_text(pem(root.certificate))
    options = ("-inform", "DER", "-in", tmp_path / "signature", "-content", tmp_path / "document", "-binary")
    moment = ("-attime", str(int(signed_at.timestamp())), "-purpose", "any")
    openssl("cms", "-verify", *options, "-CAfile", tmp_path / "root.pem", *moment, "-out", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == document


def test_the_example_in_the_documentation(hsm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "authority.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python pkcs11\n(.*?)```", text, re.DOTALL)
    generate("centre", KeyKind.P256, "root", b"example")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN_PIN", PIN)
    names: dict[str, Any] = {"MODULE": MODULE}
    exec(compile(block, "docs/authority.md", "exec"), names)
    assert len(names["again"].record.issued) == 1
