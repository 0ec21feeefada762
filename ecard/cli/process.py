"""What this process needs of its surroundings, made safe before a command runs."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


class StandardOutputClosedError(OSError):
    """There is nowhere to write to."""


def prepare() -> None:
    """Make the standard streams and the signals such that a command ends with one line, whatever they are.

    Raises StandardOutputClosedError where the process was started without a standard output.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        _fill(number, mode)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a name in a locale that lacks its characters is shown escaped; it is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_DFL:  # nohup has it ignored
        signal.signal(hangup, _interrupt)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
        raise StandardOutputClosedError(0, "is closed", "standard output")


def _fill(number: int, mode: int) -> None:
    """Give a closed standard stream's number to the null device, lest a file that is opened later gets it."""
    try:
        os.fstat(number)
    except OSError:
        null = os.open(os.devnull, mode)
        if null != number:
            os.dup2(null, number)
            os.close(null)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
