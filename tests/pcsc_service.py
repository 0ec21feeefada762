"""A PC/SC service of the tests' own: pcscd with two virtual readers, private to this process.

The daemon runs in a mount namespace of its own, so it neither needs nor touches a pcscd of the machine. Clients find
it through PCSCLITE_CSOCK_NAME. libpcsclite reads that name once in a process, when it is first asked for anything: so
``claim`` sets it for the whole run before any test does, every service of a process uses the same one, and only one
runs at a time.
"""

from __future__ import annotations

import atexit
import ctypes.util
import functools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from ecard.apdu.pcsc import list_readers
from ecard.errors import MissingDependencyError, NoCardError, NoCardReason
from ecard.simulator.card import SimulatedCard
from ecard.simulator.powered import CardSource
from ecard.simulator.vpcd import ReaderState, serve

READER = "ecard test reader"
"""The friendly name: the readers are called "ecard test reader 00 00" and "ecard test reader 00 01"."""
_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_STARTED_WITHIN = 20.0
_NOTICED_WITHIN = 20.0
_IN_NAMESPACE = """
mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd &&
exec setpriv --pdeathsig KILL pcscd --foreground --config "$2"
"""
"""The daemon ends with the thread that started it, also where the tests are killed."""


@functools.lru_cache(maxsize=1)
def why_not() -> str | None:
    """Why no service can be started here; None where one can."""
    for program in ("pcscd", "unshare", "setpriv"):
        if _which(program) is None:
            return f"{program} is not installed"
    if not _DRIVER.exists():
        return "vpcd is not installed (apt-get install vsmartcard-vpcd)"
    if find_spec("smartcard") is None:
        return "pyscard is not installed"
    if ctypes.util.find_library("pcsclite") is None:
        return "libpcsclite is not installed"
    probe = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /run"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        return "mount namespaces are not allowed here"
    return None


def _which(program: str) -> str | None:
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


needs_pcsc = pytest.mark.skipif(why_not() is not None, reason=f"no PC/SC service: {why_not()}")
"""Mark for test modules that need the service."""


@functools.lru_cache(maxsize=1)
def _directory() -> Path:
    made = Path(tempfile.mkdtemp(prefix="pcscd-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def claim() -> None:
    """Let this process, and those that it starts, look for no other service than the tests' own."""
    os.environ["PCSCLITE_CSOCK_NAME"] = str(_socket())


def _socket() -> Path:
    return _directory() / "run" / "pcscd.comm"


class PcscService:
    """A running pcscd with two virtual readers."""

    def __init__(self, *, friendly_name: str = READER) -> None:
        self.friendly_name = friendly_name
        self.port = _two_free_ports()
        self.socket = _socket()
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()

    def reader(self, slot: int = 0) -> str:
        """The name of a reader."""
        return f"{self.friendly_name} 00 {slot:02d}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which other programs find the service."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.socket)}

    def start(self) -> None:
        """Start the daemon, and wait until clients can connect. It ends with the thread that calls this."""
        with self._changing:
            assert self._process is None, "the service runs already"
            run, configuration = self._prepare()
            with (_directory() / "pcscd.log").open("wb") as log:
                self._process = subprocess.Popen(
                    ["unshare", "-rm", "sh", "-c", _IN_NAMESPACE, "sh", str(run), str(configuration)],
                    env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            _wait_until(self._accepts, _STARTED_WITHIN, "pcscd does not start")

    def _prepare(self) -> tuple[Path, Path]:
        run, configuration = _directory() / "run", _directory() / "conf"
        for directory in (run, configuration):
            directory.mkdir(exist_ok=True)
        self.socket.unlink(missing_ok=True)
        (configuration / "vpcd").write_text(
            f'FRIENDLYNAME "{self.friendly_name}"\nDEVICENAME /dev/null:0x{self.port:04X}\n'
            f"LIBPATH {_DRIVER}\nCHANNELID 0x{self.port:04X}\n"
        )
        return run, configuration

    def stop(self) -> None:
        """Stop the daemon, if it runs: clients lose it, as when a service is restarted."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the daemon, if it runs, without giving it a chance to tidy up."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        # a timer may stop the service while the test already wants to start it again
        with self._changing:
            process, self._process = self._process, None
            if process is None:
                return
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (_directory() / "pcscd.log").read_text()
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    @contextmanager
    def inserted(self, card: CardSource | SimulatedCard, slot: int = 0) -> Iterator[threading.Event]:
        """Put ``card`` into a reader for the length of a ``with`` block.

        Gives an event: clearing it takes the card out, setting it puts the card in again.
        """
        stop, in_reader, noticed = threading.Event(), threading.Event(), threading.Event()
        in_reader.set()

        def on_state(state: ReaderState) -> None:
            (noticed.set if state is ReaderState.INSERTED else noticed.clear)()

        options = {"port": self.port + slot, "stop": stop, "inserted": in_reader, "on_state": on_state}
        thread = threading.Thread(target=serve, args=(card,), kwargs=options, daemon=True)
        thread.start()
        try:
            assert noticed.wait(_NOTICED_WITHIN), "the service does not notice the card"
            _wait_until(lambda: self._shows_card(slot), _NOTICED_WITHIN, "the service does not show the card")
            yield in_reader
        finally:
            stop.set()
            thread.join(5)

    def _shows_card(self, slot: int) -> bool:
        """Whether clients see the card: the service powers it a moment before it tells them."""
        try:
            readers = list_readers()
        except MissingDependencyError:
            return True
        except NoCardError:
            return False
        return any(r.name == self.reader(slot) and r.reason is not NoCardReason.NO_CARD for r in readers)


@contextmanager
def running(*, friendly_name: str = READER) -> Iterator[PcscService]:
    """A service for the length of a ``with`` block, for a process that has claimed it."""
    service = PcscService(friendly_name=friendly_name)
    try:
        service.start()
        yield service
    finally:
        service.stop()


def _two_free_ports() -> int:
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            if port < 65535 and second.connect_ex(("127.0.0.1", port + 1)) != 0:
                return port
    raise AssertionError("no two free TCP ports in a row")


def _wait_until(holds: object, seconds: float, otherwise: str) -> None:
    assert callable(holds)
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, otherwise
        time.sleep(0.02)
