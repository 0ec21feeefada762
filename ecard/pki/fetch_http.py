"""One HTTP request with a limit of size and one of time for the whole of it, and no other scheme, ever."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from types import TracebackType
from typing import Any, Final
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ecard.errors import FetchError

MAX_REDIRECTIONS: Final = 3
"""How often one request may be sent elsewhere."""
SCHEMES: Final = frozenset({"http", "https"})
"""The schemes that are asked."""
_CHUNK: Final = 64 * 1024


class HttpClient:
    """Asks for one resource after another.

    ``seconds`` is the time that one request may take in all; ``hosts`` are the only hosts to ask, None for any.
    """

    def __init__(self, *, seconds: float, hosts: Iterable[str] | None) -> None:
        self._seconds = seconds
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    def get(self, url: str, limit: int, *, body: bytes | None = None, content_type: str = "") -> bytes:
        """The content at ``url``, at most ``limit`` bytes; with ``body`` it is posted. Raises FetchError."""
        self._check(url)
        headers = {} if body is None else {"Content-Type": content_type}
        with _Deadline(self._seconds) as deadline:
            try:
                asked = request.Request(url, data=body, headers=headers)  # noqa: S310 - the scheme was checked
                with self._opener(deadline).open(asked, timeout=self._seconds) as answer:
                    content = _read(answer, limit, url)
            except HTTPError as error:
                raise FetchError(f"{url[:200]} could not be fetched: status {error.code}") from None
            except (URLError, HTTPException, OSError, ValueError) as error:
                reason = "it takes too long" if deadline.passed else getattr(error, "reason", error)
                raise FetchError(f"{url[:200]} could not be fetched: {reason}") from None
        if deadline.passed:
            raise FetchError(f"{url[:200]} could not be fetched: it takes too long")
        return content

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.scheme.lower() not in SCHEMES:
            raise FetchError(f"{url[:200]} is no address on HTTP")
        if self._hosts is not None and host.lower() not in self._hosts:
            raise FetchError(f"the host {host} is not one of those allowed")

    def _opener(self, deadline: _Deadline) -> request.OpenerDirector:
        opener = request.OpenerDirector()
        for handler in (
            request.ProxyHandler(),
            _Plain(deadline),
            _Secure(deadline),
            request.HTTPDefaultErrorHandler(),
            request.HTTPErrorProcessor(),
            _Redirections(self._check),
        ):
            opener.add_handler(handler)
        return opener


def _read(answer: HTTPResponse, limit: int, url: str) -> bytes:
    """Read in pieces, so that a large answer is given up when it is too large and not when it is whole."""
    pieces, size = [], 0
    while piece := answer.read1(_CHUNK):
        size += len(piece)
        if size > limit:
            raise FetchError(f"the answer of {url[:200]} has more than {limit} bytes")
        pieces.append(piece)
    if answer.length:
        raise FetchError(f"the answer of {url[:200]} is cut off")
    return b"".join(pieces)


class _Deadline:
    """Cuts the connections of one request when its time is over, whatever the server is doing."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def connect(self, address: tuple[str, int], *_: object) -> socket.socket:
        """What ``socket.create_connection`` does, in the time that is left for all addresses of a host together."""
        problem: OSError = TimeoutError("timed out")
        for family, kind, protocol, _name, place in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            left = self._end - time.monotonic()
            if left <= 0:
                break
            connected = socket.socket(family, kind, protocol)
            try:
                connected.settimeout(left)
                connected.connect(place)
            except OSError as error:
                connected.close()
                problem = error
            else:
                self.watch(connected)
                return connected
        raise problem

    def watch(self, connected: socket.socket) -> None:
        """Cut this one too; at once where the time is over already."""
        self._sockets.append(connected)
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        self.passed = True
        for connected in self._sockets:
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()


class _Plain(request.HTTPHandler):
    """HTTP under a deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: request.Request) -> HTTPResponse:
        return self.do_open(_watched(HTTPConnection, self._deadline), req)


class _Secure(request.HTTPSHandler):
    """HTTPS under a deadline."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: request.Request) -> HTTPResponse:
        return self.do_open(_watched(HTTPSConnection, self._deadline), req)


def _watched(kind: type[HTTPConnection], deadline: _Deadline) -> Callable[..., HTTPConnection]:
    class Watched(kind):  # type: ignore[misc,valid-type]
        def __init__(self, host: str, **options: Any) -> None:
            super().__init__(host, **options)
            # http.client takes it for the way to connect; a proxy's tunnel is asked for in connect() already
            self._create_connection = deadline.connect

        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    def connection(host: str, **options: Any) -> HTTPConnection:
        made: HTTPConnection = Watched(host, **options)
        return made

    return connection


class _Redirections(request.HTTPRedirectHandler):
    """Follows redirections to HTTP only, and to hosts that are allowed."""

    max_redirections = MAX_REDIRECTIONS

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check

    def redirect_request(
        self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        self._check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
