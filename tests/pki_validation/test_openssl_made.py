"""Chains, CRLs and OCSP responses that openssl made, judged by ecard."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecard.certificate import Certificate, load_certificates
from ecard.findings import FindingCode as F
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.policy import ValidationPolicy
from tests.pki_validation.judging import codes

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
STRICT = ValidationPolicy()
CONFIG = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
certificate = root.pem
private_key = root.key
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[holder]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer:always
[bare]
basicConstraints = CA:FALSE
[lists]
authorityKeyIdentifier = keyid:always
[req]
distinguished_name = nobody
[nobody]
"""


class Centre:
    """A directory in which openssl is an authority."""

    def __init__(self, directory: Path, kind: str) -> None:
        self.directory = directory
        (directory / "openssl.cnf").write_text(CONFIG)
        (directory / "index.txt").write_text("")
        for name in ("serial", "crlnumber"):
            (directory / name).write_text("1000\n")
        self.kind = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.run("req", "-x509", *self.new("root", "OpenSSL root"), "-extensions", "authority", "-days", "100")
        self.root = self.certificate("root")

    def run(self, command: str, *arguments: str) -> bytes:
        config = [] if command in ("ocsp", "x509") else ["-config", "openssl.cnf"]
        done = subprocess.run(
            ["openssl", command, *config, *arguments], cwd=self.directory, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def new(self, name: str, subject: str) -> list[str]:
        out = "-out", f"{name}.pem" if name == "root" else f"{name}.csr"
        return ["-newkey", *self.kind, "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={subject}", *out]

    def issue(self, name: str, extensions: str = "holder") -> Certificate:
        self.run("req", *self.new(name, name))
        self.run("ca", "-batch", "-notext", "-in", f"{name}.csr", "-out", f"{name}.pem", "-extensions", extensions)
        return self.certificate(name)

    def certificate(self, name: str) -> Certificate:
        (found,) = load_certificates((self.directory / f"{name}.pem").read_bytes())
        return found

    def crl(self, *options: str) -> Crl:
        self.run("ca", "-gencrl", "-out", "list.pem", *options)
        return Crl.load(self.directory / "list.pem")

    def judge(
        self, certificate: Certificate, *crls: Crl, at: datetime | None = None, ocsp: bytes | None = None
    ) -> list[F]:
        evidence = Evidence(crls, [ocsp] if ocsp else [])
        moment = at or max(certificate.not_before, *(c.this_update for c in crls))
        return codes(certificate, [self.root], at=moment, policy=STRICT, evidence=evidence)


@pytest.fixture(scope="module", params=["rsa", "ec"])
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return Centre(tmp_path_factory.mktemp("openssl"), request.param)


def test_lists_of_both_versions(centre: Centre) -> None:
    card, bare = centre.issue("card"), centre.issue("bare", "bare")
    old, new = centre.crl(), centre.crl("-crlexts", "lists")
    assert new.number is not None
    assert new.authority_key_id.key_id is not None
    for crl in (old, new):
        assert centre.judge(card, crl) == []
        assert centre.judge(bare, crl) == []


@pytest.mark.parametrize(
    ("options", "reason", "expected"),
    [
        (["-crl_reason", "superseded"], "superseded", F.REVOKED),
        (["-crl_hold", "holdInstructionReject"], "certificateHold", F.ON_HOLD),
        (["-crl_compromise", "20260101000000Z"], "keyCompromise", F.REVOKED),
        ([], "unspecified", F.REVOKED),
    ],
)
def test_withdrawals(centre: Centre, options: list[str], reason: str, expected: F) -> None:
    card = centre.issue("withdrawn")
    centre.run("ca", "-revoke", "withdrawn.pem", *options)
    crl = centre.crl("-crlexts", "lists")
    found = crl.find(card.serial_number)
    assert found is not None
    assert found.reason == reason
    assert (found.invalid_since == datetime(2026, 1, 1, tzinfo=UTC)) is ("-crl_compromise" in options)
    assert centre.judge(card, crl) == [expected]
    assert centre.judge(centre.issue("another"), crl) == []


def test_answers(centre: Centre) -> None:
    good, bad = centre.issue("good"), centre.issue("bad")
    centre.run("ca", "-revoke", "bad.pem", "-crl_reason", "keyCompromise")
    moment = datetime.now(UTC)
    for card, name, expected in ((good, "good", []), (bad, "bad", [F.REVOKED])):
        centre.run("ocsp", "-issuer", "root.pem", "-cert", f"{name}.pem", "-reqout", "request.der")
        signer = ["-rsigner", "root.pem", "-rkey", "root.key", "-CA", "root.pem"]
        out = ["-reqin", "request.der", "-respout", "answer.der", "-ndays", "1"]
        centre.run("ocsp", "-index", "index.txt", *signer, *out)
        answer = (centre.directory / "answer.der").read_bytes()
        assert centre.judge(card, at=moment + timedelta(hours=1), ocsp=answer) == expected
        assert centre.judge(card, at=moment + timedelta(days=2), ocsp=answer) == (expected or [F.REVOCATION_UNKNOWN])
