"""Programs that are not ecard and know about XML signatures: xmlsec1 and openssl."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from lxml import etree

from ecard import der
from ecard.certificate import Certificate
from tests.ceb.instances import DS

needs_xmlsec1 = pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="the program xmlsec1 is not installed")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")


def xmlsec1_accepts(message: bytes, certificate: Certificate, directory: Path) -> bool:
    """Whether xmlsec1 verifies the one signature with the certificate's key, and its one reference."""
    (directory / "message.xml").write_bytes(message)
    (directory / "certificate.pem").write_text(certificate.pem())
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", directory / "certificate.pem", directory / "message.xml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode == 0 and "SignedInfo References (ok/all): 1/1" in result.stderr


def openssl_accepts_sm2(text: bytes, raw: bytes, certificate: Certificate, directory: Path) -> bool:
    """Whether openssl verifies r || s over the text, with the default user id."""
    signature = der.sequence(der.integer(int.from_bytes(raw[:32], "big")), der.integer(int.from_bytes(raw[32:], "big")))
    for name, content in (("text", text), ("signature", signature), ("key.der", certificate.spki)):
        (directory / name).write_bytes(content)
    command = [
        "openssl", "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
        "-pubin", "-keyform", "DER", "-inkey", directory / "key.der", "-in", directory / "text",
        "-sigfile", directory / "signature",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def openssl_sm3(text: bytes) -> bytes:
    command = ["openssl", "dgst", "-sm3", "-binary"]
    return subprocess.run(command, input=text, capture_output=True, check=True).stdout


def independent_parts(message: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """(canonical message without signature, DigestValue, canonical SignedInfo, SignatureValue), by lxml alone."""
    root = etree.fromstring(message)
    signature = root.find(f"{{{DS}}}Signature")
    digest = b64decode(signature.findtext(f".//{{{DS}}}DigestValue"))
    value = b64decode(signature.findtext(f"{{{DS}}}SignatureValue"))
    info = etree.tostring(signature.find(f"{{{DS}}}SignedInfo"), method="c14n", with_comments=False)
    # a copy of the text around the signature is what the enveloped-signature transform leaves
    previous, tail = signature.getprevious(), signature.tail or ""
    previous.tail = (previous.tail or "") + tail
    root.remove(signature)
    return etree.tostring(root.getroottree(), method="c14n", with_comments=False), digest, info, value
