"""Faults on demand: a card or reader that fails at the command and in the way that a test asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ecard.apdu.command import Command
from ecard.apdu.status import Status
from ecard.errors import CardConnectionError, CardProtocolError, InvalidInputError
from ecard.simulator.powered import CardSource, PoweredCard
from ecard.simulator.randomness import Randomness, SeededRandomness

_Answer = tuple[bytes, int]
_NOTHING: Final[_Answer] = (b"", Status.OK)


class Fault(Enum):
    """A way to fail."""

    REMOVAL = "removal"
    """The card is taken out: CardConnectionError now and until it is powered again."""
    POWER_LOSS = "power-loss"
    """The card is reset, as when another program resets it: CardConnectionError once, and it has forgotten all."""
    NO_ANSWER = "no-answer"
    """The reader gives up waiting: CardConnectionError once; the card goes on as if nothing had happened."""
    TRUNCATED = "truncated"
    """The second half of the data is missing."""
    GARBAGE = "garbage"
    """Other data of the same length, at least one byte, under the status word 9000."""
    WRONG_STATUS = "wrong-status"
    """No data, and ``status`` of the rule as status word."""
    SLOW = "slow"
    """The right answer, ``delay`` seconds later."""
    WRONG_LENGTH = "wrong-length"
    """More data than there are: 16 bytes follow the right ones."""
    OTHER_ANSWER = "other-answer"
    """The answer to the command before this one; to the first command, 9000 without data."""
    ENDLESS = "endless"
    """From now on every answer is 256 bytes and "there is more" (61FF), for ever."""
    WRONG_LE = "wrong-le"
    """From now on every answer is 6C01: "ask again with another Le", for ever."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault, and for which commands: those for which everything that is given holds.

    Raises InvalidInputError for numbers that make no sense.
    """

    fault: Fault
    at: int | None = None
    """The number of the command, the first being 1, counted over all sessions."""
    ins: int | None = None
    """The instruction byte."""
    when: Callable[[Command], bool] | None = None
    """What must hold of the command."""
    times: int = 1
    """How often the rule works; 0: every time."""
    executed: bool = True
    """Whether the card still executed the command, where its answer is lost or replaced."""
    status: int = Status.NO_PRECISE_DIAGNOSIS
    """For WRONG_STATUS."""
    delay: float = 1.0
    """For SLOW, in seconds."""

    def __post_init__(self) -> None:
        if (self.at is not None and self.at < 1) or self.times < 0 or self.delay < 0:
            raise InvalidInputError("a fault's rule has a number that makes no sense")

    def concerns(self, command: Command, number: int) -> bool:
        """Whether the rule is about this command, which is the ``number``-th."""
        return (
            self.at in (None, number) and self.ins in (None, command.ins) and (self.when is None or self.when(command))
        )


class FaultScript:
    """Rules, and how far the play has gone. The first rule that concerns a command decides."""

    def __init__(self, rules: Iterable[Rule], *, source: Randomness | None = None) -> None:
        self._played = [(rule, 0) for rule in rules]
        self.commands = 0
        """How many commands were sent so far, failed ones included."""
        self.source = source or SeededRandomness(b"faults")

    def next(self, apdu: bytes) -> Rule | None:
        """The rule for the next command; None where it goes well."""
        self.commands += 1
        try:
            command = Command.parse(apdu)
        except CardProtocolError:
            return None
        for index, (rule, done) in enumerate(self._played):
            if rule.concerns(command, self.commands) and (not rule.times or done < rule.times):
                self._played[index] = (rule, done + 1)
                return rule
        return None


class FaultyTransport:
    """A PoweredCard whose answers come as ``script`` wants them."""

    def __init__(
        self,
        card: PoweredCard,
        rules: Iterable[Rule] | FaultScript,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._card = card
        self.script: Final = rules if isinstance(rules, FaultScript) else FaultScript(rules)
        self._sleep = sleep
        self._before: _Answer = _NOTHING
        self._stuck: _Answer | None = None
        self._removed = False

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._card.atr

    def power_on(self) -> None:
        """Give the card power, or reset it; one that was removed is in again."""
        self._removed, self._stuck, self._before = False, None, _NOTHING
        self._card.power_on()

    def power_off(self) -> None:
        """Take the power away."""
        self._card.power_off()

    def transmit(self, command: bytes, /) -> _Answer:
        """The card's answer, or what the rules make of it. Raises what the card does, and CardConnectionError."""
        if self._removed:
            raise CardConnectionError("the card was removed")
        rule = self.script.next(command)
        if self._stuck is not None:
            return self._stuck
        if rule is None:
            answer = self._card.transmit(command)
        else:
            answer = self._fail(rule, self._card.transmit(command) if rule.executed else _NOTHING)
        self._before = answer
        return answer

    def _fail(self, rule: Rule, answer: _Answer) -> _Answer:
        if rule.fault in _LOST:
            self._lose(rule.fault)
        if rule.fault is Fault.SLOW:
            self._sleep(rule.delay)
        if rule.fault in _FOR_EVER:
            self._stuck = _FOR_EVER[rule.fault]
        return self._altered(rule, answer)

    def _lose(self, fault: Fault) -> None:
        if fault is Fault.REMOVAL:
            self._removed = True
            self._card.power_off()
        elif fault is Fault.POWER_LOSS:
            self._card.power_on()
        raise CardConnectionError(_LOST[fault])

    def _altered(self, rule: Rule, answer: _Answer) -> _Answer:
        data, status = answer
        source = self.script.source
        altered: dict[Fault, _Answer] = {
            Fault.TRUNCATED: (data[: len(data) // 2], status),
            Fault.GARBAGE: (source.take(max(len(data), 1)), int(Status.OK)),
            Fault.WRONG_STATUS: (b"", rule.status),
            Fault.WRONG_LENGTH: (data + source.take(16), status),
            Fault.OTHER_ANSWER: self._before,
            **_FOR_EVER,
        }
        return altered.get(rule.fault, answer)


class FaultyReader:
    """A connector to the card in ``source``, through a FaultyTransport. Commands are counted over all sessions.

    Readers that are given one script play it together.
    """

    def __init__(
        self, source: CardSource, rules: Iterable[Rule] | FaultScript, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._source = source
        self._sleep = sleep
        self.script: Final = rules if isinstance(rules, FaultScript) else FaultScript(rules)

    @property
    def name(self) -> str:
        """Which card this is."""
        return self._source.name

    @property
    def atr(self) -> bytes:
        """The answer to reset, as the source gives it."""
        return self._source.atr

    def open(self) -> AbstractContextManager[PoweredCard]:
        """Take the card; it is in the reader again where it had been removed. Raises what the source raises."""
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[PoweredCard]:
        with self._source.open() as card:
            yield FaultyTransport(card, self.script, sleep=self._sleep)


_LOST: Final = {
    Fault.REMOVAL: "the card was removed",
    Fault.POWER_LOSS: "the card was reset",
    Fault.NO_ANSWER: "the card does not answer",
}
_FOR_EVER: Final[dict[Fault, _Answer]] = {Fault.ENDLESS: (bytes(256), 0x61FF), Fault.WRONG_LE: (b"", 0x6C01)}
