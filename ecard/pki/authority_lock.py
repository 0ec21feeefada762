"""The lock of an authority's directory: one who changes it at a time, or many who read and answer.

It is the operating system's: it ends with the process that holds it, however that ends. Between threads of one
process it works as between processes. Who wants to change goes first through a queue, in which everybody stands for
a moment: otherwise a server's many readers, one after the other, would keep it out for ever.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ecard.errors import AuthorityStateError

LOCK_FILE: Final = "authority.lock"
QUEUE_FILE: Final = "authority.queue"
_POLL: Final = 0.002
"""Seconds between two attempts."""


@contextmanager
def locked(directory: Path, *, shared: bool = False, wait: float = 10.0) -> Iterator[None]:
    """Hold the lock for the length of a ``with`` block, alone or with others who want it ``shared``.

    Raises AuthorityStateError where it is not to be had within ``wait`` seconds, or the directory cannot be written.
    """
    give_up = time.monotonic() + wait
    queue = _take(directory / QUEUE_FILE, shared=False, give_up=give_up)
    try:
        descriptor = _take(directory / LOCK_FILE, shared=shared, give_up=give_up)
    finally:
        os.close(queue)
    try:
        yield
    finally:
        os.close(descriptor)


def _take(path: Path, *, shared: bool, give_up: float) -> int:
    """The descriptor of the file, locked; closing it ends the lock."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None
    try:
        while not _try(path, descriptor, shared):
            if time.monotonic() >= give_up:
                raise AuthorityStateError(
                    f"{path.parent} is in use by another program", remedy="end that program, or try again later"
                )
            time.sleep(_POLL)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _try(path: Path, descriptor: int, shared: bool) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be locked: {error.strerror}") from None
    return True
