"""A session is a transaction: while it lasts, the card is this program's alone, and only a session can transmit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Final, Self

from ecard.apdu import traffic
from ecard.apdu.atr import takes_extended_length
from ecard.apdu.command import Command
from ecard.apdu.exchange import LengthForm, Response, Wire, collect
from ecard.apdu.pinpad import PinPadTransport
from ecard.apdu.refusal import refusal
from ecard.apdu.status import Status
from ecard.apdu.transport import Connector
from ecard.errors import CardConnectionError, NotSupportedByCardError


class Session:
    """Exclusive use of a card for as long as a ``with`` block lasts; it ends on exit whatever happened.

    ``extended`` says whether the card takes extended commands; by default its answer to reset decides
    (ISO/IEC 7816-4, section 12.1.1), and commands start short where that is silent.

    Entering raises NoCardError, CardBusyError, CardConnectionError or CardFileError. A session is used once: after
    its end, and after the connection failed within it, every use raises CardConnectionError.
    """

    def __init__(self, connector: Connector, *, extended: bool | None = None) -> None:
        self._connector: Final = connector
        self._extended = extended
        self._exit = ExitStack()
        self._send: LengthForm | None = None
        self._reader: PinPadTransport | None = None
        self._begun = False
        self._problem = "the session has not begun"

    @property
    def name(self) -> str:
        """Which reader or card this is, for messages to people."""
        return self._connector.name

    @property
    def atr(self) -> bytes:
        """The card's answer to reset; empty where it has none."""
        return self._connector.atr

    def __enter__(self) -> Self:
        if self._begun:
            raise CardConnectionError("a session is used once", remedy="begin a new one")
        self._begun = True
        with ExitStack() as stack:
            transport = stack.enter_context(self._connector.open())
            extended = takes_extended_length(self.atr) if self._extended is None else self._extended
            self._reader = transport if isinstance(transport, PinPadTransport) else None
            self._send = LengthForm(Wire(transport, traffic.observer()), extended=extended)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._send, self._reader, self._problem = None, None, "the session has ended"
        self._exit.__exit__(kind, error, trace)

    def exchange(self, command: Command) -> Response:
        """The whole answer to ``command``, with its status word, whatever that is.

        Raises CardConnectionError where the card is gone or the session is over, and CardProtocolError for an
        answer that makes no sense.
        """
        with self._use() as send:
            return collect(send, command)

    @contextmanager
    def _use(self) -> Iterator[LengthForm]:
        if self._send is None:
            raise CardConnectionError(self._problem, remedy="begin a new one, in a with block")
        try:
            yield self._send
        except CardConnectionError as error:
            self._send, self._problem = None, f"the connection failed earlier in this session ({error.what})"
            raise

    @property
    def features(self) -> Mapping[int, int]:
        """The features of the reader itself, as of PC/SC part 10; none for a card without such a reader."""
        return {} if self._reader is None else self._reader.features()

    def control(self, feature: int, data: bytes) -> bytes:
        """Have the reader itself do something, as entering a PIN at its keys; returns its answer.

        Raises NotSupportedByCardError for a feature that the reader has not, CardConnectionError.
        """
        with self._use():
            number = self.features.get(feature)
            if self._reader is None or number is None:
                raise NotSupportedByCardError(f"{self.name} has no feature {feature:02X}")
            return self._reader.control(number, data)

    def transmit(self, command: Command, what: str = "the command") -> bytes:
        """The response data to ``command``.

        Raises what ``exchange`` raises, and the exception for any status word but 9000; ``what`` begins its message.
        """
        response = self.exchange(command)
        if response.status != Status.OK:
            raise refusal(command, response.status, what)
        return response.data

    def __repr__(self) -> str:
        return f"<Session with {self.name}, {'open' if self._send is not None else self._problem}>"
