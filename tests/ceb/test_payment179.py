"""Payment data of notice 179: the text, its fields, the payload, and the mistakes that people make with it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecard.algorithms import KeyKind, SignatureAlgorithm
from ecard.documents import payment179
from ecard.documents.ceb import Mistake, Outcome
from ecard.documents.payment179 import (
    Goods,
    Order,
    PaymentData,
    PaymentHead,
    PaymentStep,
    SignedPayment,
)
from ecard.documents.signers import AnyCard, AnyLegalPerson, UnsafeAnyone
from ecard.errors import EcardError, MessageError, UnsupportedAlgorithmError, VerificationError
from ecard.findings import FindingCode
from ecard.pki.identity import CardType
from tests.ceb.centre import AT, CREDIT, Card, card, legacy_card
from tests.ceb.judges import needs_openssl, openssl_accepts_sm2

HEAD = PaymentHead(
    guid="9D55BA71-22DE-41F4-8B50-C36C83B3B530",
    initial_request='https://pay.example/?a=1&b="2"\\',
    initial_response="好的\n",
    platform_code="4404840022",
    payment_firm_code="312226T001",
    transaction_id="2018121222001354081010726129",
    total_amount=Decimal("5.0"),
    currency="142",
    verifier="3",
    pay_type="1",
    trading_time="20181212041803",
    note="",
)
DATA = PaymentData(
    session_id="ad2254-8hewyf32-55616249",
    head=HEAD,
    orders=(
        Order(
            number="SO1",
            goods=(Goods(name="面膜", link="http://a.example/1;http://a.example/2"),),
            receiving_account="OSA571908863132601",
            receiving_name="示例公司",
        ),
    ),
    service_time=datetime(2026, 6, 1, 4, 30, 15, 123456, tzinfo=UTC),
)
SM2 = card(KeyKind.SM2)
TEXT = (
    '"sessionID":"ad2254-8hewyf32-55616249"||"payExchangeInfoHead":"{"guid":"9D55BA71-22DE-41F4-8B50-C36C83B3B530",'
    '"initalRequest":"https://pay.example/?a=1&b=\\"2\\"\\\\","initalResponse":"好的\\n","ebpCode":"4404840022",'
    '"payCode":"312226T001","payTransactionId":"2018121222001354081010726129","totalAmount":5.0,"currency":"142",'
    '"verDept":"3","payType":"1","tradingTime":"20181212041803","note":""}"||"payExchangeInfoLists":"[{"orderNo":"SO1",'
    '"goodsInfo":[{"gname":"面膜","itemLink":"http://a.example/1;http://a.example/2"}],"recpAccount":"OSA571908863132601",'
    '"recpCode":"","recpName":"示例公司"}]"||"serviceTime":"1780288215123"'
)


def look(payload: bytes | SignedPayment, by: Card = SM2, **options: Any) -> payment179.PaymentReport:
    arguments = {"certificate": by.certificate, "trust": by.trust, "signer": UnsafeAnyone(), "at": AT} | options
    return payment179.inspect(payload, **arguments)


def failed(report: payment179.PaymentReport) -> set[PaymentStep]:
    return {check.step for check in report.checks if check.outcome is Outcome.FAILED}  # type: ignore[misc]


def signing(text: str, signer: Card = SM2) -> SignedPayment:
    """The good data with a signature over another text."""
    algorithm = SignatureAlgorithm.SM2_SM3 if signer is SM2 else SignatureAlgorithm.RSA_SHA1
    value = signer.holder.sign(text.encode(), algorithm).raw(signer.certificate.public_key.kind.size)
    return replace(payment179.sign(DATA, signer.holder), signature=value)


def test_the_text_that_is_signed_byte_for_byte() -> None:
    assert DATA.text().signed_bytes() == TEXT.encode()


@pytest.mark.parametrize("signer", ["sm2", "rsa2048", "legacy"], indirect=True)
def test_sign_post_read_and_verify(signer: Card) -> None:
    signed = payment179.sign(DATA, signer.holder)
    payload = json.loads(signed.payload())
    assert list(payload) == [
        "sessionID", "payExchangeInfoHead", "payExchangeInfoLists", "serviceTime", "certNo", "signValue",
    ]  # fmt: skip
    assert parse_qs(signed.form().decode())["payExInfoStr"] == [signed.payload()]
    for posted in (signed, signed.payload().encode(), signed.form(), b"\xef\xbb\xbf" + signed.payload().encode()):
        report = payment179.verify(
            posted, certificate=signer.certificate, trust=signer.trust, signer=AnyCard(of=CREDIT), at=AT
        )
        assert report.payment == signed
        assert report.verified == TEXT.encode()
        assert report.payment is not None
        assert payment179.data_of(report.payment.text) == replace(
            DATA, service_time=DATA.service_time.replace(microsecond=123000)
        )
    assert any("SHA-1 is broken" in note for note in report.notes) is (signer is not SM2)


@needs_openssl
def test_openssl_accepts_the_signature(tmp_path: Path) -> None:
    signed = payment179.sign(DATA, SM2.holder)
    assert len(signed.signature) == 64
    assert openssl_accepts_sm2(TEXT.encode(), signed.signature, SM2.certificate, tmp_path)


texts = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40)


@given(request=texts, note=texts, name=texts, amount=st.decimals(0, 10**12, places=5))
def test_whatever_is_in_the_fields_the_text_and_the_payload_cannot_differ(
    request: str, note: str, name: str, amount: Decimal
) -> None:
    head = replace(HEAD, initial_request=request, note=note, total_amount=amount)
    order = replace(DATA.orders[0], goods=(Goods(name=name, link=request),))
    data = replace(DATA, head=head, orders=(order, order))
    signed = SignedPayment(text=data.text(), certificate_number="03", signature=b"\1\2\3")
    for posted in (signed.payload().encode(), signed.form()):
        again = payment179.parse(posted)
        assert again == signed
        assert again.text.signed_bytes() == data.text().signed_bytes()
        read = payment179.data_of(again.text)
        assert (read.head, read.orders) == (head, (order, order))


class TestFields:
    @pytest.mark.parametrize(
        "change",
        [
            {"guid": "9d55ba71-22de-41f4-8b50-c36c83b3b530"},
            {"guid": "short"},
            {"initial_request": ""},
            {"initial_request": "x" * 8001},
            {"initial_response": "x" * 8001},
            {"initial_response": "\ud800"},
            {"platform_code": "x" * 19},
            {"payment_firm_code": ""},
            {"transaction_id": "x" * 61},
            {"total_amount": 5.0},
            {"total_amount": Decimal("-1")},
            {"total_amount": Decimal("NaN")},
            {"total_amount": Decimal("Infinity")},
            {"total_amount": Decimal("0.000001")},
            {"total_amount": Decimal("1e19")},
            {"total_amount": Decimal("1e999999")},
            {"total_amount": Decimal("1e-999999")},
            {"total_amount": Decimal("123456789012345.12345")},
            {"currency": "14200"},
            {"verifier": "4"},
            {"verifier": 3},
            {"pay_type": "5"},
            {"trading_time": "20181312041803"},
            {"trading_time": "1551634298"},
            {"note": "x" * 1001},
        ],
    )
    def test_of_the_head(self, change: dict[str, Any]) -> None:
        with pytest.raises(MessageError):
            replace(HEAD, **change)

    @pytest.mark.parametrize(
        "change",
        [
            {"number": ""},
            {"number": "x" * 61},
            {"goods": ()},
            {"receiving_account": "x" * 61},
            {"receiving_code": "x" * 19},
            {"receiving_name": ""},
        ],
    )
    def test_of_an_order(self, change: dict[str, Any]) -> None:
        with pytest.raises(MessageError):
            replace(DATA.orders[0], **change)

    def test_of_goods_and_of_the_whole(self) -> None:
        for name, link in (("", "x"), ("x" * 251, "x"), ("x", ""), ("x", "x" * 3001)):
            with pytest.raises(MessageError):
                Goods(name=name, link=link)
        for change in ({"session_id": 'a"b'}, {"session_id": ""}, {"session_id": "x" * 61}, {"orders": ()}):
            with pytest.raises(MessageError):
                replace(DATA, **change)  # type: ignore[arg-type]
        with pytest.raises(EcardError):
            replace(DATA, service_time=datetime(2026, 6, 1))

    @pytest.mark.parametrize("text", ["5", "5.0", "0", "0.00001", "99999999999999.12345", "1234567890123456789"])
    def test_amounts_are_written_with_the_digits_they_have(self, text: str) -> None:
        assert f'"totalAmount":{text},' in replace(HEAD, total_amount=Decimal(text)).text()

    def test_accounts_and_requests_stay_out_of_repr(self) -> None:
        shown = repr(DATA) + repr(payment179.sign(DATA, SM2.holder))
        assert "OSA571908863132601" not in shown
        assert "pay.example" not in shown


def change_text(old: str, new: str) -> payment179.PaymentText:
    text = DATA.text()
    changed = replace(text, head=text.head.replace(old, new), lists=text.lists.replace(old, new))
    assert changed != text
    return changed


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"initalRequest"', '"initialRequest"', "the official spelling is initalRequest"),
        ('"initalResponse"', '"initialResponse"', "the official spelling is initalResponse"),
        ('"ebpCode":"4404840022","payCode":"312226T001"', '"payCode":"312226T001","ebpCode":"4404840022"', "order"),
        ('"verDept":"3"', '"verDept":3', "verDept"),
        ('"verDept":"3"', '"verDept":["3"]', "verDept"),
        ('"totalAmount":5.0', '"totalAmount":"5.0"', "totalAmount"),
        ('"totalAmount":5.0', '"totalAmount":1e400', "totalAmount"),
        ('"totalAmount":5.0', '"totalAmount":null', "totalAmount"),
        ('"guid":"9D', '"guid":"9d', "guid"),
        ('"note":""', '"more":""', "order"),
        ('"recpAccount":"OSA571908863132601",', "", "order"),
        ('"goodsInfo":[', '"goodsInfo":[1,', "goodsInfo"),
        ('"goodsInfo":[{"gname":', '"goodsInfo":[[],{"gname":', "goodsInfo"),
    ],
)
def test_rules_that_posted_fields_break_are_noted_and_do_not_break_the_signature(old: str, new: str, word: str) -> None:
    text = change_text(old, new)
    with pytest.raises(MessageError, match=word):
        payment179.data_of(text)
    value = SM2.holder.sign(text.signed_bytes()).raw(32)
    report = look(replace(payment179.sign(DATA, SM2.holder), text=text, signature=value))
    assert report.accepted
    assert any("notice 179" in note and word in note for note in report.notes)


def test_optional_fields_may_be_left_out() -> None:
    text = change_text(',"note":""', "")
    assert payment179.data_of(text).head == HEAD
    assert payment179.data_of(change_text('"payType":"1",', "")).head.pay_type == ""
    assert payment179.data_of(change_text('"recpCode":""', '"recpCode":null')).orders == DATA.orders


@pytest.mark.parametrize("service_time", ["1553047681", "0", "99999999999999"])
def test_service_times_that_people_post(service_time: str) -> None:
    payment179.data_of(replace(DATA.text(), service_time=service_time))


@pytest.mark.parametrize("service_time", ["", "x", "-1", "1.5", "1" * 15, "٣"])
def test_service_times_that_are_none(service_time: str) -> None:
    with pytest.raises(MessageError):
        payment179.data_of(replace(DATA.text(), service_time=service_time))


@pytest.mark.parametrize("signer", ["sm2", "legacy"], indirect=True)
@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (TEXT + "\n", {Mistake.NEWLINE_SIGNED}),
        (TEXT + "\r\n", {Mistake.NEWLINE_SIGNED}),
        (TEXT.replace("InfoLists", "InfoList"), {Mistake.LIST_INSTEAD_OF_LISTS}),
        (
            TEXT.replace(':"{', ":{").replace('}"|', "}|").replace(':"[', ":[").replace(']"|', "]|"),
            {Mistake.UNQUOTED_OBJECTS},
        ),
        (
            TEXT.replace(':"{', ": {").replace('}"|', "}|").replace(':"[', ": [").replace(']"|', "]|")
            .replace('"1780288215123"', "1780288215123").replace("InfoLists", "InfoList"),
            {Mistake.UNQUOTED_OBJECTS, Mistake.LIST_INSTEAD_OF_LISTS},
        ),
        (TEXT.replace("5.0", "5"), {Mistake.JSON_REWRITTEN}),
        ("".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in TEXT), {Mistake.JSON_REWRITTEN}),
        (TEXT.replace("=", "\\u003d").replace("&", "\\u0026") + "\n", {Mistake.JSON_REWRITTEN, Mistake.NEWLINE_SIGNED}),
        (TEXT.replace("SO1", "SO2"), set()),
    ],
)  # fmt: skip
def test_texts_that_programs_sign_by_mistake(signer: Card, text: str, mistakes: set[Mistake]) -> None:
    report = look(signing(text, signer), signer)
    assert failed(report) == {PaymentStep.SIGNATURE}
    assert set(report.mistakes) == mistakes


class TestVerifying:
    signed = payment179.sign(DATA, SM2.holder)

    def test_a_pretty_printed_payload_says_that_it_was_rewritten(self) -> None:
        pretty = json.dumps(json.loads(self.signed.payload()), indent=1, ensure_ascii=False)
        report = look(pretty.encode())
        assert report.mistakes == (Mistake.JSON_REWRITTEN,)

    def test_texts_instead_of_objects_are_read(self) -> None:
        text = self.signed.text
        posted = json.loads(self.signed.payload())
        posted |= {"payExchangeInfoHead": text.head, "payExchangeInfoLists": text.lists}
        posted["serviceTime"] = int(posted["serviceTime"])
        assert look(json.dumps(posted).encode()).accepted

    def test_one_wrong_thing_at_a_time(self) -> None:
        assert failed(look(replace(self.signed, certificate_number="0300000000000001"))) == {PaymentStep.NUMBER}
        assert failed(look(replace(self.signed, signature=bytes(64)))) == {PaymentStep.SIGNATURE}
        assert failed(look(replace(self.signed, signature=bytes(63)))) == {PaymentStep.SIGNATURE}
        assert failed(look(self.signed, signer=AnyLegalPerson(of=CREDIT))) == {PaymentStep.SIGNER}
        assert failed(look(self.signed, trust=legacy_card().trust)) == {PaymentStep.VALIDITY}
        other = card(KeyKind.SM2, CardType.LEGAL_PERSON)
        assert failed(look(self.signed, other)) == {PaymentStep.SIGNATURE, PaymentStep.NUMBER}
        assert failed(look(self.signed, card(KeyKind.P256))) == {PaymentStep.ALGORITHMS, PaymentStep.NUMBER}
        assert failed(look(b"{}")) == {PaymentStep.READING}

    def test_der_instead_of_r_and_s(self) -> None:
        value = SM2.holder.sign(TEXT.encode()).der
        assert look(replace(self.signed, signature=value)).mistakes == (Mistake.VALUE_IN_DER,)

    def test_every_piece_is_signed(self) -> None:
        for name in ("session_id", "head", "lists", "service_time"):
            text = replace(self.signed.text, **{name: getattr(self.signed.text, name).replace("2", "3")})
            assert PaymentStep.SIGNATURE in failed(look(replace(self.signed, text=text)))

    def test_verify_raises_with_the_report(self) -> None:
        with pytest.raises(VerificationError) as caught:
            payment179.verify(b"{", certificate=SM2.certificate, trust=SM2.trust, signer=UnsafeAnyone(), at=AT)
        assert [finding.code for finding in caught.value.report.reasons] == [FindingCode.MALFORMED]

    def test_without_trust_nothing_is_accepted(self) -> None:
        report = payment179.inspect(self.signed, certificate=SM2.certificate, at=AT)
        assert not report.accepted
        assert report.verified is None

    def test_only_cards_of_the_customs_sign(self) -> None:
        with pytest.raises(UnsupportedAlgorithmError):
            payment179.sign(DATA, card(KeyKind.P256).holder)


GOOD = payment179.sign(DATA, SM2.holder).payload()


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        "null",
        "payExInfoStr=",
        "other=1",
        GOOD[:-1],
        GOOD + "x",
        GOOD.replace("payExchangeInfoLists", "payExchangeInfoList"),
        GOOD.replace('"certNo"', '"more":1,"certNo"'),
        GOOD.replace('"sessionID":', '"sessionID":"x","sessionID":'),
        GOOD.replace('"guid":', '"guid":"x","guid":'),
        GOOD.replace('"gname":', '"gname":"x","gname":'),
        GOOD.replace("5.0", "NaN"),
        GOOD.replace("5.0", "[" * 100_000 + "]" * 100_000),
        GOOD.replace('"sessionID":"ad2254', '"sessionID":"a\\"d2254'),
        GOOD.replace('"sessionID":"ad2254-8hewyf32-55616249"', '"sessionID":true'),
        GOOD.replace('"payExchangeInfoHead":{', '"payExchangeInfoHead":[{').replace('},"payEx', '}],"payEx'),
        GOOD.replace('"signValue":"', '"signValue":"*'),
        GOOD.replace('"signValue":"' + b64encode(payment179.parse(GOOD.encode()).signature).decode(), '"signValue":"'),
        GOOD.encode().decode("latin-1").encode("utf-16").decode("latin-1"),
    ],
)
def test_payloads_that_are_none(payload: str) -> None:
    with pytest.raises(MessageError):
        payment179.parse(payload.encode())


def test_a_payload_of_ten_megabytes_is_not_parsed() -> None:
    with pytest.raises(MessageError, match="more than"):
        payment179.parse(GOOD.replace("好的", "x" * 10_000_000).encode())


class TestAnswers:
    def test_codes_in_words(self) -> None:
        good = payment179.parse_answer(b'{"code":"10000","message":"","total":0,"serviceTime":1}')
        assert payment179.parse_answer(b'\xef\xbb\xbf{"code":"10000"}').accepted == good.accepted is True
        bad = payment179.parse_answer('{"code":20004,"message":"未注册"}'.encode())
        assert not bad.accepted
        assert "register the signing certificate" in bad.meaning
        assert "read the message" in payment179.explain(20007)
        assert payment179.explain(5) == "an unknown code"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"code":"x"}', b'{"code":"1' + b"0" * 70_000 + b'"}'])
    def test_what_is_no_answer(self, body: bytes) -> None:
        with pytest.raises(MessageError, match="more than 65536 bytes" if len(body) > 65536 else "no code|not JSON"):
            payment179.parse_answer(body)
