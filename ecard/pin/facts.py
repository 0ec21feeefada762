"""What a policy knows of a holder: the numbers and dates that their PIN must not be made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Final, Self

from ecard.errors import InvalidInputError
from ecard.pin.birthdays import DateTraces
from ecard.pin.identifiers import (
    birth_date_in,
    certificate_traces,
    checked_identity_number,
    checked_number,
    checked_organisation_code,
    identity_traces,
    number_traces,
)
from ecard.pin.masked import Pin, pin_from
from ecard.pin.matching import Pieces
from ecard.pin.memory import ITERATIONS, RememberedPin
from ecard.pin.telephones import telephone_traces
from ecard.pin.traces import Traces

MOST_OF_A_KIND: Final = 64
"""The most facts of one kind that are taken."""

RECENT_PINS: Final = 24
"""How many used PINs ``remember`` keeps unless it is told otherwise."""


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class HolderFacts:
    """What is known of a holder. Everything is optional, and shown only as counts.

    * ``telephones``: telephone and fax numbers and extensions in any writing: ``"138 0013 8000"``,
      ``"+86 (10) 6519-5114 ext. 8203"``, ``"０１０－６５１９５１１４"``;
    * ``birth_dates``: the holder's, and other dates that should not be used;
    * ``identity_numbers``: of 18 or 15 characters (GB 11643); the birth date in them counts as given;
    * ``organisation_codes``: organisation codes (9 characters) and unified social credit codes (18);
    * ``card_numbers``, ``certificate_numbers``, ``postal_codes``: at least four letters and digits each;
    * ``used``: PINs used before, and ``puk``, the card's PUK, both as salted hashes only.

    At most 64 of each kind and 64 characters for each number. Raises InvalidInputError for anything more or
    of another type, InvalidCodeError for an identity number or organisation code that is not valid; the
    messages never show the number.
    """

    telephones: Sequence[str] = ()
    birth_dates: Sequence[date] = ()
    identity_numbers: Sequence[str] = ()
    organisation_codes: Sequence[str] = ()
    card_numbers: Sequence[str] = ()
    certificate_numbers: Sequence[str] = ()
    postal_codes: Sequence[str] = ()
    used: Sequence[RememberedPin] = field(default=())
    puk: RememberedPin | None = None

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            given = _bounded(name, getattr(self, name))
            object.__setattr__(self, name, tuple(check(one) for one in given))
        if self.puk is not None:
            _checked_memory(self.puk)

    def remember(self, pin: Pin | str, *, keep: int = RECENT_PINS, iterations: int = ITERATIONS) -> Self:
        """These facts with ``pin`` among the used ones, as a salted hash; the oldest beyond ``keep`` go.

        ``iterations`` is the cost of the first hash; later ones are made alike.

        Raises InvalidInputError for a ``keep`` or iterations out of range.
        """
        box = [pin]
        del pin
        new = RememberedPin.of(pin_from(box), like=self._any_memory, iterations=iterations)
        if not isinstance(keep, int) or not 1 <= keep <= MOST_OF_A_KIND:
            raise InvalidInputError(f"1 to {MOST_OF_A_KIND} used PINs can be kept")
        return replace(self, used=(*self.used, new)[-keep:])

    def with_puk(self, puk: Pin | str, *, iterations: int = ITERATIONS) -> Self:
        """These facts with the card's PUK, as a salted hash."""
        box = [puk]
        del puk
        return replace(self, puk=RememberedPin.of(pin_from(box), like=self._any_memory, iterations=iterations))

    @property
    def _any_memory(self) -> RememberedPin | None:
        return self.used[-1] if self.used else self.puk

    @cached_property
    def all_birth_dates(self) -> tuple[date, ...]:
        """The birth dates given and those in the identity numbers, each once."""
        inside = (birth_date_in(number) for number in self.identity_numbers)
        return tuple(dict.fromkeys((*self.birth_dates, *inside)))

    @cached_property
    def date_traces(self) -> tuple[DateTraces, ...]:
        """What each birth date leaves behind."""
        return tuple(DateTraces.of(day) for day in self.all_birth_dates)

    @cached_property
    def telephone_traces(self) -> Traces:
        """What the telephone numbers leave behind."""
        return Traces.together(telephone_traces(number) for number in self.telephones)

    @cached_property
    def identity_traces(self) -> Traces:
        """What the identity numbers leave behind."""
        return Traces.together(identity_traces(number) for number in self.identity_numbers)

    @cached_property
    def organisation_traces(self) -> Traces:
        """What the organisation codes leave behind."""
        return Traces.together(number_traces(code) for code in self.organisation_codes)

    @cached_property
    def card_traces(self) -> Traces:
        """What the card numbers leave behind."""
        return Traces.together(number_traces(number) for number in self.card_numbers)

    @cached_property
    def certificate_traces(self) -> Traces:
        """What the certificate numbers leave behind."""
        return Traces.together(certificate_traces(number) for number in self.certificate_numbers)

    @cached_property
    def postal_traces(self) -> Traces:
        """What the postal codes leave behind."""
        return Traces.together(number_traces(code) for code in self.postal_codes)

    @cached_property
    def pieces(self) -> Pieces:
        """The pieces of all numbers and dates that join with pieces of others, by kind."""
        numbers = (
            self.telephone_traces,
            self.identity_traces,
            self.organisation_traces,
            self.card_traces,
            self.certificate_traces,
            self.postal_traces,
        )
        dates = [piece for traces in self.date_traces for piece in (*traces.pairs, *traces.blocks.kinds)]
        return Pieces.of(dates, *(traces.pieces for traces in numbers))

    def __repr__(self) -> str:
        counts = {name: len(getattr(self, name)) for name in _CHECKS}
        counts["puk"] = int(self.puk is not None)
        return f"HolderFacts({', '.join(f'{name}: {count}' for name, count in counts.items() if count)})"


def _checked_telephone(text: str) -> str:
    telephone_traces(text)
    return text


def _checked_date(day: object) -> date:
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InvalidInputError(f"a birth date is given as a datetime.date, not as {type(day).__name__}")
    return day


def _checked_memory(memory: object) -> RememberedPin:
    if not isinstance(memory, RememberedPin):
        raise InvalidInputError(
            f"a PIN used before is given as a RememberedPin, not as {type(memory).__name__}",
            remedy="use HolderFacts.remember(pin) or HolderFacts.with_puk(pin)",
        )
    return memory


def _bounded(name: str, given: object) -> tuple[object, ...]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise InvalidInputError(f"{name} of the holder's facts is not a list or tuple")
    if len(given) > MOST_OF_A_KIND:
        raise InvalidInputError(f"{name} of the holder's facts are {len(given)}; at most {MOST_OF_A_KIND} are taken")
    return tuple(given)


_CHECKS: Final[dict[str, Callable[..., object]]] = {
    "telephones": _checked_telephone,
    "birth_dates": _checked_date,
    "identity_numbers": checked_identity_number,
    "organisation_codes": checked_organisation_code,
    "card_numbers": lambda text: checked_number(text, what="card number"),
    "certificate_numbers": lambda text: checked_number(text, what="certificate number"),
    "postal_codes": lambda text: checked_number(text, what="postal code"),
    "used": _checked_memory,
}
