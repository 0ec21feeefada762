"""A terminal without echo, through the signals that come while somebody types: Ctrl-Z and fg, Ctrl-\\, a hangup."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Final

if sys.platform != "win32":
    import termios

_LOCAL: Final = 3
"""Where the local modes are in a terminal's settings."""
_ENDING: Final = ("SIGHUP", "SIGQUIT", "SIGTERM")
_Handler = Callable[[int, FrameType | None], None]


@contextmanager
def kept_silent(question: str) -> Iterator[None]:
    """While the block lasts, which has switched off the echo of the process's terminal, keep that right.

    A signal that ends the process gives the terminal its echo first. So does one that stops it; when it goes on, the
    echo, which shells switch on again, is switched off, and ``question`` asked anew. Handlers that a program has set
    are left alone. Does nothing outside the main thread, where no handler can be set, and without such a terminal.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield
        return
    before: dict[int, Any] = {}
    try:
        with suppress(termios.error):
            for number, handler in _handlers(terminal, question).items():
                if signal.getsignal(number) is signal.SIG_DFL:
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(terminal)


def _handlers(terminal: int, question: str) -> dict[int, _Handler]:
    """A handler for each signal. Raises termios.error where the terminal has no settings."""
    audible = termios.tcgetattr(terminal)
    silent = [*audible]
    silent[_LOCAL] = audible[_LOCAL] & ~termios.ECHO

    def set_to(settings: list[Any]) -> None:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, settings)

    def as_without_handler(number: int, _: FrameType | None) -> None:
        set_to(audible)
        here = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # the signal only stopped the process, or nothing where no shell is there to let it go on again
        signal.signal(number, here)
        set_to(silent)

    def go_on(_: int, __: FrameType | None) -> None:
        set_to(silent)
        with suppress(OSError):
            os.write(terminal, question.encode(errors="replace"))

    ending = {int(getattr(signal, name)): as_without_handler for name in _ENDING}
    return {**ending, signal.SIGTSTP: as_without_handler, signal.SIGCONT: go_on}
