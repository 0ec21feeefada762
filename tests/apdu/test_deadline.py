"""The watch over a wait for a busy card: it ends that wait, and touches no other socket of the process."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ecard.apdu import deadline, pcsc
from ecard.apdu.deadline import Line, lines_since, open_sockets, watch
from ecard.apdu.pcsc import PcscReader
from ecard.apdu.piv import PivSession
from ecard.apdu.session import Session
from ecard.errors import CardBusyError
from ecard.simulator import InProcess, SimulatedCard
from tests.apdu.fake_scard import FakeScard
from tests.apdu.making import with_key
from tests.pcsc_service import PcscService, needs_pcsc, running

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell its open files")
pytestmark = needs_proc


@contextmanager
def conversation(path: Path) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A Unix server at ``path``: the client's end and the server's."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(path))
        listener.listen()
        client.connect(str(path))
        server, _ = listener.accept()
        with server:
            yield client, server


def talks(one: socket.socket, other: socket.socket) -> bool:
    """Whether what is sent into one end comes out of the other."""
    try:
        one.sendall(b"?")
        other.settimeout(2)
        return other.recv(1) == b"?"
    except OSError:
        return False


def test_of_all_new_sockets_only_the_service_s_is_found(tmp_path: Path) -> None:
    before = open_sockets()
    with ExitStack() as stack:
        service, _ = stack.enter_context(conversation(tmp_path / "pcscd.comm"))
        stack.enter_context(conversation(tmp_path / "other.comm"))
        for end in socket.socketpair():
            stack.enter_context(end)
        web = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(socket.create_connection(web.getsockname()))
        stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        descriptors = len(os.listdir("/proc/self/fd"))
        (line,) = lines_since(before)
        assert line.identity == os.fstat(service.fileno()).st_ino
        assert not lines_since(open_sockets())
        line.close()
        assert len(os.listdir("/proc/self/fd")) == descriptors, "what was looked at was let go"


def test_a_service_somewhere_else_is_known_by_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_sockets()
    with conversation(tmp_path / "elsewhere"):
        assert not lines_since(before)
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "elsewhere"))
        (line,) = lines_since(before)
        line.close()


def test_a_number_that_became_another_socket_is_not_taken(tmp_path: Path) -> None:
    with conversation(tmp_path / "pcscd.comm") as (client, _):
        identity = os.fstat(client.fileno()).st_ino
        assert deadline._held(client.fileno(), identity + 1) is None
        with socket.socketpair()[0] as stranger:
            assert deadline._held(stranger.fileno(), os.fstat(stranger.fileno()).st_ino) is None
        closed = os.dup(client.fileno())
        os.close(closed)
        assert deadline._held(closed, identity) is None
        with Path(os.devnull).open("rb") as no_socket:
            assert deadline._held(no_socket.fileno(), identity) is None


def test_the_line_stays_the_service_s_when_its_number_is_used_again(tmp_path: Path) -> None:
    """The library closes its socket and another thread's gets the number, while the watch runs."""
    before = open_sockets()
    with conversation(tmp_path / "pcscd.comm") as (client, server):
        (line,) = lines_since(before)
        number = client.fileno()
        one, other = socket.socketpair()
        with one, other:
            with watch(line, 0.05) as limit:
                os.dup2(one.fileno(), number)
                time.sleep(0.3)
            assert limit.expired
            assert talks(one, other), "a stranger's socket was cut"
        server.settimeout(2)
        assert server.recv(1) == b"", "the service's was not"
        line.close()


def test_what_does_not_lead_to_the_service_is_never_cut() -> None:
    one, other = socket.socketpair()
    with other, watch(Line(one), 0.02) as limit:
        time.sleep(0.2)
        assert limit.expired
        assert talks(one, other)
    one.close()


