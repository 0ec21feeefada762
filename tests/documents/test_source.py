"""Documents from memory, files and streams of every kind, of any size, read once and in constant memory."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import lzma
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import Digest, KeyKind
from ecard.documents import cms
from ecard.documents.source import CHUNK, digest_of, read_up_to
from ecard.errors import EncodingError, InvalidInputError
from tests.documents.world import DOCUMENT, KINDS, SIGNED, inspected, world

SIZES = [0, 1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7]


def of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, step: int = 7) -> None:
        self._data, self._step = io.BytesIO(data), step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._data.readinto(buffer[: self._step])


class OnlyRead:
    """The least that a stream can be."""

    def __init__(self, data: object) -> None:
        self._data = data

    def read(self, size: int = -1) -> object:
        if isinstance(self._data, bytes | bytearray | str):
            piece, self._data = self._data[:size], self._data[size:]
            return piece
        return self._data


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("digest", [Digest.SHA256, Digest.SHA384, Digest.SM3])
def test_every_kind_of_source_gives_the_same(size: int, digest: Digest, tmp_path: Path) -> None:
    data = os.urandom(size)
    path = tmp_path / "合同 (最终版).txt"
    path.write_bytes(data)
    expected = digest.hash(data)
    for source in (
        data,
        bytearray(data),
        memoryview(data),
        path,
        io.BytesIO(data),
        OnlyRead(data),
        OnlyRead(bytearray(data)),
    ):
        assert digest_of(source, digest) == expected  # type: ignore[arg-type]
    for buffering in (0, -1):
        with path.open("rb", buffering=buffering) as stream:
            assert digest_of(stream, digest) == expected


def test_sources_of_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(DOCUMENT))
    with gzip.open(tmp_path / "a.gz") as stream:
        assert digest_of(stream, Digest.SHA256) == of(DOCUMENT)  # type: ignore[arg-type]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("合同.txt", DOCUMENT)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("合同.txt") as stream:
        assert digest_of(stream, Digest.SHA256) == of(DOCUMENT)  # type: ignore[arg-type]
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(DOCUMENT)
        spooled.seek(0)
        assert digest_of(spooled, Digest.SHA256) == of(DOCUMENT)  # type: ignore[arg-type]


@given(data=st.binary(max_size=500), step=st.integers(1, 60))
def test_a_stream_in_small_pieces(data: bytes, step: int) -> None:
    assert digest_of(Trickle(data, step), Digest.SHA256) == of(data)  # type: ignore[arg-type]


def test_a_stream_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"before" + DOCUMENT)
    stream.seek(6)
    assert digest_of(stream, Digest.SHA256) == of(DOCUMENT)
    assert not stream.closed


def test_a_memoryview_of_larger_items() -> None:
    view = memoryview(bytes(range(16))).cast("I")
    assert digest_of(view, Digest.SHA256) == of(bytes(range(16)))


def test_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (lambda: digest_of(pipe, Digest.SHA256), lambda: read_up_to(pipe, 1 << 20)):
        writer = threading.Thread(target=pipe.write_bytes, args=(DOCUMENT,))
        writer.start()
        assert read() in (of(DOCUMENT), DOCUMENT)
        writer.join()


def closed() -> io.BytesIO:
    stream = io.BytesIO(DOCUMENT)
    stream.close()
    return stream


def released() -> memoryview:
    view = memoryview(DOCUMENT)
    view.release()
    return view


def not_compressed() -> lzma.LZMAFile:
    return lzma.LZMAFile(io.BytesIO(DOCUMENT))


def changed_in_an_archive() -> IO[bytes]:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a", DOCUMENT)
    changed = whole.getvalue().replace(DOCUMENT, DOCUMENT[::-1])
    return zipfile.ZipFile(io.BytesIO(changed)).open("a")


class Failing(OnlyRead):
    def __init__(self, error: Exception) -> None:
        super().__init__(b"")
        self._error = error

    def read(self, size: int = -1) -> object:
        raise self._error


class Claiming(OnlyRead):
    """A stream that says of every filling of the buffer that it was so many bytes."""

    def readinto(self, buffer: bytearray) -> object:
        return self._data


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: "a text", "text or the name of a file"),
        (lambda: None, "type NoneType"),
        (lambda: 7, "type int"),
        (object, "type object"),
        (lambda: Path("/no such directory/文件"), "/no such directory/文件 cannot be read: No such file"),
        (lambda: Path("/"), "cannot be read: Is a directory"),
        (lambda: Path("a\0b"), "cannot be read"),
        (lambda: io.StringIO("text"), "mode 'rb'"),
        (io.StringIO, "mode 'rb'"),
        (lambda: OnlyRead("text"), "mode 'rb'"),
        (lambda: OnlyRead(False), "gives bool, not bytes"),
        (lambda: OnlyRead([7]), "gives list, not bytes"),
        (lambda: Claiming(-1), "says that it gave -1 bytes"),
        (lambda: Claiming(CHUNK + 1), f"says that it gave {CHUNK + 1} bytes"),
        (lambda: Claiming("all"), "says that it gave 'all' bytes"),
        (lambda: Claiming(None), "non-blocking"),
        (lambda: OnlyRead(None), "non-blocking"),
        (lambda: memoryview(DOCUMENT)[::2], "contiguous"),
        (closed, "closed"),
        (lambda: Failing(OSError(5, "Input/output error")), "Input/output error"),
        (lambda: Failing(EOFError()), "EOFError"),
        (lambda: Failing(ValueError("odd")), "odd"),
        (released, "was released"),
        (lambda: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"")[:10] + b"\xff" * 99)), "decompressing"),
        (not_compressed, "format not supported"),
        (changed_in_an_archive, "Bad CRC-32"),
        (lambda: Failing(http.client.IncompleteRead(b"", 9)), "9 more expected"),
        (lambda: Failing(RuntimeError()), "the file cannot be read: RuntimeError"),
    ],
)
def test_what_cannot_be_read(make: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        digest_of(make(), Digest.SHA256)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=words):
        cms.sign(make(), world(KeyKind.P256).operator, at=SIGNED)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=words):
        read_up_to(make(), 100)  # type: ignore[arg-type]


def test_a_text_file_opened_as_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("合同".encode("gbk"))
    with path.open(encoding="utf-8") as stream, pytest.raises(InvalidInputError):
        digest_of(stream, Digest.SHA256)  # type: ignore[arg-type]


def test_a_pipe_without_bytes_ready() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(reading, "rb", buffering=0) as stream, pytest.raises(InvalidInputError, match="non-blocking"):
        digest_of(stream, Digest.SHA256)
    os.close(writing)


@pytest.mark.parametrize("size", SIZES)
def test_reading_up_to_a_limit(size: int) -> None:
    data = os.urandom(size)
    for limit in (0, 1, size, max(size - 1, 0), size + 1, CHUNK):
        for source in (data, io.BytesIO(data), Trickle(data, CHUNK)):
            assert read_up_to(source, limit) == data[: limit + 1]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 1])
def test_the_smallest_documents(kind: KeyKind, size: int) -> None:
    document = b"x" * size
    signature = cms.sign(io.BytesIO(document), world(kind).operator, at=SIGNED)
    assert inspected(document, signature, kind).accepted
    assert inspected(Trickle(document), signature, kind).accepted
    assert not inspected(document + b"x", signature, kind).accepted


_BIG = """
import sys
from pathlib import Path
from ecard.documents import cms
from tests.documents.world import AnyOperator, CODE, KeyKind, NOW, SIGNED, world
from tests.peak_memory import peak_memory
kind, how = KeyKind(sys.argv[1]), sys.argv[2]
centre = world(kind)
def source():
    return sys.stdin.buffer if how == "stdin" else Path(how)
small = cms.sign(b"", centre.operator, at=SIGNED)
cms.verify(b"", small, trust=centre.trust, signer=AnyOperator(of=CODE), at=NOW)
before = peak_memory()
signature = cms.sign(source(), centre.operator, at=SIGNED)
if how != "stdin":
    cms.verify(source(), signature, trust=centre.trust, signer=AnyOperator(of=CODE), at=NOW)
print(peak_memory() - before)
"""


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_300_megabytes_in_constant_memory(how: str, tmp_path: Path) -> None:
    """In a process of its own, whose peak of memory is measured: it grows by a few megabytes at most."""
    path = tmp_path / "大文件.bin"
    with path.open("wb") as stream:
        stream.truncate(300 << 20)
    arguments = [sys.executable, "-c", _BIG, "p256", "stdin" if how == "stdin" else str(path)]
    with path.open("rb") as stream:
        done = subprocess.run(
            arguments, stdin=stream, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8 * 1024, f"{done.stdout.strip()} KiB more than before"


def test_an_error_of_ecard_in_a_stream_comes_through_as_it_is() -> None:
    with pytest.raises(EncodingError, match="gone"):
        digest_of(Failing(EncodingError("gone")), Digest.SHA256)  # type: ignore[arg-type]
