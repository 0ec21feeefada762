"""Where ECARD_SEARCH_SECRETS asks for it, a watch over the whole run, which then takes half as long again.

It notes every PIN that was made, and everything that was logged, raised or printed. At the end what was collected is
searched for the PINs, and so are the files that the tests left.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ecard.errors import EcardError
from ecard.pin import Pin
from tests.pcsc_service import claim
from tests.secret_search import leaks_in_files, leaks_in_texts

_ENOUGH_DIGITS = re.compile(r"(?:\d[ ,:-]{0,2}){6}")
"""A text without this shows no PIN of digits (full-width digits count), so there is no need to keep it."""

_AS_TEXT = logging.Formatter()
WATCHED = "ECARD_SEARCH_SECRETS" in os.environ

_LONGEST_NAME = 40
"""Characters of a value that still names the test with it."""

_UNHEARD = "test_nobody_listening_costs_nothing"
"""The test of what happens where no logger is listened to."""


class Watch(logging.Handler):
    """What the run produced, by the file of tests that was running."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.pins: dict[str, set[bytes]] = defaultdict(set)
        self.texts: dict[str, set[str]] = defaultdict(set)
        self.heard = 0
        self.place: Path | None = None
        """Where the tests of this process leave their files."""

    def emit(self, record: logging.LogRecord) -> None:
        self.note(_AS_TEXT.format(record))

    def note(self, text: str) -> None:
        """Keep ``text``, which a person may have seen."""
        self.heard += 1
        if _ENOUGH_DIGITS.search(text) is not None:
            self.texts[running()].add(text)


WATCH = Watch()
SEARCHED: list[list[str]] = []
"""What the searches found, one for each process that ran tests."""
claim()
# how long an example takes says how busy the machine is
settings.register_profile("ecard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ecard")


# a shell has its background jobs ignore Ctrl-C, and what they start inherits that: tests send it to servers
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def running() -> str:
    """The file of tests that is running."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]


@pytest.fixture(scope="session", autouse=True)
def _watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Note every PIN, and every text of ecard's exceptions."""
    if not WATCHED:
        yield
        return
    WATCH.place = tmp_path_factory.getbasetemp()
    make_pin, make_error = Pin.__init__, EcardError.__init__

    def noted_pin(self: Pin, value: str | bytes | bytearray) -> None:
        make_pin(self, value)
        WATCH.pins[running()].add(self.reveal())

    def noted_error(self: EcardError, *args: object, **options: object) -> None:
        make_error(self, *args, **options)  # type: ignore[arg-type]
        WATCH.note(f"{self} {self!r}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pin, "__init__", noted_pin)
        patch.setattr(EcardError, "__init__", noted_error)
        yield


@pytest.fixture(autouse=True)
def _heard(request: pytest.FixtureRequest) -> Iterator[None]:
    """Listen to ecard's loggers, the exchanges with cards included, and undo what commands set up for their logging."""
    logger = logging.getLogger("ecard")
    watched = WATCHED and request.node.name != _UNHEARD
    logger.handlers = [WATCH] if watched else []
    logger.setLevel(1 if watched else logging.NOTSET)
    # pytest's own handlers write each record three times more
    logger.propagate = not watched or "caplog" in request.fixturenames
    yield
    logger.propagate = True


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts do not name tests: a signature in them is another one in every process of a run."""
    return argname if isinstance(val, bytes | str) and len(val) > _LONGEST_NAME else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: at any time some tests wait for a reader, a server or a killed process."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Let the garbage collector look past ten thousand tests, which stay until the end."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: at the end one process would run them while the others have no work."""
    long = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage while an exhaustive test runs: it would take two or three times as long."""
    if item.get_closest_marker("exhaustive") is None:
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what a test printed that nobody took, and the traceback of one that failed."""
    for text in (report.capstdout, report.capstderr, report.longreprtext):
        if text and WATCHED:
            WATCH.note(text)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Search what this process collected, and the files that its tests left, when ECARD_SEARCH_SECRETS asks for it."""
    if not WATCHED:
        return
    if WATCH.place is not None:
        SEARCHED.append([*leaks_in_texts(WATCH.texts, WATCH.pins), *leaks_in_files(WATCH.place, WATCH.pins)])
        # one of several processes (pytest-xdist) hands its findings to the one that reports
        getattr(session.config, "workeroutput", {})["leaks"] = SEARCHED[-1]
    if any(SEARCHED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the findings of a process that ended."""
    SEARCHED.append(getattr(node, "workeroutput", {}).get("leaks", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the search found."""
    if WATCHED and SEARCHED:
        found = [line for lines in SEARCHED for line in lines]
        terminalreporter.section("search for PINs")
        terminalreporter.write_line(f"{len(found)} places show one, in what {len(SEARCHED)} processes left")
        for line in found:
            terminalreporter.write_line(f"  {line}")
