"""Cards in PC/SC readers. The one file that imports pyscard, and only when it is used.

Every session has a context of its own: readers plugged in later are seen, and a service that was restarted is found.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from ecard.apdu import pcsc_errors as errors
from ecard.apdu.command import for_t0, is_extended
from ecard.apdu.deadline import Line, Watch, lines_since, open_sockets, watch
from ecard.apdu.pcsc_errors import Code, code
from ecard.apdu.pinpad import read_features
from ecard.apdu.status import Status
from ecard.apdu.transport import Transport
from ecard.errors import CardBusyError, CardProtocolError, MissingDependencyError, NoCardError, NoCardReason

_POLL: Final = 0.05
_TO_TAKE: Final = 1.0
"""Seconds that taking a card may need which nobody else holds: one without power is given power first."""
_ANY_PROTOCOL: Final = 3
_GET_FEATURES: Final = 3400
"""CM_IOCTL_GET_FEATURE_REQUEST (PC/SC part 10, section 2.2)."""
_MAX_RESETS: Final = 8
_ONE_AT_A_TIME: Final = threading.Lock()
"""Held while a conversation begins, so that of two threads each finds its own socket."""


def library() -> ModuleType:
    """pyscard's low-level module. Raises MissingDependencyError where it is not installed."""
    try:
        import smartcard.scard as module
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"PC/SC readers need the package pyscard ({error})",
            remedy='pip install "ecard[pcsc]"; on Debian and Ubuntu first: apt install pcscd libpcsclite-dev gcc',
        ) from None
    return module  # type: ignore[no-any-return]


class Context:
    """A conversation with the PC/SC service, for the length of a ``with`` block."""

    def __init__(self, scard: Any, handle: int) -> None:
        self.scard: Final = scard
        self.handle: Final = handle
        self.line: Line | None = None
        """The socket of the conversation, where the system has one and tells."""

    def readers(self) -> list[str]:
        """The names of the readers, none or more. Raises NoCardError where the service is gone."""
        result, names = self.scard.SCardListReaders(self.handle, [])
        if code(result) in errors.SERVICE_GONE:
            raise errors.service_not_running()
        return list(names) if code(result) == Code.OK else []

    def state(self, reader: str) -> tuple[int, bytes]:
        """The state bits of a reader and the answer to reset of the card in it."""
        result, states = self.scard.SCardGetStatusChange(self.handle, 0, [(reader, self.scard.SCARD_STATE_UNAWARE)])
        if code(result) != Code.OK:
            raise errors.cannot_connect(reader, result)
        _, bits, atr = states[0]
        return bits, bytes(atr)


@contextmanager
def context() -> Iterator[Context]:
    """Begin a conversation with the service. Raises MissingDependencyError, NoCardError (SERVICE_NOT_RUNNING)."""
    scard = library()
    result, handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code(result) != Code.OK:
        raise errors.service_not_running()
    try:
        yield Context(scard, handle)
    finally:
        scard.SCardReleaseContext(handle)


@contextmanager
def _with_line() -> Iterator[Context]:
    """A conversation with the service whose socket is known, where the system tells.

    A new socket of another thread to the same service would make it uncertain which is which: then another
    conversation is begun.
    """
    for last_attempt in (False, False, True):
        with ExitStack() as stack:
            with _ONE_AT_A_TIME:
                before = open_sockets()
                pcsc = stack.enter_context(context())
                lines = lines_since(before)
            for line in lines:
                stack.callback(line.close)
            if len(lines) <= 1 or last_attempt:
                pcsc.line = lines[0] if len(lines) == 1 else None
                yield pcsc
                return


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """A reader as it was found."""

    name: str
    atr: bytes
    """The card's answer to reset; empty where there is no card that answers."""
    reason: NoCardReason | None
    """Why no card can be used there: NO_CARD or UNSUPPORTED_CARD; None where one can."""


def list_readers() -> tuple[ReaderInfo, ...]:
    """The readers and whether a card is in each, in the service's order.

    Raises MissingDependencyError, and NoCardError (SERVICE_NOT_RUNNING, NO_READER).
    """
    with context() as pcsc:
        names = pcsc.readers()
        if not names:
            raise errors.no_reader()
        return tuple(_info(pcsc, name) for name in names)


def _info(pcsc: Context, name: str) -> ReaderInfo:
    try:
        bits, atr = pcsc.state(name)
    except NoCardError:
        return ReaderInfo(name, b"", NoCardReason.NO_CARD)
    return ReaderInfo(name, atr, reason_of(pcsc.scard, bits))


def reason_of(scard: Any, bits: int) -> NoCardReason | None:
    """Why a reader in the state ``bits`` has no usable card; None where it has."""
    if bits & scard.SCARD_STATE_MUTE:
        return NoCardReason.UNSUPPORTED_CARD
    return None if bits & scard.SCARD_STATE_PRESENT else NoCardReason.NO_CARD


