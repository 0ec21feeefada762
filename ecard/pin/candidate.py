"""A PIN as the rules of a policy look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Self

from ecard.pin.masked import Pin
from ecard.pin.memory import pin_hash

_SEPARATORS: Final = str.maketrans("", "", " -./")


@dataclass(frozen=True, repr=False, eq=False)
class Candidate:
    """The text of a PIN (ASCII) that somebody wants to set, with the views of it that rules need.

    It lives only while a policy is asked; Python cannot overwrite the text (see docs/pin-policy.md).
    """

    text: str
    _digests: dict[tuple[bytes, int], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, pin: Pin) -> Self:
        """The candidate that ``pin`` is. Raises PinError where it was closed."""
        return cls(pin.reveal().decode("ascii"))

    @cached_property
    def digits(self) -> str:
        """The digits of the text, everything else left out."""
        return "".join(c for c in self.text if c.isdecimal())

    @cached_property
    def plain(self) -> str:
        """The text in upper case without spaces, hyphens, full stops and strokes, as numbers are compared."""
        return self.text.translate(_SEPARATORS).upper()

    def spellings(self, padding: int) -> tuple[str, ...]:
        """What is compared with the holder's numbers: the plain text, and the digits where few others are left out.

        More than ``padding`` characters between the digits hide a number well enough; digits in a row among
        them are found in the plain text.
        """
        others = len(self.plain) - len(self.digits)
        return (self.plain, self.digits) if 0 < others <= padding else (self.plain,)

    def hashed(self, salt: bytes, iterations: int) -> bytes:
        """The hash that this PIN would be remembered by, computed once for all rules that ask."""
        key = salt, iterations
        if key not in self._digests:
            self._digests[key] = pin_hash(self.text.encode("ascii"), salt, iterations)
        return self._digests[key]

    def __repr__(self) -> str:
        return "Candidate(****)"
