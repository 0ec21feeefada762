"""Authorities on HTTP, called as WSGI: what each path gives, how it is cached, and how the wrong is refused."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as pyca
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecard import der
from ecard.algorithms import KeyKind
from ecard.certificate import Certificate
from ecard.errors import InvalidInputError
from ecard.pki import ocsp_request, timestamp_request
from ecard.pki.authority import CertificateAuthority
from ecard.pki.authority_store import AuthorityStore
from ecard.pki.profile import PublicationPoints
from ecard.pki.publishing import AuthorityService, points_at
from ecard.pki.serving import MAX_AGE, application
from tests.pki_authority.centre import AT, DAY, chain_of, key_of, root
from tests.pki_authority.test_ocsp import ask
from tests.pki_authority.test_timestamp import ask as ask_for_stamp

PASSWORD = b"a long password"
HOST = "http://127.0.0.1:8470"
STAMP = ask_for_stamp()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def max_age(self) -> int:
        return int(self.headers["Cache-Control"].split("max-age=")[1].split(",")[0])


class Site:
    """A root and an issuing authority behind the application, a clock that the tests turn, and a client."""

    def __init__(self, directory: Path, points: PublicationPoints | None = None) -> None:
        top = CertificateAuthority.create_root(
            "示例根", at=AT, key=key_of(KeyKind.P256, 1), points=points_at(HOST, "root")
        )
        self.points = points or points_at(HOST, "issuing")
        issuing = top.create_subordinate(
            "示例签发", at=AT, key=key_of(KeyKind.P256, 2), points=self.points, partitions=2
        )
        self.now = AT
        self.stores = {}
        for name, authority in (("root", top), ("issuing", issuing)):
            authority.save(directory / name, password=PASSWORD)
            self.stores[name] = AuthorityStore(directory / name, password=PASSWORD)
        self.services = {
            name: AuthorityService(store, policy="1.3.6.1.4.1.99999.1" if name == "issuing" else None)
            for name, store in self.stores.items()
        }
        self.application = validator(application(self.services, clock=lambda: self.now))

    @property
    def issuing(self) -> CertificateAuthority:
        with self.stores["issuing"].reading() as authority:
            return authority

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "QUERY_STRING": ""}
        environ["PATH_INFO"] = unquote(path, "latin-1")
        if body is not None:
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        environ |= headers
        setup_testing_defaults(environ)
        found: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], object]:
            found.update(status=int(status[:3]), headers=dict(headers))
            return lambda data: None

        result = self.application(environ, start)
        try:
            content = b"".join(result)
        finally:
            result.close()  # type: ignore[attr-defined]
        return Answer(found["status"], found["headers"], content)

    def get(self, address: str, **headers: str) -> Answer:
        return self.call("GET", address.removeprefix(HOST), **headers)

    def ocsp(self, body: bytes, **headers: str) -> Answer:
        options = {"CONTENT_TYPE": "application/ocsp-request"} | headers
        return self.call("POST", "/issuing/ocsp", body, **options)

    def tsa(self, body: bytes, **headers: str) -> Answer:
        options = {"CONTENT_TYPE": "application/timestamp-query"} | headers
        return self.call("POST", "/issuing/tsa", body, **options)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


# --- what each path gives ---------------------------------------------------------------------------------------------


def test_crls_and_deltas_of_every_partition(site: Site) -> None:
    for service in site.services.values():
        for partition in service.partitions:
            for address in (service.points.crl_at(partition), service.points.delta_crl_at(partition)):
                assert address is not None
                answer = site.get(address)
                assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pkix-crl")
                crl = x509.load_der_x509_crl(answer.body)
                assert crl.is_signature_valid(service.certificate.x509.public_key())  # type: ignore[arg-type]
                assert bool(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
                is_delta = any(isinstance(one.value, x509.DeltaCRLIndicator) for one in crl.extensions)
                assert is_delta is address.endswith("-delta.crl")


def test_issuers_certificates(site: Site) -> None:
    for name, service in site.services.items():
        answer = site.get(f"{HOST}/{name}/issuer.crt")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pkix-cert")
        assert Certificate(answer.body) == service.certificate


def test_ocsp_by_post_and_by_get(site: Site) -> None:
    with site.stores["issuing"].changing() as authority:
        card = authority.create_time_stamper("x", at=AT).certificate
    request = ask(site.issuing, card.serial_number)
    posted = site.ocsp(request)
    fetched = site.get(f"/issuing/ocsp/{quote(b64encode(request), safe='')}")
    plain = site.get(f"/issuing/ocsp/{b64encode(request).decode()}")
    doubled = site.get(f"/issuing/ocsp//{quote(b64encode(request), safe='')}")
    for answer in (posted, fetched, plain, doubled):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/ocsp-response")
        assert pyca.load_der_ocsp_response(answer.body).certificate_status is pyca.OCSPCertStatus.GOOD


def test_every_length_of_base64_in_the_path(site: Site) -> None:
    for size in range(1, 8):
        request = ask(site.issuing, 1, nonce=b"\xff" * size)
        answer = site.get(f"/issuing/ocsp/{quote(b64encode(request), safe='')}")
        assert pyca.load_der_ocsp_response(answer.body).certificate_status is pyca.OCSPCertStatus.UNKNOWN


def test_the_nonce_comes_back(site: Site) -> None:
    answer = site.ocsp(ask(site.issuing, 1, nonce=b"n" * 32), CONTENT_TYPE="Application/OCSP-Request; x=y")
    read = pyca.load_der_ocsp_response(answer.body)
    assert read.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 32


def test_time_stamps(site: Site) -> None:
    answer = site.tsa(STAMP)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/timestamp-reply")
    status = der.parse(answer.body).children()[0].children()[0]
    assert der.read_integer(status) == 0
    refused = site.tsa(b"nonsense")
    assert der.read_integer(der.parse(refused.body).children()[0].children()[0]) == 2
    assert site.call("POST", "/root/tsa", STAMP, CONTENT_TYPE="application/timestamp-query").status == 404


def test_addresses_of_the_authoritys_own(tmp_path: Path) -> None:
    points = PublicationPoints(
        crl="http://crl.example.invalid/lists/{partition}",
        delta_crl="ldap://ldap.example.invalid/cn={partition}",
        ocsp="http://ocsp.example.invalid",
        issuers="https://example.invalid/%E7%AD%BE%E5%8F%91.crt",
    )
    site = Site(tmp_path, points)
    assert site.get("/lists/crl030001").status == 200
    assert site.get("/issuing/crl030001-delta.crl").status == 200
    assert site.get("/issuing/crl030001.crl").status == 400  # all that is left belongs to the responder at /
    assert Certificate(site.get("/%E7%AD%BE%E5%8F%91.crt").body) == site.services["issuing"].certificate
    request = ask(site.issuing, 1)
    answers = (
        site.call("POST", "/", request, CONTENT_TYPE="application/ocsp-request"),
        site.get(f"/{quote(b64encode(request), safe='')}"),
    )
    for answer in answers:
        assert pyca.load_der_ocsp_response(answer.body).certificate_status is pyca.OCSPCertStatus.UNKNOWN
    assert site.call("POST", "", request, CONTENT_TYPE="application/ocsp-request").status == 200


# --- caching ----------------------------------------------------------------------------------------------------------


def moment(text: str) -> datetime:
    return parsedate_to_datetime(text)


def test_a_crl_may_be_kept_but_not_for_long(site: Site) -> None:
    site.now = AT + timedelta(microseconds=999)
    answer = site.get("/issuing/crl030000.crl")
    read = x509.load_der_x509_crl(answer.body)
    assert moment(answer.headers["Last-Modified"]) == read.last_update_utc == AT
    assert moment(answer.headers["Expires"]) == read.next_update_utc
    assert answer.max_age == MAX_AGE
    assert {"public", "no-transform", "must-revalidate"} <= set(answer.headers["Cache-Control"].split(", "))
    assert int(answer.headers["Content-Length"]) == len(answer.body)


def test_a_cache_that_has_it_gets_no_body(site: Site) -> None:
    first = site.get("/issuing/crl030000.crl")
    etag = first.headers["ETag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        again = site.get("/issuing/crl030000.crl", HTTP_IF_NONE_MATCH=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    site.now = AT + DAY
    assert site.get("/issuing/crl030000.crl", HTTP_IF_NONE_MATCH=etag).status == 200


def test_what_rfc_5019_wants_of_an_answer_to_get(site: Site) -> None:
    request = ask(site.issuing, 1)
    answer = site.get(f"/issuing/ocsp/{quote(b64encode(request), safe='')}")
    read = pyca.load_der_ocsp_response(answer.body)
    assert moment(answer.headers["Last-Modified"]) == read.this_update_utc
    assert read.next_update_utc is not None
    assert moment(answer.headers["Expires"]) == read.next_update_utc
    assert 0 < answer.max_age < (read.next_update_utc - site.now).total_seconds()
    assert answer.headers["ETag"].strip('"')


def test_what_is_for_one_request_alone_is_not_kept(site: Site) -> None:
    with_nonce = ask(site.issuing, 1, nonce=b"12345678")
    answers = [
        site.get(f"/issuing/ocsp/{quote(b64encode(with_nonce), safe='')}"),
        site.get(f"/issuing/ocsp/{quote(b64encode(b'nonsense'), safe='')}"),
        site.ocsp(ask(site.issuing, 1)),
        site.tsa(STAMP),
    ]
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store"] * 4


def test_head_gives_the_same_headers_without_the_body(site: Site) -> None:
    for path in ("/issuing/crl030000.crl", "/root/issuer.crt"):
        fetched, headed = site.get(path), site.call("HEAD", path)
        assert (headed.status, headed.headers, headed.body) == (200, fetched.headers, b"")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/issuing", "/issuing/", "/issuing/crl030002.crl", "/issuing/../root/issuer.crt", "/issuing/authority.key",
     "/issuing/crl030000.crl/", "/%00", "/\xff\xfe", "/issuing//issuer.crt", "/ISSUING/issuer.crt"],
)  # fmt: skip
def test_paths_that_lead_nowhere(site: Site, path: str) -> None:
    answer = site.get(path)
    assert (answer.status, answer.body) == (404, b"404 Not Found\n")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/issuing/crl030000.crl", "GET, HEAD"),
        ("DELETE", "/issuing/issuer.crt", "GET, HEAD"),
        ("GET", "/issuing/ocsp", "POST"),
        ("PUT", "/issuing/ocsp", "POST"),
        ("POST", "/issuing/ocsp/MAA=", "GET, HEAD"),
        ("GET", "/issuing/tsa", "POST"),
        ("OPTIONS", "/issuing/tsa", "POST"),
    ],
)
def test_methods_that_are_not_for_this(site: Site, method: str, path: str, allowed: str) -> None:
    answer = site.call(method, path, b"")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(("path", "kind", "limit"), [
    ("/issuing/ocsp", "application/ocsp-request", ocsp_request.MAX_SIZE),
    ("/issuing/tsa", "application/timestamp-query", timestamp_request.MAX_SIZE),
])  # fmt: skip
def test_bodies_that_are_refused_unread(site: Site, path: str, kind: str, limit: int) -> None:
    def status(**environ: Any) -> int:
        options = {"CONTENT_TYPE": kind, "wsgi.input": Unread()} | environ
        return site.call("POST", path, **options).status

    assert status() == 411
    assert status(CONTENT_LENGTH=str(limit + 1)) == 413
    assert status(CONTENT_LENGTH="9" * 18) == 413
    assert status(CONTENT_LENGTH="9" * 19) == 400
    assert status(CONTENT_LENGTH="5", CONTENT_TYPE="text/html") == 415
    assert status(CONTENT_LENGTH="5", CONTENT_TYPE="") == 415
    with pytest.raises(AssertionError, match="was read"):
        status(CONTENT_LENGTH=str(limit))
    short = site.call("POST", path, b"12345", CONTENT_TYPE=kind, CONTENT_LENGTH="6")
    assert short.status == 400


def test_requests_in_the_path_that_are_none(site: Site) -> None:
    assert site.get("/issuing/ocsp/not base64").status == 400
    assert site.get("/issuing/ocsp/MAA").status == 400
    assert site.get("/issuing/ocsp/M%C3%A9A=").status == 400
    assert site.get("/issuing/ocsp/" + "A" * (ocsp_request.MAX_SIZE * 2)).status == 414
    assert site.get("/issuing/ocsp/MAA=").body == bytes.fromhex("30030A0101")
    assert site.get("/issuing/ocsp/").status == 405


def test_what_fails_inside_is_not_told_outside(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.now = site.services["issuing"].certificate.not_after + DAY
    with caplog.at_level(logging.WARNING):
        answer = site.ocsp(ask(site.issuing, 1))
        assert (answer.status, answer.body) == (200, bytes.fromhex("30030A0102"))
        stamp = site.tsa(STAMP)
        assert (stamp.status, stamp.body) == (503, b"503 Service Unavailable\n")
        assert stamp.headers["Retry-After"] == "60"
    assert "ProfileError" in caplog.text
    site.now = AT
    (site.stores["issuing"].directory / "authority.json").write_text("{}")
    answer = site.get("/issuing/crl030000.crl")
    assert (answer.status, answer.body) == (503, b"503 Service Unavailable\n")
    assert str(site.stores["issuing"].directory) not in repr(answer)
    assert site.get("/issuing/issuer.crt").status == 200
    assert site.get("/root/crl030000.crl").status == 200


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "X"]),
    path=st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=40).map(lambda text: "/" + text),
        st.binary(max_size=40).map(lambda data: "/issuing/ocsp/" + quote(b64encode(data), safe="")),
        st.sampled_from(["/issuing/ocsp", "/issuing/tsa", "/issuing/crl030000.crl"]),
    ),
    body=st.none() | st.binary(max_size=60),
    length=st.none() | st.sampled_from(["-1", "0", "x", "1e3", "٣", " 5"]),
    kind=st.sampled_from(["", "application/ocsp-request", "application/timestamp-query", ";;;"]),
)
def test_whatever_is_asked_is_answered(
    site: Site, method: str, path: str, body: bytes | None, length: str | None, kind: str
) -> None:
    headers = {"CONTENT_TYPE": kind} | ({} if length is None else {"CONTENT_LENGTH": length})
    if length is not None and not length.isascii():
        headers.pop("CONTENT_LENGTH")
    answer = _unvalidated(site, method, quote(path, safe="/%", encoding="latin-1"), body, headers)
    assert answer.status in {200, 304, 400, 404, 405, 411, 413, 414, 415}


def _unvalidated(site: Site, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    """Without wsgiref's validator, which itself refuses lengths that are no numbers and unknown methods."""
    site.application = application(site.services, clock=lambda: site.now)

    class Closable(list[bytes]):
        def close(self) -> None:
            return

    plain = site.application
    site.application = lambda environ, start: Closable(plain(environ, start))  # type: ignore[assignment]
    return site.call(method, path, body, **headers)


def test_names_and_addresses_that_cannot_be_served(site: Site, tmp_path: Path) -> None:
    for name in ("", "Root", "a/b", "-", "a" * 33, "根"):
        with pytest.raises(InvalidInputError, match="name on HTTP"):
            application({name: site.services["root"]}, clock=lambda: AT)
    with pytest.raises(InvalidInputError, match="two things have the path"):
        application({"a": site.services["root"], "b": site.services["root"]}, clock=lambda: AT)
    points = PublicationPoints(crl=f"{HOST}/{{partition}}", delta_crl=f"{HOST}/delta")
    with pytest.raises(InvalidInputError, match="delta CRLs need an address"):
        root().create_subordinate("x", at=AT, points=points, partitions=2)
    top, _, _ = chain_of(KeyKind.P256)
    top.save(tmp_path / "plain", password=PASSWORD)
    plain = AuthorityService(AuthorityStore(tmp_path / "plain", password=PASSWORD))
    assert application({"plain": plain}, clock=lambda: AT)
