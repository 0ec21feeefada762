"""Where a document's bytes come from: memory, a file by its path, or an open binary stream that need not seek.

A document is read once, in chunks, into nothing but its digest, so its size does not matter.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from typing import BinaryIO, Final

from ecard.algorithms import Digest
from ecard.errors import EcardError, InvalidInputError

Document = bytes | bytearray | memoryview | os.PathLike[str] | BinaryIO
"""What can be signed: bytes, a ``pathlib.Path`` of a file, or a binary stream, read from where it stands."""

CHUNK: Final = 1 << 20
"""Bytes that are held of a file or stream at a time."""


def digest_of(document: Document, digest: Digest) -> bytes:
    """The digest of all bytes of ``document``.

    Raises InvalidInputError where it is of another type, cannot be opened or read, or is a stream of text.
    """
    if isinstance(document, bytes):
        return digest.hash(document)
    running = digest.new()
    for chunk in _chunks(document):
        running.update(chunk)
    result: bytes = running.digest()
    return result


def read_up_to(source: Document, limit: int) -> bytes:
    """The first ``limit`` bytes of ``source`` and one more where there is one, so that a reader sees it is too long.

    Raises InvalidInputError as ``digest_of`` does.
    """
    if isinstance(source, bytes):
        return source[: limit + 1]
    collected = bytearray()
    for chunk in _chunks(source):
        collected += chunk
        if len(collected) > limit:
            break
    return bytes(collected[: limit + 1])


def _chunks(document: Document) -> Iterator[bytes | bytearray | memoryview]:
    if isinstance(document, bytes | bytearray | memoryview):
        yield _flat(document)
        return
    with _opened(document) as stream, _read_errors(document):
        fill = getattr(stream, "readinto", None)
        yield from _filled(fill) if fill is not None else _read(stream)


def _flat(data: bytes | bytearray | memoryview) -> memoryview:
    try:
        return memoryview(data).cast("B")
    except TypeError:
        raise InvalidInputError("the memoryview is not contiguous", remedy="pass bytes(view)") from None
    except ValueError:
        raise InvalidInputError("the memoryview was released", remedy="pass the data that it was of") from None


@contextmanager
def _opened(document: os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO | FileIO]:
    if isinstance(document, str):
        raise InvalidInputError(
            "a str can be a text or the name of a file", remedy="pass text.encode() or pathlib.Path(name)"
        )
    if isinstance(document, os.PathLike):
        with _read_errors(document):
            stream = FileIO(os.fspath(document))
        with stream:
            yield stream
    elif callable(getattr(document, "read", None)):
        yield document
    else:
        raise InvalidInputError(
            f"a document of type {type(document).__name__} cannot be read",
            remedy="pass bytes, a pathlib.Path or a binary stream",
        )


@contextmanager
def _read_errors(source: object) -> Iterator[None]:
    name = source if isinstance(source, os.PathLike) else getattr(source, "name", None)
    where = f" {os.fspath(name)}" if name and isinstance(name, str | os.PathLike) else ""
    try:
        yield
    except EcardError:
        raise
    except (OSError, EOFError) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInputError(f"the file{where} cannot be read: {cause}") from error
    except Exception as error:
        # ValueError: a closed stream, a text stream in another encoding, a name with a NUL in it; and a stream that
        # decompresses, or loads from afar, has exceptions of its own
        raise InvalidInputError(f"the file{where} cannot be read: {str(error) or type(error).__name__}") from error


def _filled(fill: object) -> Iterator[memoryview]:
    # one buffer for the whole file: a new megabyte per chunk costs a tenth of the hashing
    buffer = memoryview(bytearray(CHUNK))
    while count := _count(fill(buffer)):  # type: ignore[operator]
        yield buffer[:count]


def _count(count: object) -> int:
    if count is None:
        raise _no_bytes_ready()
    if not isinstance(count, int) or not 0 <= count <= CHUNK:
        # a number that is not of bytes in the buffer would put others into the digest than the document's
        raise InvalidInputError(
            f"the stream says that it gave {count!r:.40} bytes where {CHUNK} at most were asked for",
            remedy="mend its readinto",
        )
    return count


def _read(stream: BinaryIO | FileIO) -> Iterator[bytes | bytearray]:
    while chunk := _piece(stream.read(CHUNK)):
        yield chunk


def _piece(chunk: object) -> bytes | bytearray:
    if chunk is None:
        raise _no_bytes_ready()
    if isinstance(chunk, str):
        raise InvalidInputError("the stream gives text, not bytes", remedy="open the file in mode 'rb'")
    if not isinstance(chunk, bytes | bytearray):
        raise InvalidInputError(f"the stream gives {type(chunk).__name__}, not bytes", remedy="mend its read")
    return chunk


def _no_bytes_ready() -> InvalidInputError:
    return InvalidInputError("the stream has no bytes ready: it is a non-blocking one", remedy="make it blocking")
