"""Reading posted payment data without losing a byte of the text that was signed.

A parser would rewrite the numbers and the white space, so the pieces are cut out of the posted text instead; the
parser only says where they end.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from ecard.documents.ceb.reasons import Reason
from ecard.documents.payment179.text import PaymentText, SignedPayment
from ecard.documents.source import Document, read_up_to
from ecard.errors import MessageError

MAX_SIZE: Final = 4 << 20
"""The largest payload that is read, in bytes."""
FIELD: Final = "payExInfoStr"
"""The name of the field of the request in which the payload is posted."""
_MAX_MARKS: Final = 50_000
"""Commas and opening brackets, in texts too: many times what thousands of orders have."""
_MAX_ESCAPES: Final = 200_000
"""Bytes of a request that are written as % and two digits: each costs the decoder a hundred bytes."""
_MAX_DEPTH: Final = 32
"""Objects and lists one inside the other; payment data have four."""
_MEMBERS: Final = ("sessionID", "payExchangeInfoHead", "payExchangeInfoLists", "serviceTime", "certNo", "signValue")
_REQUEST: Final = re.compile(rf"(?:[^\s{{\[\"&=]+=[^&]*&){{0,7}}{FIELD}=")
"""The body of a request, whose field may stand after others; what JSON begins with is no name of a field."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_PLAIN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,1024}", re.ASCII)


def parse(source: Document) -> SignedPayment:
    """The payment data in a posted payload: the JSON itself, or the body of the request that carries it.

    Head and lists may be objects, or texts that hold them. Raises MessageError for what has not the shape of posted
    payment data, and InvalidInputError where the source cannot be read. The fields inside are judged by ``data_of``.
    """
    pieces = _pieces(source, _MEMBERS)
    return SignedPayment(
        text=_text(pieces),
        certificate_number=_plain(pieces["certNo"], "certNo"),
        signature=_signature_value(pieces["signValue"]),
    )


def parse_unsigned(source: Document) -> PaymentText:
    """The payment data in a payload that is not signed yet: the members of a posted one but certNo and signValue.

    Raises MessageError and InvalidInputError as ``parse`` does.
    """
    return _text(_pieces(source, _MEMBERS[:4]))


def _pieces(source: Document, members: tuple[str, ...]) -> dict[str, str]:
    pieces = _cut(_payload(read_up_to(source, MAX_SIZE)))
    if list(pieces) != list(members):
        remedy = "the list is named payExchangeInfoLists" if "payExchangeInfoList" in pieces else None
        what = f"the payload must have the members {', '.join(members)} in this order, each once"
        raise MessageError(what, reason=Reason.SHAPE, remedy=remedy)
    return pieces


def _text(pieces: dict[str, str]) -> PaymentText:
    return PaymentText(
        session_id=_plain(pieces["sessionID"], "sessionID"),
        head=_nested(pieces["payExchangeInfoHead"], "{", "payExchangeInfoHead"),
        lists=_nested(pieces["payExchangeInfoLists"], "[", "payExchangeInfoLists"),
        service_time=_plain(pieces["serviceTime"], "serviceTime"),
    )


def load_json(text: str, what: str, **hooks: Any) -> Any:
    """The value of a JSON text. MessageError where it is none, is nested too deep, or names a member twice."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, **hooks)
    except MessageError:
        raise
    except RecursionError:
        raise _too_deep(what) from None
    except json.JSONDecodeError as error:
        raise _refused(f"{what} is not JSON: see line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise _refused(f"{what} is not JSON") from None
    _require_depth(value, what)
    return value


def _require_json(text: str, what: str) -> None:
    """That a text is JSON of moderate size. No number is worked out, however long it is."""
    if sum(text.count(mark) for mark in ",[{") > _MAX_MARKS:
        raise _refused(f"{what} has more than {_MAX_MARKS} members and items")
    load_json(text, what, parse_int=str, parse_float=str)


def _require_depth(value: Any, what: str) -> None:
    """What comes after the parser calls itself for each level, and must not run out of stack where it did not."""
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        level = [held for outer in level for held in _held(outer)]
        if not level:
            return
    raise _too_deep(what)


def _held(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _payload(data: bytes) -> str:
    if len(data) > MAX_SIZE:
        raise _refused(f"the payload has more than {MAX_SIZE} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("the payload is not UTF-8") from None
    if not _REQUEST.match(text):
        return text
    if text.count("%") > _MAX_ESCAPES:
        raise _refused(f"the request has more than {_MAX_ESCAPES} escaped bytes")
    try:
        values = parse_qs(text.strip(), errors="strict", max_num_fields=8).get(FIELD, [])
    except ValueError:
        values = []
    if len(values) != 1:
        raise _refused(f"the request must have one field {FIELD}, in UTF-8")
    return values[0]


def _cut(text: str) -> dict[str, str]:
    """The members of a JSON object, each as the text that it has there."""
    _require_json(text, "the payload")
    decoder, pieces = json.JSONDecoder(parse_int=str, parse_float=str), {}
    position = _skip(text, 0)
    if text[position] != "{":
        raise _refused("the payload is not a JSON object")
    position = _skip(text, position + 1)
    while text[position] != "}":
        name, position = decoder.raw_decode(text, position)
        start = _skip(text, _skip(text, position) + 1)
        _, end = decoder.raw_decode(text, start)
        pieces[name] = text[start:end]
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return pieces


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _nested(piece: str, opening: str, what: str) -> str:
    """A JSON object or array as text, or the one that stands in a text."""
    text = json.loads(piece) if piece.startswith('"') else piece
    if not text.startswith(opening):
        raise _refused(f"{what} does not begin with {opening}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _refused(f"{what} has half a character in it")
    _require_json(text, what)
    return str(text)


def _plain(piece: str, what: str) -> str:
    """A short text without anything to escape, or digits."""
    text = json.loads(piece) if piece.startswith('"') else piece
    if not isinstance(text, str) or not _PLAIN.fullmatch(text) or (text == piece and not piece.isdecimal()):
        raise _refused(f"{what} is not a short text of printing ASCII characters")
    return text


def _signature_value(piece: str) -> bytes:
    if " " in piece:
        raise MessageError(
            "signValue has blanks in it",
            reason=Reason.SHAPE,
            remedy="write + as %2B in the body of the request: a bare one is read as a blank",
        )
    text = _plain(piece, "signValue")
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or b64encode(data).decode() != text:
        raise _refused("signValue is not Base64")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _refused("a member of the JSON comes twice")
    return members


def _no_constant(_: str) -> None:
    raise _refused("the JSON has a number that is none")


def _too_deep(what: str) -> MessageError:
    return _refused(f"{what} has more than {_MAX_DEPTH} objects and lists one inside the other")


def _refused(message: str) -> MessageError:
    return MessageError(message, reason=Reason.SHAPE)
