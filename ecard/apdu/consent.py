"""The holder's consent to several signatures at once: how many at most, and within what time.

A key that wants the PIN always gets it before every signature. A consent lets it be typed once for a batch; it is
kept in memory for that batch alone, and overwritten when the count or the time is used up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ecard.errors import ConsentExceededError, InvalidInputError, PinError
from ecard.pin import Pin, PinRequest, PinSupplier

MAX_SIGNATURES = 100_000
"""The most signatures that one consent may be for."""
MAX_SECONDS = 24 * 3600.0
"""The longest time that one consent may last."""


@dataclass(frozen=True, slots=True)
class Consent:
    """At most ``most`` signatures within ``seconds`` from the moment when the PIN was given.

    Raises InvalidInputError for a number that is not positive, or above ``MAX_SIGNATURES`` or ``MAX_SECONDS``.
    """

    most: int
    seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MAX_SIGNATURES:
            raise InvalidInputError(f"a consent is for 1 to {MAX_SIGNATURES} signatures, not {self.most}")
        if not 0 < self.seconds <= MAX_SECONDS:
            raise InvalidInputError(f"a consent lasts up to {MAX_SECONDS:.0f} seconds, not {self.seconds}")


class ConsentedPin:
    """A supplier of PINs that asks another one once, and gives its answer again while the consent lasts.

    Used in a ``with`` block, at whose end the PIN is overwritten. Past the consent it raises ConsentExceededError.
    ``clock`` counts seconds.
    """

    def __init__(self, supplier: PinSupplier, consent: Consent, *, clock: Callable[[], float]) -> None:
        self._supplier = supplier
        self._consent = consent
        self._clock = clock
        self._pin: Pin | None = None
        self._end = 0.0
        self._used = 0
        self._withdrawn = False

    def spend(self) -> None:
        """Count one signature. Raises ConsentExceededError, and overwrites the PIN, where it is one too many."""
        problem = self._problem()
        if problem is not None:
            self.close()
            raise ConsentExceededError(problem, remedy="ask the holder again")
        self._used += 1

    def _problem(self) -> str | None:
        if self._withdrawn:
            return "the holder's consent ended with a PIN that the card did not take"
        if self._used >= self._consent.most:
            return f"the holder consented to {self._consent.most} signatures and no more"
        if self._pin is not None and self._clock() >= self._end:
            return f"the {self._consent.seconds:g} seconds of the holder's consent are over"
        return None

    def withdraw(self) -> None:
        """End the consent: the PIN was wrong, and must not be sent again."""
        self._withdrawn = True
        self.close()

    def __call__(self, request: PinRequest) -> Pin:
        """The PIN: from the other supplier the first time, the same one afterwards."""
        if self._pin is None:
            self._pin = self._supplier(request)
            self._end = self._clock() + self._consent.seconds
        return Pin(self._pin.reveal())

    def close(self) -> None:
        """Overwrite the PIN."""
        if self._pin is not None:
            with suppress(PinError):
                self._pin.close()
            self._pin = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ConsentedPin {self._used} of {self._consent.most}>"
