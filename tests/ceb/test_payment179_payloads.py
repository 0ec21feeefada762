"""Payloads that no program of good will posts, and what common mistakes in posting make of good ones."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from ecard.algorithms import KeyKind
from ecard.documents import payment179
from ecard.documents.ceb import Mistake
from ecard.documents.payment179 import PaymentStep, reading
from ecard.errors import MessageError
from tests.ceb.centre import card
from tests.ceb.test_payment179 import DATA, SM2, change_text, failed, look, signing

SIGNED = payment179.sign(DATA, SM2.holder)
GOOD = SIGNED.payload()
HEAD = SIGNED.text.head


def test_half_a_character_in_an_escape_is_noted_and_signed_as_it_stands() -> None:
    text = change_text('"initalResponse":"', '"initalResponse":"\\ud800')
    report = look(signing(text.signed_bytes().decode()).payload().replace(HEAD, text.head).encode())
    assert report.accepted
    assert any("half a character" in note for note in report.notes)


def test_half_a_character_is_explained_where_the_signature_does_not_hold() -> None:
    """A program in Java signs a question mark in its place."""
    text = change_text('"initalResponse":"', '"initalResponse":"\\ud800')
    wrong = signing(text.signed_bytes().decode().replace("\\ud800", "?")).payload().replace(HEAD, text.head)
    report = look(wrong.encode())
    assert failed(report) == {PaymentStep.SIGNATURE}
    assert report.mistakes == (Mistake.JSON_REWRITTEN,)


def test_half_a_character_in_a_text_that_holds_the_head_is_refused() -> None:
    in_a_text = GOOD.replace(HEAD, json.dumps(HEAD, ensure_ascii=False).replace("4404840022", "\\udc00"))
    with pytest.raises(MessageError, match="half a character"):
        payment179.parse(in_a_text.encode())


@pytest.mark.parametrize("depth", [30, 33, 500, 900, 950, 990, 2000, 20_000])
def test_lists_one_inside_the_other_are_refused_before_anything_recurses(depth: int) -> None:
    nested = GOOD.replace(SIGNED.text.lists, "[" * depth + "]" * depth)
    report = look(nested.encode())
    assert failed(report) == ({PaymentStep.SIGNATURE} if depth == 30 else {PaymentStep.READING})
    assert depth == 30 or "one inside the other" in str(report)


@pytest.mark.parametrize("item", ["{}", "[]", '""', "1", "[[[[[[[[]]]]]]]]"])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_crowd_of_small_items_is_refused_before_it_is_parsed(
    item: str, as_text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = f"[{','.join([item] * 100_000)}]"
    payload = GOOD.replace(SIGNED.text.lists, json.dumps(crowd) if as_text else crowd)
    monkeypatch.setattr(reading, "load_json", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(MessageError, match="more than 50000 members and items"):
        payment179.parse(payload.encode())


def test_a_request_of_a_million_escapes_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "parse_qs", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(MessageError, match="escaped bytes"):
        payment179.parse(b"payExInfoStr=" + b"%41" * 1_000_000)


def test_large_payloads_are_judged_and_not_explained() -> None:
    text = change_text("面膜", "面" * 300_000)
    right = signing(text.signed_bytes().decode()).payload().replace(SIGNED.text.lists, text.lists)
    assert look(right.encode()).accepted
    wrong = signing(text.signed_bytes().decode() + "\n").payload().replace(SIGNED.text.lists, text.lists)
    report = look(wrong.encode())
    assert failed(report) == {PaymentStep.SIGNATURE}
    assert report.mistakes == ()


def test_an_amount_in_quotes_is_told_in_words_of_the_payload() -> None:
    with pytest.raises(MessageError, match="totalAmount must be a number"):
        payment179.data_of(change_text('"totalAmount":5.0', '"totalAmount":"5.0"'))


@pytest.mark.parametrize("digits", ["1E999999999999999999999", "1E-999999999999999999999"])
def test_an_exponent_that_no_decimal_has(digits: str) -> None:
    with pytest.raises(MessageError, match="exponent"):
        payment179.data_of(change_text('"totalAmount":5.0', f'"totalAmount":{digits}'))


def test_a_number_of_any_length_is_cut_out_and_not_worked_out() -> None:
    text = change_text('"totalAmount":5.0', f'"totalAmount":{"1" * 10_000}')
    report = look(signing(text.signed_bytes().decode()).payload().replace(HEAD, text.head).encode())
    assert report.accepted
    assert any("totalAmount" in note for note in report.notes)


def test_a_plus_that_was_posted_as_it_is_says_how_to_write_it() -> None:
    while "+" not in (payload := payment179.sign(DATA, SM2.holder).payload()):
        pass
    body = f"payExInfoStr={quote(payload, safe='+')}".encode()
    with pytest.raises(MessageError, match="write \\+ as %2B"):
        payment179.parse(body)
    assert look(f"payExInfoStr={quote(payload)}".encode()).accepted


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"totalAmount":5.0', '"totalAmount":05.0', HEAD.index('"totalAmount":') + len('"totalAmount":0')),
        ('"currency":"142"', "\"currency\":'142'", HEAD.index('"currency":') + len('"currency":')),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(old: str, new: str, place: int) -> None:
    column = GOOD.index(HEAD) + place + 1
    with pytest.raises(MessageError, match=f"the payload is not JSON: see line 3, column {column}$"):
        payment179.parse(b"\n\n" + GOOD.replace(old, new).encode())


def test_the_field_of_a_request_may_stand_after_others() -> None:
    for before in (b"a=1&", b"a=&b=%7B&c.d-e=x%20y&"):
        assert look(before + SIGNED.form()).accepted
        with pytest.raises(MessageError, match="one field"):
            payment179.parse(before + SIGNED.form() + b"&payExInfoStr=x")
    in_a_text = GOOD.replace("ad2254", "a&payExInfoStr=ad2254")
    assert payment179.parse(in_a_text.encode()).text.session_id.startswith("a&payExInfoStr="), "that is JSON"


def test_a_request_with_two_payloads_is_refused() -> None:
    body = SIGNED.form()
    assert look(body).accepted
    for doubled in (body + b"&" + body, body + b"&payExInfoStr=x"):
        with pytest.raises(MessageError, match="one field"):
            payment179.parse(doubled)


def test_a_payload_in_gbk_is_refused() -> None:
    for body in (GOOD.encode("gbk"), b"payExInfoStr=" + quote(GOOD.encode("gbk")).encode()):
        with pytest.raises(MessageError, match="UTF-8"):
            payment179.parse(body)


def test_the_session_is_a_text() -> None:
    with pytest.raises(MessageError, match="sessionID"):
        payment179.PaymentData(session_id=5, head=DATA.head, orders=DATA.orders, service_time=DATA.service_time)  # type: ignore[arg-type]


def test_a_rewritten_payload_of_an_rsa_card_is_explained() -> None:
    signer = card(KeyKind.RSA2048)
    payload = payment179.sign(DATA, signer.holder).payload()
    assert look(payload.replace("5.0", "5.00").encode(), signer).mistakes == ()
    assert look(payload.replace("5.0", "5").encode(), signer).mistakes == (Mistake.JSON_REWRITTEN,)
