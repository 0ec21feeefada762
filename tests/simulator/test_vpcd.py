"""The bridge to vpcd's virtual reader, against a virtual reader of the tests' own."""

from __future__ import annotations

import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecard.errors import CardFileError, InvalidInputError
from ecard.simulator import CardFile, Fault, FaultyReader, InProcess, Rule, SimulatedCard, serve
from ecard.simulator.powered import CardSource
from ecard.simulator.vpcd import ReaderState

SELECT = bytes.fromhex("00A4040005A000000308")
TRIES = bytes.fromhex("00200080")


class VirtualReader:
    """vpcd's end of the wire."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(5)
        self.port = self.listener.getsockname()[1]
        self.link: socket.socket | None = None

    def accept(self) -> None:
        self.link, _ = self.listener.accept()
        self.link.settimeout(5)

    def send(self, message: bytes, *, in_pieces: bool = False) -> None:
        assert self.link is not None
        whole = len(message).to_bytes(2, "big") + message
        for piece in [whole[i : i + 1] for i in range(len(whole))] if in_pieces else [whole[:2], whole[2:]]:
            self.link.sendall(piece)

    def receive(self) -> bytes:
        size = int.from_bytes(self._exactly(2), "big")
        return self._exactly(size)

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def _exactly(self, size: int) -> bytes:
        assert self.link is not None
        data = b""
        while len(data) < size:
            piece = self.link.recv(size - len(data))
            assert piece, "the card left"
            data += piece
        return data

    def is_left(self) -> bool:
        """Whether the card closes the connection."""
        assert self.link is not None
        return self.link.recv(1) == b""

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None


@contextmanager
def serving(
    card: CardSource | SimulatedCard, reader: VirtualReader, inserted: threading.Event | None = None
) -> Iterator[list[ReaderState]]:
    stop, states = threading.Event(), list[ReaderState]()
    options = {"port": reader.port, "stop": stop, "inserted": inserted, "on_state": states.append}
    thread = threading.Thread(target=serve, args=(card,), kwargs=options)
    thread.start()
    try:
        yield states
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive()
        reader.close()


def test_a_whole_conversation() -> None:
    reader = VirtualReader()
    card = SimulatedCard.new()
    with serving(card, reader) as states:
        reader.accept()
        assert reader.ask(b"\4") == card.atr
        assert states == [ReaderState.WAITING]
        reader.send(b"\1")
        assert reader.ask(b"\4") == card.atr
        assert states == [ReaderState.WAITING, ReaderState.INSERTED]
        assert reader.ask(SELECT)[-2:] == b"\x90\0"
        assert reader.ask(TRIES) == b"\x63\xc3"
        # unknown control bytes have no answer
        reader.send(b"\x09")
        assert reader.ask(TRIES) == b"\x63\xc3"
    assert not card.powered


@pytest.mark.parametrize("control", [b"\0\1", b"\1", b"\2"])
def test_power_off_power_on_and_reset_forget(control: bytes) -> None:
    reader = VirtualReader()
    with serving(SimulatedCard.new(), reader):
        reader.accept()
        reader.send(b"\1")
        reader.ask(SELECT)
        for byte in control:
            reader.send(bytes((byte,)))
        assert reader.ask(TRIES) == b"\x6d\0"


def test_messages_in_pieces_and_two_at_once() -> None:
    reader = VirtualReader()
    with serving(SimulatedCard.new(), reader):
        reader.accept()
        reader.send(b"\1", in_pieces=True)
        reader.send(SELECT, in_pieces=True)
        assert reader.receive()[-2:] == b"\x90\0"
        assert reader.link is not None
        both = b"".join(len(m).to_bytes(2, "big") + m for m in (TRIES, b"\4", TRIES))
        reader.link.sendall(both)
        assert reader.receive() == b"\x63\xc3"
        assert reader.receive()[:1] == b"\x3b"
        assert reader.receive() == b"\x63\xc3"


def test_it_comes_back_when_the_service_does() -> None:
    reader = VirtualReader()
    with serving(SimulatedCard.new(), reader) as states:
        for _ in range(3):
            reader.accept()
            reader.send(b"\1")
            assert reader.ask(SELECT)[-2:] == b"\x90\0"
            reader.close()
        reader.accept()
        assert reader.ask(b"\4")
    assert states == [ReaderState.WAITING, ReaderState.INSERTED] * 3 + [ReaderState.WAITING]


def test_it_waits_for_a_service_that_is_not_there_yet() -> None:
    reader = VirtualReader()
    port = reader.port
    reader.listener.close()
    with serving(SimulatedCard.new(), reader) as states:
        time.sleep(0.7)
        assert states == [ReaderState.WAITING], "said once, however often it tries"
        reader.listener = socket.create_server(("127.0.0.1", port))
        reader.listener.settimeout(5)
        reader.accept()
        assert reader.ask(b"\4")


def test_taken_out_and_put_in_again() -> None:
    reader, inserted = VirtualReader(), threading.Event()
    with serving(SimulatedCard.new(), reader, inserted) as states:
        reader.listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            reader.accept()
        reader.listener.settimeout(5)
        inserted.set()
        reader.accept()
        reader.send(b"\1")
        reader.ask(SELECT)
        inserted.clear()
        assert reader.is_left()
        inserted.set()
        reader.accept()
        reader.send(b"\1")
        assert reader.ask(TRIES) == b"\x6d\0"
    assert states.count(ReaderState.INSERTED) == 2


@pytest.mark.parametrize("fault", [Fault.REMOVAL, Fault.NO_ANSWER, Fault.POWER_LOSS])
def test_a_card_that_fails_is_out_and_then_in_again(fault: Fault) -> None:
    reader = VirtualReader()
    with serving(FaultyReader(InProcess(SimulatedCard.new()), [Rule(fault, at=2)]), reader):
        reader.accept()
        reader.send(b"\1")
        reader.ask(SELECT)
        reader.send(TRIES)
        assert reader.is_left()
        reader.accept()
        reader.send(b"\1")
        assert reader.ask(SELECT)[-2:] == b"\x90\0"


def test_a_card_file_is_saved_before_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "served.card"
    reader = VirtualReader()
    with serving(CardFile.create(path, SimulatedCard.new()), reader):
        reader.accept()
        reader.send(b"\1")
        reader.ask(SELECT)
        for left in (2, 1, 0):
            assert reader.ask(bytes.fromhex("0020008008") + b"000000\xff\xff") == bytes((0x63, 0xC0 | left))
            assert json.loads(path.read_bytes())["card"]["pin"]["left"] == left


def test_what_cannot_be_opened_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(CardFileError):
        serve(CardFile(tmp_path / "none"), stop=threading.Event())


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(InvalidInputError):
        serve(SimulatedCard.new(), port=port, stop=threading.Event())


def test_two_packets_per_message_do_not_cost_an_acknowledgement_delay() -> None:
    # without quick acknowledgements each command takes 44 ms
    reader = VirtualReader()
    with serving(SimulatedCard.new(), reader):
        reader.accept()
        reader.send(b"\1")
        reader.ask(SELECT)
        times = []
        for _ in range(50):
            start = time.perf_counter()
            reader.ask(TRIES)
            times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.035


@pytest.mark.parametrize("host", ["x" * 300, "a..b.é", "a\0b", "\udcff"])
def test_a_host_that_can_be_none_is_refused(host: str) -> None:
    with pytest.raises(InvalidInputError, match="is not the name of a host"):
        serve(SimulatedCard.new(), host=host, stop=threading.Event())