class PcscReader:
    """A Connector to the card in a PC/SC reader.

    The reader is the one whose name is ``name_part`` or has it in it (letter case aside), a reader with a card before
    one without; without ``name_part`` the first reader with a card. Every session connects shared and holds one
    transaction; it leaves the card as it is. ``wait`` is how many seconds a card that another program holds is waited
    for, a second at the least. The limit holds with pcsc-lite on Linux; other systems wait as long as the other
    program's transaction lasts.
    """

    def __init__(self, name_part: str | None = None, *, wait: float = 10.0) -> None:
        self._part: Final = name_part
        self._wait: Final = max(wait, 0.0)
        self._name = name_part or "the first PC/SC reader"
        self._atr = b""

    @property
    def name(self) -> str:
        """The reader's name; what was asked for until a session found it."""
        return self._name

    @property
    def atr(self) -> bytes:
        """The answer to reset of the card in the last session; empty before the first."""
        return self._atr

    def open(self) -> AbstractContextManager[Transport]:
        """Take the card.

        Raises MissingDependencyError, NoCardError with its reason, CardBusyError, CardConnectionError.
        """
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        with ExitStack() as stack:
            pcsc = stack.enter_context(_with_line())
            self._name, self._atr = self._find(pcsc)
            deadline = time.monotonic() + self._wait
            with watch(pcsc.line, max(self._wait, _TO_TAKE)) as limit:
                card = stack.enter_context(_connected(pcsc, self._name, deadline, limit))
                stack.enter_context(_transaction(card, deadline, limit))
            if limit.expired:
                raise _busy(self._name)
            yield card

    def _find(self, pcsc: Context) -> tuple[str, bytes]:
        names = pcsc.readers()
        if not names:
            raise errors.no_reader()
        part = (self._part or "").casefold()
        fitting = [name for name in names if name.casefold() == part] or [n for n in names if part in n.casefold()]
        if not fitting:
            raise errors.unknown_reader(part, names)
        found = [(name, *pcsc.state(name)) for name in fitting]
        for name, bits, atr in found:
            if reason_of(pcsc.scard, bits) is None:
                return name, atr
        if reason_of(pcsc.scard, found[0][1]) is NoCardReason.UNSUPPORTED_CARD:
            raise errors.mute_card(fitting[0], 0)
        raise errors.no_card(" or ".join(fitting))

    def __repr__(self) -> str:
        return f"PcscReader({self._part!r}, wait={self._wait})"


class _Card:
    """A connection to the card in a reader: a Transport."""

    def __init__(self, scard: Any, handle: int, protocol: int, reader: str) -> None:
        self.scard: Final = scard
        self.handle: Final = handle
        self.reader: Final = reader
        self._features: Mapping[int, int] | None = None
        self._is_t0: Final = protocol == scard.SCARD_PROTOCOL_T0
        self._header: Final = scard.SCARD_PCI_T0 if self._is_t0 else scard.SCARD_PCI_T1

    def transmit(self, command: bytes, /) -> tuple[bytes, int]:
        """One exchange. Raises CardConnectionError or a class of it that says what happened."""
        if self._is_t0 and is_extended(command):
            return b"", Status.WRONG_LENGTH  # T=0 carries none (7816-3, section 12.2), and most readers fail over it
        sent = for_t0(command) if self._is_t0 else command
        result, answer = self.scard.SCardTransmit(self.handle, self._header, list(sent))
        if code(result) != Code.OK:
            raise errors.connection_lost(self.reader, result)
        if len(answer) < 2:
            raise CardProtocolError(f"the card in {self.reader} answered without a status word")
        return bytes(answer[:-2]), answer[-2] << 8 | answer[-1]

    def features(self) -> Mapping[int, int]:
        """The reader's own features, such as a PIN pad; none where it does not say."""
        if self._features is None:
            result, answer = self.scard.SCardControl(self.handle, self.scard.SCARD_CTL_CODE(_GET_FEATURES), [])
            self._features = read_features(bytes(answer)) if code(result) == Code.OK else {}
        return self._features

    def control(self, number: int, data: bytes, /) -> bytes:
        """Have the reader do something itself. Raises CardConnectionError or a class of it."""
        result, answer = self.scard.SCardControl(self.handle, number, list(data))
        if code(result) != Code.OK:
            raise errors.connection_lost(self.reader, result)
        return bytes(answer)


@contextmanager
def _connected(pcsc: Context, reader: str, deadline: float, limit: Watch) -> Iterator[_Card]:
    scard = pcsc.scard

    def connect() -> tuple[int, int, int]:
        result, handle, protocol = scard.SCardConnect(pcsc.handle, reader, scard.SCARD_SHARE_SHARED, _ANY_PROTOCOL)
        return code(result), handle, protocol

    result, handle, protocol = connect()
    while result == Code.SHARING_VIOLATION and time.monotonic() < deadline:
        time.sleep(_POLL)
        result, handle, protocol = connect()
    if limit.expired or result == Code.SHARING_VIOLATION:
        raise _busy(reader)
    if result != Code.OK:
        raise errors.cannot_connect(reader, result)
    try:
        yield _Card(scard, handle, protocol, reader)
    finally:
        scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)


@contextmanager
def _transaction(card: _Card, deadline: float, limit: Watch) -> Iterator[None]:
    scard, resets = card.scard, 0
    while (result := code(scard.SCardBeginTransaction(card.handle))) != Code.OK and not limit.expired:
        if result == Code.RESET_CARD and resets < _MAX_RESETS:
            # another program reset the card while we waited: nothing of ours is lost yet
            scard.SCardReconnect(card.handle, scard.SCARD_SHARE_SHARED, _ANY_PROTOCOL, scard.SCARD_LEAVE_CARD)
            resets += 1
        elif result == Code.SHARING_VIOLATION and time.monotonic() < deadline:
            time.sleep(_POLL)
        else:
            break
    if limit.expired or result == Code.SHARING_VIOLATION:
        raise _busy(card.reader)
    if result != Code.OK:
        raise errors.connection_lost(card.reader, result)
    try:
        yield
    finally:
        scard.SCardEndTransaction(card.handle, scard.SCARD_LEAVE_CARD)


def _busy(reader: str) -> CardBusyError:
    return CardBusyError(
        f"another program holds the card in {reader}", remedy="wait until it is done or end it, or wait longer"
    )
