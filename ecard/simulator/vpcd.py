"""Puts a simulated card into a real PC/SC service, through the virtual reader of vsmartcard (vpcd).

vpcd listens, the card connects. Every message is a two-byte length and a body: one byte of control, or a command.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from enum import Enum
from typing import Final

from ecard.errors import CardConnectionError, InvalidInputError
from ecard.simulator.card import SimulatedCard
from ecard.simulator.inprocess import InProcess
from ecard.simulator.powered import CardSource, PoweredCard

DEFAULT_PORT: Final = 0x8C7B
"""Where Debian's vpcd listens for the card of its first reader (35963)."""
_RETRY: Final = 0.2
"""Seconds between two attempts to reach the service, and until ``stop`` is noticed."""
_OUT_OF_READER: Final = 1.0
"""Seconds that a card which failed stays out: more than the service needs to notice (0.4)."""
_POWER_OFF: Final = b"\x00"
_POWER_ON: Final = b"\x01"
_RESET: Final = b"\x02"
_GET_ATR: Final = b"\x04"


class ReaderState(Enum):
    """Where the card is."""

    WAITING = "waiting"
    """Outside: the service is not there, or the card was taken out."""
    INSERTED = "inserted"
    """In the reader, and the service has noticed."""


def _ignore(_: ReaderState) -> None:
    """Nobody wants to know."""


def serve(
    card: CardSource | SimulatedCard,
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    stop: threading.Event,
    inserted: threading.Event | None = None,
    on_state: Callable[[ReaderState], None] = _ignore,
) -> None:
    """Keep ``card`` in the reader that listens at ``host`` and ``port`` until ``stop`` is set.

    Connects again whenever the service comes back. Where ``inserted`` is given, the card is in the reader only
    while it is set. A card that fails as a faulty one does is out for a second and in again. ``on_state`` is called
    from this thread, first with WAITING and then at every change. The card is taken for as long as this runs. Raises
    what opening the card raises, CardFileError where it cannot be saved, and InvalidInputError for a host or port that
    is none.
    """
    _require_address(host, port)
    source = InProcess(card) if isinstance(card, SimulatedCard) else card
    tell = _Changes(on_state)
    with source.open() as powered:
        powered.power_off()
        tell(ReaderState.WAITING)
        while not stop.is_set():
            if inserted is not None and not inserted.wait(_RETRY):
                continue
            _stay_in_reader(powered, (host, port), lambda: not stop.is_set() and _is_in(inserted), tell)
            powered.power_off()
            if not stop.is_set():
                tell(ReaderState.WAITING)


def _require_address(host: str, port: int) -> None:
    if not 0 < port < 1 << 16:
        raise InvalidInputError(f"{port} is no TCP port", remedy="give a number from 1 to 65535")
    try:
        is_name = b"\0" not in host.encode("idna")
    except UnicodeError:
        is_name = False
    if not is_name:
        raise InvalidInputError(f"{host!r} is not the name of a host", remedy="give its name or its IP address")


class _Changes:
    """Passes a state on where it is another one than before."""

    def __init__(self, on_state: Callable[[ReaderState], None]) -> None:
        self._on_state = on_state
        self._last: ReaderState | None = None

    def __call__(self, state: ReaderState) -> None:
        if state is not self._last:
            self._last = state
            self._on_state(state)


def _is_in(inserted: threading.Event | None) -> bool:
    return inserted is None or inserted.is_set()


def _stay_in_reader(
    card: PoweredCard, address: tuple[str, int], wanted: Callable[[], bool], on_state: Callable[[ReaderState], None]
) -> None:
    pause = 0.0
    try:
        with closing(socket.create_connection(address, timeout=_RETRY)) as link:
            # an answer leaves at once, in one packet
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _converse(card, link, wanted, on_state)
    except OSError:
        # the service is not there, or went away
        pause = _RETRY
    except CardConnectionError:
        pause = _OUT_OF_READER
    time.sleep(pause)


def _converse(
    card: PoweredCard, link: socket.socket, wanted: Callable[[], bool], on_state: Callable[[ReaderState], None]
) -> None:
    noticed = False
    for message in _messages(link, wanted):
        answer = _answer(card, message)
        if answer is not None:
            link.sendall(len(answer).to_bytes(2, "big") + answer)
        if not noticed and message in (_POWER_ON, _RESET):
            noticed = True
            on_state(ReaderState.INSERTED)


def _answer(card: PoweredCard, message: bytes) -> bytes | None:
    """The answer to one message; None where it has none."""
    if len(message) > 1:
        data, status = card.transmit(message)
        return data + status.to_bytes(2, "big")
    if message == _GET_ATR:
        return card.atr
    if message == _POWER_OFF:
        card.power_off()
    elif message in (_POWER_ON, _RESET):
        card.power_on()
    return None


def _messages(link: socket.socket, wanted: Callable[[], bool]) -> Iterator[bytes]:
    """The messages that arrive, until the other side closes or the card is not ``wanted`` in the reader any more."""
    received = bytearray()
    while wanted():
        _acknowledge_at_once(link)
        try:
            piece = link.recv(1 << 16)
        except TimeoutError:
            continue
        if not piece:
            return
        received += piece
        while len(received) >= 2 and len(received) >= 2 + (size := int.from_bytes(received[:2], "big")):
            message = bytes(received[2 : 2 + size])
            del received[: 2 + size]
            yield message


def _acknowledge_at_once(link: socket.socket) -> None:
    # vpcd sends length and body in two packets and holds the second until the first is acknowledged: 44 ms for
    # every command unless the kernel is told, before every read, not to delay the acknowledgement
    option = getattr(socket, "TCP_QUICKACK", None)
    if option is not None:
        link.setsockopt(socket.IPPROTO_TCP, option, 1)
