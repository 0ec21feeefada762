"""Files of cards that are none, or cannot be read, created or saved."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ecard.apdu import words
from ecard.errors import CardBusyError, CardConnectionError, CardFileError
from ecard.simulator import CardFile, SimulatedCard, locked_file, storage
from tests.simulator.terminal import WRONG_PIN, Terminal


def refused(path: Path) -> CardFileError:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(CardFileError) as caught, CardFile(path, wait=0.0).open():
        raise AssertionError
    assert "\n" not in str(caught.value)
    assert caught.value.remedy is not None
    if before is not None:
        assert path.read_bytes() == before
    return caught.value


def test_a_path_that_no_file_can_have() -> None:
    assert "is the path of no file" in refused(Path("a\0b")).what
    with pytest.raises(CardFileError, match="is the path of no file"):
        CardFile.create("a\0b", SimulatedCard.new())


def test_a_missing_file(path: Path) -> None:
    assert "No such file" in refused(path).what


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"[]", b"{}", b"[" * 100000, b'"' + b"x" * 3_000_000, b"\xff\xfe"]
)
def test_a_foreign_empty_or_huge_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path)


def test_a_directory_a_pipe_and_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for other in (tmp_path, pipe, Path("/dev/null")):
        refused(other)


@contextmanager
def somebody_else(place: Path) -> Iterator[None]:
    """Be one of the users whom permissions bind, and to whom ``place`` belongs."""
    if os.geteuid():
        yield
        return
    for path in (place, *place.iterdir()):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_in_a_directory_that_cannot_be_written_to() -> None:
    with TemporaryDirectory() as name:  # not tmp_path, into which root alone may look
        path = Path(name) / "a.card"
        CardFile.create(path, SimulatedCard.new())
        Path(name).chmod(0o555)
        with somebody_else(Path(name)):
            assert "Permission denied" in refused(path).what
        Path(name).chmod(0o755)


def test_a_file_whose_name_leaves_no_room_for_the_name_of_the_file_beside(card_file: CardFile, path: Path) -> None:
    assert "File name too long" in refused(path.rename(path.with_name("x" * 255))).what


def test_a_file_cut_off_anywhere(card_file: CardFile, path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        path.write_bytes(whole[:length])
        refused(path)
    path.write_bytes(whole[:-1])
    with card_file.open():
        pass


def test_a_file_with_one_changed_byte(card_file: CardFile, path: Path) -> None:
    whole = path.read_bytes()
    for position in range(0, len(whole) - 2, 53):
        if whole[position : position + 1].isspace():
            continue
        path.write_bytes(whole[:position] + bytes((whole[position] ^ 1,)) + whole[position + 1 :])
        refused(path)


def test_a_file_of_a_later_version(card_file: CardFile, path: Path) -> None:
    document = json.loads(path.read_bytes())
    document["version"] = 2
    path.write_text(json.dumps(document))
    assert "another version" in refused(path).what


def _fields(document: object, trail: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(document, dict):
        return [trail]
    return [trail] * bool(trail) + [found for key, value in document.items() for found in _fields(value, (*trail, key))]


def test_every_field_is_checked_even_where_the_checksum_fits(card_file: CardFile, path: Path) -> None:
    card = json.loads(path.read_bytes())["card"]
    free_text = {("profile", "name"), ("profile", "label"), ("source", "seed")}
    for trail in _fields(card):
        for wrong in (None, -1, "?", [], {"?": "?"}, True, 1e300):
            if trail in free_text and (wrong is None or wrong == "?"):
                continue
            changed = json.loads(json.dumps(card))
            place = changed
            for key in trail[:-1]:
                place = place[key]
            place[trail[-1]] = wrong
            head = {"format": storage.FORMAT, "version": storage.VERSION, "sha256": storage._checksum(changed)}
            path.write_text(json.dumps({**head, "card": changed}))
            if wrong == [] and trail == ("profile", "behaviours"):
                continue
            refused(path)


def test_a_stored_key_that_is_none_is_refused_when_it_is_used(path: Path) -> None:
    card = SimulatedCard.new()
    card.power_on()
    terminal = Terminal(card)
    terminal.select()
    terminal.manage()
    algorithms = {0x9A: words.SM2_CANOKEY, 0x9C: words.P384, 0x9D: words.RSA1024, 0x9E: words.P256, 0x82: words.RSA2048}
    for slot, algorithm in algorithms.items():
        terminal.generate(slot, algorithm, pin=1)
    kept = {int(slot): key.pkcs8 for slot, key in card.memory.keys.items()}
    # what is stored in a slot: a key on another curve, another kind of key, another length, no key at all
    wrong = {0x9A: kept[0x9E], 0x9C: kept[0x9E], 0x9D: kept[0x82], 0x9E: kept[0x9A], 0x82: b"\x30\0"}
    again = {0x9A: b"", 0x9C: kept[0x9D], 0x9D: kept[0x9C], 0x9E: kept[0x9D], 0x82: kept[0x9D]}
    for number, contents in enumerate((wrong, again)):
        for slot, pkcs8 in contents.items():
            card.memory.keys[words.Slot(slot)].pkcs8 = pkcs8
        with CardFile.create(path.with_name(str(number)), card).open() as saved:
            terminal = Terminal(saved)
            terminal.select()
            for slot, algorithm in algorithms.items():
                assert terminal.use(slot, algorithm, bytes(32))[1] == 0x6F00


# files that cannot be written


def test_create_does_not_overwrite(card_file: CardFile, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(CardFileError, match="exists already"):
        CardFile.create(path, SimulatedCard.new())
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_of_many_who_create_a_file_one_does(path: Path) -> None:
    made: list[int] = []
    failed: list[CardFileError] = []

    def create(serial: int) -> None:
        try:
            CardFile.create(path, SimulatedCard.new(serial=serial), wait=10)
            made.append(serial)
        except CardFileError as error:
            failed.append(error)

    makers = [threading.Thread(target=create, args=(serial,)) for serial in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(made) == 1
    assert len(failed) == 7
    assert json.loads(path.read_bytes())["card"]["serial"] == made[0]


def test_create_waits_for_another_who_creates_and_then_gives_up(path: Path) -> None:
    # what lies beside a card file is locked by whoever writes it
    other = locked_file.create(path.with_name(f".{path.name}.new"), b"", wait=0.0)
    with pytest.raises(CardBusyError):
        CardFile.create(path, SimulatedCard.new(), wait=0.1)
    other.close()
    CardFile.create(path, SimulatedCard.new(), wait=0.1)


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_card_that_cannot_be_created(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, denied)
        with pytest.raises(CardFileError, match="who may read and write"):
            CardFile.create(path, SimulatedCard.new())
    assert not path.exists()
    CardFile.create(path, SimulatedCard.new())


def test_a_file_that_cannot_be_read(card_file: CardFile, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", broken)
        with pytest.raises(CardFileError, match="cannot be read"), card_file.open():
            raise AssertionError


def test_create_where_there_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(CardFileError, match="check the path"):
        CardFile.create(tmp_path / "none" / "card", SimulatedCard.new())


def test_a_leftover_of_a_killed_writer_is_taken_over(card_file: CardFile, path: Path) -> None:
    leftover = path.with_name(f".{path.name}.new")
    leftover.write_bytes(b"half a card")
    leftover.chmod(0o644)
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        terminal.verify(WRONG_PIN)
    assert os.listdir(path.parent) == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_not_written_into_a_file_that_somebody_laid_ready(
    card_file: CardFile, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    ready = path.with_name(f".{path.name}.new")
    os.link(precious, ready)
    before = path.read_bytes()
    for _ in range(2):
        with card_file.open() as card:
            terminal = Terminal(card)
            terminal.select()
            with pytest.raises(CardFileError, match="remove it"):
                terminal.verify(WRONG_PIN)
        ready.unlink(missing_ok=True)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert precious.read_bytes() == b"precious"
    assert path.read_bytes() == before


@pytest.mark.parametrize("call", ["fsync", "ftruncate", "write", "replace"])
def test_a_card_that_cannot_be_saved_gives_no_answer_and_is_dead(
    card_file: CardFile, path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.raises(CardFileError, match="make room"):
                terminal.verify(WRONG_PIN)
        with pytest.raises(CardConnectionError):
            terminal.tries()
    assert path.read_bytes() == before
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        assert terminal.tries() == 0x63C3


def test_where_files_cannot_be_locked_the_error_says_so(
    card_file: CardFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked_file, "_is_posix", lambda: False)
    assert "cannot be locked" in refused(path).what


def test_a_file_that_cannot_be_written_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CardFileError, match="make room"):
        CardFile.create(tmp_path / "new.card", SimulatedCard.new())
    assert list(tmp_path.iterdir()) == []
