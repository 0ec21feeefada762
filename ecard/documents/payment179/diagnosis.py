"""Why a signature of payment data does not hold: the texts that programs sign by mistake are tried, and named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from ecard.algorithms import Signature
from ecard.documents.mistakes import Mistake
from ecard.documents.payment179.reading import load_json
from ecard.documents.payment179.text import PaymentText
from ecard.errors import EncodingError, InvalidSignatureError
from ecard.keys import PublicKey

Mistakes = frozenset[Mistake]

_MAX_SIZE: Final = 1 << 18
_NUMBER: Final = re.compile(r'"\\u0000([^"\\]*)\\u0000"')
_NONE: Final[Mistakes] = frozenset()
_REWRITTEN: Final = frozenset({Mistake.JSON_REWRITTEN})
_ENDINGS: Final = (
    (_NONE, ""),
    (frozenset({Mistake.NEWLINE_SIGNED}), "\n"),
    (frozenset({Mistake.NEWLINE_SIGNED}), "\r\n"),
)


def diagnose(text: PaymentText, signature: Signature, key: PublicKey) -> Mistakes:
    """The mistakes that, undone together, make the signature hold; empty where no usual mistake explains it.

    Payloads of more than 256 Ki characters are not explained.
    """
    if len(text.head) + len(text.lists) > _MAX_SIZE:
        return _NONE
    for mistakes, candidate in _candidates(text):
        # half a character, which only an escape in the JSON can write, becomes a question mark as in Java
        if _holds(key, signature, candidate.encode(errors="replace")):
            return mistakes
    return _NONE


def _candidates(text: PaymentText) -> Iterator[tuple[Mistakes, str]]:
    for rewriting, head, lists in _rewritten(text):
        for naming, name in ((_NONE, "Lists"), (frozenset({Mistake.LIST_INSTEAD_OF_LISTS}), "List")):
            for quoting, joined in _joined(text, head, lists, name):
                for ending, end in _ENDINGS:
                    yield rewriting | naming | quoting | ending, joined + end


def _joined(text: PaymentText, head: str, lists: str, name: str) -> Iterator[tuple[Mistakes, str]]:
    """The pieces joined with quotation marks, and as in the printed example, with and without its spaces."""
    yield (
        _NONE,
        f'"sessionID":"{text.session_id}"||"payExchangeInfoHead":"{head}"||"payExchangeInfo{name}":"{lists}"'
        f'||"serviceTime":"{text.service_time}"',
    )
    for space in ("", " "):
        for quote in ("", '"'):
            yield (
                frozenset({Mistake.UNQUOTED_OBJECTS}),
                f'"sessionID":"{text.session_id}"||"payExchangeInfoHead":{space}{head}'
                f'||"payExchangeInfo{name}":{space}{lists}||"serviceTime":{quote}{text.service_time}{quote}',
            )


def _rewritten(text: PaymentText) -> Iterator[tuple[Mistakes, str, str]]:
    """The JSON as it was posted, and as other writers would have spelled it."""
    yield _NONE, text.head, text.lists
    for write in (_compact, _ascii, _spaced, _html_safe, _doubles, _shortest):
        yield _REWRITTEN, _rewrite(text.head, write), _rewrite(text.lists, write)


def _rewrite(piece: str, write: Callable[[object], str]) -> str:
    """A piece of JSON written anew, its numbers with the digits that they have."""
    value = load_json(piece, "JSON", parse_float=_keep, parse_int=_keep)
    return write(value)


def _keep(digits: str) -> str:
    return f"\0{digits}\0"


def _numbers(text: str, change: Callable[[str], str] = str) -> str:
    return _NUMBER.sub(lambda match: change(match.group(1)), text)


def _compact(value: object) -> str:
    return _numbers(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _ascii(value: object) -> str:
    return _numbers(json.dumps(value, separators=(",", ":")))


def _spaced(value: object) -> str:
    return _numbers(json.dumps(value, ensure_ascii=False))


def _html_safe(value: object) -> str:
    return re.sub("[<>&='\u2028\u2029]", lambda match: f"\\u{ord(match.group()):04x}", _compact(value))


def _doubles(value: object) -> str:
    """Numbers as Java writes a double: with a point."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _numbers(text, lambda digits: digits if "." in digits else f"{digits}.0")


def _shortest(value: object) -> str:
    """Numbers without zeros at the end of their fraction."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _numbers(text, lambda digits: digits.rstrip("0").rstrip(".") if "." in digits else digits)


def _holds(key: PublicKey, signature: Signature, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except (InvalidSignatureError, EncodingError):
        return False
    return True
