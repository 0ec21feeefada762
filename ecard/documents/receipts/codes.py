"""What the codes in receipts mean, in words.

Operation results are from the notes in the schemas of May 2022; security and business codes from chapter 7 of the
customs' message specification, as far as they are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Progress(Enum):
    """Where a code leaves a declaration."""

    UNDER_WAY = "under-way"
    """Nothing to do but to wait."""
    DONE = "done"
    """The customs finished with it."""
    WAITS_FOR_PEOPLE = "waits-for-people"
    """An officer looks at the papers or the goods."""
    REFUSED = "refused"
    """It came back; correct it and send it again."""
    FAILED = "failed"
    """The message itself could not be used."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code: the customs' words, what it means, and what to do about it, if anything."""

    number: int
    chinese: str
    meaning: str
    progress: Progress
    remedy: str | None = None


_SIGNATURE_REMEDY: Final = "verify the message with ecard.documents.ceb.inspect: it names the mistake"
_ROWS: Final = (
    Code(1, "电子口岸已暂存", "kept as a draft, not declared", Progress.UNDER_WAY, "declare it with appStatus 2"),
    Code(2, "电子口岸申报中", "declared, on its way through the Electronic Port", Progress.UNDER_WAY),
    Code(3, "发送海关成功", "sent to the customs", Progress.UNDER_WAY),
    Code(4, "发送海关失败", "could not be sent to the customs", Progress.FAILED, "send it again"),
    Code(100, "海关退单", "returned by the customs", Progress.REFUSED, "correct what the text says and declare again"),
    Code(120, "海关入库", "passed the checks of logic and is in the customs' records", Progress.UNDER_WAY),
    Code(300, "人工审核", "an officer reviews it", Progress.WAITS_FOR_PEOPLE),
    Code(399, "海关审结", "examined and concluded by the customs", Progress.DONE),
    Code(500, "查验", "the goods are to be inspected", Progress.WAITS_FOR_PEOPLE),
    Code(501, "扣留移送通关", "detained, handed to clearance", Progress.WAITS_FOR_PEOPLE),
    Code(502, "扣留移送缉私", "detained, handed to the anti-smuggling bureau", Progress.WAITS_FOR_PEOPLE),
    Code(503, "扣留移送法规", "detained, handed to the legal department", Progress.WAITS_FOR_PEOPLE),
    Code(505, "移交", "handed over", Progress.WAITS_FOR_PEOPLE),
    Code(599, "其它扣留", "detained for another reason", Progress.WAITS_FOR_PEOPLE),
    Code(600, "挂起", "suspended", Progress.WAITS_FOR_PEOPLE),
    Code(700, "退运", "the goods are sent back", Progress.REFUSED),
    Code(800, "放行", "released", Progress.DONE),
    Code(899, "结关", "cleared and closed", Progress.DONE),
    Code(1001, "签名无效", "the signature is invalid", Progress.FAILED, _SIGNATURE_REMEDY),
    Code(1002, "签名过期", "the signature has expired", Progress.FAILED, "renew the card's certificate"),
    Code(1003, "解密错误", "the message could not be decrypted", Progress.FAILED),
    Code(1004, "签名与数据不符", "the signature does not match the data", Progress.FAILED, _SIGNATURE_REMEDY),
    *(
        Code(number, "验签失败", "the signature was not accepted", Progress.FAILED, _SIGNATURE_REMEDY)
        for number in (-621025, -621026, -621028, -621029, -623029)
    ),
    Code(
        -625013,
        "申报单位与证书单位不一致",
        "the declarant is not the unit that the certificate names",
        Progress.FAILED,
        "sign with a card of the declaring enterprise",
    ),
)
CODES: Final = {row.number: row for row in _ROWS}
"""Every code that is known, by its number."""
_TAX_ROWS: Final = (
    Code(1, "已生成", "the tax bill was made", Progress.UNDER_WAY),
    Code(2, "已汇总", "the tax bill was summarised", Progress.DONE),
    Code(3, "作废", "the tax bill is void", Progress.REFUSED),
)
TAX_STATES: Final = {row.number: row for row in _TAX_ROWS}
"""The states of a tax bill (messages 816 and 818)."""


def explain(number: int) -> Code:
    """What a code of an operation result or an error means; an unknown one is explained by its sign alone."""
    if number in CODES:
        return CODES[number]
    if number < 0:
        return Code(
            number, "处理异常", "an error of processing that is not known to ecard", Progress.FAILED, "read the text"
        )
    return Code(number, "未知", "a code that is not known to ecard", Progress.UNDER_WAY, "read the text")
