"""Many operators at once: a list as CSV, read whole or refused with the line that is wrong.

The lines are name, identity number and telephone number, under a heading that names them. UTF-8, as spreadsheets
save it (with or without a byte order mark), or GBK, as older ones in China do.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from ecard.errors import InvalidInputError
from ecard.roles.people import Person

MAX_SIZE: Final = 1024 * 1024
"""The largest list that is read, in bytes."""
_FORMULA: Final = ("=", "+", "-", "@")
"""What a spreadsheet takes for the begin of a formula, in a list that is opened there again."""
_HEADING: Final = ["name", "identity_number", "telephone"]


def read_operators(data: bytes) -> list[Person]:
    """The people in a list, in its order.

    Raises InvalidInputError naming the first line that is wrong, counted from 1, and why; never what stands in it.
    """
    if len(data) > MAX_SIZE:
        raise InvalidInputError(f"the list of operators has {len(data)} bytes, more than {MAX_SIZE}")
    rows = csv.reader(io.StringIO(_text(data), newline=""), strict=True)
    try:
        if next(rows, None) != _HEADING:
            raise InvalidInputError(f"the first line of the list must be {','.join(_HEADING)}")
        found = [(rows.line_num, _person(row, rows.line_num)) for row in rows if row]
    except csv.Error:
        raise InvalidInputError(f"line {rows.line_num} of the list is not CSV") from None
    lines: dict[str, int] = {}
    for line, person in found:
        before = lines.setdefault(person.identity_number, line)
        if before != line:
            raise InvalidInputError(f"line {line} of the list names the person of line {before} again")
    return [person for _, person in found]


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInputError("the list is neither UTF-8 nor GBK")


def _person(row: list[str], line: int) -> Person:
    if len(row) != len(_HEADING):
        raise InvalidInputError(f"line {line} of the list has {len(row)} fields instead of {len(_HEADING)}")
    name, number, telephone = (field.strip() for field in row)
    if name.startswith(_FORMULA):
        raise InvalidInputError(f"line {line} of the list: the name begins like a spreadsheet's formula")
    try:
        return Person(name, number, telephone or None)
    except InvalidInputError as error:
        raise InvalidInputError(f"line {line} of the list: {error}") from None
