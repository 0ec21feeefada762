"""A card kept in a file: what is saved and when, and who may use it."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from ecard.apdu import words
from ecard.apdu.words import Ins
from ecard.errors import CardBusyError
from ecard.simulator import PROFILES, CardFile, SimulatedCard, storage
from tests.simulator.terminal import OTHER_PIN, PIN, PUK, WRONG_PIN, Terminal


def test_what_changed_is_there_in_the_next_session(card_file: CardFile) -> None:
    with card_file.open() as card:
        first = Terminal(card)
        first.select()
        first.manage()
        public = first.generate(0x9A, words.P256)
        first.put(0x5FC105, b"certificate")
        first.change(0x80, PIN, OTHER_PIN)
        first.verify(WRONG_PIN)
    with card_file.open() as card:
        second = Terminal(card)
        second.select()
        assert second.tries() == 0x63C2
        assert second.get(0x5FC105)[1] == 0x9000
        assert public in second.good(Ins.GET_METADATA, 0, 0x9A)
        assert second.use(0x9A, words.P256, bytes(32))[1] == 0x6982
        assert second.verify(OTHER_PIN) == 0x9000
        assert second.use(0x9A, words.P256, bytes(32))[1] == 0x9000


@pytest.mark.parametrize("profile", PROFILES)
def test_the_memory_is_the_same_after_saving(profile: str) -> None:
    card = SimulatedCard.new(profile, seed=5)
    again = storage.read(storage.write(card.memory))
    assert again == card.memory
    assert storage.write(again) == storage.write(card.memory)


@pytest.mark.parametrize("kind", ["rsa", "p384", "sm2"])
def test_every_kind_of_key_is_kept(card_file: CardFile, kind: str) -> None:
    algorithm = {"rsa": words.RSA1024, "p384": words.P384, "sm2": words.SM2_CANOKEY}[kind]
    with card_file.open() as card:
        first = Terminal(card)
        first.select()
        first.manage()
        public = first.generate(0x9E, algorithm)
    with card_file.open() as card:
        second = Terminal(card)
        second.select()
        assert public in second.good(Ins.GET_METADATA, 0, 0x9E)
        assert second.use(0x9E, algorithm, b"\0\1" + bytes(126) if kind == "rsa" else bytes(32))[1] == 0x9000


def test_it_is_saved_before_the_answer_and_only_when_something_changed(card_file: CardFile, path: Path) -> None:
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        before = path.stat()
        terminal.verify()
        terminal.tries()
        terminal.get(0x7E)
        assert path.stat().st_ino == before.st_ino
        terminal.verify(WRONG_PIN)
        assert json.loads(path.read_bytes())["card"]["pin"]["left"] == 2
        terminal.verify()
        assert json.loads(path.read_bytes())["card"]["pin"]["left"] == 3


def test_the_file_is_for_its_owner_alone_and_nothing_lies_beside_it(card_file: CardFile, path: Path) -> None:
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        terminal.verify(WRONG_PIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_no_pin_and_no_puk_stand_in_the_file(card_file: CardFile, path: Path) -> None:
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        terminal.change(0x80, PIN, b"80417935")
        terminal.change(0x81, PUK, b"90264185")
    content = path.read_bytes()
    for secret in (b"123456", b"12345678", b"80417935", b"90264185"):
        assert secret not in content
        assert secret.hex().encode() not in content.lower()


def test_name_and_answer_to_reset(card_file: CardFile, path: Path) -> None:
    assert str(path) in card_file.name
    assert card_file.atr == b""
    with card_file.open() as card:
        assert card_file.atr == card.atr == PROFILES["factory"].atr
    assert card_file.atr == b""


def test_a_symbolic_link_is_followed_and_stays_one(card_file: CardFile, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    with CardFile(link).open() as card:
        terminal = Terminal(card)
        terminal.select()
        terminal.verify(WRONG_PIN)
    assert link.is_symlink()
    assert json.loads(path.read_bytes())["card"]["pin"]["left"] == 2


# one at a time


def test_a_card_in_use_is_waited_for_and_then_reported_busy(card_file: CardFile, path: Path) -> None:
    with card_file.open():
        start = time.monotonic()
        with pytest.raises(CardBusyError), CardFile(path, wait=0.3).open():
            raise AssertionError
        assert 0.25 < time.monotonic() - start < 10


def test_the_lock_does_not_lapse_when_the_file_is_replaced(card_file: CardFile, path: Path) -> None:
    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        for _ in range(3):
            terminal.verify(WRONG_PIN)
            with pytest.raises(CardBusyError), CardFile(path, wait=0.0).open():
                raise AssertionError
            terminal.verify()


def test_who_waits_gets_the_card_as_it_then_is(card_file: CardFile, path: Path) -> None:
    seen: list[int] = []

    def second() -> None:
        with CardFile(path, wait=10).open() as card:
            terminal = Terminal(card)
            terminal.select()
            seen.append(terminal.tries())

    with card_file.open() as card:
        terminal = Terminal(card)
        terminal.select()
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        terminal.verify(WRONG_PIN)
        time.sleep(0.1)
        terminal.verify(WRONG_PIN)
        assert not seen
    waiting.join(10)
    assert seen == [0x63C1]


def _count_down(path: Path, times: int) -> None:
    for _ in range(times):
        with CardFile(path, wait=60).open() as card:
            terminal = Terminal(card)
            terminal.select()
            assert terminal.verify(WRONG_PIN) >> 4 == 0x63C


def test_four_processes_lose_no_change(path: Path) -> None:
    card = SimulatedCard.new()
    card.memory.pin.tries = card.memory.pin.left = 200
    CardFile.create(path, card)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count_down, args=(path, 25)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert json.loads(path.read_bytes())["card"]["pin"]["left"] == 100