def test_nothing_is_cut_in_time(tmp_path: Path) -> None:
    before = open_sockets()
    with conversation(tmp_path / "pcscd.comm") as (client, server):
        (line,) = lines_since(before)
        with watch(line, 30) as limit:
            assert threading.active_count() >= 2
        assert not limit.expired
        assert talks(client, server)
        line.close()


def test_who_waits_for_ever_does(tmp_path: Path) -> None:
    before = open_sockets()
    with conversation(tmp_path / "pcscd.comm") as (client, server):
        (line,) = lines_since(before)
        for seconds in (float("inf"), 1e10):
            with watch(line, seconds) as limit:
                time.sleep(0.02)
                assert threading.active_count() >= 2, "the timer runs"
            assert not limit.expired
        assert talks(client, server)
        line.close()


def test_without_a_line_nothing_is_watched() -> None:
    with watch(None, 0) as limit:
        time.sleep(0.02)
    assert not limit.expired


@pytest.mark.parametrize(("busy_attempts", "known"), [(0, True), (1, True), (2, True), (3, False)])
def test_two_sockets_to_the_service_at_once_are_told_apart_by_trying_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy_attempts: int, known: bool
) -> None:
    """Another library connects to the service in the same moment: which socket is whose cannot be seen."""
    card = SimulatedCard.new(seed=1)
    with_key(InProcess(card))
    fake, opened = FakeScard(card), list[socket.socket]()
    establish = fake.SCardEstablishContext
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pcscd.comm"))
        listener.listen(20)

        def connect() -> None:
            opened.append(socket.socket(socket.AF_UNIX))
            opened[-1].connect(str(tmp_path / "pcscd.comm"))

        def established(scope: int) -> tuple[int, int]:
            connect()
            if fake.calls.count("establish") < busy_attempts:
                connect()
            return establish(scope)

        monkeypatch.setattr(fake, "SCardEstablishContext", established)
        monkeypatch.setattr(pcsc, "library", lambda: fake)
        seen = list[bool]()
        monkeypatch.setattr(pcsc, "watch", lambda line, wait: (seen.append(line is not None), watch(line, wait))[1])
        with Session(PcscReader()) as session:
            assert PivSession(session).pin_tries() == 3
        assert seen == [known]
        assert fake.calls.count("establish") == fake.calls.count("release") == min(busy_attempts, 2) + 1
        for link in opened:
            link.close()


@pytest.fixture(scope="module")
def service() -> Iterator[PcscService]:
    with running() as service:
        yield service


@needs_pcsc
def test_bystanders_keep_their_sockets_while_threads_wait_for_a_busy_card(service: PcscService) -> None:
    """Eight threads open and close sockets of all kinds; four wait for a card in vain, again and again."""
    card = SimulatedCard.new(seed=1)
    with_key(InProcess(card))
    stop, harmed, refused = threading.Event(), list[str](), list[int]()

    def converse() -> None:
        while not stop.is_set():
            pairs = [socket.socketpair() for _ in range(3)]
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            pairs.append((client, listener.accept()[0]))
            time.sleep(0.003)
            harmed.extend("cut" for one, other in pairs if not talks(one, other))
            for end in (listener, *(end for pair in pairs for end in pair)):
                end.close()

    def wait() -> None:
        for _ in range(4):
            try:
                with Session(PcscReader(wait=0.15)):
                    harmed.append("got a card that is held")
            except CardBusyError:
                refused.append(1)

    with service.inserted(card), Session(PcscReader()) as session:
        bystanders = [threading.Thread(target=converse) for _ in range(8)]
        waiting = [threading.Thread(target=wait) for _ in range(4)]
        for thread in (*bystanders, *waiting):
            thread.start()
        for thread in waiting:
            thread.join(60)
        stop.set()
        for thread in bystanders:
            thread.join(10)
        assert not any(thread.is_alive() for thread in waiting), "a wait without end"
        assert PivSession(session).pin_tries() == 3, "who holds the card still has it"
    assert (harmed, len(refused)) == ([], 16)
