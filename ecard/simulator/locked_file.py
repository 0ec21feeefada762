"""A file that one process at a time holds, and whose content is replaced whole without letting go of it."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecard.errors import CardBusyError, CardFileError

_POLL: Final = 0.01
"""Seconds between two attempts to get the lock."""
_SAVE_WAIT: Final = 2.0
"""Seconds for which another program may hold the file beside: one that tries to create what exists already."""


class LockedFile:
    """An open file under an exclusive lock (flock), at a path that still leads to it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path: Final = path
        self._descriptor = descriptor

    def read(self, limit: int) -> bytes:
        """The content; at most ``limit`` + 1 bytes of it. Raises CardFileError."""
        try:
            return _read_all(self._descriptor, limit + 1)
        except OSError as error:
            raise _failed(self.path, "read", error) from None

    def replace(self, content: bytes) -> None:
        """Put a new file with ``content`` in this one's place, on the disk when this returns. Raises CardFileError.

        The new file is locked before it gets the name, so the lock on the name never lapses.
        """
        descriptor = _write_beside(self.path, content, wait=_SAVE_WAIT)
        try:
            _put_in_place(self.path)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor, old = descriptor, self._descriptor
        os.close(old)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def open_existing(path: Path, *, wait: float) -> LockedFile:
    """Lock the file at ``path``.

    Raises CardFileError where there is none or no other can take its place, CardBusyError after ``wait`` seconds.
    """
    descriptor = _lock(path, os.O_RDWR, wait=wait)
    try:
        _require_replaceable(path)
    except CardFileError:
        os.close(descriptor)
        raise
    return LockedFile(path, descriptor)


def create(path: Path, content: bytes, *, wait: float) -> LockedFile:
    """Make the file at ``path`` with ``content``, wholly or not at all, for its owner alone.

    Raises CardFileError where there is one already or it cannot be made, CardBusyError where another program has
    been making it for ``wait`` seconds.
    """
    _require_absent(path)
    descriptor = _write_beside(path, content, wait=wait)
    try:
        # nobody else can create it meanwhile: whoever wants to must hold the file beside it, which is locked
        _require_absent(path)
        _put_in_place(path)
    except BaseException:
        os.close(descriptor)
        raise
    return LockedFile(path, descriptor)


def _require_absent(path: Path) -> None:
    if os.path.lexists(path):
        raise CardFileError(f"{path} exists already", remedy="choose another name, or remove it first")


def _beside(path: Path) -> Path:
    # always the same name, so that a writer that was killed leaves one file at most, which the next one takes over
    return path.with_name(f".{path.name}.new")


def _require_replaceable(path: Path) -> None:
    """Find out before a command is answered whether a file can be made beside ``path``: not all commands save."""
    try:
        if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(errno.EACCES, "")
        with suppress(FileNotFoundError):
            os.lstat(_beside(path))  # whose name may be too long
    except OSError as error:
        raise _failed(path, "replaced", error) from None


def _write_beside(path: Path, content: bytes, *, wait: float) -> int:
    """The descriptor of the locked file beside ``path``, holding ``content``, on the disk."""
    descriptor = _lock(_beside(path), os.O_RDWR | os.O_CREAT, wait=wait)
    try:
        _require_own(_beside(path), descriptor)
        os.ftruncate(descriptor, 0)
        os.fchmod(descriptor, 0o600)
        _write_all(descriptor, content)
        os.fsync(descriptor)
    except OSError as error:
        # still locked: whoever waits for it sees that its name leads nowhere, and makes another
        with suppress(OSError):
            os.unlink(_beside(path))
        os.close(descriptor)
        raise _failed(path, "written", error) from None
    except CardFileError:
        os.close(descriptor)
        raise
    return descriptor


def _require_own(path: Path, descriptor: int) -> None:
    # keys are not written into a file that somebody else laid ready, nor over one that has another name too
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid() or found.st_nlink != 1:
        raise CardFileError(f"{path} belongs to somebody else or has another name", remedy="remove it")


def _lock(path: Path, flags: int, *, wait: float) -> int:
    give_up = time.monotonic() + wait
    while True:
        descriptor = _open(path, flags)
        try:
            if _try_lock(descriptor) and _leads_to(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() >= give_up:
            raise CardBusyError(f"{path} is in use by another program", remedy="end that program, or try again later")
        time.sleep(_POLL)


def _is_posix() -> bool:
    return os.name == "posix"


def _open(path: Path, flags: int) -> int:
    if not _is_posix():
        raise CardFileError(f"{path} cannot be locked on this system", remedy="use a card in memory (InProcess)")
    try:
        # O_NONBLOCK: opening a pipe without a writer must not hang
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        raise _failed(path, "opened", error) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CardFileError(f"{path} is not a file", remedy="give the path of a card file")
    return descriptor


def _try_lock(descriptor: int) -> bool:
    import fcntl  # only POSIX systems have it

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _leads_to(path: Path, descriptor: int) -> bool:
    """Whether ``path`` still names the open file: its last holder may have put another in its place."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read_all(descriptor: int, limit: int) -> bytes:
    pieces, left = [], limit
    while left and (piece := os.read(descriptor, min(left, 1 << 16))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _put_in_place(path: Path) -> None:
    """Give the file beside ``path`` its name, on the disk."""
    try:
        os.replace(_beside(path), path)
        # a rename is on the disk only when its directory is
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise _failed(path, "written", error) from None


_REMEDIES: Final = {
    errno.ENOENT: "check the path; make a new card with: ecard simulator new FILE",
    errno.EACCES: "check who may read and write the file and its directory",
    errno.EROFS: "a card counts wrong PINs, so its file must be writable",
    errno.ENOSPC: "make room on the disk",
}


def _failed(path: Path, what: str, error: OSError) -> CardFileError:
    number = error.errno or 0
    remedy = _REMEDIES.get(number, "give the path of a card file on a disk that works")
    return CardFileError(f"{path} cannot be {what}: {os.strerror(number)}", remedy=remedy)
