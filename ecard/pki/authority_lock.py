"""The lock of an authority's directory: one who changes it at a time, or many who read and answer.

It is the operating system's: it ends with the process that holds it, however that ends. Between threads of one
process it works as between processes.
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
_POLL: Final = 0.01
"""Seconds between two attempts."""


@contextmanager
def locked(directory: Path, *, shared: bool = False, wait: float = 10.0) -> Iterator[None]:
    """Hold the lock for the length of a ``with`` block, alone or with others who want it ``shared``.

    Raises AuthorityStateError where it is not to be had within ``wait`` seconds, or the directory cannot be written.
    """
    path = directory / LOCK_FILE
    descriptor = _open(path)
    try:
        give_up = time.monotonic() + wait
        while not _try(path, descriptor, shared):
            if time.monotonic() >= give_up:
                raise AuthorityStateError(
                    f"{directory} is in use by another program", remedy="end that program, or try again later"
                )
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise AuthorityStateError(f"{path} cannot be written: {error.strerror}") from None


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
