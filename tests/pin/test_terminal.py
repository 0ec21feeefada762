"""The prompt at a terminal: nothing typed is shown, whatever signals come, and the echo comes back."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

ASK = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
import ecard
request = ecard.pin.PinRequest(card="a card", act="sign", tries_left=3, reference=ecard.pin.PinReference.PIN)
print("of", len(ecard.pin.prompt(request).reveal()))
"""


class Asking:
    """A process that asks at a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int, terminal: int) -> None:
        self.process = process
        self.keyboard = keyboard
        self.terminal = terminal
        self.shown = b""

    def wait_for(self, holds: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < give_up, self.shown
            time.sleep(0.02)

    def wait_for_text(self, text: bytes, times: int = 1) -> None:
        os.set_blocking(self.keyboard, False)

        def seen() -> bool:
            with suppress(BlockingIOError):
                self.shown += os.read(self.keyboard, 4096)
            return self.shown.count(text) >= times

        self.wait_for(seen)

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def echo_on(self) -> None:
        """What shells do while a process is stopped."""
        settings = termios.tcgetattr(self.terminal)
        settings[3] |= termios.ECHO
        termios.tcsetattr(self.terminal, termios.TCSANOW, settings)


@contextmanager
def asking() -> Iterator[Asking]:
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
    ) as process:
        try:
            found = Asking(process, keyboard, terminal)
            found.wait_for_text(b": ")
            found.wait_for(lambda: not found.echoes())
            yield found
        finally:
            process.kill()
            os.close(keyboard)
            os.close(terminal)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_ends_the_process_leaves_the_echo_on(number: signal.Signals) -> None:
    with asking() as process:
        process.process.send_signal(number)
        assert process.process.wait(30) == -number
        assert process.echoes()


def test_a_process_that_was_stopped_shows_nothing_when_it_goes_on() -> None:
    with asking() as process:
        process.process.send_signal(signal.SIGSTOP)
        process.echo_on()
        process.process.send_signal(signal.SIGCONT)
        process.wait_for_text(b"PIN of a card", times=2)
        assert not process.echoes()
        os.write(process.keyboard, b"481516\n")
        process.wait_for_text(b"of 6")
        assert b"481516" not in process.shown
        assert process.process.wait(30) == 0
        assert process.echoes()


def test_a_stop_where_no_shell_could_go_on_shows_nothing_either() -> None:
    with asking() as process:
        os.write(process.keyboard, b"\x1a")
        time.sleep(0.5)
        assert not process.echoes()
        os.write(process.keyboard, b"481516\n")
        process.wait_for_text(b"of 6")
        assert b"481516" not in process.shown
