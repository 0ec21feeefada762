"""The prompt for a PIN, in the user's language."""

from __future__ import annotations

from ecard.cli.language import speaks_chinese, translate
from ecard.cli.progress import paused
from ecard.pin import Pin, PinRequest, prompt


class ChineseRequest(PinRequest):
    """A request for a PIN that asks in Chinese."""

    def question(self) -> str:
        """The request as one line for the holder."""
        tries = {None: "", 1: "（最后一次机会，输错即锁定）"}.get(self.tries_left, f"（还可输入 {self.tries_left} 次）")
        return f"请输入 {self.card} 的 {self.reference.value}，用途：{_act(self.act)}{tries}："


def _act(act: str) -> str:
    kind, separator, order = act.partition(": ")
    return f"{translate(kind)}：{translate(order)}" if separator else translate(act)


def in_words(request: PinRequest) -> PinRequest:
    """The request in the user's language."""
    if not speaks_chinese():
        return request
    return ChineseRequest(request.card, request.act, request.tries_left, request.reference)


def ask(request: PinRequest) -> Pin:
    """A supplier that asks at the terminal. Raises NoPinError where there is none."""
    with paused():
        return prompt(in_words(request))
