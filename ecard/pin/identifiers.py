"""What identity numbers, organisation codes, card and certificate numbers and postal codes leave behind."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ecard.codes import (
    check_identity_number,
    identity_birth_date,
    identity_check_character,
    organisation_code_of,
)
from ecard.errors import InvalidInputError
from ecard.pin.traces import Traces
from ecard.pin.written import digits_of, letters_and_digits

_SPOKEN_X: Final = ("", "0", "1", "9", "10")
"""What people put for the check character X (ten) on a keypad of digits; 9 is its key."""


def identity_traces(number: str) -> Traces:
    """The traces of an identity number that ``checked_identity_number`` returned."""
    long = number if len(number) == 18 else _long_identity(number)
    short = long[:6] + long[8:17]
    digits = [long.replace("X", spoken) for spoken in (_SPOKEN_X if long[-1] == "X" else ("",))]
    return Traces.of(
        forms=[long, short, *(2 * form for form in (*digits, short))],
        numbers=[long, short, *digits],
        short=[form[-4:] for form in (long, short, *digits)],
        pieces=[long[:6], long[:4], long[:3], long[3:6], long[14:17], *(form[-4:] for form in (long, *digits))],
    )


def checked_identity_number(text: str) -> str:
    """``text`` in plain characters, a valid identity number of 18 or 15 (公民身份号码, GB 11643).

    Raises InvalidCodeError where its length, its birth date or its check character is wrong.
    """
    number = letters_and_digits(text, what="identity number")
    identity_birth_date(number)
    return number if len(number) == 15 and number.isdecimal() else check_identity_number(number)


def birth_date_in(identity_number: str) -> date:
    """The birth date in an identity number that ``checked_identity_number`` returned."""
    return identity_birth_date(identity_number)


def _long_identity(short: str) -> str:
    body = short[:6] + "19" + short[6:]
    return body + identity_check_character(body)


def checked_organisation_code(text: str) -> str:
    """``text`` in plain characters, a valid organisation code or unified social credit code.

    Raises InvalidCodeError.
    """
    code = letters_and_digits(text, what="organisation code")
    organisation_code_of(code)
    return code


def checked_number(text: str, *, what: str, fewest: int = 4) -> str:
    """``text`` in plain letters and digits, at least ``fewest`` of them. Raises InvalidInputError."""
    number = letters_and_digits(text, what=what)
    if len(number) < fewest:
        raise InvalidInputError(f"a {what} has at least {fewest} letters and digits, and one has fewer")
    return number


def number_traces(number: str) -> Traces:
    """The traces of a number of letters and digits (plain, upper case) that has no parts of its own."""
    digits = digits_of(number)
    groups = re.findall(r"[0-9]+", number)
    return Traces.of(
        forms=[2 * number, 2 * digits],
        numbers=[number, digits],
        short=[piece for piece in (number, digits, *groups) if 4 <= len(piece) < 6],
        pieces=[number, digits, digits[-4:], *groups],
    )


def certificate_traces(number: str) -> Traces:
    """The traces of a certificate number, which is shown in hexadecimal here and in decimal there."""
    written = [number_traces(number)]
    if re.fullmatch(r"(0X)?[0-9A-F]+", number):
        written.append(number_traces(str(int(number, 16))))
    if number.isdecimal():
        written.append(number_traces(f"{int(number):X}"))
    return Traces.together(written)
