"""What the customs answer to posted payment data, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ecard.documents.ceb.reasons import Reason
from ecard.documents.payment179.reading import load_json
from ecard.documents.source import Document, read_up_to
from ecard.errors import MessageError

_MAX_SIZE: Final = 64 * 1024
_WORDS: Final = {
    10000: "accepted",
    20000: "refused; also where certNo or signValue is empty",
    20004: "the certificate that verifies is not registered: register the signing certificate of the card that signs",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: its code, the customs' own words, and what the code means."""

    code: int
    message: str
    meaning: str

    @property
    def accepted(self) -> bool:
        """Whether the data was taken."""
        return self.code == 10000


def parse_answer(source: Document) -> Answer:
    """The answer in the body of a response. MessageError where it is none."""
    data = read_up_to(source, _MAX_SIZE)
    if len(data) > _MAX_SIZE:
        raise MessageError(
            f"the answer has more than {_MAX_SIZE} bytes",
            reason=Reason.SHAPE,
            remedy="look whether another server has answered than the customs'",
        )
    value: Any = load_json(data.decode("utf-8-sig", "replace"), "the answer")
    code = str(value.get("code")) if isinstance(value, dict) else ""
    if not code.isascii() or not code.isdecimal() or len(code) > 9:
        raise MessageError("the answer has no code", reason=Reason.SHAPE)
    message = value.get("message")
    return Answer(int(code), message if isinstance(message, str) else "", explain(int(code)))


def explain(code: int) -> str:
    """What a code of an answer means; 20001 to 21000 are errors, few of which are published."""
    if code in _WORDS:
        return _WORDS[code]
    return "an error that is not known to ecard: read the message" if 20000 < code <= 21000 else "an unknown code"
