"""The one file that imports waitress: a WSGI application behind a small HTTP server, within bounds."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ecard.errors import InvalidInputError, MissingDependencyError
from ecard.pki.serving import MAX_REQUEST

if TYPE_CHECKING:
    from types import FrameType
    from wsgiref.types import WSGIApplication

_BOUNDS: Final = {
    "threads": 8,
    "connection_limit": 200,
    "backlog": 256,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "max_request_body_size": MAX_REQUEST + 1,
    "max_request_header_size": 2 * MAX_REQUEST,
    "recv_bytes": 8192,
    "ident": None,
    "expose_tracebacks": False,
}
"""Of waitress's settings those that bound what strangers can take, or that say less of this program."""


def run(application: WSGIApplication, *, host: str, port: int, on_start: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``on_start`` is told the address; port 0 is any that is free.

    Raises MissingDependencyError without waitress, and InvalidInputError where the address cannot be served.
    """
    server = create(application, host=host, port=port)
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        on_start(_address(server, host))
        server.run()
    except KeyboardInterrupt:
        return
    finally:
        server.close()


def _address(server: Any, host: str) -> str:
    port = getattr(server, "effective_port", None)
    if port is None:
        # a name with several addresses, as localhost mostly is: a server for each, and where any port is free, a port
        host, port = server.effective_listen[0]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def create(application: WSGIApplication, *, host: str, port: int) -> Any:
    """The server, listening and not yet running. Raises what ``run`` does."""
    try:
        from waitress.server import create_server
    except ImportError:
        raise MissingDependencyError(
            "serving needs the package waitress", remedy='pip install "ecard[serve]"'
        ) from None
    try:
        server = create_server(application, host=host, port=port, **_BOUNDS)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{host} port {port} cannot be served: {error}") from None
    # a name with several addresses is served by several servers, which are in one map
    for each in (server, *getattr(server, "map", {}).values()):
        if hasattr(each, "channel_class"):
            each.channel_class = _channel_class()
    return server


def _channel_class() -> type:
    """Connections on which a whole request must arrive within the time that waitress allows for a silence.

    Otherwise whoever sends an octet now and then holds a connection for ever, and 200 of them the whole server. Blank
    lines before a request are passed over by waitress, and are no sign of one.
    """
    from waitress.channel import HTTPChannel

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = _parser_class()
        last_activity: float
        is_blank = False

        def handle_read(self) -> None:
            began, is_half_way = self.last_activity, self.request is not None
            super().handle_read()
            if self.is_blank or (is_half_way and self.request is not None):
                self.last_activity = began

        def received(self, data: bytes) -> bool:
            self.is_blank = not data.strip()
            return bool(super().received(data))

    return Channel


def _parser_class() -> type:
    """A reader of requests that refuses a target that is no address, where waitress drops the connection unanswered."""
    from waitress.parser import HTTPRequestParser, ParsingError

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        def parse_header(self, header_plus: bytes) -> None:
            try:
                super().parse_header(header_plus)
            except ValueError:
                raise ParsingError("Bad URI") from None

    return Parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
