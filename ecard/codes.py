"""Numbers of China's registers, with their check characters: organisations, enterprises, people.

A wrong number is refused with the place of the first wrong character, counted from 1; the message never
shows the number itself, because some of them are personal data.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ecard.errors import InvalidCodeError

ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The characters of an organisation code's first eight places (GB 11714-1997, section 3)."""
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a unified social credit code (GB 32100-2015, section 4.1): no I, O, S, V, Z."""
_CREDIT_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
_IDENTITY_WEIGHTS: Final = tuple(pow(2, 17 - i, 11) for i in range(17))
_IDENTITY_CHECK: Final = "10X98765432"
_CARD_NUMBER: Final = re.compile(r"(?:03-)?[A-Z0-9]{5}[0-9]{8}", re.ASCII)


def _require(code: str, length: int, alphabet: str, name: str) -> None:
    if len(code) != length:
        raise InvalidCodeError(f"the {name} has {len(code)} characters instead of {length}")
    for place, character in enumerate(code, start=1):
        if character not in alphabet:
            raise InvalidCodeError(f"character {place} of the {name} is not one of {alphabet}")


def organisation_check_character(body: str) -> str:
    """The ninth character of an organisation code, from its first eight (GB 11714-1997, section 4)."""
    _require(body, 8, ORGANISATION_ALPHABET, "body of the organisation code")
    total = sum(w * ORGANISATION_ALPHABET.index(c) for w, c in zip(_ORGANISATION_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def check_organisation_code(code: str) -> str:
    """Return ``code`` if it is a valid organisation code of nine characters (组织机构代码, GB 11714).

    Raises InvalidCodeError.

    >>> check_organisation_code("M000100Y4")
    'M000100Y4'
    """
    _require(code[:8], 8, ORGANISATION_ALPHABET, "organisation code")
    _require(code, 9, ORGANISATION_ALPHABET, "organisation code")
    if code[8] != organisation_check_character(code[:8]):
        raise InvalidCodeError("character 9 of the organisation code, its check character, does not fit the others")
    return code


def credit_check_character(body: str) -> str:
    """The last character of a unified social credit code, from its first seventeen (GB 32100-2015, section 4.6)."""
    _require(body, 17, CREDIT_ALPHABET, "body of the unified social credit code")
    total = sum(w * CREDIT_ALPHABET.index(c) for w, c in zip(_CREDIT_WEIGHTS, body, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def check_credit_code(code: str) -> str:
    """Return ``code`` if it is a valid unified social credit code of 18 characters (统一社会信用代码, GB 32100).

    Raises InvalidCodeError. Characters 9 to 17 are the organisation code and are checked too.

    >>> check_credit_code("91350100M000100Y43")
    '91350100M000100Y43'
    """
    _require(code, 18, CREDIT_ALPHABET, "unified social credit code")
    if code[16] != organisation_check_character(code[8:16]):
        raise InvalidCodeError(
            "character 17 of the unified social credit code, the check character of the organisation code in it, "
            "does not fit characters 9 to 16"
        )
    if code[17] != credit_check_character(code[:17]):
        raise InvalidCodeError(
            "character 18 of the unified social credit code, its check character, does not fit the others"
        )
    return code


def organisation_code_of(code: str) -> str:
    """The organisation code of an enterprise named by either of its codes (9 or 18 characters).

    Raises InvalidCodeError.

    >>> organisation_code_of("91350100M000100Y43")
    'M000100Y4'
    """
    if len(code) == 18:
        return check_credit_code(code)[8:17]
    if len(code) == 9:
        return check_organisation_code(code)
    raise InvalidCodeError(
        f"an enterprise code has 9 (organisation code) or 18 characters (unified social credit code), not {len(code)}"
    )


def identity_check_character(body: str) -> str:
    """The last character of an 18-character identity number, from its first seventeen (GB 11643-1999, section 4.2)."""
    _require(body, 17, "0123456789", "body of the identity number")
    total = sum(w * int(c) for w, c in zip(_IDENTITY_WEIGHTS, body, strict=True))
    return _IDENTITY_CHECK[total % 11]


def check_identity_number(number: str) -> str:
    """Return ``number`` if it is a valid identity number of 18 characters (公民身份号码, GB 11643).

    Raises InvalidCodeError. The date in it must exist; the region is not looked up.
    """
    _require(number[:17], 17, "0123456789", "identity number")
    _require(number, 18, "0123456789X", "identity number")
    identity_birth_date(number)
    if number[17] != identity_check_character(number[:17]):
        raise InvalidCodeError("character 18 of the identity number, its check character, does not fit the others")
    return number


def identity_birth_date(number: str) -> date:
    """The birth date inside an identity number of 18 or 15 characters (GB 11643-1999; 15: the form of 1989, 19yy).

    Raises InvalidCodeError where there is no such date.
    """
    digits = number[6:14] if len(number) == 18 else "19" + number[6:12] if len(number) == 15 else ""
    if not re.fullmatch(r"[0-9]{8}", digits, re.ASCII):
        raise InvalidCodeError(
            "the identity number has no birth date: it needs 18 or 15 characters, digits in the date"
        )
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        places = "7 to 14" if len(number) == 18 else "7 to 12"
        raise InvalidCodeError(f"characters {places} of the identity number are no date of the calendar") from None


def check_card_number(number: str) -> str:
    """Return ``number`` if it has the shape of an IC card number, ``JJ0A900000001`` or ``03-JJ0A900000001``.

    Raises InvalidCodeError.
    """
    if not _CARD_NUMBER.fullmatch(number):
        raise InvalidCodeError(
            "the card number has not the shape of one",
            remedy="five letters or digits, then eight digits, with 03- in front on an SM2 card",
        )
    return number
