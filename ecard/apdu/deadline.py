"""A limit to how long a PC/SC call may wait for another program's transaction.

PC/SC has none: connecting to a locked card and beginning a transaction wait for ever. On pcsc-lite a call is a
conversation over a Unix socket with the service, and shutting that socket down ends the call. A watch lives only
while a card is being taken, and knows no other socket than that one: see ``docs/decisions/0009``.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_OPEN_FILES: Final = Path("/proc/self/fd")
_SOCKET: Final = "socket:["
_SERVICE: Final = "pcscd.comm"
"""How the address of pcsc-lite's service ends, wherever it was told to live."""
_SERVICE_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"


def open_sockets() -> Mapping[int, int]:
    """The process's sockets: identity (inode number) to descriptor; empty on a system that does not tell."""
    found: dict[int, int] = {}
    with suppress(OSError):
        for entry in os.listdir(_OPEN_FILES):
            with suppress(OSError):
                target = os.readlink(_OPEN_FILES / entry)
                if target.startswith(_SOCKET):
                    found[int(target[len(_SOCKET) : -1])] = int(entry)
    return found


class Line:
    """The conversation with the service, held by a descriptor of its own: it cannot become another socket's."""

    def __init__(self, link: socket.socket) -> None:
        self._link: Final = link

    @property
    def identity(self) -> int:
        """The socket's inode number."""
        return os.fstat(self._link.fileno()).st_ino

    def leads_to_service(self) -> bool:
        """Whether this is a Unix socket whose other end is pcsc-lite's service."""
        with suppress(OSError):
            if self._link.family == socket.AF_UNIX:
                peer = os.fsdecode(self._link.getpeername())
                return peer.endswith(_SERVICE) or peer == os.environ.get(_SERVICE_VARIABLE, _SERVICE)
        return False

    def cut(self) -> None:
        """End the conversation, and with it the call that is waiting for an answer."""
        if self.leads_to_service():
            with suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the socket; it stays open where the library has it open."""
        self._link.close()


def lines_since(before: Mapping[int, int]) -> list[Line]:
    """The conversations with the service that were begun since ``before``, what ``open_sockets`` said then."""
    new = [(identity, number) for identity, number in open_sockets().items() if identity not in before]
    return [line for identity, number in new if (line := _held(number, identity)) is not None]


def _held(number: int, identity: int) -> Line | None:
    """The socket ``number`` as a Line; None where it is not, or not any more, a conversation with the service."""
    try:
        own = os.dup(number)
    except OSError:
        return None
    try:
        line = Line(socket.socket(fileno=own))
    except OSError:
        os.close(own)
        return None
    # another thread may have closed it, and opened something else under its number
    if line.identity == identity and line.leads_to_service():
        return line
    line.close()
    return None


class Watch:
    """Whether the time was up."""

    expired = False


@contextmanager
def watch(line: Line | None, seconds: float) -> Iterator[Watch]:
    """Cut ``line`` if the ``with`` block takes longer than ``seconds``. Without a line nothing is watched."""
    state = Watch()
    if line is None:
        yield state
        return

    def end() -> None:
        state.expired = True
        line.cut()

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), end)
    timer.daemon = True
    timer.start()
    try:
        yield state
    finally:
        timer.cancel()
        timer.join()
