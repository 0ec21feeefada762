"""Fetching, from a server that behaves and from one that does not. Nothing leaves this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from ecard.certificate import Certificate
from ecard.errors import FetchError
from ecard.pki import fetch
from ecard.pki.crl import Crl
from ecard.pki.evidence import Evidence
from ecard.pki.fetch import Fetcher, ocsp_request
from ecard.pki.ocsp_response import OcspResponse
from ecard.pki.trust import Trust
from ecard.pki.validation import validate
from tests.pki_validation.chains import DAY, T0, Issuer, plain_card, root

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]
NOW = T0 + DAY
AIA = "1.3.6.1.5.5.7.1.1"


@dataclass
class Server:
    """What is served where, and what was asked."""

    url: str = ""
    pages: dict[str, Answer | bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            state.asked.append(self.path)
            page = state.pages.get(self.path)
            if page is None:
                self.send_error(404)
            elif isinstance(page, bytes):
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)
            else:
                page(self, body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}"
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture(scope="module")
def ca() -> Issuer:
    return root("Fetched root")


def card_of(
    ca: Issuer, *, crls: list[str] | None = None, responders: list[str] | None = None, issuers: list[str] | None = None
) -> Certificate:
    more: list[tuple[x509.ExtensionType, bool]] = []
    if crls:
        points = [x509.DistributionPoint([x509.UniformResourceIdentifier(u)], None, None, None) for u in crls]
        more.append((x509.CRLDistributionPoints(points), False))
    oids = x509.oid.AuthorityInformationAccessOID
    places = [(oids.OCSP, u) for u in responders or ()] + [(oids.CA_ISSUERS, u) for u in issuers or ()]
    if places:
        found = [x509.AccessDescription(o, x509.UniformResourceIdentifier(u)) for o, u in places]
        more.append((x509.AuthorityInformationAccess(found), False))
    return ca.issue(extensions=[*plain_card(), *more])


def pem(crl: Crl) -> bytes:
    return x509.load_der_x509_crl(crl.der).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("form", [lambda crl: crl.der, pem], ids=["DER", "PEM"])
def test_a_crl_is_fetched_and_remembered_until_its_next_update(
    server: Server, ca: Issuer, form: Callable[[Crl], bytes]
) -> None:
    crl = ca.crl()
    server.pages["/a.crl"] = form(crl)
    fetcher, card = Fetcher(), card_of(ca, crls=[f"{server.url}/a.crl"])
    assert fetcher.crls_of(card, at=NOW) == [crl]
    assert fetcher.crls_of(card, at=T0 + 6 * DAY) == [crl]
    assert server.asked == ["/a.crl"]
    newer = ca.crl(this_update=T0 + 7 * DAY)
    server.pages["/a.crl"] = newer.der
    assert fetcher.crl(f"{server.url}/a.crl", at=T0 + 7 * DAY) == newer
    assert len(server.asked) == 2


def test_not_more_is_remembered_than_was_asked_for(server: Server, ca: Issuer) -> None:
    for name in "ab":
        server.pages[f"/{name}"] = ca.crl().der
    fetcher = Fetcher(remember=len(ca.crl().der) + 10)
    for name in "aabab":
        fetcher.crl(f"{server.url}/{name}", at=NOW)
    assert server.asked == ["/a", "/b", "/a", "/b"]


def test_places_that_fail_are_passed_over_and_named_when_all_fail(server: Server, ca: Issuer) -> None:
    crl = ca.crl()
    server.pages["/good"], server.pages["/text"] = crl.der, b"not here"
    urls = ["ldap://ldap.e.example/cn=crl", f"{server.url}/missing", f"{server.url}/text", f"{server.url}/good"]
    assert Fetcher().crls_of(card_of(ca, crls=urls), at=NOW) == [crl]
    with pytest.raises(FetchError, match=r"/missing could not be fetched: status 404; .*/text cannot be read"):
        Fetcher().crls_of(card_of(ca, crls=urls[:3]), at=NOW)


def test_what_is_on_ldap_only_is_said(ca: Issuer) -> None:
    with pytest.raises(FetchError, match=r"no CRL on HTTP but ldap://"):
        Fetcher().crls_of(card_of(ca, crls=["ldap://ldap.e.example/cn=crl"]), at=NOW)
    for ask in (lambda c: Fetcher().ocsp(c, ca.certificate), lambda c: Fetcher().issuers_of(c)):
        with pytest.raises(FetchError, match=r"on HTTP$"):
            ask(card_of(ca))


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://e.example/x", "/etc/hostname", "http:///x", "data:,x", "http://[::1/x"]
)
def test_only_http_is_asked(url: str) -> None:
    with pytest.raises(FetchError, match="no address on HTTP"):
        Fetcher().crl(url, at=NOW)


def redirect(to: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_redirections_are_followed_to_http_only_and_not_for_ever(server: Server, ca: Issuer) -> None:
    crl = ca.crl()
    server.pages |= {
        "/crl": crl.der,
        "/moved": redirect("/crl"),
        "/file": redirect("file:///etc/hostname"),
        "/ftp": redirect("ftp://e.example/"),
        "/loop": redirect("/loop"),
    }
    assert Fetcher().crl(f"{server.url}/moved", at=NOW) == crl
    for path in ("/file", "/ftp", "/loop"):
        with pytest.raises(FetchError):
            Fetcher().crl(f"{server.url}{path}", at=NOW)
    assert server.asked.count("/loop") < 12


def test_hosts_can_be_limited(server: Server, ca: Issuer) -> None:
    server.pages |= {"/crl": ca.crl().der, "/away": redirect("http://localhost:1/crl")}
    fetcher = Fetcher(hosts=["127.0.0.1"])
    fetcher.crl(f"{server.url}/crl", at=NOW)
    with pytest.raises(FetchError, match="localhost is not one of those allowed"):
        fetcher.crl(f"{server.url}/away", at=NOW)
    with pytest.raises(FetchError, match="not one of those allowed"):
        Fetcher(hosts=["e.example"]).crl(f"{server.url}/crl", at=NOW)
    assert server.asked == ["/crl", "/away"]


def test_large_answers_are_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _number in range(1000):
            try:
                handler.wfile.write(b"x" * 65536)
            except OSError:
                return
            sent.append(1)

    server.pages["/endless"] = endless
    monkeypatch.setattr(fetch, "MAX_CRL_SIZE", 200_000)
    with pytest.raises(FetchError, match="more than 200000 bytes"):
        Fetcher().crl(f"{server.url}/endless", at=NOW)
    assert len(sent) < 500


@pytest.mark.parametrize("pause", [0.05, 5])
@pytest.mark.parametrize("part", ["status line", "headers", "content"])
def test_slow_answers_are_cut_off(server: Server, pause: float, part: str) -> None:
    stop = threading.Event()

    def slow(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        begin = {"status line": b"", "headers": b"HTTP/1.0 200 OK\r\n", "content": b"HTTP/1.0 200 OK\r\n\r\n"}
        handler.wfile.write(begin[part])
        while not stop.wait(pause):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return

    server.pages["/slow"] = slow
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"too long|timed out"):
        Fetcher(seconds=0.3).crl(f"{server.url}/slow", at=NOW)
    stop.set()
    assert time.monotonic() - start < 2


def test_all_addresses_of_a_host_together_have_the_time_of_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as deaf, ExitStack() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):  # its queue is full, and whoever comes now waits
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", deaf.getsockname())] * 8
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        start = time.monotonic()
        with pytest.raises(FetchError, match=r"too long|timed out"):
            Fetcher(seconds=0.3).crl("http://many.example/crl", at=NOW)
    assert time.monotonic() - start < 2


def test_a_slow_proxy_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        connected, _ = listening.accept()
        with connected:
            connected.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(100):
                if stop.wait(0.05):
                    return
                try:
                    connected.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        thread = threading.Thread(target=drip, args=[listening], daemon=True)
        thread.start()
        start = time.monotonic()
        with pytest.raises(FetchError, match=r"too long|timed out"):
            Fetcher(seconds=0.3).crl("https://behind.example/crl", at=NOW)
        took = time.monotonic() - start
        stop.set()
        thread.join(5)
    assert took < 2


def test_an_answer_that_ends_early_is_not_taken_for_whole(server: Server) -> None:
    def short(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"x" * 50)

    server.pages["/short"] = short
    with pytest.raises(FetchError, match="cut off"):
        Fetcher().crl(f"{server.url}/short", at=NOW)


def test_https_is_asked_as_https(server: Server, ca: Issuer) -> None:
    server.pages["/crl"] = ca.crl().der
    with pytest.raises(FetchError, match=r"SSL|EOF|record"):
        Fetcher(seconds=2).crl(server.url.replace("http:", "https:") + "/crl", at=NOW)
    assert server.asked == []


def test_nobody_there(server: Server) -> None:
    with pytest.raises(FetchError, match="could not be fetched"):
        Fetcher(seconds=1).crl("http://127.0.0.1:1/x", at=NOW)


def answer_ocsp(ca: Issuer, card: Certificate, *, nonce: bytes | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        asked = ocsp.load_der_ocsp_request(body)
        assert asked.serial_number == card.serial_number
        assert handler.headers["Content-Type"] == "application/ocsp-request"
        builder = ocsp.OCSPResponseBuilder().add_response(
            card.x509, ca.certificate.x509, asked.hash_algorithm, ocsp.OCSPCertStatus.GOOD, T0, T0 + 7 * DAY, None, None
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ca.certificate.x509)
        back = nonce or asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        signed = builder.add_extension(x509.OCSPNonce(back), False).sign(ca.key, hashes.SHA256())
        data = signed.public_bytes(serialization.Encoding.DER)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def test_ocsp_is_asked_with_a_nonce(server: Server, ca: Issuer) -> None:
    card = card_of(ca, responders=[f"{server.url}/missing", f"{server.url}/ocsp"])
    server.pages["/ocsp"] = answer_ocsp(ca, card)
    response = Fetcher().ocsp(card, ca.certificate)
    validate(card, at=NOW, trust=Trust([ca.certificate]), evidence=Evidence(ocsp=[response]))
    server.pages["/ocsp"] = answer_ocsp(ca, card, nonce=b"of another request")
    with pytest.raises(FetchError, match="answers another request"):
        Fetcher().ocsp(card, ca.certificate)


def test_what_cannot_be_read_is_passed_over(server: Server, ca: Issuer) -> None:
    """A nonce that is none must not keep the next responder from being asked, nor a broken extension the other way."""
    card = card_of(ca, responders=[f"{server.url}/odd", f"{server.url}/ocsp"])
    builder = ocsp.OCSPResponseBuilder().add_response(
        card.x509, ca.certificate.x509, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, T0, T0 + 7 * DAY, None, None
    )
    nonce = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.2"), b"none")
    odd = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ca.certificate.x509).add_extension(nonce, False)
    encoded = odd.sign(ca.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    server.pages |= {"/odd": encoded, "/ocsp": answer_ocsp(ca, card)}
    assert Fetcher().ocsp(card, ca.certificate) != OcspResponse(encoded)
    broken = [(x509.UnrecognizedExtension(x509.ObjectIdentifier(o), b"none"), False) for o in ("2.5.29.31", AIA)]
    card = ca.issue(extensions=[*plain_card(), *broken])
    fetcher = Fetcher()
    for fetching in (
        lambda: fetcher.crls_of(card, at=NOW),
        lambda: fetcher.ocsp(card, ca.certificate),
        lambda: fetcher.issuers_of(card),
        lambda: fetcher.evidence_for([card, ca.certificate], at=NOW),
    ):
        with pytest.raises(FetchError, match="cannot be read"):
            fetching()


def test_the_request_is_what_cryptography_writes(ca: Issuer) -> None:
    card = ca.issue()
    theirs = ocsp.OCSPRequestBuilder().add_certificate(card.x509, ca.certificate.x509, hashes.SHA1()).build()
    assert ocsp_request(card, ca.certificate) == theirs.public_bytes(serialization.Encoding.DER)
    nonce = ocsp.load_der_ocsp_request(ocsp_request(card, ca.certificate, nonce=b"n" * 32)).extensions
    assert nonce.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32


def test_issuers_are_fetched_as_untrusted_certificates(server: Server, ca: Issuer) -> None:
    below = ca.ca("Fetched CA")
    server.pages |= {"/der": below.certificate.der, "/pem": (below.certificate.pem() + ca.certificate.pem()).encode()}
    assert Fetcher().issuers_of(card_of(below, issuers=[f"{server.url}/der"])) == [below.certificate]
    card = card_of(below, issuers=[f"{server.url}/none", f"{server.url}/pem"])
    assert Fetcher().issuers_of(card) == [below.certificate, ca.certificate]
    server.pages["/bad"] = b"\x30\x05"
    with pytest.raises(FetchError, match="cannot be read"):
        Fetcher().issuers_of(card_of(below, issuers=[f"{server.url}/bad"]))


def test_evidence_for_a_whole_path(server: Server, ca: Issuer) -> None:
    middle = ca.issue("m", extensions=[])  # named below; only its place in the path matters here
    below = ca.ca("Evidence CA")
    card = card_of(below, responders=[f"{server.url}/ocsp"])
    crl = ca.crl()
    server.pages |= {"/crl": crl.der, "/ocsp": answer_ocsp(below, card)}
    upper = card_of(ca, crls=[f"{server.url}/crl"])
    evidence = Fetcher().evidence_for([card, below.certificate], at=NOW)
    assert (len(evidence.crls), len(evidence.ocsp)) == (0, 1)
    evidence = Fetcher().evidence_for([upper, ca.certificate], at=NOW)
    assert evidence.crls == (crl,)
    with pytest.raises(FetchError, match="no evidence could be fetched"):
        Fetcher().evidence_for([middle, ca.certificate], at=NOW)
    assert Fetcher().evidence_for([ca.certificate], at=NOW) == Evidence()


def test_several_or_no_crls_in_one_answer(server: Server, ca: Issuer) -> None:
    server.pages |= {"/two": pem(ca.crl()) + pem(ca.crl()), "/none": b""}
    for path, why in (("/two", "2 CRLs"), ("/none", "cannot be read")):
        with pytest.raises(FetchError, match=why):
            Fetcher().crl(server.url + path, at=NOW)
