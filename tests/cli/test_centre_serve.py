"""``ecard centre new`` and ``serve``: a running server, asked by openssl, curl, raw sockets and ecard's own Fetcher."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError

import pytest

from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import ValidationError
from ecard.findings import Finding
from ecard.keys import SoftwareKey
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.evidence import Evidence
from ecard.pki.fetch import Fetcher
from ecard.pki.profile import Usage
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.cli.serving import ENVIRONMENT, PASSWORD, Server, command, free_port, make_authorities
from tests.pki_authority.centre import needs_openssl, openssl, pem, subject

SECRETS = re.compile(r"Traceback|/tmp|authority\.|BEGIN|ecard|waitress|python", re.IGNORECASE)
pytestmark = [
    needs_openssl,
    pytest.mark.skipif(find_spec("waitress") is None, reason="waitress is not installed (extra serve)"),
]


@pytest.fixture(scope="module", params=["p256", "rsa2048"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("served") / "centre"
    port = free_port()
    options = ("--address", f"http://127.0.0.1:{port}", "--partitions", 2, "--algorithm", request.param)
    make_authorities(directory, *options)
    store, now = AuthorityStore(directory / "issuing", password=PASSWORD.encode()), datetime.now(UTC)
    with store.changing() as authority:
        good, held = (
            authority.issue_for_key(
                SoftwareKey.generate(KeyKind.P256).public_key,
                subject(card_number=f"03-JJ0A90000000{number}"),
                at=now,
                usage=Usage.SIGNING,
            )
            for number in (1, 2)
        )
        authority.hold(held, at=now)
    with subprocess.Popen(
        command("serve", directory, "--port", port), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert said == f"serving issuing, root at http://127.0.0.1:{port}; Ctrl-C ends it\n"
        try:
            yield Server(directory, f"http://127.0.0.1:{port}", process, good, held)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert "Traceback" not in process.stderr.read()


# --- judges -----------------------------------------------------------------------------------------------------------


def test_openssl_reads_the_crls(server: Server, tmp_path: Path) -> None:
    server.write(tmp_path)
    for name, partitions in (("root", ["crl030000"]), ("issuing", ["crl030000", "crl030001"])):
        for partition in partitions:
            for path in (f"/{name}/{partition}.crl", f"/{name}/{partition}-delta.crl"):
                (tmp_path / "crl").write_bytes(server.fetch(path))
                given = ("-inform", "DER", "-in", tmp_path / "crl", "-CAfile", tmp_path / f"{name}.pem", "-noout")
                text = openssl("crl", *given, "-text")
                assert "verify OK" in text
                assert ("Delta CRL Indicator" in text) is path.endswith("-delta.crl")


def test_openssl_verify_with_what_was_fetched(server: Server, tmp_path: Path) -> None:
    server.write(tmp_path)
    texts = []
    for path in ("/root/crl030000.crl", "/issuing/crl030000.crl", "/issuing/crl030001.crl"):
        (tmp_path / "crl").write_bytes(server.fetch(path))
        texts.append(openssl("crl", "-inform", "DER", "-in", tmp_path / "crl"))
    (tmp_path / "crls.pem").write_text("".join(texts))
    (tmp_path / "sub.der").write_bytes(server.fetch("/issuing/issuer.crt"))
    openssl("x509", "-inform", "DER", "-in", tmp_path / "sub.der", "-out", tmp_path / "sub.pem")
    options = ("-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "sub.pem", "-CRLfile", tmp_path / "crls.pem")
    checked = ("verify", *options, "-crl_check_all", "-extended_crl", "-x509_strict")
    assert "good.pem: OK" in openssl(*checked, tmp_path / "good.pem")
    assert "certificate revoked" in openssl(*checked, tmp_path / "held.pem", ok=False)


@pytest.mark.parametrize("nonce", [[], ["-no_nonce"]])
def test_openssl_asks_by_ocsp(server: Server, tmp_path: Path, nonce: list[str]) -> None:
    server.write(tmp_path)
    certificates = ("-cert", tmp_path / "good.pem", "-cert", tmp_path / "held.pem", "-serial", "0x300000000000001")
    asked = ("-issuer", tmp_path / "issuing.pem", *certificates, "-url", f"{server.address}/issuing/ocsp")
    trusted = ("-CAfile", tmp_path / "root.pem", "-verify_other", tmp_path / "issuing.pem")
    text = openssl("ocsp", *asked, *trusted, *nonce)
    assert "Response verify OK" in text
    assert "WARNING" not in text
    assert "good.pem: good" in text
    assert "held.pem: revoked" in text
    assert "Reason: certificateHold" in text
    assert "0x300000000000001: unknown" in text
    asked = ("-issuer", tmp_path / "root.pem", "-cert", tmp_path / "issuing.pem", "-url", f"{server.address}/root/ocsp")
    assert "issuing.pem: good" in openssl("ocsp", *asked, "-CAfile", tmp_path / "root.pem")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("nonce", [[], ["-no_nonce"]])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_openssl_verifies_a_stamp_that_curl_fetched(
    server: Server, tmp_path: Path, nonce: list[str], digest: str
) -> None:
    server.write(tmp_path)
    (tmp_path / "document").write_bytes(b"a contract")
    query = ("-query", "-data", tmp_path / "document", f"-{digest}", "-cert", *nonce, "-out", tmp_path / "query")
    openssl("ts", *query)
    posted = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--data-binary", f"@{tmp_path}/query"]
    kind = ["-H", "Content-Type: application/timestamp-query", "-o", str(tmp_path / "reply")]
    subprocess.run([*posted, *kind, f"{server.address}/issuing/tsa"], check=True)
    trusted = ("-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "issuing.pem")
    text = openssl("ts", "-verify", "-queryfile", tmp_path / "query", "-in", tmp_path / "reply", *trusted)
    assert "Verification: OK" in text
    openssl("ts", "-verify", "-data", tmp_path / "document", "-in", tmp_path / "reply", *trusted)
    (tmp_path / "document").write_bytes(b"another contract")
    openssl("ts", "-verify", "-data", tmp_path / "document", "-in", tmp_path / "reply", *trusted, ok=False)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_sends_in_chunks_without_a_length(server: Server, tmp_path: Path) -> None:
    server.write(tmp_path)
    openssl("ts", "-query", "-data", tmp_path / "good.pem", "-sha256", "-out", tmp_path / "query")
    headers = ["-H", "Content-Type: application/timestamp-query", "-H", "Transfer-Encoding: chunked"]
    posted = ["curl", "--silent", "--fail", "--noproxy", "*", "--data-binary", f"@{tmp_path}/query", *headers]
    subprocess.run([*posted, "-o", str(tmp_path / "reply"), f"{server.address}/issuing/tsa"], check=True)
    assert (tmp_path / "reply").read_bytes()[:1] == b"\x30"


def test_the_fetcher_finds_all_evidence_by_the_addresses_in_the_certificates(server: Server) -> None:
    fetcher, root, now = Fetcher(hosts=["127.0.0.1"]), server.store("root").certificate, datetime.now(UTC)
    for certificate in (server.good, server.held):
        (issuing,) = fetcher.issuers_of(certificate)
        assert issuing == server.store().certificate
        assert fetcher.issuers_of(issuing) == [root]
        by_crl = fetcher.evidence_for([certificate, issuing, root], at=now)
        by_ocsp = Evidence(fetcher.crls_of(issuing, at=now), [fetcher.ocsp(certificate, issuing)])
        for evidence in (by_crl, by_ocsp):
            found = findings(certificate, root, issuing, evidence)
            assert found == ([] if certificate == server.good else ["on-hold"])


def findings(certificate: Certificate, root: Certificate, issuing: Certificate, evidence: Evidence) -> list[str]:
    trust, now = Trust([root], intermediates=[issuing]), datetime.now(UTC) + timedelta(seconds=1)
    try:
        validate(certificate, at=now, trust=trust, evidence=evidence)
    except ValidationError as error:
        return [finding.code.label for finding in error.findings if isinstance(finding, Finding)]
    return []


# --- a life -----------------------------------------------------------------------------------------------------------


def test_a_loss_reported_in_another_process_is_known_at_once(server: Server, tmp_path: Path) -> None:
    with server.store().changing() as authority:
        card = authority.issue_for_key(
            SoftwareKey.generate(KeyKind.P256).public_key,
            subject(card_number="03-JJ0A900000009"),
            at=datetime.now(UTC),
            usage=Usage.SIGNING,
        )
    server.write(tmp_path)
    (tmp_path / "card.pem").write_text(pem(card))
    asked = ("-issuer", tmp_path / "issuing.pem", "-cert", tmp_path / "card.pem", "-CAfile", tmp_path / "root.pem")
    ocsp = ("ocsp", *asked, "-verify_other", tmp_path / "issuing.pem", "-url", f"{server.address}/issuing/ocsp")
    assert "card.pem: good" in openssl(*ocsp)
    path = f"/issuing/{authority.partition(card.serial_number)}.crl"
    assert card.serial_number.to_bytes(8, "big") not in server.fetch(path)
    with server.store().changing() as authority:
        authority.hold(card, at=datetime.now(UTC))
    assert "card.pem: revoked" in openssl(*ocsp)
    assert card.serial_number.to_bytes(8, "big") in server.fetch(path)


def test_many_at_once(server: Server) -> None:
    paths = ["/issuing/crl030000.crl", "/issuing/crl030001-delta.crl", "/root/crl030000.crl", "/issuing/issuer.crt"]
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(server.fetch, paths * 25))
    assert all(found)
    assert len({hashlib.sha256(body).digest() for body in found}) <= 2 * len(paths)


# --- strangers --------------------------------------------------------------------------------------------------------


def raw(server: Server, data: bytes) -> bytes:
    pieces = []
    # a server that answers before it has read everything may reset the connection
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection, suppress(ConnectionError):
        connection.sendall(data)
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST /issuing/ocsp HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /issuing/tsa HTTP/1.0\r\nContent-Type: application/timestamp-query\r\nContent-Length: 5000\r\n\r\n"
         + bytes(5000), 413),
        (b"POST /issuing/tsa HTTP/1.0\r\nContent-Type: application/timestamp-query\r\n\r\n", 411),
        (b"GET /issuing/ocsp/" + b"A" * 24_000 + b" HTTP/1.0\r\n\r\n", 414),
        (b"GET / HTTP/1.0\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", 404),
        (b"GET /root/authority.key HTTP/1.0\r\n\r\n", 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET http://[::1/issuing/issuer.crt HTTP/1.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzz\r\n", 400),
    ],
)  # fmt: skip
def test_what_strangers_send(server: Server, data: bytes, status: int) -> None:
    answer = raw(server, data)
    assert re.match(rb"HTTP/1\.[01] (\d+)", answer)[1] == str(status).encode(), answer[:200]  # type: ignore[index]
    assert not SECRETS.search(answer.decode("latin-1")), answer
    assert server.fetch("/issuing/issuer.crt")


def test_nothing_that_is_kept_is_served(server: Server) -> None:
    for path in ("/issuing/authority.json", "/root.pem", "/issuing/authority.lock", "/"):
        with pytest.raises(HTTPError) as caught:
            server.fetch(path)
        assert (caught.value.code, caught.value.read()) == (404, b"404 Not Found\n")
