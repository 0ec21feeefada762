"""Authorities on HTTP: a WSGI application (PEP 3333) for CRLs, OCSP, time stamps and issuers' certificates.

Requests are bounded before they are read, errors say nothing of what is inside. RFC 5280 (4.2.1.13, 4.2.2.1), RFC 6960
(appendix A), RFC 5019 (section 6), RFC 3161 (section 3.4).
"""

from __future__ import annotations

import logging
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from ecard.errors import EcardError, InvalidInputError
from ecard.pki import ocsp_request, timestamp_request
from ecard.pki.ocsp import ResponseStatus, without_answer
from ecard.pki.publishing import AuthorityService, Document, points_at

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_REQUEST: Final = max(ocsp_request.MAX_SIZE, timestamp_request.MAX_SIZE)
"""The largest body of a request that is read, in bytes."""
MAX_AGE: Final = 300
"""For how many seconds a cache may go on giving out what it has: so much later, at most, are withdrawals seen."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_GET: Final = ("GET", "HEAD")
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    rest: str
    """What follows the path of the resource."""
    content_type: str
    etags: str
    body: Callable[[int], bytes]
    """Reads the body if it is not longer than so many bytes."""
    now: datetime


@dataclass(frozen=True, slots=True)
class _Response:
    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = (("Cache-Control", "no-store"),)


class _Refused(Exception):  # noqa: N818 - an outcome on its way to a response, never an error for the caller
    def __init__(self, status: HTTPStatus, *headers: tuple[str, str]) -> None:
        self.response = _Response(
            status, f"{status.value} {status.phrase}\n".encode(), headers=(("Cache-Control", "no-store"), *headers)
        )


_Resource = Callable[[_Request], _Response]


@dataclass(frozen=True, slots=True)
class _Routes:
    """Which path leads where; OCSP requests may follow their path (RFC 6960, appendix A.1)."""

    exact: dict[str, _Resource] = field(default_factory=dict)
    below: dict[str, _Resource] = field(default_factory=dict)

    def add(self, address: str | None, otherwise: str | None, resource: _Resource, *, is_parent: bool = False) -> None:
        """Put a resource at the path of an address if that is one on HTTP, otherwise at that of another."""
        parts = urlsplit(address or "")
        if parts.scheme not in {"http", "https"} or parts.query:
            parts = urlsplit(otherwise or "")
        path = unquote(parts.path) or "/"
        if path in self.exact:
            raise InvalidInputError(f"two things have the path {path}", remedy="give each authority its own addresses")
        self.exact[path] = resource
        if is_parent:
            self.below[f"{path.rstrip('/')}/"] = resource

    def find(self, path: str) -> tuple[_Resource, str]:
        """The resource at a path, and what of the path is left for it. Raises _Refused."""
        if path in self.exact:
            return self.exact[path], ""
        for parent in sorted(self.below, key=len, reverse=True):
            if path.startswith(parent):
                return self.below[parent], path[len(parent) :]
        raise _Refused(HTTPStatus.NOT_FOUND)


def application(services: Mapping[str, AuthorityService], *, clock: Callable[[], datetime]) -> WSGIApplication:
    """The WSGI application that serves authorities, each at the paths of its own publication points.

    What an authority has no address on HTTP for is at the paths of ``points_at`` with its name; a service with a policy
    has time stamps at ``/NAME/tsa``. ``clock`` tells the time of each request. Raises InvalidInputError where a name
    has other characters than small letters, digits and hyphens, or two resources would have the same path.
    """
    routes = _Routes()
    for name, service in services.items():
        if not _NAME.fullmatch(name):
            raise InvalidInputError("an authority's name on HTTP has 1 to 32 small letters, digits and hyphens")
        _add(routes, name, service)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            # PEP 3333: the octets of the path, each as one character
            path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace") or "/"
            resource, rest = routes.find(path)
            response = resource(_read(environ, rest, clock()))
        except _Refused as refused:
            response = refused.response
        except EcardError as error:
            _log.warning("a request could not be answered: %s: %s", type(error).__name__, error)
            response = _Refused(HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", "60")).response
        return _start(response, environ.get("REQUEST_METHOD", ""), start_response)

    return serve


def _add(routes: _Routes, name: str, service: AuthorityService) -> None:
    own, default = service.points, points_at("http://localhost", name)
    for partition in service.partitions:
        routes.add(own.crl_at(partition), default.crl_at(partition), _crl(service, partition))
        if service.has_delta_crls:
            routes.add(own.delta_crl_at(partition), default.delta_crl_at(partition), _delta_crl(service, partition))
    routes.add(own.ocsp, default.ocsp, _ocsp(service), is_parent=True)
    routes.add(own.issuers, default.issuers, _issuer(service))
    if service.policy is not None:
        routes.add(None, f"http://localhost/{name}/tsa", _time_stamps(service))


def _read(environ: WSGIEnvironment, rest: str, now: datetime) -> _Request:
    def body(limit: int) -> bytes:
        length = environ.get("CONTENT_LENGTH", "")
        if not length:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED)
        if not re.fullmatch(r"[0-9]{1,18}", length, re.ASCII):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        if int(length) > limit:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        found: bytes = environ["wsgi.input"].read(int(length))
        if len(found) != int(length):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        return found

    content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return _Request(
        environ.get("REQUEST_METHOD", ""), rest, content_type, environ.get("HTTP_IF_NONE_MATCH", ""), body, now
    )


def _start(response: _Response, method: str, start_response: StartResponse) -> Iterable[bytes]:
    headers = [
        ("Content-Type", response.content_type),
        ("Content-Length", str(len(response.body))),
        ("X-Content-Type-Options", "nosniff"),
        *response.headers,
    ]
    if response.status is HTTPStatus.NOT_MODIFIED:
        headers = list(response.headers)
    start_response(f"{response.status.value} {response.status.phrase}", headers)
    return [] if method == "HEAD" else [response.body]


def _crl(service: AuthorityService, partition: str) -> _Resource:
    return _document("application/pkix-crl", lambda now: service.crl(partition, at=now))


def _delta_crl(service: AuthorityService, partition: str) -> _Resource:
    return _document("application/pkix-crl", lambda now: service.delta_crl(partition, at=now))


def _issuer(service: AuthorityService) -> _Resource:
    certificate = service.certificate
    document = Document(certificate.der, certificate.not_before, certificate.not_after)
    return _document("application/pkix-cert", lambda _: document)


def _document(content_type: str, make: Callable[[datetime], Document]) -> _Resource:
    def answer(request: _Request) -> _Response:
        _require_method(request, *_GET)
        return _cacheable(request, make(request.now), content_type)

    return answer


def _ocsp(service: AuthorityService) -> _Resource:
    media_type = "application/ocsp-response"

    def answer(request: _Request) -> _Response:
        asked = _ocsp_request(request)
        try:
            document = service.ocsp(asked, at=request.now)
        except EcardError as error:
            _log.warning("an OCSP request could not be answered: %s: %s", type(error).__name__, error)
            return _Response(HTTPStatus.OK, without_answer(ResponseStatus.INTERNAL_ERROR), media_type)
        if request.method == "POST" or document.until is None:
            return _Response(HTTPStatus.OK, document.content, media_type)
        return _cacheable(request, document, media_type)

    return answer


def _ocsp_request(request: _Request) -> bytes:
    """The OCSP request in a POST's body, or in Base64 in a GET's path."""
    if not request.rest:
        _require_method(request, "POST")
        _require_type(request, "application/ocsp-request")
        return request.body(ocsp_request.MAX_SIZE)
    _require_method(request, *_GET)
    # clients put a slash of their own behind an address that ends with one; Base64 of a request never begins with it
    asked = request.rest.lstrip("/")
    if len(asked) > ocsp_request.MAX_SIZE * 4 // 3 + 4:
        raise _Refused(HTTPStatus.REQUEST_URI_TOO_LONG)
    try:
        return b64decode(asked, validate=True)
    except ValueError:
        raise _Refused(HTTPStatus.BAD_REQUEST) from None


def _time_stamps(service: AuthorityService) -> _Resource:
    def answer(request: _Request) -> _Response:
        _require_method(request, "POST")
        _require_type(request, "application/timestamp-query")
        made = service.time_stamp(request.body(timestamp_request.MAX_SIZE), at=request.now)
        return _Response(HTTPStatus.OK, made, "application/timestamp-reply")

    return answer


def _require_method(request: _Request, *methods: str) -> None:
    if request.method not in methods:
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", ", ".join(methods)))


def _require_type(request: _Request, content_type: str) -> None:
    if request.content_type != content_type:
        raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _cacheable(request: _Request, document: Document, content_type: str) -> _Response:
    """The document with what a cache wants to know (RFC 5019, section 6.2), or that the cache's copy is still right."""
    etag = f'"{document.sha256}"'
    until = document.until or request.now
    seconds = max(0, min(MAX_AGE, int((until - request.now).total_seconds()) // 2))
    headers = (
        ("Cache-Control", f"max-age={seconds}, public, no-transform, must-revalidate"),
        ("ETag", etag),
        ("Last-Modified", format_datetime(document.made, usegmt=True)),
        ("Expires", format_datetime(until, usegmt=True)),
    )
    known = {tag.strip().removeprefix("W/") for tag in request.etags[:4096].split(",")}
    if known & {etag, "*"}:
        return _Response(HTTPStatus.NOT_MODIFIED, b"", content_type, headers)
    return _Response(HTTPStatus.OK, document.content, content_type, headers)
