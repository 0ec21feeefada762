"""A limit to how long a PC/SC call may wait for another program's transaction.

PC/SC has none: connecting to a locked card and beginning a transaction wait for ever. On pcsc-lite a call is a
conversation over a socket, and shutting the socket down ends the call. A watch lives only while such a call waits.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_OPEN_FILES: Final = Path("/proc/self/fd")


def open_sockets() -> frozenset[int]:
    """The descriptors of the process's sockets; empty on a system that does not tell."""
    found = set()
    with suppress(OSError):
        for entry in os.listdir(_OPEN_FILES):
            with suppress(OSError):
                if os.readlink(_OPEN_FILES / entry).startswith("socket:"):
                    found.add(int(entry))
    return frozenset(found)


class Watch:
    """Whether the time was up."""

    expired = False


@contextmanager
def watch(descriptor: int | None, seconds: float) -> Iterator[Watch]:
    """Shut the socket ``descriptor`` down if the ``with`` block takes longer than ``seconds``.

    Without a descriptor nothing is watched.
    """
    state = Watch()

    def end() -> None:
        state.expired = True
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor or -1)) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)

    if descriptor is None:
        yield state
        return
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield state
    finally:
        timer.cancel()
        timer.join()
