"""Clients that send an octet or a blank line now and then do not hold the server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ecard.cli import web_server

pytest.importorskip("waitress", reason="waitress is not installed")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    bounds = {**web_server._BOUNDS, "channel_timeout": 1, "cleanup_interval": 1, "connection_limit": 5}
    monkeypatch.setattr(web_server, "_BOUNDS", bounds)

    def application(environ: dict[str, object], start: object) -> list[bytes]:
        start("200 OK", [("Content-Length", "2")])  # type: ignore[operator]
        return [b"ok"]

    server = web_server.create(application, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.trigger.pull_trigger(lambda: [each.close() for each in list(server._map.values())])
    thread.join(10)
    server.task_dispatcher.shutdown()


def is_cut_off(connection: socket.socket, *, every: float = 0.2, tries: int = 60, piece: bytes = b"x") -> bool:
    connection.settimeout(every)
    for _ in range(tries):
        try:
            connection.sendall(piece)
            if connection.recv(64) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    "beginning",
    [b"G", b"GET / HTTP/1.1\r\nX: ", b"POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n"],
    ids=["request line", "header", "body"],
)
def test_a_request_that_trickles_in_is_cut_off(port: int, beginning: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(beginning)
        assert is_cut_off(connection)


@pytest.mark.parametrize("blank", [b"\r\n", b"\r\n\r\n", b" \n\n"])
def test_blank_lines_are_no_request(port: int, blank: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert is_cut_off(connection, piece=blank)


def test_others_are_served_when_the_slow_ones_are_cut_off(port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(6)]
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.1):
            for connection in slow:
                try:
                    connection.sendall(b"G")
                except OSError:
                    continue

    thread = threading.Thread(target=trickle)
    thread.start()
    time.sleep(0.5)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 200")
    finally:
        stop.set()
        thread.join()
        for each in slow:
            each.close()


def test_a_request_in_pieces_in_time_is_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in (b"GET / HT", b"TP/1.1\r\nHost: x\r\n", b"Connection: close\r\n", b"\r\n"):
            connection.sendall(piece)
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
